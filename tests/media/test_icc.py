import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.media.painted import again, file_of, frames_of, noise, smooth
from veil.media import icc
from veil.media.image import encode, open_picture, to_pil
from veil.types import Frame

MARKER = b"ALICE-SERIAL-4711"


def element(kind: bytes, body: bytes) -> bytes:
    return kind + bytes(4) + body


def curve(gamma: float) -> bytes:
    return element(b"curv", struct.pack(">IH", 1, round(gamma * 256)))


def xyz(*numbers: float) -> bytes:
    return element(b"XYZ ", struct.pack(">3i", *(round(number * 65536) for number in numbers)))


def profile(space: bytes = b"RGB ", *, version: int = 2, gamma: float = 1.8, swapped: bool = False) -> bytes:
    """A matrix or grey profile, full of things that are nobody's business."""
    tags = {b"wtpt": xyz(0.9642, 1, 0.8249)}
    if space == b"RGB ":
        red, green, blue = (0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)
        red, green = (green, red) if swapped else (red, green)
        tags |= {b"rXYZ": xyz(*red), b"gXYZ": xyz(*green), b"bXYZ": xyz(*blue)}
        tags |= {b"rTRC": curve(gamma) + MARKER, b"gTRC": curve(gamma), b"bTRC": curve(gamma)}
    else:
        tags |= {b"kTRC": curve(gamma)}
    tags |= {kind: element(b"text", MARKER + b"\0") for kind in (b"cprt", b"desc", b"mmod", b"vcgt", b"targ", b"dmnd")}
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = bytearray(128)
    header[4:8] = b"ALIC"
    header[8] = version
    header[12:24] = b"mntr" + space + b"XYZ "
    header[24:36] = struct.pack(">6H", 2024, 5, 6, 7, 8, 9)
    header[36:44] = b"acspAPPL"
    header[48:56] = MARKER[:8]
    header[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    header[80:84] = b"ALIC"
    header[84:100] = MARKER[:16]
    return struct.pack(">I", 128 + len(table) + len(body)) + bytes(header[4:]) + table + body


def as_srgb(image: Image.Image) -> np.ndarray:
    source = ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"]))
    result = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert result is not None
    return np.asarray(result)


@pytest.mark.parametrize("version", [2, 4])
@pytest.mark.parametrize(("space", "mode"), [(b"RGB ", "RGB"), (b"GRAY", "L")])
def test_cleaned_profiles_mean_the_same_colours_and_hold_no_more(space: bytes, mode: str, version: int) -> None:
    original = profile(space, version=version)
    cleaned = icc.clean(original)
    assert cleaned is not None
    assert MARKER[:5] not in cleaned
    assert b"ALIC" not in cleaned and b"APPL" not in cleaned
    assert cleaned[24:36] == bytes(12)
    image = Image.fromarray(noise(20, 30, 3)).convert(mode)
    before, after = image.copy(), image.copy()
    before.info["icc_profile"], after.info["icc_profile"] = original, cleaned
    np.testing.assert_array_equal(as_srgb(before), as_srgb(after))
    assert icc.clean(cleaned) == cleaned


def test_the_profile_of_a_real_colour_engine_survives() -> None:
    original = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    cleaned = icc.clean(original)
    assert cleaned is not None
    ImageCms.ImageCmsProfile(BytesIO(cleaned))


@pytest.mark.parametrize(
    "broken",
    [b"", b"no profile", bytes(500), profile()[:200], profile().replace(b"curv", b"evil"), profile() + b""],
    ids=["empty", "text", "zeros", "cut", "unknown-curve", "whole"],
)
def test_broken_profiles_never_fail_a_good_picture(broken: bytes) -> None:
    data = file_of(smooth(), "PNG", icc_profile=broken)
    out = Image.open(BytesIO(again(data)))
    assert ("icc_profile" in out.info) == (broken == profile())


def test_a_profile_for_other_colours_is_dropped() -> None:
    data = file_of(smooth(), "PNG", icc_profile=profile(b"GRAY"))
    assert "icc_profile" not in Image.open(BytesIO(again(data))).info
    np.testing.assert_array_equal(frames_of(data)[0].pixels, smooth())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "HEIF"])
