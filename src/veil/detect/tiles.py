"""Looking at big pictures part by part: Tiled(detector) is itself a detector."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from veil.detect import Detector
from veil.types import Box, Detection, Point

# A detection this near to a cut, in pixels, is taken for a part of a face.
CUT = 2.0


class Tiled:
    """Looks at overlapping parts of a picture, none with more pixels than a square tile.

    A face that is cut by a tile's edge and no larger than the overlap lies whole in the next tile, so what touches a
    cut is dropped. Larger faces may be dropped everywhere: look at the picture made smaller for them.
    """

    def __init__(self, detector: Detector, *, tile: int, overlap: int) -> None:
        """Wrap a detector.

        Args:
            detector: Looks at each tile.
            tile: Longest side of a tile, in pixels; a picture with no more pixels than such a square stays whole.
            overlap: Least width that neighbouring tiles share, in pixels.
        """
        if not 0 <= overlap < tile:
            raise ValueError(f"overlap must be from 0 to less than the tile of {tile}, but got {overlap}")
        self.name = detector.name
        self._detector = detector
        self._tile = tile
        self._overlap = overlap

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Return the faces in all tiles; one that lies in two tiles is returned twice. See Detector."""
        height, width = pixels.shape[:2]
        found: list[Detection] = []
        whole = height * width <= self._tile**2
        for top, bottom in self._spans(height, height if whole else self._tile):
            for left, right in self._spans(width, width if whole else self._tile):
                cuts = Box(
                    left if left > 0 else -np.inf,
                    top if top > 0 else -np.inf,
                    right if right < width else np.inf,
                    bottom if bottom < height else np.inf,
                )
                for detection in self._detector.detect(pixels[top:bottom, left:right]):
                    moved = _moved(detection, left, top)
                    if _clear_of(moved.box, cuts):
                        found.append(moved)
        return found

    def _spans(self, length: int, tile: int) -> Iterator[tuple[int, int]]:
        """Yield where tiles begin and end along one side: as few and as small as will do, all of one size."""
        count = 1 if length <= tile else math.ceil((length - self._overlap) / (tile - self._overlap))
        size = math.ceil((length + (count - 1) * self._overlap) / count)
        for start in np.linspace(0, length - size, count).round().astype(int).tolist():
            yield start, start + size


def _moved(detection: Detection, right: float, down: float) -> Detection:
    box = detection.box
    return replace(
        detection,
        box=Box(box.left + right, box.top + down, box.right + right, box.bottom + down),
        points=tuple(Point(x + right, y + down) for x, y in detection.points),
    )


def _clear_of(box: Box, cuts: Box) -> bool:
    return (
        box.left > cuts.left + CUT
        and box.top > cuts.top + CUT
        and box.right < cuts.right - CUT
        and box.bottom < cuts.bottom - CUT
    )
