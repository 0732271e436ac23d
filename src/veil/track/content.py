"""What is in an area, remembered in small pictures, and where it is in another frame."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from veil.track.flow import Grey
from veil.types import Box

INNER = 0.75  # share of a box's sides in which content is compared: around it there may be what is behind
DETAIL = 48  # longer side of what is remembered, in pixels
LEAST = 8  # pixels of its smaller side
SMALLEST = 3.0  # pixels of a frame that the smaller side of an area keeps at least
SCALES = {0.96: 0.02, 1.0: 0.0, 1.04: 0.02}  # its sizes in one search, and how much more alike each has to be
NEAREST = 0.1  # of the correlation that a place loses at the border of the search: what is near is more likely
EXACT = 0.8  # correlation from which the first picture tells the place, though a later one may be more like it
FLAT = 3.0  # standard deviation of brightness below which there is nothing to compare
LATER = 3  # pictures that are remembered besides the first one

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Found:
    """Where content is, and its correlation with what is remembered, -1 to 1, a little less where its size changed."""

    box: Box
    likeness: float


class Content:
    """What an area looked like when it was drawn, and a while ago."""

    def __init__(self, grey: Grey, box: Box) -> None:
        """Remember the area of a frame.

        Args:
            grey: The frame, shape (h, w).
            box: In its pixels.
        """
        longer = max(box.width, box.height)
        self._size = tuple(max(LEAST, round(DETAIL * side / longer)) for side in (box.width, box.height))
        self._first = self._cut(grey, box, (0, 0))
        self._later: deque[Picture] = deque(maxlen=LATER)

    def renew(self, grey: Grey, box: Box) -> None:
        """Remember another frame besides the first one."""
        self._later.append(self._cut(grey, box, (0, 0)))

    def find(self, grey: Grey, box: Box, around: float) -> Found | None:
        """Return where the content is, near a box of about its size; None where nothing can be told apart.

        Args:
            grey: A frame, shape (h, w).
            box: Where to search, in its pixels.
            around: How far around it, as a share of its sides.
        """
        reach = (max(2, round(self._size[0] * around / INNER)), max(2, round(self._size[1] * around / INNER)))
        smallest = SMALLEST / min(box.width, box.height)
        places = [(_scaled(box, scale), cost) for scale, cost in SCALES.items() if scale >= min(smallest, 1)]
        scenes = [(place, cost, self._cut(grey, place, reach)) for place, cost in places]
        finds = [
            max((_match(picture, scene, reach, place, cost) for place, cost, scene in scenes), key=_like)
            for picture in (self._first, *self._later)
            if picture.std() >= FLAT
        ]
        if finds and self._first.std() >= FLAT and finds[0].likeness >= EXACT:
            return finds[0]
        return max(finds, key=_like, default=None)

    def _cut(self, grey: Grey, box: Box, more: tuple[int, int]) -> Picture:
        """Return the part of a frame in a box, in the size of what is remembered, and some pixels around it."""
        box = _scaled(box, INNER)
        scale = self._size[0] / box.width, self._size[1] / box.height
        if max(scale) < 1:  # each pixel is the mean of those that it stands for
            height, width = grey.shape
            size = max(1, round(width * scale[0])), max(1, round(height * scale[1]))
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
            ratio = size[0] / width, size[1] / height
            box = Box(*(side * ratio[axis % 2] for axis, side in enumerate(box)))
            scale = self._size[0] / box.width, self._size[1] / box.height
        # the centre of pixel i of the cut lies at box.left + (i + 0.5 - more) / scale - 0.5
        shift = [(0.5 - extra) / by + low - 0.5 for extra, by, low in zip(more, scale, box[:2], strict=True)]
        turn = np.array([[1 / scale[0], 0, shift[0]], [0, 1 / scale[1], shift[1]]])
        size = (self._size[0] + 2 * more[0], self._size[1] + 2 * more[1])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(grey, turn, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _scaled(box: Box, factor: float) -> Box:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return Box(
        x - box.width / 2 * factor, y - box.height / 2 * factor, x + box.width / 2 * factor, y + box.height / 2 * factor
    )


def _like(found: Found) -> float:
    return found.likeness


def _match(picture: Picture, scene: Picture, reach: tuple[int, int], box: Box, cost: float) -> Found:
    """Return where a picture fits best into a larger one, of which the middle shows the inner part of ``box``."""
    fits = np.nan_to_num(cv2.matchTemplate(scene, picture, cv2.TM_CCOEFF_NORMED), posinf=0, neginf=0)
    rows, columns = np.ogrid[-1 : 1 : fits.shape[0] * 1j, -1 : 1 : fits.shape[1] * 1j]
    row, column = np.unravel_index(np.argmax(fits - NEAREST * (rows**2 + columns**2)), fits.shape)
    x = (column + _between(fits[row, :], int(column)) - reach[0]) * box.width * INNER / picture.shape[1]
    y = (row + _between(fits[:, column], int(row)) - reach[1]) * box.height * INNER / picture.shape[0]
    return Found(Box(box.left + x, box.top + y, box.right + x, box.bottom + y), float(fits[row, column]) - cost)


def _between(values: NDArray[Any], at: int) -> float:
    """Return how far beside a peak the parabola through it and its neighbours has its own peak, -0.5 to 0.5."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, here, after = (float(value) for value in values[at - 1 : at + 2])
    bend = before - 2 * here + after
    return float(np.clip((before - after) / 2 / bend, -0.5, 0.5)) if bend < 0 else 0.0
