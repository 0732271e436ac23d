from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fakes import MAGENTA, Crashing, Painted
from veil.detect import fuse
from veil.detect.fuse import DISAGREEMENT, Fused, Look, Seconded, Weights, joined
from veil.errors import DetectorError
from veil.types import Box, Detection, Point

PICTURE = np.zeros((120, 200, 3), np.uint8)
TWICE = {"first": Box(10, 10, 50, 52), "second": Box(14, 12, 56, 52)}


def logit(score: float) -> float:
    return float(np.log(score / (1 - score)))


class Saying:
    """Sees what it is told to see, whatever the picture."""

    def __init__(self, *detections: tuple[Box, float], name: str = "saying", points: Sequence[Point] = ()) -> None:
        self.name = name
        self._found = [Detection(box, score, name, tuple(points)) for box, score in detections]

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        return list(self._found)


def painted(face: Box) -> NDArray[np.uint8]:
    pixels = PICTURE.copy()
    pixels[int(face.top) : int(face.bottom), int(face.left) : int(face.right)] = MAGENTA
    return pixels


@pytest.mark.parametrize("scale", [0.5, 1, 2])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_look_answers_in_pixels_of_the_original(scale: float, mirrored: bool) -> None:
    face = Box(40, 20, 80, 60)
    (found,) = Look(Painted(), scale, mirrored).detect(painted(face))
    np.testing.assert_allclose(found.box, face, atol=1)  # enlarging smooths the rim


def test_points_change_sides_in_a_mirror() -> None:
    points = [Point(x, 10) for x in (10.0, 30.0, 20.0, 12.0, 28.0)]
    looking = Saying((Box(5, 5, 35, 35), 0.9), points=points)
    (found,) = Look(looking, mirrored=True).detect(PICTURE)
    assert [point.x for point in found.points] == [170, 190, 180, 172, 188]
    assert found.box == Box(165, 5, 195, 35)


def test_a_look_leaves_sizes_to_others_that_it_judges_badly() -> None:
    looking = Saying((Box(0, 0, 9, 9), 0.9), (Box(0, 0, 20, 20), 0.9), (Box(0, 0, 50, 50), 0.9))
    found = Look(looking, scale=2, least=10, most=50).detect(PICTURE)
    assert [detection.box for detection in found] == [Box(0, 0, 10, 10)]


def test_a_smoothed_look_sees_the_picture_without_its_noise() -> None:
    class Rough:
        name = "rough"

        def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
            return [Detection(Box(0, 0, 9, 9), float(pixels.std() / 255), "rough", ())]

    noise = np.random.default_rng(3).integers(0, 256, PICTURE.shape, dtype=np.uint8)
    (plain,), (smoothed,) = (Look(Rough(), smooth=smooth).detect(noise) for smooth in (0, 1))
    # The deviation of white noise falls to 1 / (2 sqrt(pi)) of itself, but for the rim, and the centre stays.
    assert smoothed.score == pytest.approx(plain.score / (2 * np.sqrt(np.pi)), rel=0.03)
    face = Box(40, 20, 80, 60)
    ringed = Look(Painted(), smooth=1).detect(np.ascontiguousarray(painted(face)))
    np.testing.assert_allclose(ringed[0].box, face, atol=3)


@pytest.mark.parametrize(
    ("look", "suits"),
    [
        (Look(Painted(), 2, most_pixels=4 * 120 * 200), True),
        (Look(Painted(), 2, most_pixels=4 * 120 * 200 - 1), False),
        (Look(Painted(), 0.5, least_side=100), True),
        (Look(Painted(), 0.5, least_side=101), False),
    ],
)
def test_looks_are_chosen_by_the_pictures_size(look: Look, suits: bool) -> None:
    assert look.suits(120, 200) is suits
    tiny = Look(Painted(), most=1)  # suits every picture and sees nothing
    assert len(Fused([look, tiny]).detect(painted(Box(40, 20, 80, 60)))) == suits


