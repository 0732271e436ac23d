import numpy as np
import pytest

from veil.detect.candidates import Candidates, settle
from veil.errors import DetectorError
from veil.types import Box, Detection, Point

PIXELS = np.zeros((100, 200, 3), np.uint8)


def candidates(*boxes: tuple[float, float, float, float], scores: list[float]) -> Candidates:
    return Candidates(np.array(boxes, np.float64).reshape(-1, 4), np.array(scores), np.empty((len(boxes), 0, 2)))


def test_a_face_told_twice_is_one_detection_with_the_better_box() -> None:
    told = candidates((0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60), scores=[0.25, 0.75, 0.5])
    assert settle(told, PIXELS, source="fake", overlap=0.3) == [
        Detection(Box(1, 0, 11, 10), 0.75, "fake"),
        Detection(Box(50, 50, 60, 60), 0.5, "fake"),
    ]


def test_faces_over_the_edge_stay_whole_and_those_outside_are_dropped() -> None:
    inside = (-5, -5, 5, 5), (195, 95, 215, 115)
    outside = (-10, 0, 0, 10), (200, 0, 220, 20), (0, 100, 20, 120), (30, -20, 40, -1)
    told = candidates(*inside, *outside, scores=[0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    found = settle(told, PIXELS, source="fake", overlap=0.3)
    assert [detection.box for detection in found] == [Box(*box) for box in inside]


def test_points_stay_with_their_box() -> None:
    points = np.arange(20, dtype=np.float64).reshape(2, 5, 2)
    told = Candidates(np.array([[0.0, 0, 9, 9], [50, 0, 59, 9]]), np.array([0.2, 0.3]), points)
    first, second = settle(told, PIXELS, source="fake", overlap=0.3)
    assert first.points == (Point(10, 11), Point(12, 13), Point(14, 15), Point(16, 17), Point(18, 19))
    assert second.points[0] == Point(0, 1)


@pytest.mark.parametrize("side", [np.nan, np.inf])
def test_a_place_that_is_not_a_number_is_an_error_and_not_a_face_left_out(side: float) -> None:
    with pytest.raises(DetectorError, match="fake"):
        settle(candidates((0, 0, 10, side), scores=[0.9]), PIXELS, source="fake", overlap=0.3)


def test_nothing_told_is_nothing_found() -> None:
    assert settle(candidates(scores=[]), PIXELS, source="fake", overlap=0.3) == []
