"""Polygon maths: vertices in, the pixels that they go around out. Pure functions.

Inside is where the winding number is not zero, so that a loop drawn by hand is filled whole although it crosses itself.
Vertices are points in pixels of the picture; the last one is joined to the first.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from veil.types import Box, Point

Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]
Numbers = NDArray[np.float64]

# More than rounding can move the place where an edge crosses a row, for coordinates up to a million. In pixels.
SLACK = 1e-6


class _Edges(NamedTuple):
    """Sides of a polygon, turned so that each begins at its upper end; every array has shape (N,)."""

    top: Numbers
    bottom: Numbers
    x_top: Numbers
    x_bottom: Numbers
    direction: NDArray[np.int32]  # 1 where the outline goes down along the side, -1 where it goes up

    def at(self, index: Indices) -> "_Edges":
        """Return some of them, in the order of ``index``; they may repeat."""
        return _Edges(
            self.top[index], self.bottom[index], self.x_top[index], self.x_bottom[index], self.direction[index]
        )


def bounds(outline: Sequence[Point]) -> Box:
    """Return the smallest box around the vertices.

    Raises:
        ValueError: There are no vertices, or one is not finite: nothing could be covered by them.
    """
    if not outline or not np.isfinite(outline).all():
        raise ValueError(f"a polygon's vertices must be finite and at least one, but got {outline!r}")
    left, top = (min(side) for side in zip(*outline, strict=True))
    right, bottom = (max(side) for side in zip(*outline, strict=True))
    return Box(left, top, right, bottom)


def touched(outline: Sequence[Point], rows: slice, columns: slice) -> Mask:
    """Return which pixels of a window a polygon touches: those whose inside meets an edge or lies within.

    No touched pixel is ever left out. One that a slanted edge passes at less than SLACK may be taken in. What only runs
    along the border between two pixels touches neither, as with boxes.

    Args:
        outline: Vertices; one or two are a point or a line.
        rows: Window of the picture, from the first row to the one after the last.
        columns: The same for columns.

    Returns:
        Shape (rows, columns) of the window.
    """
    edges = _edges(outline)
    return _crossed(edges, rows, columns) | _enclosed(edges, rows, columns)


def _edges(outline: Sequence[Point]) -> _Edges:
    x, y = np.array(outline, np.float64).T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    down = y <= next_y
    return _Edges(
        top=np.where(down, y, next_y),
        bottom=np.where(down, next_y, y),
        x_top=np.where(down, x, next_x),
        x_bottom=np.where(down, next_x, x),
        direction=np.where(down, 1, -1).astype(np.int32),
    )


def _crossed(edges: _Edges, rows: slice, columns: slice) -> Mask:
    """Return the pixels that an edge runs through."""
    row, index = _each_row(np.floor(edges.top), np.ceil(edges.bottom), rows)
    edge = edges.at(index)
    upper = np.where(edge.top > row, edge.x_top, _x_at(edge, row))
    lower = np.where(edge.bottom < row + 1, edge.x_bottom, _x_at(edge, row + 1))
    # Vertices are exact, so no slack reaches beyond them, and edges along the border of pixels stay there.
    ends = np.minimum(edge.x_top, edge.x_bottom), np.maximum(edge.x_top, edge.x_bottom)
    first = np.floor(np.clip(np.minimum(upper, lower) - SLACK, *ends))
    stop = np.ceil(np.clip(np.maximum(upper, lower) + SLACK, *ends))
    return np.asarray(_sum_of_runs(row, first, stop, np.ones(len(row), np.int32), rows, columns) > 0)


def _enclosed(edges: _Edges, rows: slice, columns: slice) -> Mask:
    """Return the pixels whose centre the polygon goes around. Only holds for those that no edge runs through."""
    row, index = _each_row(np.ceil(edges.top - 0.5), np.ceil(edges.bottom - 0.5), rows)
    edge = edges.at(index)
    first = np.ceil(_x_at(edge, row + 0.5) - 0.5)
    to_the_end = np.full(len(row), np.inf)
    return np.asarray(_sum_of_runs(row, first, to_the_end, edge.direction, rows, columns) != 0)


def _each_row(first: Numbers, stop: Numbers, rows: slice) -> tuple[Indices, Indices]:
    """Return (row, index of the edge), shapes (M,), for each row of a window in which each of N edges is."""
    begin = np.clip(first, rows.start, rows.stop).astype(np.intp)
    count = np.maximum(np.clip(stop, rows.start, rows.stop).astype(np.intp) - begin, 0)
    index = np.repeat(np.arange(len(count)), count)
    return np.arange(len(index)) + np.repeat(begin - (np.cumsum(count) - count), count), index


def _x_at(edge: _Edges, y: NDArray[Any]) -> Numbers:
    """Return where edges cross a height, or their upper ends where they are level."""
    height = edge.bottom - edge.top
    share = np.divide(y - edge.top, height, out=np.zeros_like(height), where=height > 0)
    return np.asarray(edge.x_top + share.clip(0, 1) * (edge.x_bottom - edge.x_top))


def _sum_of_runs(
    row: Indices, first: Numbers, stop: Numbers, value: NDArray[np.int32], rows: slice, columns: slice
) -> NDArray[np.int32]:
    """Return the sum of runs of pixels of a row, each of one value, in a window."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    steps = np.zeros((height, width + 1), np.int32)  # where a run begins and, one beyond, where it ends
    line = (row - rows.start) * (width + 1)
    for place, change in ((first, value), (stop, -value)):
        np.add.at(steps.ravel(), line + (place - columns.start).clip(0, width).astype(np.intp), change)
    return np.cumsum(steps, axis=1, out=steps)[:, :width]
