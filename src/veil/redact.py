"""Regions and a style in, covered pixels out. Pixels outside the regions come back bit for bit.

What each style keeps of a face is measured in docs/styles.md.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from veil import boxes, polygon
from veil.errors import UsageError
from veil.types import Box, Pixels, Region, Shape, Style

Mask = NDArray[np.bool_]
Canvas = NDArray[np.float32]
Deep = NDArray[np.uint16]
Window = tuple[slice, slice]

GREEN = (0, 255, 0)
BOX_LINE = 2
DEEP = 65535

GAUSSIAN_SHARE = 0.3
GAUSSIAN_LEAST = 15
# What a wider blur leaves fits into a smaller picture, in which blurring takes moments instead of minutes.
GAUSSIAN_MOST = 127

MOSAIC_CELLS = 4
MOSAIC_LEAST = 8


def redact(
    pixels: Pixels,
    regions: Sequence[Region],
    style: str = Style.VEIL,
    *,
    color: tuple[int, int, int] = (0, 0, 0),
    strength: float = 1.0,
    safety_boxes: bool = False,
    visible: Mask | None = None,
) -> Pixels:
    """Return a copy of a picture with every region covered.

    Every pixel that a region touches is covered. Regions that reach over the edge are clipped.

    Args:
        pixels: Upright RGB picture, shape (H, W, 3), dtype uint8 or uint16. It is not changed.
        regions: Areas to cover, whatever their state, in pixels of ``pixels``.
        style: A value of Style. "veil" and "solid" keep nothing of the face; the others are a weaker promise.
        color: Red, green, blue, 0 to 255, of style "solid".
        strength: How much stronger "gaussian" blurs and how much larger the cells of "mosaic" are; more than 0. The
            least sizes of both stay. "veil" and "solid" keep nothing at any strength.
        safety_boxes: Draw a green line, 2 pixels wide, just inside the rectangle around each region.
        visible: Shape (H, W): where the picture is not wholly transparent. "veil" takes no colours from elsewhere.

    Returns:
        A new array of the same shape and dtype.

    Raises:
        UsageError: ``style`` is not known.
        ValueError: ``pixels`` has another shape or dtype, ``strength`` is no positive number, or a polygon has no
            vertices.
    """
    if style not in tuple(Style):
        raise UsageError(f"There is no style {style!r}; nothing was covered. Choose one of {', '.join(Style)}.")
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be (H, W, 3) uint8 or uint16, but got {pixels.shape} {pixels.dtype}")
    if not 0 < strength < np.inf:
        raise ValueError(f"strength must be a positive number, but got {strength}")
    height, width = pixels.shape[:2]
    touching = boxes.touches(boxes.stack([_extent(region) for region in regions]), width, height)
    inside = [region for region, touches in zip(regions, touching, strict=True) if touches]
    covered = pixels.copy()
    if not inside:
        return covered
    match Style(style):
        case Style.VEIL:
            _veil(pixels, covered, inside, visible)
        case Style.GAUSSIAN:
            _gaussian(pixels, covered, inside, strength)
        case Style.MOSAIC:
            _mosaic(pixels, covered, inside, strength)
        case Style.SOLID:
            covered[cover_mask(inside, height, width)] = _in_depth_of(pixels, color)
    if safety_boxes:
        for region in inside:
            _draw_box(covered, region)
    return covered


def cover_mask(regions: Sequence[Region], height: int, width: int) -> Mask:
    """Return which pixels of a picture the regions touch, shape (height, width)."""
    return _mask(regions, (slice(0, height), slice(0, width)))


def touched(regions: Sequence[Region], height: int, width: int) -> Iterator[tuple[Window, Mask]]:
    """Yield, for each region that touches a picture, rows and columns around it and which pixels there it touches."""
    around = boxes.touches(boxes.stack([_extent(region) for region in regions]), width, height)
    for region, touches in zip(regions, around, strict=True):
        if touches:
            rows, columns = boxes.round_out(_extent(region), width, height)
            yield (rows, columns), _touched(region, rows, columns)


def _mask(regions: Sequence[Region], window: Window) -> Mask:
    """Return which pixels of a window the regions touch."""
    rows, columns = window
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    for region in regions:
        down, across = boxes.round_out(_extent(region), columns.stop, rows.stop)
        down = slice(max(down.start, rows.start), max(down.stop, rows.start))
        across = slice(max(across.start, columns.start), max(across.stop, columns.start))
        here = mask[down.start - rows.start : down.stop - rows.start, across.start - columns.start :]
        here[:, : across.stop - across.start] |= _touched(region, down, across)
    return mask


def _extent(region: Region) -> Box:
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
    return np.asarray(down[:, None] ** 2 + across[None, :] ** 2 <= 1)


def _distance(pixels: slice, centre: float) -> NDArray[np.float64]:
    """Return how far each pixel's nearest edge is from a coordinate; 0 for the pixel that holds it."""
    return np.maximum(np.abs(np.arange(pixels.start, pixels.stop) + 0.5 - centre) - 0.5, 0)


