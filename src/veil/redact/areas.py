"""Which pixels the regions touch."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from veil import boxes, polygon
from veil.types import Box, Region, Shape

Mask = NDArray[np.bool_]
Window = tuple[slice, slice]
Size = tuple[int, int]


class Spot(NamedTuple):
    """The pixels that a region touches.

    Attributes:
        region: The region.
        window: Rows and columns around them.
        mask: Which pixels of the window they are.
    """

    region: Region
    window: Window
    mask: Mask


def cover_mask(regions: Sequence[Region], height: int, width: int) -> Mask:
    """Return which pixels of a picture the regions touch, shape (height, width)."""
    return mask_of(spots(regions, (height, width)), (slice(0, height), slice(0, width)))


def spots(regions: Sequence[Region], size: Size) -> list[Spot]:
    """Return what the regions touch of a picture with (height, width) pixels; those that lie beside it are left out."""
    height, width = size
    inside = boxes.touches(boxes.stack([extent(region) for region in regions]), width, height)
    found = []
    for region, touches in zip(regions, inside, strict=True):
        if touches:
            rows, columns = boxes.round_out(extent(region), width, height)
            found.append(Spot(region, (rows, columns), _touched(region, rows, columns)))
    return found


def mask_of(spots: Iterable[Spot], window: Window) -> Mask:
    """Return which pixels of a window the spots hold."""
    rows, columns = window
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    for _, (down, across), own in spots:
        top, bottom = max(down.start, rows.start), min(down.stop, rows.stop)
        left, right = max(across.start, columns.start), min(across.stop, columns.stop)
        if top < bottom and left < right:
            here = mask[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start]
            here |= own[top - down.start : bottom - down.start, left - across.start : right - across.start]
    return mask


def aligned(window: Window, unit: Size, size: Size) -> Window:
    """Return the smallest window around another one that begins and ends at multiples of ``unit`` or at the edge."""
    rows, columns = (
        slice(side.start // one * one, min(-(-side.stop // one) * one, whole))
        for side, one, whole in zip(window, unit, size, strict=True)
    )
    return rows, columns


def extent(region: Region) -> Box:
    """Return a box around all that a region touches: of a polygon, its vertices count, which a rounded box may cut."""
    if region.shape is not Shape.POLYGON:
        return region.box
    left, top, right, bottom = polygon.bounds(region.outline)
    return Box(np.floor(left), np.floor(top), np.ceil(right), np.ceil(bottom))


def _touched(region: Region, rows: slice, columns: slice) -> Mask:
    """Return which of the pixels within its extent a region touches."""
    match region.shape:
        case Shape.BOX:
            return np.ones((rows.stop - rows.start, columns.stop - columns.start), bool)
        case Shape.ELLIPSE:
            return _touched_by_ellipse(region.box, rows, columns)
        case Shape.POLYGON:
            return polygon.touched(region.outline, rows, columns)


def _touched_by_ellipse(box: Box, rows: slice, columns: slice) -> Mask:
    """Return the pixels whose nearest point lies inside the ellipse."""
    down = _distance(rows, (box.top + box.bottom) / 2) / (box.height / 2)
    across = _distance(columns, (box.left + box.right) / 2) / (box.width / 2)
    return np.asarray(across[None, :] ** 2 <= 1 - down[:, None] ** 2)


def _distance(pixels: slice, centre: float) -> NDArray[np.float64]:
    """Return how far each pixel's nearest edge is from a coordinate; 0 for the pixel that holds it."""
    return np.maximum(np.abs(np.arange(pixels.start, pixels.stop) + 0.5 - centre) - 0.5, 0)
