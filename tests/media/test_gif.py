from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.media.painted import again, assert_same, file_of, frames_of, noise
from veil.errors import InputError
from veil.media import gif
from veil.media.image import encode, open_picture
from veil.types import Frame, Kind


def written(*codes: gif.Codes, fresh: bool = False, plays: int = 0) -> bytes:
    pictures = [gif.Picture(one, np.full(one.shape, fresh), 7 + index) for index, one in enumerate(codes)]
    out = BytesIO()
    gif.write(pictures, out, plays=plays)
    return out.getvalue()


def colours(count: int, *, start: int = 0, side: int = 16) -> gif.Codes:
    """A square that shows exactly ``count`` different colours."""
    return ((np.arange(side * side) % count + start) * 257).reshape(side, side).astype(np.int32)


def shown(data: bytes) -> list[gif.Codes]:
    result = []
    for frame in frames_of(data):
        red, green, blue = (frame.pixels[:, :, channel].astype(np.int32) for channel in range(3))
        codes = red << 16 | green << 8 | blue
        if frame.alpha is not None:
            codes[frame.alpha == 0] = gif.TRANSPARENT
        result.append(codes)
    return result


def sprite_on(background: gif.Codes, left: int, width: int = 5) -> gif.Codes:
    codes = background.copy()
    codes[4:9, left : left + width] = 0xFF00FF
    return codes


CLEAR = np.full((16, 16), gif.TRANSPARENT, np.int32)
GREY = np.arange(256).reshape(16, 16).astype(np.int32) * 0x010101
HOLED = np.where(GREY == 0x404040, gif.TRANSPARENT, GREY)


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param([colours(256)], id="256-colours"),
        pytest.param([colours(256), colours(256, start=500)], id="new-palette"),
        pytest.param([colours(256), sprite_on(colours(256), 0), sprite_on(colours(256), 8)], id="257-colours-shown"),
        pytest.param([colours(9), sprite_on(colours(9), 0, 12), sprite_on(colours(9), 0, 3)], id="sprite-shrinks"),
        pytest.param([sprite_on(CLEAR, 3), sprite_on(sprite_on(CLEAR, 3), 9)], id="margin-around-the-first"),
        pytest.param([colours(9), colours(9), colours(9)], id="nothing-changes"),
        pytest.param([CLEAR, CLEAR], id="all-transparent"),
        pytest.param([sprite_on(CLEAR, 0), sprite_on(CLEAR, 8), CLEAR, colours(3)], id="moves-over-transparency"),
        pytest.param([colours(255), sprite_on(CLEAR, 3), colours(255)], id="becomes-transparent"),
        pytest.param([np.zeros((1, 1), np.int32)], id="one-pixel"),
        pytest.param([GREY, sprite_on(GREY, 3), GREY], id="colours-after-grey"),
        pytest.param([HOLED, sprite_on(HOLED, 3), GREY], id="colours-after-grey-with-a-hole"),
    ],
)
def test_frames_come_back_exactly(codes: list[gif.Codes]) -> None:
    for before, after in zip(codes, shown(written(*codes)), strict=True):
        np.testing.assert_array_equal(before, after)


def test_more_colours_than_a_frame_holds_are_rounded_not_refused() -> None:
    many = noise(32, 32, seed=3).astype(np.int32) * 65793  # greys
    many[::2] = (many[::2] & 0xFF00FF) | 0x003300
    (after,) = shown(written(many))
    difference = np.abs((many & 255) - (after & 255))
    assert difference.max() > 0
    assert difference.mean() < 4


@pytest.mark.parametrize("plays", [0, 1, 2, 7])
def test_times_and_loops_are_exact(plays: int) -> None:
    data = written(colours(4), colours(5), colours(6), plays=plays)
    layout = gif.read_layout(data)
    assert layout.durations == (Fraction(7, 100), Fraction(8, 100), Fraction(9, 100))
    assert layout.plays == plays
    assert gif.read_layout(again(data)) == layout


def test_a_cover_changes_only_itself_even_with_a_full_palette() -> None:
    data = written(colours(256), sprite_on(colours(256), 0))
    cover = np.s_[2:12, 2:12]
    out = BytesIO()
    with open_picture(data) as picture:
        covered = []
        for frame in picture.frames():
            pixels = frame.pixels.copy()
            pixels[cover] = noise(10, 10, 3, seed=frame.index)
            covered.append(Frame(pixels, frame.alpha, frame.index, frame.duration))
        encode(covered, picture, out)
    outside = np.ones((16, 16), bool)
    outside[cover] = False
    for before, after in zip(frames_of(data), frames_of(out.getvalue()), strict=True):
        np.testing.assert_array_equal(before.pixels[outside], after.pixels[outside])
        assert (before.pixels[cover] != after.pixels[cover]).any()


def test_a_cover_gets_its_exact_colours_where_there_is_room() -> None:
    data = written(colours(20))
    out = BytesIO()
    with open_picture(data) as picture:
        (frame,) = picture.frames()
        frame.pixels[3:9, 3:9] = noise(6, 6, 3)
        encode([frame], picture, out)
    assert_same([frame], frames_of(out.getvalue()))


def test_files_of_others_come_back_exactly() -> None:
    base = Image.fromarray(noise(40, 50, 3)).quantize(200)
    others = [Image.fromarray(noise(40, 50, 3, seed=seed)).quantize(200) for seed in (1, 2)]
    for disposal in (0, 1, 2, 3):
        data = file_of(
            base, "GIF", save_all=True, append_images=others, duration=[30, 200, 70], loop=0, disposal=disposal
        )
        with open_picture(data) as picture:
            assert picture.facts.kind is Kind.ANIMATION
        assert_same(frames_of(data), frames_of(again(data)))


def test_a_frame_beyond_the_canvas_enlarges_it() -> None:
    data = bytearray(written(colours(9)))
    data[6:10] = b"\x04\0\x05\0"
    with open_picture(bytes(data)) as picture:
        assert (picture.facts.width, picture.facts.height) == (16, 16)
        assert next(picture.frames()).pixels.shape == (16, 16, 3)


def test_every_cut_is_noticed() -> None:
    data = written(colours(9), colours(12, start=40))
    for end in range(6, len(data) - 1, 7):
        with pytest.raises(InputError):
            gif.read_layout(data[:end])
            if len(frames_of(data[:end])) < 2:  # cut exactly between two frames: a whole, shorter animation
                raise InputError
