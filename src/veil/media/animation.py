"""When the frames of an animation are shown."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from veil.types import Frame

UNIT = Fraction(1, 1000)
"""Of the times of frames, in seconds."""

AT_ONCE, INSTEAD = Fraction(1, 100), Fraction(1, 10)
"""Seconds: a frame that is to be shown no longer than the first is shown for the second, as browsers do it."""


def shown_for(frame: Frame) -> Fraction:
    """Return how long a frame of an animation is shown, in seconds."""
    told = frame.duration or Fraction(0)
    return told if told > AT_ONCE else INSTEAD


def timed(frames: Iterable[Frame]) -> Iterator[tuple[int, Frame]]:
    """Yield frames, from the first one on, each with when it is shown: in UNIT, rising, the first at 0."""
    time = Fraction(0)
    for frame in frames:
        yield round(time / UNIT), frame
        time += shown_for(frame)
