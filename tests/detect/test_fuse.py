from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fakes import MAGENTA, Crashing, Painted
from veil.detect.fuse import Fused, Look, Seconded
from veil.errors import DetectorError
from veil.types import Box, Detection, Point

PICTURE = np.zeros((120, 200, 3), np.uint8)


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


def test_trust_weighs_scores() -> None:
    (found,) = Look(Saying((Box(0, 0, 9, 9), 0.8)), trust=0.25).detect(PICTURE)
    assert found.score == 0.2


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
    assert len(Fused([look]).detect(painted(Box(40, 20, 80, 60)))) == suits


def test_one_face_seen_twice_is_one_with_the_union_of_the_agreeing_boxes() -> None:
    first = Saying((Box(10, 10, 50, 50), 0.9), name="first")
    second = Saying((Box(14, 12, 56, 52), 0.6), name="second")
    faint = Saying((Box(4, 4, 50, 50), 0.2), name="faint")
    (found,) = Fused([Look(each) for each in (first, second, faint)]).detect(PICTURE)
    assert found.box == Box(10, 10, 56, 52)
    assert (found.score, found.source) == (0.9, "faint+first+second")


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
    assert sorted(detection.source for detection in found) == (["first+second", "second"] if asked else ["first"])


def test_a_failing_second_detector_fails_all() -> None:
    with pytest.raises(DetectorError):
        Seconded(Saying(), Crashing(), sure=0.3).detect(PICTURE)
