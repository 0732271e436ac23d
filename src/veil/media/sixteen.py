"""Sixteen bits a channel, which Pillow would cut to eight: read and written through OpenCV."""

import cv2
import numpy as np
from numpy.typing import NDArray

from veil.media.damage import damaged
from veil.types import Pixels


def decode_png(data: bytes) -> tuple[Pixels, Pixels | None]:
    """Return RGB, shape (H, W, 3), and alpha, shape (H, W) or None, uint16, of a PNG file of 16 bits.

    Raises:
        InputError: The file is damaged.
    """
    try:
        return _split(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), "png")
    except cv2.error as error:
        raise damaged("png") from error


def decode_tiff_page(data: bytes, page: int) -> tuple[Pixels, Pixels | None]:
    """Return the same of one page, counted from 0, of a TIFF file; its orientation is applied.

    Raises:
        InputError: The page is damaged.
    """
    try:
        done, pages = cv2.imdecodemulti(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED, range=(page, page + 1))
    except cv2.error as error:
        raise damaged("tiff") from error
    return _split(pages[0] if done and pages else None, "tiff")


def encode_png(samples: Pixels) -> bytes:
    """Return a PNG file of uint16 samples, shape (H, W), (H, W, 3) RGB or (H, W, 4) RGBA."""
    if samples.ndim == 3:
        samples = samples[:, :, [2, 1, 0, 3][: samples.shape[2]]]
    _, file = cv2.imencode(".png", samples, [cv2.IMWRITE_PNG_COMPRESSION, 4])
    return file.tobytes()


def _split(stored: NDArray[np.generic] | None, format: str) -> tuple[Pixels, Pixels | None]:
    if stored is None or stored.dtype != np.uint16:
        raise damaged(format)
    samples = stored.astype(np.uint16, copy=False)
    if samples.ndim == 2:
        return np.repeat(samples[:, :, None], 3, axis=2), None
    alpha = samples[:, :, 3].copy() if samples.shape[2] == 4 else None
    return np.ascontiguousarray(samples[:, :, 2::-1]), alpha
