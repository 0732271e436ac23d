from fractions import Fraction

import numpy as np
import pytest

from veil.media.animation import UNIT, shown_for, timed
from veil.types import Frame

PIXELS = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize(
    ("told", "shown"),
    [(None, 100), (Fraction(0), 100), (Fraction(1, 100), 100), (Fraction(2, 100), 20), (Fraction(5), 5000)],
)
def test_frames_are_shown_for_as_long_as_browsers_show_them(told: Fraction | None, shown: int) -> None:
    assert shown_for(Frame(PIXELS, duration=told)) == shown * UNIT


def test_times_are_rounded_each_by_itself() -> None:
    frames = [Frame(PIXELS, index=index, duration=Fraction(1, 30)) for index in range(31)]
    assert [time for time, _ in timed(frames)] == [round(index * 1000 / 30) for index in range(31)]
