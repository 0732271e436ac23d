"""Detectors without a model, for tests that must be exact."""

import io
import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from veil.detect import Detector, Finder
from veil.errors import DetectorError
from veil.media.image import encode, picture_from_array
from veil.types import Box, Detection

MAGENTA = (255, 0, 255)
ORANGE = (255, 128, 0)
SURE = 0.9
DOUBTFUL = 0.3


class Painted:
    """Finds rectangles painted in pure magenta, to the pixel and for sure; orange ones only perhaps."""

    name = "painted"

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        return [
            Detection(Box(left, top, left + width, top + height), score, self.name)
            for colour, score in ((MAGENTA, SURE), (ORANGE, DOUBTFUL))
            for left, top, width, height, _ in _areas((pixels == colour).all(axis=2))
        ]


class Silent:
    """Finds nothing."""

    name = "silent"

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        return []


class Wild:
    """Answers with one box and score whatever the picture, such as no detector should give."""

    name = "wild"

    def __init__(self, box: Box, score: float) -> None:
        self._found = Detection(box, score, self.name)

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        return [self._found]


class Crashing:
    """Always fails."""

    name = "crashing"

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        raise DetectorError("The model 'crashing' failed while looking; nothing was written. Try again.")


class Paused:
    """Waits for ``go`` before it finds what Painted finds; ``reached`` is set once somebody waits."""

    name = "paused"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.reached = threading.Event()

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        self.reached.set()
        if not self.go.wait(30):
            raise DetectorError("Nobody let the model go on; nothing was written.")
        return Painted().detect(pixels)


def finder(detector: Detector | None = None) -> Finder:
    """Return a finder that covers scores from 0.5 and suggests those from 0.2."""
    return Finder(detector=detector or Painted(), cover=((1e9, 0.5),), suggest=((1e9, 0.2),), models={})


def photo(*faces: tuple[slice, slice], doubtful: tuple[tuple[slice, slice], ...] = (), format: str = "png") -> bytes:
    """Return a grey picture file, 300 x 200, with magenta faces and orange doubtful ones at (rows, columns)."""
    pixels = np.full((200, 300, 3), 200, np.uint8)
    for places, colour in ((faces, MAGENTA), (doubtful, ORANGE)):
        for place in places:
            pixels[place] = colour
    picture = picture_from_array(pixels)
    stream = io.BytesIO()
    encode(picture.frames(), picture, stream, format=format)
    return stream.getvalue()


def _areas(mask: NDArray[np.bool_]) -> list[list[int]]:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [[int(value) for value in row] for row in stats[1:]]
