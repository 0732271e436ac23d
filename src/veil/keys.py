"""Boxes that move: a few key frames say where one is, and between two of them each side goes straight."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from veil import boxes
from veil.types import Box, Key


def box_at(keys: Sequence[Key], frame: int) -> Box | None:
    """Return the box in a frame; None before the first key frame and after the last.

    Args:
        keys: At least one, their frames rising.
        frame: Number of the frame.
    """
    after = bisect_right(keys, frame, key=lambda key: key.frame)
    if not after:
        return None
    before = keys[after - 1]
    if before.frame == frame:
        return before.box
    if after == len(keys):
        return None
    share = (frame - before.frame) / (keys[after].frame - before.frame)
    return Box(*(one + (other - one) * share for one, other in zip(before.box, keys[after].box, strict=True)))


def around(keys: Sequence[Key]) -> Box:
    """Return the box around all places of one that moves.

    Args:
        keys: At least one.
    """
    places = boxes.stack([key.box for key in keys])
    return Box(*places[:, :2].min(axis=0).tolist(), *places[:, 2:].max(axis=0).tolist())


def shrunk(keys: Sequence[Key], inner: Box) -> list[Box]:
    """Return the smaller boxes that those of key frames were grown from, by the box around all the smaller ones.

    Every side was moved by the same share of its box's width or height. That share shows where a smaller box is
    outermost: there it touches ``inner``, and no other reaches over it.

    Args:
        keys: At least one.
        inner: The box around all the smaller ones.
    """
    places = boxes.stack([key.box for key in keys])
    sides = np.tile(places[:, 2:] - places[:, :2], 2)
    outwards = np.array([-1, -1, 1, 1])
    shares = np.maximum((places - np.array(inner)) * outwards / sides, 0).max(axis=0)
    return [Box(*place) for place in (places - outwards * shares * sides).tolist()]
