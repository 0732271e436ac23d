"""Looking at pictures whose pixels are not square: networks know faces as people see them, not squeezed to half.

Of 130 faces, 19 were found in stored pixels twice as wide as high, 100 where they were 1.42 times as wide.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil.detect import Finder
from veil.types import Box, Detection, Point

NOTICED = 1.15
"""Up to this, pixels count as square: as much as faces differ anyway."""

MOST = 4.0
"""No pixel counts as longer, whatever a file says."""

MOST_PIXELS = 40_000_000
"""A stretched picture is made smaller if it would have more."""

SAME_FACE = 0.5
"""Of faces that share more than this intersection over union, the surest is enough."""


def look(finder: Finder, pixels: NDArray[np.uint8], aspect: float, *, glance: bool = False) -> list[Detection]:
    """Return what a finder sees in a picture as it is stored and, unless its pixels are about square, as it is shown.

    Both are looked at, since a file may say something wrong of its pixels, and who wants to see a face may ignore it.

    Args:
        finder: Looks.
        pixels: Upright RGB picture, shape (H, W, 3), dtype uint8.
        aspect: Width of a pixel by its height.
        glance: As for Finder.look().

    Raises:
        DetectorError: As for Finder.look().
    """
    found = finder.look(pixels, glance=glance)
    if 1 / NOTICED <= aspect <= NOTICED:
        return found
    height, width = pixels.shape[:2]
    size = _size_shown(width, height, aspect)
    shown = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    across, down = width / size[0], height / size[1]
    more = [_stored(each, across, down) for each in finder.look(shown, glance=glance)]
    return _each_once([*found, *more])


def _size_shown(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Return the width and height of a picture with square pixels; it gets no smaller unless it would be too large."""
    aspect = min(max(aspect, 1 / MOST), MOST)
    wide, tall = width * max(aspect, 1), height * max(1 / aspect, 1)
    scale = min(1, (MOST_PIXELS / (wide * tall)) ** 0.5)
    return max(1, round(wide * scale)), max(1, round(tall * scale))


def _stored(seen: Detection, across: float, down: float) -> Detection:
    """Return a detection in stored pixels."""
    left, top, right, bottom = seen.box
    points = tuple(Point(x * across, y * down) for x, y in seen.points)
    return replace(seen, box=Box(left * across, top * down, right * across, bottom * down), points=points)


def _each_once(found: Sequence[Detection]) -> list[Detection]:
    places = boxes.stack([each.box for each in found])
    scores = np.array([each.score for each in found], np.float64)
    return [found[index] for index in boxes.nms(places, scores, SAME_FACE)]
