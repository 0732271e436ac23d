import struct
import zlib
from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.media.painted import again, assert_same, file_of, frames_of, noise
from veil.errors import InputError
from veil.media import png
from veil.media.image import encode, open_picture
from veil.types import Frame, Kind


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def animation(*pictures: np.ndarray, times: tuple[tuple[int, int], ...], plays: int = 0, hidden: bool = False) -> bytes:
    """An APNG of whole frames; with ``hidden``, the first picture is only for programs that know no animations."""
    height, width, channels = pictures[0].shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 6, 0, 0, 0)
    out = png.SIGNATURE + chunk(b"IHDR", header) + chunk(b"acTL", struct.pack(">II", len(times), plays))
    number, left = 0, list(times)
    for index, picture in enumerate(pictures):
        pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in picture))
        if index or not hidden:
            control = struct.pack(">IIIIIHHBB", number, width, height, 0, 0, *left.pop(0), 0, 0)
            out += chunk(b"fcTL", control)
            number += 1
        if index:
            out += chunk(b"fdAT", struct.pack(">I", number) + pixels)
            number += 1
        else:
            out += chunk(b"IDAT", pixels)
    return out + chunk(b"IEND", b"")


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("plays", [0, 1, 5])
def test_animations_come_back_exactly_with_their_times(channels: int, plays: int) -> None:
    pictures = [noise(20, 30, channels, seed=seed) for seed in range(3)]
    pictures.append(pictures[-1].copy())
    pictures[-1][5:7, 8:9] ^= 255
    data = animation(*pictures, times=((1, 30), (1001, 24000), (5, 0), (65535, 1)), plays=plays)
    before, result = frames_of(data), again(data)
    assert [frame.duration for frame in before] == [
        Fraction(1, 30), Fraction(1001, 24000), Fraction(5, 100), Fraction(65535),
    ]  # fmt: skip
    for frame, picture in zip(before, pictures, strict=True):
        np.testing.assert_array_equal(frame.pixels, picture[:, :, :3])
    assert_same(before, frames_of(result))
    assert png.read_layout(result).plays == plays


def test_the_hidden_default_picture_of_an_animation_does_not_survive() -> None:
    secret, first, second = (noise(20, 30, 3, seed=seed) for seed in range(3))
    data = animation(secret, first, second, times=((1, 10), (1, 10)), hidden=True)
    with open_picture(data) as picture:
        assert (picture.facts.kind, picture.facts.frames) == (Kind.ANIMATION, 2)
    result = again(data)
    assert_same(frames_of(data), frames_of(result))
    np.testing.assert_array_equal(frames_of(data)[0].pixels, first)
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(result))), first)


def test_frames_of_grey_animations_may_get_colours() -> None:
    greys = [noise(8, 9, seed=seed) for seed in range(2)]
    data = file_of(greys[0], "PNG", save_all=True, append_images=[Image.fromarray(greys[1])], duration=50)
    out = BytesIO()
    with open_picture(data) as picture:
        frames = list(picture.frames())
        frames[1].pixels[2:4, 2:4] = (255, 0, 0)
        encode(frames, picture, out)
    assert_same(frames, frames_of(out.getvalue()))


@pytest.mark.parametrize("channels", [None, 3, 4])
def test_sixteen_bits_are_kept(channels: int | None) -> None:
    samples = noise(*((12, 17) if channels is None else (12, 17, channels)), dtype=np.uint16)
    colour_type = {None: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", 17, 12, 16, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples))
    start = png.SIGNATURE + chunk(b"IHDR", header)
    data = start + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    (frame,) = frames_of(data)
    expected = samples[:, :, None].repeat(3, axis=2) if channels is None else samples[:, :, :3]
    np.testing.assert_array_equal(frame.pixels, expected)
    assert frame.pixels.dtype == np.uint16
    result = again(data)
    assert_same([frame], frames_of(result))
    assert (result[24], result[25]) == (16, colour_type)


def test_sums_are_checked_where_pixels_depend_on_them() -> None:
    data = bytearray(file_of(noise(30, 30, 3), "PNG"))
    data[len(data) // 2] ^= 1
    with pytest.raises(InputError, match="PNG picture is damaged"):
        png.read_layout(bytes(data))
    good = file_of(noise(30, 30, 3), "PNG")
    text = struct.pack(">I", 4) + b"tEXt" + b"a\0bc" + b"\0\0\0\0"  # a wrong sum over words that nobody needs
    assert_same(frames_of(good[:33] + text + good[33:]), frames_of(good))


def test_a_bomb_of_words_is_never_unpacked() -> None:
    good = file_of(noise(30, 30, 3), "PNG")
    words = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 24)))
    profile = chunk(b"iCCP", b"name\0\0" + b"not deflated")
    assert_same(frames_of(good[:33] + words + profile + good[33:]), frames_of(good))


def test_a_time_too_fine_for_png_is_rounded() -> None:
    frames = [Frame(noise(4, 4, 3, seed=seed), None, seed, Fraction(100_001, 1000)) for seed in range(2)]
    out = BytesIO()
    data = animation(noise(4, 4, 3), noise(4, 4, 3), times=((1, 1), (1, 1)))
    with open_picture(data) as picture:
        encode(frames, picture, out)
    for duration in png.read_layout(out.getvalue()).durations:
        assert abs(duration - Fraction(100_001, 1000)) < Fraction(1, 500)
