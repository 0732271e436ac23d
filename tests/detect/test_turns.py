import numpy as np
import pytest
from numpy.typing import NDArray

from tests.detect.contract import portrait
from tests.fakes import MAGENTA, Crashing, Painted
from veil import detect
from veil.detect.turns import PROBE_SIDE, Turning, is_plainly_upright, turn_back, uprightness
from veil.errors import DetectorError
from veil.types import Box, Detection, Point, Profile

POINTS = (Point(10, 10), Point(30, 10), Point(20, 20), Point(12, 30), Point(28, 30))
UPRIGHT = Detection(Box(0, 0, 40, 40), 0.6, "fake", POINTS)
PLAINLY = Detection(Box(0, 0, 40, 40), 0.8, "fake", POINTS)
ON_ITS_HEAD = Detection(Box(0, 0, 40, 40), 0.6, "fake", tuple(Point(40 - x, 40 - y) for x, y in POINTS))

PICTURE = np.zeros((60, 100, 3), np.uint8)
PICTURE[5:25, 10:40] = MAGENTA
FACE = Box(10, 5, 40, 25)


class Compass:
    """Sees one face, upright when the picture is turned so that its red corner is at the upper left."""

    name = "compass"

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        self.shapes.append(pixels.shape)
        return [UPRIGHT if pixels[0, 0, 0] > 128 else ON_ITS_HEAD]


class Counting(Painted):
    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        self.shapes.append(pixels.shape)
        return super().detect(pixels)


def marked(quarters: int, picture: NDArray[np.uint8] = PICTURE) -> NDArray[np.uint8]:
    """Return a picture that stands upright when it is turned to the left by so many quarters."""
    upright = np.rot90(picture, quarters).copy()
    upright[0, 0] = 255
    return np.ascontiguousarray(np.rot90(upright, -quarters))


@pytest.mark.parametrize("quarters", range(4))
def test_a_turned_picture_is_looked_at_both_ways_and_an_upright_one_once(quarters: int) -> None:
    detector = Counting()
    found = Turning(detector, Compass()).detect(marked(quarters))
    assert [each.box for each in found] == [FACE]
    turned = (100, 60, 3) if quarters % 2 else (60, 100, 3)
    assert detector.shapes == ([(60, 100, 3), turned] if quarters else [(60, 100, 3)])


@pytest.mark.parametrize("quarters", range(4))
def test_boxes_and_points_are_turned_back_exactly(quarters: int) -> None:
    points = np.zeros((60, 100), bool)
    points[7, 12] = True
    down, across = np.argwhere(np.rot90(points, quarters))[0].tolist()
    (box,) = (each.box for each in Painted().detect(np.rot90(PICTURE, quarters)))
    told = Detection(box, 0.5, "fake", (Point(across + 0.5, down + 0.5),))
    (found,) = turn_back([told], quarters, 60, 100)
    assert (found.box, found.points) == (FACE, (Point(12.5, 7.5),))


def test_turning_never_loses_what_was_seen_without_it() -> None:
    class Surer(Painted):
        """Sees faces a little larger and surer in the picture that stands upright."""

        def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
            upright = pixels[0, 0, 0] > 128
            return [
                Detection(each.box if upright else Box(8, 3, 44, 30), 0.9 if upright else 0.6, "fake", ())
                for each in super().detect(pixels)
            ]

    found = Turning(Surer(), Compass()).detect(marked(2))
    assert [(each.box, each.score) for each in found] == [(Box(8, 3, 44, 30), 0.6), (FACE, 0.9)]


def test_which_way_is_up_is_asked_of_a_small_copy() -> None:
    probe = Compass()
    Turning(Counting(), probe).detect(np.zeros((3 * PROBE_SIDE, 2 * PROBE_SIDE, 3), np.uint8))
    assert {max(shape) for shape in probe.shapes} == {PROBE_SIDE}
    assert len(probe.shapes) == 4


def test_uprightness_counts_how_far_mouths_lie_below_eyes() -> None:
    assert uprightness([UPRIGHT]) == pytest.approx(0.6 * 0.5)
    assert uprightness([UPRIGHT, ON_ITS_HEAD]) == pytest.approx(0)
    assert uprightness([]) == 0


@pytest.mark.parametrize(
    ("found", "plain"),
    [
        pytest.param([PLAINLY], True, id="a sure face"),
        pytest.param([UPRIGHT], False, id="a doubtful one"),
        pytest.param([PLAINLY, UPRIGHT, ON_ITS_HEAD], False, id="one on its head"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_a_plainly_upright_picture_is_not_turned(found: list[Detection], plain: bool) -> None:
    assert is_plainly_upright(found) is plain

    class Probe(Counting):
        def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
            super().detect(pixels)
            return found

    probe = Probe()
    Turning(Painted(), probe).detect(PICTURE)
    assert len(probe.shapes) == (1 if plain else 4)


@pytest.mark.parametrize(
    "found",
    [
        Detection(UPRIGHT.box, 0.19, "faint", POINTS),
        Detection(UPRIGHT.box, 0.8, "without points", ()),
        Detection(Box(0, 0, 40, 0), 0.8, "empty", POINTS),
    ],
)
def test_some_finds_do_not_say_which_way_is_up(found: Detection) -> None:
    assert uprightness([found]) == 0


@pytest.mark.parametrize(("detector", "probe"), [(Crashing(), Compass()), (Painted(), Crashing())])
def test_a_failing_detector_or_probe_fails_all(detector: detect.Detector, probe: detect.Detector) -> None:
    with pytest.raises(DetectorError):
        Turning(detector, probe).detect(PICTURE)


@pytest.mark.model
@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("profile", [Profile.BALANCED, Profile.THOROUGH])
def test_a_photo_without_a_tag_is_found_out(profile: Profile, quarters: int) -> None:
    finder = detect.load(profile)
    straight = finder.detector.detect(portrait())[0]
    turned = finder.detector.detect(np.ascontiguousarray(np.rot90(portrait(), quarters)))[0]
    (back,) = turn_back([turned], quarters, 512, 512)
    assert turned.score > 0.9
    np.testing.assert_allclose(back.box, straight.box, atol=20)
