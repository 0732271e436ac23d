"""Box maths on arrays of shape (N, 4): left, top, right, bottom in pixels, floats, half-open. Pure functions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from veil.types import Box

Boxes = NDArray[np.float64]
Numbers = NDArray[np.float64]


def stack(boxes: Sequence[Box]) -> Boxes:
    """Return boxes as one array of shape (N, 4), also when there are none."""
    return np.array(boxes, np.float64).reshape(-1, 4)


def area(boxes: Boxes) -> Numbers:
    """Return the area of each box, shape (N,); boxes turned inside out count as empty."""
    width, height = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).T
    return np.asarray(width * height)


def intersection(boxes: Boxes, others: Boxes) -> Numbers:
    """Return the area that each of N boxes shares with each of M others, shape (N, M)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1])


def iou(boxes: Boxes, others: Boxes) -> Numbers:
    """Return intersection over union of each of N boxes with each of M others, shape (N, M); 0 for empty ones."""
    shared = intersection(boxes, others)
    union = area(boxes)[:, None] + area(others)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def order(boxes: Boxes, scores: Numbers) -> NDArray[np.intp]:
    """Return indices from the highest score to the lowest.

    Equal scores are ordered by place, so that the result does not depend on the order in which boxes arrive.
    """
    return np.lexsort((boxes[:, 3], boxes[:, 2], boxes[:, 1], boxes[:, 0], -scores))


def groups(boxes: Boxes, scores: Numbers, overlap: float) -> list[NDArray[np.intp]]:
    """Return which boxes show the same thing: greedy non-maximum suppression that remembers whom it suppressed.

    Args:
        boxes: Shape (N, 4).
        scores: Shape (N,).
        overlap: Boxes that share more than this intersection over union with a better one join its group.

    Returns:
        Arrays of indices, best group first, best box of each group first. Every box is in exactly one group.
    """
    waiting = order(boxes, scores)
    found = []
    while len(waiting):
        first = waiting[0]
        joins = iou(boxes[first : first + 1], boxes[waiting])[0] > overlap
        joins[0] = True  # an empty box does not even overlap itself
        found.append(waiting[joins])
        waiting = waiting[~joins]
    return found


def nms(boxes: Boxes, scores: Numbers, overlap: float) -> NDArray[np.intp]:
    """Return the indices of the best box of each group, best first (non-maximum suppression)."""
    return np.array([members[0] for members in groups(boxes, scores, overlap)], np.intp)


def grow(boxes: Boxes, factor: float) -> Boxes:
    """Return boxes with the same centres and sides ``factor`` times as long."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * factor
    return np.hstack([centre - half, centre + half])


def thresholds(heights: Numbers, steps: Sequence[tuple[float, float]]) -> Numbers:
    """Return the lowest score that counts for each height, shape (N,).

    Args:
        heights: Shape (N,), in pixels.
        steps: (height, threshold) pairs, rising in height: the threshold holds for heights below it; the last one
            also holds for all that are larger.
    """
    limits = np.array([limit for limit, _ in steps[:-1]])
    values = np.array([threshold for _, threshold in steps])
    return np.asarray(values[np.searchsorted(limits, heights, side="right")])


def touches(boxes: Boxes, width: int, height: int) -> NDArray[np.bool_]:
    """Return which boxes have any area inside a picture of that size, shape (N,)."""
    return intersection(boxes, np.array([[0.0, 0.0, width, height]]))[:, 0] > 0


def round_out(box: Box, width: int, height: int) -> tuple[slice, slice]:
    """Return the rows and columns of every pixel that a box touches, clipped to the picture."""
    return (
        slice(max(0, int(np.floor(box.top))), max(0, min(height, int(np.ceil(box.bottom))))),
        slice(max(0, int(np.floor(box.left))), max(0, min(width, int(np.ceil(box.right))))),
    )
