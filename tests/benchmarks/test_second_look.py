"""How well a second look names what was left uncovered, counted on made-up faces."""

import numpy as np
import pytest
from benchmarks.recall.faces import Face
from benchmarks.recall.judge import judge
from benchmarks.second_look.judge import Named, alarms_per_picture, judge_places, share_named

from veil.types import Box, Place

BARE = Face(Box(10, 10, 40, 50))
COVERED = Face(Box(100, 10, 130, 50))
LOW = Face(Box(200, 10, 212, 25))
POOR = Face(Box(250, 10, 280, 50), invalid=True)


def named(*places: Box) -> Named:
    mask = np.zeros((100, 300), bool)
    mask[5:55, 95:135] = True
    return judge_places(judge((BARE, COVERED, LOW, POOR), mask), [Place(box, 0.9) for box in places])


@pytest.mark.parametrize(
    ("places", "told"),
    [
        pytest.param([], Named(1, 0, 0, 0), id="nothing"),
        pytest.param([BARE.box], Named(1, 1, 0, 1), id="the face"),
        pytest.param([Box(12, 12, 42, 52)], Named(1, 1, 0, 1), id="about there"),
        pytest.param([BARE.box, Box(12, 12, 42, 52)], Named(1, 1, 0, 2), id="twice"),
        pytest.param([Box(32, 10, 62, 50)], Named(1, 0, 1, 1), id="beside it"),
        pytest.param([COVERED.box], Named(1, 0, 1, 1), id="a covered face"),
        pytest.param([Box(50, 60, 80, 95)], Named(1, 0, 1, 1), id="no face"),
        pytest.param([LOW.box], Named(1, 0, 0, 1), id="one too low to count"),
        pytest.param([POOR.box], Named(1, 0, 0, 1), id="one too poor to count"),
    ],
)
def test_places_are_right_or_in_vain(places: list[Box], told: Named) -> None:
    assert named(*places) == told


def test_sums_over_pictures() -> None:
    results = [Named(3, 1, 1, 2), Named(1, 1, 0, 1), Named(0, 0, 2, 2)]
    assert share_named(results) == 0.5
    assert alarms_per_picture(results) == 1
    assert np.isnan(share_named(results[2:]))
