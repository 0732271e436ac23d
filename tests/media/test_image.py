import hashlib
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.media.painted import again, assert_same, file_of, frames_of, noise, smooth
from tests.media.test_png import animation as apng
from tests.media.test_webp import animation as animated_webp
from veil.errors import InputError, TooLargeError, UnsupportedError, UsageError
from veil.media.damage import quiet, reading
from veil.media.image import (
    FORMATS,
    Picture,
    encode,
    open_picture,
    picture_from_array,
    picture_from_pil,
    to_array,
    to_pil,
)
from veil.types import Frame, Kind

LOSSLESS = {"PNG": {}, "TIFF": {}, "BMP": {}, "WEBP": {"lossless": True, "exact": True}}
LOSSY = ["JPEG", "WEBP", "AVIF", "HEIF"]


def turned(picture: np.ndarray, orientation: int) -> np.ndarray:
    """What a viewer shows for a stored picture; written out by hand, as the EXIF standard has it."""
    return {
        1: picture,
        2: np.fliplr(picture),
        3: np.rot90(picture, 2),
        4: np.flipud(picture),
        5: np.transpose(picture, (1, 0, 2)),
        6: np.rot90(picture, -1),
        7: np.rot90(np.transpose(picture, (1, 0, 2)), 2),
        8: np.rot90(picture, 1),
    }[orientation]


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010E] = "a description"
    return block.tobytes()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_upright_picture_once(format: str, orientation: int) -> None:
    turn = {"exif": exif(orientation)}
    data = heic_turned(smooth(), orientation) if format == "HEIF" else file_of(smooth(), format, **turn)
    upright = turned(smooth(), orientation)
    for file in (data, again(data)):
        with open_picture(file) as picture:
            assert (picture.facts.height, picture.facts.width) == upright.shape[:2]
            (frame,) = picture.frames()
        assert frame.pixels.shape == upright.shape
        assert np.abs(frame.pixels.astype(int) - upright).mean() < 5
    assert Image.open(BytesIO(again(data))).getexif().get(0x0112, 1) == 1 if format != "HEIF" else True


def heic_turned(stored: np.ndarray, orientation: int) -> bytes:
    """A HEIC file that says how it is turned both in its own way and, to be ignored, in EXIF."""
    import pillow_heif

    heif = pillow_heif.from_pillow(Image.fromarray(stored))
    out = BytesIO()
    heif[0].info["exif"] = exif(orientation)
    heif.save(out, quality=95)
    return out.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_an_unreadable_exif_block_harms_nothing(format: str) -> None:
    good = heic_turned(smooth(), 1) if format == "HEIF" else file_of(smooth(), format, exif=exif(6))
    bad = good.replace(b"MM\0*", b"XX\0*").replace(b"II*\0", b"XX\0*")
    assert bad != good
    if format == "PNG":
        with_wrong_sum, bad = bad, file_of(smooth(), format, exif=exif(6).replace(b"MM\0*", b"XX\0*"))
        assert frames_of(with_wrong_sum)
    (frame,) = frames_of(bad)
    assert sorted(frame.pixels.shape[:2]) == [48, 64]


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        (format, mode)
        for format in LOSSLESS
        for mode in ("1", "L", "LA", "RGB", "RGBA")
        if (format, mode[-1]) != ("BMP", "A")
    ],
)
def test_lossless_formats_give_back_every_bit(format: str, mode: str) -> None:
    image = Image.fromarray(noise(33, 45, 4)).convert(mode)
    data = file_of(image, format, **LOSSLESS[format])
    result = again(data)
    assert_same(frames_of(data), frames_of(result))
    if format != "WEBP":
        assert Image.open(BytesIO(result)).mode == mode
    np.testing.assert_array_equal(frames_of(data)[0].pixels, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("format", LOSSY)
def test_lossy_formats_stay_close_at_full_colour_resolution(format: str) -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, ::2] = (255, 0, 0)  # stripes one pixel wide: halved colours would blur them
    pixels[:, 1::2] = (0, 0, 255)
    out = BytesIO()
    with picture_from_array(pixels) as picture:
        encode(picture.frames(), picture, out, format=format)
    difference = np.abs(frames_of(out.getvalue())[0].pixels.astype(int) - pixels).mean()
    assert difference < (100 if format == "WEBP" else 12)  # lossy WebP always halves colours