def _veil(pixels: Pixels, covered: Pixels, regions: Sequence[Region], visible: Mask | None) -> None:
    """Fill every region from what lies around all of them, so that nothing of a face can be left in it."""
    usable = ~cover_mask(regions, *pixels.shape[:2])
    if visible is not None:
        usable &= visible
    for together, window in _neighbourhoods(regions, usable):
        area = _mask(together, window)
        covered[window][area] = _fill(pixels[window], usable[window], area)


def _neighbourhoods(regions: Sequence[Region], usable: Mask) -> Iterator[tuple[list[Region], Window]]:
    """Yield regions that meet or nearly do, and a window around them that holds something to fill them from."""
    height, width = usable.shape
    around = boxes.grow(boxes.stack([_extent(region) for region in regions]), 2.0)
    labels = _labels(boxes.intersection(around, around) > 0)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        low, high = around[members, :2].min(axis=0), around[members, 2:].max(axis=0)
        window = boxes.round_out(Box(*low, *high), width, height)
        if not usable[window].any():
            window = (slice(0, height), slice(0, width))
        yield [regions[int(index)] for index in members], window


def _labels(meets: Mask) -> NDArray[np.intp]:
    """Return one number per group of things that meet directly or through others; ``meets`` has shape (N, N)."""
    labels = np.arange(len(meets))
    while True:
        spread = np.where(meets, labels[None, :], len(meets)).min(axis=1)
        if np.array_equal(spread, labels):
            return labels
        labels = spread


