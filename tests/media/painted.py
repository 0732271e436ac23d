"""Painted pictures, files made of them, and what comes back."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from veil.media.image import encode, open_picture
from veil.types import Frame


def noise(*shape: int, seed: int = 0, dtype: type[np.unsignedinteger[Any]] = np.uint8) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """A gradient that every lossy codec keeps well, different in each corner."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack((x * 255 // width, y * 255 // height, 255 - x * 255 // width), axis=2).astype(np.uint8)


def file_of(picture: NDArray[Any] | Image.Image, format: str, **settings: Any) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    out = BytesIO()
    if format == "HEIF":
        import pillow_heif

        heif = pillow_heif.from_pillow(image)
        heif.save(out, **settings)
    else:
        image.save(out, format, **settings)
    return out.getvalue()


def frames_of(data: bytes) -> list[Frame]:
    with open_picture(data) as picture:
        return list(picture.frames())


def again(data: bytes, *, format: str | None = None) -> bytes:
    """Decode a file and encode its frames unchanged."""
    out = BytesIO()
    with open_picture(data) as picture:
        encode(picture.frames(), picture, out, format=format)
    return out.getvalue()


def assert_same(before: Sequence[Frame], after: Sequence[Frame]) -> None:
    assert [frame.duration for frame in before] == [frame.duration for frame in after]
    for one, other in zip(before, after, strict=True):
        assert one.pixels.dtype == other.pixels.dtype
        np.testing.assert_array_equal(one.pixels, other.pixels)
        assert (one.alpha is None) == (other.alpha is None)
        if one.alpha is not None and other.alpha is not None:
            np.testing.assert_array_equal(one.alpha, other.alpha)
