"""Detectors without a model, for tests that must be exact."""

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from veil.detect import Detector, Finder
from veil.errors import DetectorError
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


def _areas(mask: NDArray[np.bool_]) -> list[list[int]]:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [[int(value) for value in row] for row in stats[1:]]
