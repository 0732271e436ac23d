"""Painted photos, each another one, and none of anybody."""

import io

import cv2
import numpy as np
from PIL import Image


def painted(number: int, megapixels: float) -> bytes:
    """Return a JPEG file of a soft, grainy scene, 4 to 3, which holds about as many bytes as a photo of that size."""
    random = np.random.default_rng(number)
    width, height = round((megapixels * 4e6 / 3) ** 0.5), round((megapixels * 3e6 / 4) ** 0.5)
    scene = cv2.resize(random.uniform(40, 215, (12, 16, 3)).astype(np.float32), (width, height))
    grain = cv2.resize(random.normal(0, 9, (height // 2, width // 2)).astype(np.float32), (width, height))
    pixels = np.clip(scene + grain[..., None], 0, 255).astype(np.uint8)
    _paint_face(pixels, random)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def _paint_face(pixels: np.ndarray, random: np.random.Generator) -> None:
    height, width = pixels.shape[:2]
    size = height // 6
    x, y = (int(random.uniform(0.2, 0.8) * side) for side in (width, height))
    cv2.ellipse(pixels, (x, y), (size * 3 // 4, size), 0, 0, 360, (224, 180, 150), -1)
    for side in (-1, 1):
        cv2.circle(pixels, (x + side * size // 3, y - size // 5), size // 10, (40, 30, 30), -1)
    cv2.ellipse(pixels, (x, y + size // 2), (size // 3, size // 8), 0, 0, 180, (150, 60, 60), -1)