def test_formats_keep_the_cleaned_profile_and_the_pixels_as_they_are(format: str) -> None:
    image = Image.fromarray(smooth())
    image.info["icc_profile"] = profile()
    settings = {} if format == "HEIF" else {"icc_profile": profile()}
    data = file_of(image, format, **settings)
    result = again(data)
    with open_picture(result) as picture:
        assert picture.header.looks[0].profile == icc.clean(profile())
        change = np.abs(next(picture.frames()).pixels.astype(int) - frames_of(data)[0].pixels)
    assert change.mean() < 2
    assert MARKER not in result


@pytest.mark.parametrize("target", ["gif", "bmp"])
def test_a_target_without_profiles_gets_converted_colours(target: str) -> None:
    pixels = np.full((8, 8, 3), (20, 200, 90), np.uint8)
    image = Image.fromarray(pixels)
    image.info["icc_profile"] = profile(swapped=True)
    data = file_of(image, "PNG", icc_profile=profile(swapped=True))
    (frame,) = frames_of(again(data, format=target))
    assert np.abs(frame.pixels.astype(int) - as_srgb(image)).max() <= 2
    assert np.abs(frame.pixels.astype(int) - pixels).max() > 30


def test_a_coloured_cover_on_a_grey_picture_uses_up_its_grey_profile() -> None:
    grey = np.full((16, 16), 100, np.uint8)
    data = file_of(grey, "PNG", icc_profile=profile(b"GRAY", gamma=1.0))
    out = BytesIO()
    with open_picture(data) as picture:
        assert to_pil(next(picture.frames()), picture).mode == "L"
        (frame,) = picture.frames()
        pixels = frame.pixels.copy()
        pixels[:4] = (255, 0, 0)
        encode([Frame(pixels)], picture, out)
    result = Image.open(BytesIO(out.getvalue()))
    assert result.mode == "RGB" and "icc_profile" not in result.info
    shown = np.asarray(result)
    assert (shown[:4] == (255, 0, 0)).all()
    image = Image.fromarray(grey)
    image.info["icc_profile"] = profile(b"GRAY", gamma=1.0)
    assert np.abs(shown[4:].astype(int) - as_srgb(image)[4:]).max() <= 1


@pytest.mark.parametrize("target", ["jpeg", "png", "webp", "avif", "heic", "tiff", "gif", "bmp"])
def test_a_grey_profile_goes_along_or_is_used_up(target: str) -> None:
    levels = np.repeat(np.arange(20, 250, 20, dtype=np.uint8), 8)[None].repeat(16, axis=0)
    image = Image.fromarray(levels)
    image.info["icc_profile"] = profile(b"GRAY", gamma=1.0)
    wanted = as_srgb(image).astype(int)
    with open_picture(again(file_of(image, "PNG", icc_profile=image.info["icc_profile"]), format=target)) as picture:
        shown = to_pil(next(picture.frames()), picture)
    if "icc_profile" in shown.info:
        assert np.abs(as_srgb(shown).astype(int) - wanted).mean() < 3
    else:
        assert target not in ("jpeg", "png", "tiff")
        assert np.abs(np.asarray(shown.convert("RGB")).astype(int) - wanted).mean() < 3


def test_cmyk_becomes_srgb_without_a_profile() -> None:
    image = Image.fromarray(smooth()).convert("CMYK")
    for format in ("JPEG", "TIFF"):
        result = again(file_of(image, format, icc_profile=profile()))
        assert Image.open(BytesIO(result)).mode == "RGB"
        assert "icc_profile" not in Image.open(BytesIO(result)).info
        assert np.abs(frames_of(result)[0].pixels.astype(int) - smooth()).mean() < 6
