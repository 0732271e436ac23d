"""Finders for tests that start processes: these find a function by its name in a module."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests import fakes, footage
from veil.detect import Finder
from veil.types import Detection

GATE = "VEIL_TEST_GATE"


def painted(profile: str, *, streams: int) -> Finder:
    return fakes.finder()


def silent(profile: str, *, streams: int) -> Finder:
    return fakes.finder(fakes.Silent())


def crashing(profile: str, *, streams: int) -> Finder:
    return fakes.finder(fakes.Crashing())


def spotting(profile: str, *, streams: int) -> Finder:
    return footage.spotter()


def deadly(profile: str, *, streams: int) -> Finder:
    return fakes.finder(Deadly())


def deadly_to_videos(profile: str, *, streams: int) -> Finder:
    return footage.spotter(DeadlyToVideos())


class DeadlyToVideos(footage.Spotting):
    """Dies, with its process, of pictures of the size of painted films."""

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        if pixels.shape[:2] == (footage.HEIGHT, footage.WIDTH):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().detect(pixels)


class Deadly:
    """Dies, with its process, of pictures that have an orange face."""

    name = "deadly"

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        if (pixels == fakes.ORANGE).all(axis=2).any():
            os.kill(os.getpid(), signal.SIGKILL)
        return fakes.Painted().detect(pixels)


class Gated:
    """Says in a folder that it looks, and goes on once it finds a file called "go" there."""

    name = "gated"

    def __init__(self, gate: Path) -> None:
        self._gate = gate

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        with (self._gate / "looks").open("a") as looks:
            looks.write(f"{os.getpid()}\n")
        while not (self._gate / "go").exists():
            time.sleep(0.02)
        return fakes.Painted().detect(pixels)


def gated(profile: str, *, streams: int) -> Finder:
    return fakes.finder(Gated(Path(os.environ[GATE])))
