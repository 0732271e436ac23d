"""Painted films without a loss: textured magenta faces that move before grey walls, and a detector that sees them."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.track.scene import texture
from veil.detect import Finder
from veil.media.video import open_video
from veil.types import Box, Detection

WIDTH, HEIGHT = 320, 240
FACE = 40
UNIT = Fraction(1, 12800)
TICK = 512  # 25 frames a second


class Actor(NamedTuple):
    """A face of FACE x FACE pixels whose corner is at (x, y) in frame ``first`` and moves ``by`` each frame."""

    first: int
    stop: int
    x: int
    y: int
    by: tuple[int, int] = (0, 0)

    def place(self, frame: int) -> Box | None:
        if not self.first <= frame < self.stop:
            return None
        left, top = (start + step * (frame - self.first) for start, step in zip((self.x, self.y), self.by, strict=True))
        return Box(left, top, left + FACE, top + FACE)


class Film(NamedTuple):
    """Faces before a wall; behind each of ``cuts`` the wall is another."""

    actors: Sequence[Actor]
    frames: int
    cuts: tuple[int, ...] = ()
    size: tuple[int, int] = (WIDTH, HEIGHT)

    def picture(self, frame: int) -> NDArray[np.uint8]:
        width, height = self.size
        wall = texture(100 + sum(frame >= cut for cut in self.cuts), height, width)[..., :1].repeat(3, axis=2)
        for number, actor in enumerate(self.actors):
            if box := actor.place(frame):
                rows, columns = slice(int(box.top), int(box.bottom)), slice(int(box.left), int(box.right))
                shade = 60 + texture(number, FACE, FACE)[..., 0] // 4 * 3
                wall[rows, columns] = np.stack([shade, shade // 4, shade], axis=2)
        return wall


def shoot(
    film: Film, path: Path, *, times: Sequence[int] | None = None, codec: str = "libx264", aspect: int = 1
) -> Path:
    """Write a film as a video and return its path; ``times`` are in units of UNIT, ``aspect`` is that of its pixels."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=25, options={"crf": "0", "preset": "ultrafast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = film.size
        stream.pix_fmt = "yuv420p" if all(side % 2 == 0 for side in film.size) else "yuv444p"
        stream.codec_context.time_base = UNIT
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        for index in range(film.frames):
            frame = av.VideoFrame.from_ndarray(film.picture(index)).reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = times[index] if times else index * TICK, UNIT
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def screened(path: Path) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Return the RGB pixels and the brightness of each frame of a video."""
    with open_video(path) as video:
        return [(frame.pixels, frame.grey.copy()) for frame in video.frames()]


class Spotting:
    """Finds the painted faces, all with one score, and counts how often it was asked."""

    name = "spotting"

    def __init__(self, score: float = 0.9) -> None:
        self._score = score
        self.looks = 0

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        self.looks += 1
        red, green, blue = (pixels[..., channel].astype(int) for channel in range(3))
        magenta = (np.minimum(red, blue) > 2 * green + 10).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(magenta)
        return [
            Detection(Box(left, top, left + width, top + height), self._score, self.name)
            for left, top, width, height, area in stats[1:].tolist()
            if area > 50
        ]


class Wide(Spotting):
    """Finds those that are wider than high."""

    name = "wide"

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        return [each for each in super().detect(pixels) if each.box.width > 1.5 * each.box.height]


def spotter(detector: Spotting | None = None) -> Finder:
    """Return a finder that covers scores from 0.2; what a single look sees with thrice that is a face."""
    return Finder(detector=detector or Spotting(), cover=((1e9, 0.2),), suggest=((1e9, 0.2),), models={})
