"""The styles: each writes the covered values of all spots into the layers."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil.redact.areas import Mask, Size, Spot, Window, aligned, extent, mask_of
from veil.redact.layers import Layer, Plane, padded
from veil.types import Box, Region

Canvas = NDArray[np.float32]

DEEP = 65535

HALVINGS = 2  # from the full size to the largest one that is filled: finer would show the edges' noise, and take longer
AROUND = 2.0  # how much larger than a region the window is that it is filled from
ALIGNED = 64  # pixels: windows that follow a region shrink to the same smaller pictures, so that nothing flickers

GAUSSIAN_SHARE = 0.3
GAUSSIAN_LEAST = 15
# What a wider blur leaves fits into a smaller picture, in which blurring takes moments instead of minutes.
GAUSSIAN_MOST = 127

MOSAIC_CELLS = 4
MOSAIC_LEAST = 8


def veil(layers: Sequence[Layer], spots: Sequence[Spot], size: Size, visible: Mask | None) -> None:
    """Fill every spot from what lies around all of them, so that nothing of a face can be left in it."""
    for together, window in _neighbourhoods(spots, size):
        hidden = mask_of(spots, window)
        if visible is not None:
            hidden |= ~visible[window]
        if hidden.all():
            window = (slice(0, size[0]), slice(0, size[1]))
            hidden = mask_of(spots, window)
            if visible is not None:
                hidden |= ~visible
        area = mask_of(together, window)
        for layer in layers:
            place, mask = layer.window(window), layer.share(area)
            fill = _Fill(~layer.share(hidden), layer.peak)
            for before, after in zip(layer.before, layer.after, strict=True):
                np.copyto(after[place], fill(before[place]), where=mask)


def gaussian(layers: Sequence[Layer], spots: Sequence[Spot], size: Size, strength: float) -> None:
    """Blur with a kernel of 0.3 times the face's width, at least 15 pixels, made odd: 31 for a face of 100 pixels."""
    for spot in _smallest_first(spots):
        kernel = int(_strengthened(GAUSSIAN_SHARE * _face_width(spot.region), GAUSSIAN_LEAST, strength)) | 1
        window = aligned(spot.window, layers[-1].cell, size)
        for layer in layers:
            rows, columns = here = layer.window(window)
            mask = layer.share(padded(spot, window))
            down, across = (kernel // step | 1 for step in layer.step)
            top, left = max(0, rows.start - down // 2), max(0, columns.start - across // 2)
            around = np.s_[top : rows.stop + down // 2, left : columns.stop + across // 2]
            for before, after in zip(layer.before, layer.after, strict=True):
                blurred = _blurred(np.ascontiguousarray(before[around]), down, across)
                blurred = blurred[rows.start - top :, columns.start - left :]
                np.copyto(after[here], blurred[: mask.shape[0], : mask.shape[1]], where=mask)


def mosaic(layers: Sequence[Layer], spots: Sequence[Spot], size: Size, strength: float) -> None:
    """Replace each cell by its mean colour: four cells to a face's width, their size and start shifted at random.

    The shift depends on the plan alone, which so always gives the same picture. Of a face that is followed it is the
    same in all frames, beside its box: the cells go with the face and always hold the same part of it. A grid that
    stood still would show the face cut differently in each frame, from which more of it could be worked out.
    """
    unit = layers[-1].cell
    for spot in _smallest_first(spots):
        window, place = aligned(spot.window, unit, size), extent(spot.region)
        track = spot.region.track
        jitter = np.random.default_rng([int(side) % 2**32 for side in place] if track is None else track)
        cell = _strengthened(
            _face_width(spot.region) / MOSAIC_CELLS * jitter.uniform(1.0, 1.25), MOSAIC_LEAST, strength
        )
        begins = [side - jitter.uniform() * cell for side in (place.top, place.left)]
        edges = [
            _cell_edges(side, cell, begin, end, one)
            for side, begin, end, one in zip(window, begins, size, unit, strict=True)
        ]
        for layer in layers:
            down, across = (-(-lines // step) for lines, step in zip(edges, layer.step, strict=True))
            rows, columns = here = layer.window(window)
            mask = layer.share(padded(spot, window))
            for before, after in zip(layer.before, layer.after, strict=True):
                means = _means(before[down[0] : down[-1], across[0] : across[-1]], down, across)
                blocks = means.repeat(np.diff(down), axis=0).repeat(np.diff(across), axis=1)
                blocks = blocks[rows.start - down[0] :, columns.start - across[0] :]
                np.copyto(after[here], blocks[: mask.shape[0], : mask.shape[1]], where=mask)


def _neighbourhoods(spots: Sequence[Spot], size: Size) -> Iterator[tuple[list[Spot], Window]]:
    """Yield spots that meet or nearly do, and a window around them."""
    height, width = size
    around = boxes.grow(boxes.stack([extent(spot.region) for spot in spots]), AROUND)
    labels = _labels(boxes.intersection(around, around) > 0)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        low, high = around[members, :2].min(axis=0), around[members, 2:].max(axis=0)
        window = boxes.round_out(Box(*low, *high), width, height)
        yield [spots[int(index)] for index in members], aligned(window, (ALIGNED, ALIGNED), size)


def _labels(meets: Mask) -> NDArray[np.intp]:
    """Return one number per group of things that meet directly or through others; ``meets`` has shape (N, N)."""
    labels = np.arange(len(meets))
    while True:
        spread = np.where(meets, labels[None, :], len(meets)).min(axis=1)
        if np.array_equal(spread, labels):
            return labels
        labels = spread


class _Fill:
    """Makes new values of the usable ones alone; neutral grey where there are none.

    Pull-push interpolation (Gortler et al., The Lumigraph, 1996): halve the picture until every pixel has a value, each
    weighted by how much of it is known, then grow it back. Unusable pixels have weight 0 from the start, so they cannot
    have any influence. The full size is kept in 16 bits to save memory, all smaller ones in floats.
    """

    def __init__(self, usable: Mask, peak: int) -> None:
        """Work out the weights, which all planes of one size share."""
        self._peak = peak
        self._grey = not usable.any()
        self._known = usable * np.uint16(DEEP)
        self._gains: list[Canvas] = []  # what makes half-known values count as known, at each size
        self._missing: list[Canvas] = []  # the share that then comes from the next smaller size
        weight = _reduced(self._known) / np.float32(DEEP)
        while True:
            least = np.finfo(np.float32).tiny
            last = max(weight.shape) == 1
            gain = 1 / np.maximum(weight, least) if last else np.minimum(np.float32(2), 1 / np.maximum(weight, least))
            weight = weight * gain
            self._gains.append(gain)
            self._missing.append(1 - weight)
            if last:
                return
            weight = _halve(weight)

    def __call__(self, values: Plane) -> Plane:
        """Return new values for a whole plane, of its shape and dtype."""
        if self._grey:
            return np.full_like(values, (self._peak + 1) // 2)
        more_bits = DEEP.bit_length() - self._peak.bit_length()
        deep = np.left_shift(values, more_bits, dtype=np.uint16)
        deep &= self._known
        smooth = self._pull_push(_reduced(deep), 0)
        smooth += np.float32(0.5)
        filled: NDArray[np.uint16] = np.minimum(smooth, DEEP, out=smooth).astype(np.uint16)
        for size in reversed(_sizes(values.shape)):
            filled = np.asarray(cv2.pyrUp(filled, dstsize=size[::-1]), np.uint16)
        filled += np.uint16((1 << more_bits) // 2)  # to round; what is filled lies so far below DEEP
        filled >>= more_bits
        return filled.astype(values.dtype, copy=False)

    def _pull_push(self, values: Canvas, level: int) -> Canvas:
        """Return values known everywhere, from values already multiplied by their weights."""
        values *= self._gains[level]
        if level + 1 == len(self._gains):
            return values
        coarse = self._pull_push(_halve(values), level + 1)
        fine: Canvas = np.asarray(cv2.pyrUp(coarse, dstsize=values.shape[::-1]), np.float32)
        fine *= self._missing[level]
        fine += values
        return fine


def _reduced(values: NDArray[np.uint16]) -> Canvas:
    """Return values at the largest size that is kept in floats."""
    for _ in range(HALVINGS):
        values = np.asarray(cv2.pyrDown(values), np.uint16)
    return values.astype(np.float32)


def _sizes(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the sizes from the full one on that are larger than that."""
    height, width = shape
    return [(-(-height // 2**times), -(-width // 2**times)) for times in range(HALVINGS)]


def _halve(values: NDArray[Any]) -> Canvas:
    return np.asarray(cv2.pyrDown(values), np.float32)


def _blurred(values: Plane, down: int, across: int) -> Plane:
    """Return values blurred by a Gaussian kernel that many rows and columns large, odd numbers."""
    shrink = max(down, across) / GAUSSIAN_MOST
    if shrink <= 1:
        return np.asarray(cv2.GaussianBlur(values, (across, down), 0))
    height, width = values.shape[:2]
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    kernel = int(across / shrink) | 1, int(down / shrink) | 1
    small = cv2.GaussianBlur(cv2.resize(values, size, interpolation=cv2.INTER_AREA), kernel, 0)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _cell_edges(span: slice, cell: float, begin: float, end: int, unit: int) -> NDArray[np.intp]:
    """Return where cells begin and end so that they hold ``span``; at the picture's border no cell is a sliver.

    Args:
        span: Rows or columns to hold.
        cell: The size of a cell.
        begin: Where one begins, not after ``span`` does.
        end: Of the picture.
        unit: Cells begin and end at multiples of it.
    """
    first = int((span.start - begin) // cell)
    count = int(np.ceil((span.stop - span.start) / cell)) + 1
    edges = (np.rint((begin + (first + np.arange(count + 1)) * cell) / unit) * unit).astype(np.intp)
    edges = edges[(edges > cell / 2) & (edges < end - cell / 2)]
    low = [0] if not len(edges) or edges[0] > span.start else []
    high = [end] if not len(edges) or edges[-1] < span.stop else []
    return np.concatenate([low, edges, high]).astype(np.intp)


def _means(values: Plane, down: NDArray[np.intp], across: NDArray[np.intp]) -> Plane:
    """Return the mean of each cell."""
    rows = np.add.reduceat(values, down[:-1] - down[0], axis=0, dtype=np.uint32)
    sums = np.add.reduceat(rows, across[:-1] - across[0], axis=1, dtype=np.uint64)
    means = sums / np.outer(np.diff(down), np.diff(across))
    return np.asarray(np.rint(means), values.dtype)


def _strengthened(size: float, least: float, strength: float) -> float:
    """Return a kernel's or cell's size times the strength: small faces gain by it too, and the least size stays."""
    return max(least, max(least, size) * strength)


def _smallest_first(spots: Sequence[Spot]) -> list[Spot]:
    """Return spots in the order of covering: where areas overlap, the largest and so strongest covering stays."""
    return sorted(spots, key=lambda spot: extent(spot.region).width * extent(spot.region).height)


def _face_width(region: Region) -> float:
    return (region.face or extent(region)).width
