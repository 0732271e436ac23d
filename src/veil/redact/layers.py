"""What is covered: layers of planes over one picture. Red, green and blue are one layer; a frame of a video has two.

All that is covered is first told in pixels of the picture. A layer in which several pixels share a value covers every
value that a covered pixel has a part in, and makes none of the new ones from any of those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veil.redact.areas import Mask, Size, Spot, Window, aligned

Plane = NDArray[Any]
"""One channel of a layer, uint8 or uint16, shape (rows, columns)."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Planes of one size over a picture, before and after covering.

    Attributes:
        before: As they were.
        after: Copies, which are written to.
        peak: The highest value, one less than a power of two.
        step: How many rows and columns of pixels share one value.
        cell: Rows and columns of the smallest block of pixels that shares values with nothing outside it.
    """

    before: Sequence[Plane]
    after: Sequence[Plane]
    peak: int
    step: Size = (1, 1)
    cell: Size = (1, 1)

    def window(self, window: Window) -> Window:
        """Return where the pixels of a window, aligned to the cells, have their values."""
        rows, columns = (
            slice(side.start // step, -(-side.stop // step)) for side, step in zip(window, self.step, strict=True)
        )
        return rows, columns

    def share(self, mask: Mask) -> Mask:
        """Return which values have a part in pixels of a mask over an aligned window."""
        if self.step == (1, 1):
            return mask
        height, width = mask.shape
        down, across = self.cell
        below, right = -height % down, -width % across
        if below or right:
            mask = np.pad(mask, ((0, below), (0, right)))
        rows = mask[::down]
        for row in range(1, down):
            rows = rows | mask[row::down]
        shared = np.ascontiguousarray(rows).view(f"u{across}") != 0
        if down != self.step[0]:  # values of two fields take turns
            shared = shared.repeat(down // self.step[0], axis=0)
        return np.asarray(shared[: -(-height // self.step[0]), : -(-width // self.step[1])])


def fill_with(layers: Sequence[Layer], colours: Sequence[Sequence[int]], spot: Spot, size: Size) -> None:
    """Fill a spot with one colour, given by layer and plane."""
    window = aligned(spot.window, layers[-1].cell, size)
    for layer, colour in zip(layers, colours, strict=True):
        place, mask = layer.window(window), layer.share(padded(spot, window))
        for after, value in zip(layer.after, colour, strict=True):
            after[place][mask] = value


def padded(spot: Spot, window: Window) -> Mask:
    """Return a spot's mask over a larger window."""
    if window == spot.window:
        return spot.mask
    (rows, columns), (down, across) = window, spot.window
    return np.pad(
        spot.mask,
        ((down.start - rows.start, rows.stop - down.stop), (across.start - columns.start, columns.stop - across.stop)),
    )