def _fill(pixels: Pixels, usable: Mask, area: Mask) -> NDArray[Any]:
    """Return new pixels for an area, shape (N, 3), made of the usable ones alone; neutral grey where there are none.

    Pull-push interpolation (Gortler et al., The Lumigraph, 1996): halve the picture until every pixel has a colour,
    each weighted by how much of it is known, then grow it back. Unusable pixels have weight 0 from the start, so they
    cannot have any influence. The full size is kept in 16 bits to save memory, all smaller ones in floats.
    """
    depth = np.iinfo(pixels.dtype).max
    if not usable.any():
        return np.full_like(pixels[area], (depth + 1) // 2)
    scale = np.uint16(DEEP // depth)
    deep = np.multiply(pixels, scale, dtype=np.uint16)
    deep *= usable[..., None]
    weight = np.where(usable, np.uint16(DEEP), np.uint16(0))
    smooth = _pull_push(_halve(deep), _halve(weight) / np.float32(DEEP))
    filled = cv2.pyrUp(np.rint(smooth).clip(0, DEEP).astype(np.uint16), dstsize=usable.shape[::-1])
    return ((filled[area].astype(np.uint32) + scale // 2) // scale).astype(pixels.dtype)  # rounded


def _pull_push(colour: Canvas, weight: Canvas) -> Canvas:
    """Return colours, shape (H, W, 3), known everywhere, from colours already multiplied by their weights.

    Half-known pixels count as known, so that colours at the rim reach inwards without a dark or grey edge.
    """
    gain = np.minimum(np.float32(2), 1 / np.maximum(weight, np.finfo(np.float32).tiny))
    colour, weight = colour * gain[..., None], weight * gain
    if max(weight.shape) == 1:
        return colour / weight[..., None]
    coarse = _pull_push(_halve(colour), _halve(weight))
    fine = np.asarray(cv2.pyrUp(coarse, dstsize=weight.shape[::-1]), np.float32)
    return colour + (1 - weight[..., None]) * fine


def _halve(values: Canvas | Deep) -> Canvas:
    return np.asarray(cv2.pyrDown(values), np.float32)


def _gaussian(pixels: Pixels, covered: Pixels, regions: Sequence[Region], strength: float) -> None:
    """Blur with a kernel of 0.3 times the face's width, at least 15 pixels, made odd: 31 for a face of 100 pixels."""
    for region in _smallest_first(regions):
        kernel = int(_strengthened(GAUSSIAN_SHARE * _face_width(region), GAUSSIAN_LEAST, strength)) | 1
        rows, columns = boxes.round_out(_extent(region), pixels.shape[1], pixels.shape[0])
        reach = kernel // 2
        top, left = max(0, rows.start - reach), max(0, columns.start - reach)
        blurred = _blurred(pixels[top : rows.stop + reach, left : columns.stop + reach], kernel)
        area = _touched(region, rows, columns)
        covered[rows, columns][area] = blurred[rows.start - top :, columns.start - left :][
            : area.shape[0], : area.shape[1]
        ][area]


def _blurred(pixels: Pixels, kernel: int) -> NDArray[Any]:
    """Return pixels blurred by a Gaussian kernel that many pixels wide, an odd number."""
    shrink = kernel / GAUSSIAN_MOST
    if shrink <= 1:
        return np.asarray(cv2.GaussianBlur(pixels, (kernel, kernel), 0))
    height, width = pixels.shape[:2]
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    small = cv2.GaussianBlur(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), (GAUSSIAN_MOST, GAUSSIAN_MOST), 0)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _mosaic(pixels: Pixels, covered: Pixels, regions: Sequence[Region], strength: float) -> None:
    """Replace each cell by its mean colour: four cells to a face's width, their size and start shifted at random.

    The shift depends on the place alone, so that the same plan always gives the same picture.
    """
    for region in _smallest_first(regions):
        rows, columns = boxes.round_out(_extent(region), pixels.shape[1], pixels.shape[0])
        jitter = np.random.default_rng([int(side) % 2**32 for side in _extent(region)])
        cell = _strengthened(_face_width(region) / MOSAIC_CELLS * jitter.uniform(1.0, 1.25), MOSAIC_LEAST, strength)
        down = _cell_edges(rows, cell, jitter.uniform(), pixels.shape[0])
        across = _cell_edges(columns, cell, jitter.uniform(), pixels.shape[1])
        cells = pixels[down[0] : down[-1], across[0] : across[-1]].astype(np.float64)
        sums = np.add.reduceat(np.add.reduceat(cells, down[:-1] - down[0], axis=0), across[:-1] - across[0], axis=1)
        means = np.rint(sums / np.outer(np.diff(down), np.diff(across))[..., None]).astype(pixels.dtype)
        blocks = means.repeat(np.diff(down), axis=0).repeat(np.diff(across), axis=1)
        area = _touched(region, rows, columns)
        inside = blocks[rows.start - down[0] :, columns.start - across[0] :][: area.shape[0], : area.shape[1]]
        covered[rows, columns][area] = inside[area]


def _cell_edges(span: slice, cell: float, start: float, end: int) -> NDArray[np.intp]:
    """Return where cells begin and end so that they hold ``span``; at the picture's border no cell is a sliver."""
    count = int(np.ceil((span.stop - span.start) / cell)) + 1
    edges = np.rint(span.start + (np.arange(count + 1) - start) * cell).astype(np.intp)
    edges = edges[(edges > cell / 2) & (edges < end - cell / 2)]
    low = [0] if not len(edges) or edges[0] > span.start else []
    high = [end] if not len(edges) or edges[-1] < span.stop else []
    return np.concatenate([low, edges, high]).astype(np.intp)


def _strengthened(size: float, least: float, strength: float) -> float:
    """Return a kernel's or cell's size times the strength: small faces gain by it too, and the least size stays."""
    return max(least, max(least, size) * strength)


def _smallest_first(regions: Sequence[Region]) -> list[Region]:
    """Return regions in the order of covering: where areas overlap, the largest and so strongest covering stays."""
    return sorted(regions, key=lambda region: _extent(region).width * _extent(region).height)


def _face_width(region: Region) -> float:
    return (region.face or _extent(region)).width


def _in_depth_of(pixels: Pixels, color: tuple[int, int, int]) -> tuple[int, ...]:
    """Return an 8-bit colour in the depth of a picture."""
    return tuple(channel * (np.iinfo(pixels.dtype).max // 255) for channel in color)


def _draw_box(pixels: Pixels, region: Region) -> None:
    rows, columns = boxes.round_out(_extent(region), pixels.shape[1], pixels.shape[0])
    area = pixels[rows, columns]
    for edge in (area[:BOX_LINE], area[-BOX_LINE:], area[:, :BOX_LINE], area[:, -BOX_LINE:]):
        edge[...] = _in_depth_of(pixels, GREEN)