def test_a_face_seen_once_is_made_larger_by_what_looks_disagree_at_least() -> None:
    (found,) = Fused([Look(Saying((Box(20, 20, 60, 70), 0.9)))]).detect(PICTURE)
    margin = DISAGREEMENT / np.sqrt(2)  # one look, and one that is taken to disagree
    np.testing.assert_allclose(found.box, [20 - 40 * margin, 20 - 50 * margin, 60 + 40 * margin, 70 + 50 * margin])


def test_a_face_seen_twice_is_the_mean_made_larger_by_the_disagreement() -> None:
    looks = [Look(Saying((box, 0.5), name=name)) for name, box in TWICE.items()]
    (found,) = Fused(looks).detect(PICTURE)
    # Two equal looks: left sides 10 and 14 vary by 4, tops by 1, right sides by 9, bottoms not at all.
    taken = (DISAGREEMENT * np.array([41.0, 41.0])) ** 2
    left, top = np.sqrt((2 * np.array([4.0, 1.0]) + taken) / 3)
    right, bottom = np.sqrt((2 * np.array([9.0, 0.0]) + taken) / 3)
    np.testing.assert_allclose(found.box, [12 - left, 11 - top, 53 + right, 52 + bottom])
    assert found.source == "first+second"


def test_a_surer_look_says_more_of_where_the_face_is() -> None:
    looks = [Look(Saying((Box(0, 0, 40, 40), 0.8))), Look(Saying((Box(8, 0, 48, 40), 0.4)))]
    (found,) = Fused(looks).detect(PICTURE)
    assert (found.box.left + found.box.right) / 2 == pytest.approx(20 + 8 / 5)  # 0.8 counts four times as much as 0.4


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        pytest.param(Weights(), 0.8, id="the best look alone"),
        pytest.param(Weights(bias=-1, best=2), 2 * logit(0.8) - 1, id="bias"),
        pytest.param(Weights(best=0, agreement=1), 0.5, id="the best two looks"),
    ],
)
def test_evidence_is_weighed(weights: Weights, expected: float) -> None:
    looks = [Look(Saying((Box(10, 10, 50, 50), score))) for score in (0.2, 0.8, 0.1)]
    (found,) = Fused(looks, weights).detect(PICTURE)
    assert found.score == pytest.approx(expected if 0 < expected < 1 else 1 / (1 + np.exp(-expected)))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(Look(Saying()), 0.4, id="did not see it"),
        pytest.param(Look(Saying(), most=30), 0.8, id="does not look for such large ones"),
        pytest.param(Look(Saying(), 0.1), 0.8, id="sees it too small"),
    ],
)
def test_only_looks_that_could_see_a_face_can_disagree(other: Look, expected: float) -> None:
    looks = [Look(Saying((Box(10, 10, 50, 50), 0.8))), other]
    (found,) = Fused(looks, Weights(best=0, agreement=1)).detect(PICTURE)
    assert found.score == pytest.approx(expected)


def test_faces_of_its_size_speak_for_a_face_and_others_do_not() -> None:
    faint = (Box(10, 10, 30, 30), 0.2)
    weights = Weights(best=1, company=1)

    def score(*others: tuple[Box, float]) -> float:
        found = Fused([Look(Saying(faint, *others))], weights).detect(PICTURE)
        return min(each.score for each in found)

    alone = score()
    assert alone == pytest.approx(0.2)
    alike = score((Box(60, 10, 80, 30), 0.9))
    assert logit(alike) == pytest.approx(logit(0.2) + np.log1p(0.9))
    assert alone < score((Box(60, 10, 140, 90), 0.9)) < alone + 0.001
    assert score((Box(60, 10, 80, 30), 0.9), (Box(90, 10, 110, 30), 0.9)) > alike