@pytest.mark.parametrize(
    ("image", "settings", "alpha"),
    [
        (Image.fromarray(noise(20, 20, 3)).quantize(16), {"transparency": 3}, True),
        (Image.fromarray(noise(20, 20, 3)).quantize(16), {"transparency": bytes(range(0, 256, 16))}, True),
        (Image.fromarray(noise(20, 20, 3)).quantize(16), {}, False),
        (Image.new("L", (20, 20), 7), {"transparency": 7}, True),
        (Image.new("RGB", (20, 20), (7, 8, 9)), {"transparency": (7, 8, 9)}, True),
    ],
    ids=["palette-one", "palette-many", "palette-none", "grey-one", "colour-one"],
)
def test_transparency_by_colour_becomes_alpha(image: Image.Image, settings: dict[str, object], alpha: bool) -> None:
    data = file_of(image, "PNG", **settings)
    expected = np.asarray(Image.open(BytesIO(data)).convert("RGBA"))
    (frame,) = frames_of(data)
    np.testing.assert_array_equal(frame.pixels, expected[:, :, :3])
    if alpha:
        assert frame.alpha is not None
        np.testing.assert_array_equal(frame.alpha, expected[:, :, 3])
    else:
        assert frame.alpha is None
    assert_same([frame], frames_of(again(data)))


