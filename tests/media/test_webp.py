from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.media.painted import again, assert_same, file_of, frames_of, noise, smooth
from veil.errors import InputError
from veil.media import webp
from veil.media.image import encode, open_picture
from veil.types import Frame


def animation(*pictures: np.ndarray, lossless: bool = True, loop: int = 0) -> bytes:
    """Pillow merges equal neighbours, so all pictures must differ."""
    images = [Image.fromarray(picture) for picture in pictures]
    durations = [40 + 7 * index for index in range(len(images))]
    return file_of(
        images[0], "WEBP", save_all=True, append_images=images[1:], duration=durations, loop=loop, lossless=lossless
    )


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("loop", [0, 1, 3])
def test_lossless_animations_come_back_exactly(channels: int, loop: int) -> None:
    pictures = [noise(21, 33, channels, seed=seed) for seed in range(2)]
    pictures.append(pictures[-1].copy())
    pictures[-1][5:8, 7:12, :3] ^= 255
    data = animation(*pictures, loop=loop)
    result = again(data)
    assert [frame.duration for frame in frames_of(data)] == [Fraction(ms, 1000) for ms in (40, 47, 54)]
    assert_same(frames_of(data), frames_of(result))
    assert webp.read_layout(result) == webp.read_layout(data)
    assert webp.read_layout(result).plays == loop


def test_equal_frames_stay_apart() -> None:
    data = animation(*(noise(10, 10, 3, seed=seed) for seed in range(3)))
    out = BytesIO()
    with open_picture(data) as picture:
        first = next(picture.frames())
        frames = [Frame(first.pixels, first.alpha, index, Fraction(1, 8)) for index in range(3)]
        encode(frames, picture, out)
    assert_same(frames, frames_of(out.getvalue()))


def test_colours_under_full_transparency_are_kept() -> None:
    pixels = noise(12, 12, 4)
    pixels[:6, :, 3] = 0
    data = file_of(pixels, "WEBP", lossless=True, exact=True)
    (frame,) = frames_of(again(data))
    np.testing.assert_array_equal(frame.pixels, pixels[:, :, :3])


def test_lossy_stays_lossy() -> None:
    assert webp.read_layout(file_of(smooth(), "WEBP", lossless=True)).lossless
    for data in (file_of(smooth(), "WEBP"), animation(smooth(), smooth()[::-1], lossless=False)):
        result = again(data)
        assert not webp.read_layout(data).lossless
        assert not webp.read_layout(result).lossless
        for before, after in zip(frames_of(data), frames_of(result), strict=True):
            assert np.abs(before.pixels.astype(int) - after.pixels).mean() < 3


def test_cut_files_are_damaged() -> None:
    data = animation(noise(20, 20, 3), noise(20, 20, 3, seed=1))
    for end in range(20, len(data) - 1, 50):
        with pytest.raises(InputError, match="WebP picture is damaged"):
            webp.read_layout(data[:end])