def test_another_find_of_the_same_face_is_no_company() -> None:
    told = Fused([Look(Saying((Box(10, 10, 50, 50), 0.9), (Box(28, 10, 68, 50), 0.5)))]).gather(PICTURE)
    assert len(told.boxes) == 2
    np.testing.assert_array_equal(told.logits[:, 2], 0)


@pytest.mark.parametrize(
    ("more", "added"),
    [
        pytest.param((Box(12, 10, 52, 50), 0.5), False, id="less sure"),
        pytest.param((Box(12, 10, 52, 50), 0.7), True, id="surer"),
        pytest.param((Box(40, 10, 80, 50), 0.5), True, id="elsewhere"),
    ],
)
def test_a_second_list_only_adds(more: tuple[Box, float], added: bool) -> None:
    seen = [Detection(Box(10, 10, 50, 50), 0.6, "first"), Detection(Box(16, 10, 56, 50), 0.1, "near it")]
    told = Detection(*more, "second")
    assert joined(seen, [told]) == [*seen, *([told] if added else [])]
    assert joined(seen, []) == seen
    assert joined([], [told]) == [told]


def test_a_score_of_nothing_is_no_error() -> None:
    found = Fused([Look(Saying((Box(10, 10, 50, 50), 0.0)))]).detect(PICTURE)
    assert np.isfinite([(*each.box, each.score) for each in found]).all()


def test_a_size_that_no_look_suits_is_an_error_and_not_an_empty_picture() -> None:
    with pytest.raises(DetectorError, match="200 x 120"):
        Fused([Look(Painted(), least_side=500)]).detect(PICTURE)


def test_only_the_surest_faces_are_company(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [(Box(left, 10, left + 20, 30), score) for left, score in ((10, 0.2), (50, 0.8), (90, 0.6))]
    monkeypatch.setattr(fuse, "MOST_COMPANY", 1)
    told = Fused([Look(Saying(*said))]).gather(PICTURE)
    company = {each.score: value for each, value in zip(told.firsts, np.expm1(told.logits[:, 2]), strict=True)}
    assert company == pytest.approx({0.2: 0.8, 0.8: 0.0, 0.6: 0.8})


def test_the_order_of_looks_does_not_matter() -> None:
    random = np.random.default_rng(2)
    looks = []
    for number in range(4):
        low = random.uniform(0, 100, (20, 2))
        boxes = np.hstack([low, low + random.uniform(10, 60, (20, 2))]).tolist()
        scores = random.choice([0.2, 0.5, 0.8], 20).tolist()
        said = [(Box(*box), score) for box, score in zip(boxes, scores, strict=True)]
        looks.append(Look(Saying(*said, name=f"d{number}")))
    straight = Fused(looks).detect(PICTURE)
    assert len(straight) > 10
    assert Fused(looks[::-1]).detect(PICTURE) == straight


def test_a_failing_look_fails_all() -> None:
    with pytest.raises(DetectorError):
        Fused([Look(Painted()), Look(Crashing())]).detect(PICTURE)


def test_nothing_seen_is_an_empty_list() -> None:
    assert Fused([Look(Painted())]).detect(PICTURE) == []


@pytest.mark.parametrize(
    ("score", "asked"), [pytest.param(0.3, False, id="sure"), pytest.param(0.29, True, id="doubtful")]
)
def test_a_second_detector_is_asked_where_the_first_is_not_sure(score: float, asked: bool) -> None:
    first = Saying((Box(10, 10, 50, 50), score), name="first")
    second = Saying((Box(12, 10, 50, 50), 0.2), (Box(90, 10, 130, 60), 0.5), name="second")
    found = Seconded(first, second, sure=0.3).detect(PICTURE)
    assert [detection.source for detection in found] == (["first", "second"] if asked else ["first"])


def test_a_failing_second_detector_fails_all() -> None:
    with pytest.raises(DetectorError):
        Seconded(Saying(), Crashing(), sure=0.3).detect(PICTURE)
