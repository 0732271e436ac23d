"""Painted clips: noisy discs on a noisy wall, and a detector that knows where they are."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from veil.track import Pace, Watched, Watcher
from veil.types import Box, Detection

WIDTH, HEIGHT, RATE = 320, 240, 25
COVER = ((1e9, 0.5),)
SURE = 0.9
FACE = 40

Places = Callable[[int], Box | None]


def texture(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """Cloudy noise that motion can be followed on."""
    rough = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(rough, (0, 0), 3)
    return np.asarray(np.clip((soft - soft.mean()) * 6 + 128, 0, 255), np.uint8)


def moving(x: float, y: float, *, by: tuple[float, float] = (0, 0), during: range = range(10_000)) -> Places:
    """Return where a face is whose centre starts at (x, y) and moves ``by`` each frame; None while it is not there."""

    def place(frame: int) -> Box | None:
        if frame not in during:
            return None
        left, top = x + by[0] * frame - FACE / 2, y + by[1] * frame - FACE / 2
        return Box(left, top, left + FACE, top + FACE)

    return place


@dataclass(frozen=True)
class Scene:
    """Faces on a wall, the last one in front; behind ``cuts`` the wall is another."""

    faces: Sequence[Places]
    frames: int
    cuts: tuple[int, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT

    def picture(self, frame: int) -> NDArray[np.uint8]:
        shot = sum(frame >= cut for cut in self.cuts)
        pixels = texture(100 + shot, self.height, self.width).copy()
        for number, place in enumerate(self.faces):
            if box := place(frame):
                _paste(pixels, texture(number, FACE, FACE), round(box.left), round(box.top))
        return pixels


def _paste(pixels: NDArray[np.uint8], face: NDArray[np.uint8], left: int, top: int) -> None:
    height, width = pixels.shape[:2]
    rows, columns = np.arange(FACE) + top, np.arange(FACE) + left
    down, across = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    pixels[np.ix_(rows[down], columns[across])] = face[np.ix_(down, across)]


def found(box: Box | None, score: float = SURE) -> list[Detection]:
    return [] if box is None else [Detection(box, score, "painted")]


def watch(
    scene: Scene,
    detections: Mapping[int, Sequence[Detection]] | Callable[[int], Sequence[Detection]],
    *,
    looks: Iterable[int] | None = None,
    glances: Container[int] = (),
) -> Watched:
    """Return a scene as a Watcher sees it, looked at in the frames ``looks``, or in all, some of them at a glance."""
    watcher = Watcher(scene.width, scene.height, cover=COVER, pace=Pace(longest=0.2))
    wanted = set(range(scene.frames) if looks is None else looks)
    for frame in range(scene.frames):
        watcher.see(scene.picture(frame), frame, Fraction(frame, RATE))
        if frame in wanted:
            found = detections(frame) if callable(detections) else detections.get(frame, [])
            watcher.look(found, glance=frame in glances)
    return watcher.watched()


def everyone(scene: Scene, frame: int, score: float = SURE) -> list[Detection]:
    """Return what a perfect detector finds."""
    return [each for place in scene.faces for each in found(place(frame), score)]
