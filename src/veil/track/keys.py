"""Boxes of every frame as few key frames, so that a plan stays short.

Between two key frames each side goes straight. Made of key frames again, the boxes hold the ones they were made from.
"""

from itertools import pairwise

import numpy as np

from veil.boxes import Boxes
from veil.types import Box, Key

SLACK = 0.01  # how far a side may be from a straight way, as a share of the smaller side of the box

MOST_APART = 256  # frames between two key frames


def thinned(first: int, places: Boxes, *, slack: float = SLACK) -> tuple[Key, ...]:
    """Return key frames whose boxes, with what lies between them, hold all the given boxes.

    Args:
        first: Index of the first box's frame.
        places: One box a frame, shape (n, 4), n at least 1.
        slack: How much larger a box may become on each side, as a share of the smaller side of the smallest box.
    """
    allowed = slack * (places[:, 2:] - places[:, :2]).min()
    kept = [0]
    while kept[-1] < len(places) - 1:
        kept.append(_farthest(places, kept[-1], allowed))
    at = np.arange(len(places))
    straight = np.stack([np.interp(at, kept, places[kept, side]) for side in range(4)], axis=1)
    short = np.maximum((straight - places) * [1, 1, -1, -1], 0)  # by how much each side falls short
    needed = np.zeros((len(kept), 4))
    for number, (start, stop) in enumerate(pairwise(kept)):
        most = short[start : stop + 1].max(axis=0)
        needed[number : number + 2] = np.maximum(needed[number : number + 2], most)
    outset = places[kept] + needed * [-1, -1, 1, 1]
    return tuple(Key(first + index, Box(*place)) for index, place in zip(kept, outset.tolist(), strict=True))


def _farthest(places: Boxes, start: int, allowed: float) -> int:
    """Return the last frame up to which the straight way from ``start`` stays near all boxes."""
    stop = start + 1
    while stop + 1 < len(places) and stop - start < MOST_APART and _fits(places[start : stop + 2], allowed):
        stop += 1
    return stop


def _fits(places: Boxes, allowed: float) -> bool:
    share = np.linspace(0, 1, len(places))[:, None]
    return bool(np.abs(places[0] + share * (places[-1] - places[0]) - places).max() <= allowed)
