"""Pictures as they come when the light is poor or the camera shakes: pure functions on pixels and on labels.

Pictures are upright RGB, shape (height, width, 3), dtype uint8, and are not changed.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from benchmarks.recall.faces import Labelled
from benchmarks.recall.looks import Rgb
from veil.types import Box

GAMMA = 2.5
SHADE = 0.3
GLOW = 150
JPEG_QUALITY = 15
NOISE = 20
NOISE_SEED = 0
SHAKE = 7


class Alteration(NamedTuple):
    """What is done to a picture and to the boxes of its labels; these are given the size (width, height) before."""

    pixels: Callable[[Rgb], Rgb]
    box: Callable[[Box, tuple[int, int]], Box] = lambda box, size: box


def dark(pixels: Rgb) -> Rgb:
    """Return the picture as if much too little light had fallen on it: raised to the power GAMMA."""
    table = np.rint(255 * (np.arange(256) / 255) ** GAMMA).astype(np.uint8)
    return table[pixels]


def backlit(pixels: Rgb) -> Rgb:
    """Return the picture with dark subjects before a glow.

    Pixels keep SHADE of their value. The glow adds GLOW in the middle of the upper half and falls evenly to nothing at
    a distance as long as the longer side.
    """
    height, width = pixels.shape[:2]
    down, across = np.arange(height) + 0.5 - height / 4, np.arange(width) + 0.5 - width / 2
    distance = np.hypot(down[:, None], across[None, :])
    glow = GLOW * np.maximum(1 - distance / max(height, width), 0)
    return _as_bytes(pixels * SHADE + glow[:, :, None])


def strongly_compressed(pixels: Rgb) -> Rgb:
    """Return the picture after it was saved as JPEG of quality JPEG_QUALITY."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=JPEG_QUALITY)
    with Image.open(stream) as image:
        return np.asarray(image)


def noisy(pixels: Rgb) -> Rgb:
    """Return the picture with Gaussian noise, its standard deviation NOISE, the same each time."""
    noise = np.random.default_rng(NOISE_SEED).normal(0, NOISE, pixels.shape)
    return _as_bytes(pixels + noise)


def shaken(pixels: Rgb) -> Rgb:
    """Return the picture with each pixel the mean of SHAKE in a row; beyond the edge its last pixels go on."""
    return np.asarray(cv2.blur(pixels, (SHAKE, 1), borderType=cv2.BORDER_REPLICATE), np.uint8)


def turned(quarters: int) -> Alteration:
    """Return the alteration that turns a picture clockwise by so many quarters, without a tag that would tell."""

    def turn_box(box: Box, size: tuple[int, int]) -> Box:
        width, height = size
        for _ in range(quarters):
            box = Box(height - box.bottom, box.left, height - box.top, box.right)
            width, height = height, width
        return box

    return Alteration(lambda pixels: np.ascontiguousarray(np.rot90(pixels, -quarters)), turn_box)


def halved(pixels: Rgb) -> Rgb:
    """Return the picture half as wide and high, each pixel the mean of four; an odd last row or column counts twice."""
    height, width = pixels.shape[:2]
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    means = even.reshape(-(-height // 2), 2, -(-width // 2), 2, 3).mean(axis=(1, 3))
    return _as_bytes(means)


def half_box(box: Box, size: tuple[int, int]) -> Box:
    """Return a box with all sides halved."""
    return Box(*(side / 2 for side in box))


def _as_bytes(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Rgb:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


ALTERATIONS: Mapping[str, Alteration] = {
    "dark": Alteration(dark),
    "backlit": Alteration(backlit),
    f"JPEG quality {JPEG_QUALITY}": Alteration(strongly_compressed),
    "noisy": Alteration(noisy),
    "motion-blurred": Alteration(shaken),
    "turned by 90": turned(1),
    "turned by 180": turned(2),
    "turned by 270": turned(3),
    "halved": Alteration(halved, half_box),
}


def altered_labels(picture: Labelled, alteration: Alteration, size: tuple[int, int]) -> Labelled:
    """Return the labels of the altered picture.

    Args:
        picture: The picture as it is.
        alteration: What was done to it.
        size: (width, height) of the picture as it is.
    """
    faces = tuple(replace(face, box=alteration.box(face.box, size)) for face in picture.faces)
    return Labelled(picture.path, faces)