@pytest.mark.parametrize(("mode", "format"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("YCbCr", "TIFF"), ("LAB", "TIFF")])
def test_other_colour_models_become_rgb(mode: str, format: str) -> None:
    if mode == "LAB":
        from PIL import ImageCms

        image = ImageCms.profileToProfile(
            Image.fromarray(smooth()), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        assert image is not None
    else:
        image = Image.fromarray(smooth()).convert(mode)
    (frame,) = frames_of(file_of(image, format))
    assert np.abs(frame.pixels.astype(int) - smooth()).mean() < 4


def test_grey_and_bilevel_stay_so_until_colours_come() -> None:
    cases: list[tuple[str, int | tuple[int, int, int], str]]
    cases = [("1", 0, "1"), ("1", 90, "L"), ("L", 90, "L"), ("L", (255, 0, 0), "RGB")]
    for mode, cover, expected in cases:
        data = file_of(Image.fromarray(noise(20, 20)).convert(mode), "PNG")
        out = BytesIO()
        with open_picture(data) as picture:
            (frame,) = picture.frames()
            frame.pixels[:5] = cover
            encode([frame], picture, out)
            assert to_pil(frame, picture).mode == expected
        assert Image.open(out).mode == expected
        assert_same([frame], frames_of(out.getvalue()))


@pytest.mark.parametrize("size", [(20, 30), (20, 30, 3), (20, 30, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_arrays_in_and_out(size: tuple[int, ...], dtype: type[np.unsignedinteger]) -> None:
    array = noise(*size, dtype=dtype)
    with picture_from_array(array) as picture:
        assert (picture.facts.format, picture.facts.width, picture.facts.height) == ("raw", 30, 20)
        (frame,) = picture.frames()
        np.testing.assert_array_equal(to_array(frame, picture), array)
        frame.pixels[:] = 0
        assert array.any(), "decoding must copy"
        with pytest.raises(UsageError, match="no file format"):
            encode(picture.frames(), picture, BytesIO())
        out = BytesIO()
        encode(picture.frames(), picture, out, format="png")
        assert_same(list(picture.frames()), frames_of(out.getvalue()))


@pytest.mark.parametrize("bad", [np.zeros((4, 4), float), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8)])
def test_other_arrays_are_refused(bad: NDArray[Any]) -> None:
    with pytest.raises(UnsupportedError, match="is not a picture"):
        picture_from_array(bad)


def test_hashes_tell_arrays_apart() -> None:
    arrays: list[NDArray[Any]] = [np.zeros((2, 6), np.uint8), np.zeros((3, 4), np.uint8), np.ones((2, 6), np.uint8)]
    arrays.append(np.zeros((2, 3), np.uint16))
    assert len({picture_from_array(array).facts.sha256 for array in arrays}) == 4


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I;16"])
def test_pillow_pictures_in_and_out(mode: str) -> None:
    image = Image.fromarray(noise(9, 8, dtype=np.uint16)) if mode == "I;16" else Image.new(mode, (8, 9), 1)
    with picture_from_pil(image) as picture:
        (frame,) = picture.frames()
        assert frame.pixels.shape == (9, 8, 3)
        result = to_pil(frame, picture)
    assert result.mode == (mode if mode in ("1", "L", "LA", "RGBA", "I;16") else "RGB")
    assert not result.info


def test_pillow_pictures_are_turned_upright_and_refused_when_too_deep() -> None:
    image = Image.open(BytesIO(file_of(smooth(), "PNG", exif=exif(6))))
    with picture_from_pil(image) as picture:
        assert (picture.facts.width, picture.facts.height) == (48, 64)
        np.testing.assert_array_equal(next(picture.frames()).pixels, turned(smooth(), 6))
    with pytest.raises(UnsupportedError, match="floating-point"):
        picture_from_pil(Image.new("F", (5, 5)))


def test_facts_and_starting_afresh(tmp_path: Path) -> None:
    data = file_of(smooth(), "PNG")
    path = tmp_path / "called.txt"
    path.write_bytes(data)
    with open_picture(path) as picture:
        assert picture.facts == open_picture(data).facts
        assert picture.facts.sha256 == hashlib.sha256(data).hexdigest()
        assert picture.facts.kind is Kind.STILL
        assert_same(list(picture.frames()), list(picture.frames()))
    with pytest.raises(UsageError, match="closed"):
        picture.frames()


FILES = {
    "jpeg": file_of(noise(60, 60, 3), "JPEG"),
    "progressive jpeg": file_of(noise(60, 60, 3), "JPEG", progressive=True),
    "png": file_of(noise(60, 60, 3), "PNG"),
    "deep png": file_of(Image.fromarray(noise(60, 60, dtype=np.uint16)), "PNG"),
    "apng": apng(noise(30, 30, 3), noise(30, 30, 3, seed=1), times=((1, 9), (1, 9))),
    "webp": file_of(noise(60, 60, 3), "WEBP"),
    "animated webp": animated_webp(noise(30, 30, 3), noise(30, 30, 3, seed=1)),
    "avif": file_of(noise(60, 60, 3), "AVIF"),
    "heic": file_of(noise(60, 60, 3), "HEIF"),
    "tiff": file_of(noise(60, 60, 3), "TIFF"),
    "deflated tiff": file_of(noise(60, 60, 3), "TIFF", compression="tiff_adobe_deflate"),
    "gif": file_of(Image.fromarray(noise(60, 60, 3)).quantize(99), "GIF"),
    "bmp": file_of(noise(60, 60, 3), "BMP"),
}


@pytest.mark.parametrize("share", [0.03, 0.3, 0.6, 0.9, 0.97])
@pytest.mark.parametrize("name", FILES)
def test_cut_files_are_an_error_in_one_sentence(name: str, share: float) -> None:
    data = FILES[name][: max(16, int(len(FILES[name]) * share))]
    with pytest.raises(InputError) as caught:
        frames_of(data)
    assert "\n" not in str(caught.value)
    assert "damaged" in str(caught.value) or isinstance(caught.value, UnsupportedError)


@pytest.mark.parametrize("name", FILES)
def test_flipped_bytes_never_raise_anything_else(name: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        data = bytearray(FILES[name])
        for at in rng.integers(12, len(data), 3):
            data[at] = rng.integers(0, 256)
        try:
            frames_of(bytes(data))
        except InputError:
            continue


@pytest.mark.parametrize("name", FILES)
def test_the_limit_counts_one_still_or_the_whole_animation(name: str) -> None:
    with open_picture(FILES[name]) as picture:
        facts = picture.facts
    pixels = facts.width * facts.height * (facts.frames if facts.kind is Kind.ANIMATION else 1)
    open_picture(FILES[name], max_pixels=pixels).close()
    with pytest.raises(TooLargeError, match=f"limit of {pixels - 1:,}"):
        open_picture(FILES[name], max_pixels=pixels - 1)


def test_pillows_own_limit_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for name in FILES:
        assert_same(frames_of(FILES[name]), frames_of(FILES[name]))
        again(FILES[name])
    assert Image.MAX_IMAGE_PIXELS == 100


def test_pixels_of_another_size_than_the_header_promised_are_an_error() -> None:
    with open_picture(FILES["heic"]) as picture:
        header = replace(picture.header, sizes=((61, 60),))
        with Picture(picture.facts, header) as lying, pytest.raises(InputError, match="damaged"):
            next(lying.frames())


def test_a_bomb_is_refused_by_its_header() -> None:
    bomb = bytearray(FILES["bmp"])
    bomb[18:26] = (30_000).to_bytes(4, "little") * 2
    with pytest.raises(TooLargeError, match="30000 x 30000"):
        open_picture(bytes(bomb))


@pytest.mark.parametrize("source", [b"", b"hello", b"\0\0\0\x18ftypisom\0\0\0\0isommp42"])
def test_what_is_no_picture_is_said_without_its_name(source: bytes, tmp_path: Path) -> None:
    path = tmp_path / "alice.jpg"
    path.write_bytes(source)
    for place in (source, path):
        with pytest.raises(UnsupportedError) as caught:
            open_picture(place)
        assert "alice" not in str(caught.value)
    with pytest.raises(InputError, match="cannot be read"):
        open_picture(tmp_path / "missing.jpg")


@pytest.mark.parametrize("target", ["jpeg", "bmp"])
def test_opacity_is_laid_over_white_where_it_cannot_be_kept(target: str) -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:8, :, 3] = 128
    (frame,) = frames_of(again(file_of(pixels, "PNG"), format=target))
    assert frame.alpha is None
    assert np.abs(frame.pixels[:7].astype(int) - 127).max() <= 4
    assert (frame.pixels[9:] >= 251).all()


@pytest.mark.parametrize("target", ["jpeg", "webp", "avif", "heic", "gif", "bmp"])
def test_sixteen_bits_are_rounded_where_they_cannot_be_kept(target: str) -> None:
    levels = np.array([0, 128, 129, 257, 32767, 32768, 65406, 65407, 65535], np.uint16)
    samples = np.repeat(np.repeat(levels, 16)[None], 16, axis=0)
    (frame,) = frames_of(again(file_of(Image.fromarray(samples), "PNG"), format=target))
    shown = frame.pixels[8, 8::16, 0].astype(int)
    assert np.abs(shown - np.round(levels / 257)).max() <= (0 if target in ("gif", "bmp") else 5)


@pytest.mark.parametrize("source", ["apng", "animated webp"])
@pytest.mark.parametrize("target", FORMATS)
def test_animations_go_to_what_moves_and_nowhere_else(source: str, target: str) -> None:
    before = frames_of(FILES[source])
    if not FORMATS[target].moves:
        with pytest.raises(UsageError, match="animation"):
            again(FILES[source], format=target)
        return
    after = frames_of(again(FILES[source], format=target))
    assert len(after) == len(before)
    unit = 100 if target == "gif" else 1000
    for one, other in zip(before, after, strict=True):
        assert one.duration is not None and other.duration is not None
        assert abs(one.duration - other.duration) * unit <= 1


def test_pages_go_to_tiff_only() -> None:
    data = file_of(smooth(), "TIFF", save_all=True, append_images=[Image.fromarray(smooth()[::-1])])
    for target in FORMATS:
        if target != "tiff":
            with pytest.raises(UsageError, match="several pages"):
                again(data, format=target)


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_is_checked(quality: int) -> None:
    with open_picture(FILES["jpeg"]) as picture, pytest.raises(UsageError, match=str(quality)):
        encode(picture.frames(), picture, BytesIO(), quality=quality)


def test_a_quick_webp_is_as_good_and_hardly_larger() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    picture = picture_from_array(pixels)
    files = []
    for quick in (False, True):
        out = BytesIO()
        encode(picture.frames(), picture, out, format="webp", quality=85, quick=quick)
        files.append(out.getvalue())
    careful, hasty = files
    assert careful != hasty
    assert len(hasty) < 1.5 * len(careful)
    with open_picture(careful) as one, open_picture(hasty) as other:
        (first,), (second,) = one.frames(), other.frames()
    assert np.abs(first.pixels.astype(int) - second.pixels).mean() < 5


def test_quality_matters() -> None:
    sizes = []
    with open_picture(FILES["png"]) as picture:
        for quality in (20, 60, 90):
            out = BytesIO()
            encode(picture.frames(), picture, out, format=".JPG", quality=quality)
            sizes.append(len(out.getvalue()))
    assert sizes == sorted(sizes)


def test_a_picture_too_long_for_the_format_is_refused() -> None:
    long = file_of(np.zeros((1, 16_384, 3), np.uint8), "PNG")
    with pytest.raises(UsageError, match="WebP holds at most 16383"):
        again(long, format="webp")


@pytest.mark.parametrize("name", ["jpeg", "gif", "apng", "animated webp", "tiff"])
def test_every_frame_must_be_given_and_no_more(name: str) -> None:
    with open_picture(FILES[name]) as picture:
        frames = list(picture.frames())
        for given in (frames[:-1], [*frames, frames[0]]):
            with pytest.raises(UsageError, match=f"has {len(frames)} frame"):
                encode(given, picture, BytesIO())


def test_an_error_while_covering_passes_through() -> None:
    def failing() -> Iterator[Frame]:
        raise RuntimeError("the cover failed")
        yield

    for name in ("jpeg", "gif", "tiff", "apng"):
        with open_picture(FILES[name]) as picture, pytest.raises(RuntimeError, match="the cover failed"):
            encode(failing(), picture, BytesIO())


def test_several_threads_at_once_get_what_one_gets() -> None:
    names = [name for name in FILES if name not in ("avif", "heic")] * 3
    alone = {name: again(FILES[name]) for name in names}
    with ThreadPoolExecutor(8) as pool:
        for name, result in zip(names, pool.map(lambda name: again(FILES[name]), names), strict=True):
            assert result == alone[name]


def test_warning_filters_are_as_before_whatever_order_threads_leave_in() -> None:
    before = list(warnings.filters)
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with quiet:
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=stay)
    with quiet:
        thread.start()
        assert inside.wait(10)
    assert list(warnings.filters) != before
    leave.set()
    thread.join()
    assert list(warnings.filters) == before


def test_errors_of_our_own_keep_their_words() -> None:
    with pytest.raises(TooLargeError, match="exactly this"), reading("png"):
        raise TooLargeError("exactly this")
