import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from tests.media.painted import again, assert_same, file_of, frames_of, noise
from veil.errors import OutputError, UnsupportedError
from veil.media import tiff
from veil.media.image import open_picture
from veil.media.raster import Raster
from veil.types import Kind

MODES = {"1": None, "L": None, "LA": 2, "RGB": 3, "RGBA": 4}


def raster(mode: str, height: int, width: int, *, deep: bool = False) -> Raster:
    channels = MODES[mode]
    samples = noise(*((height, width) if channels is None else (height, width, channels)))
    if mode == "1":
        samples = (samples > 127).astype(np.uint8) * np.uint8(255)
    return Raster(mode, samples.astype(np.uint16) * np.uint16(257) if deep else samples, None)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (700, 901)])
def test_pages_are_written_exactly(mode: str, size: tuple[int, int]) -> None:
    page = raster(mode, *size)
    out = BytesIO()
    tiff.write([page, raster("L", 5, 6)], out)
    image = Image.open(out)
    assert (image.mode, getattr(image, "n_frames", 0)) == (mode, 2)
    samples = np.asarray(image)
    np.testing.assert_array_equal(samples * np.uint8(255) if mode == "1" else samples, page.samples)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_sixteen_bits_are_written_exactly(mode: str) -> None:
    page = raster(mode, 30, 40, deep=True)
    out = BytesIO()
    tiff.write([page, page], out)
    for frame in frames_of(out.getvalue()):
        assert frame.pixels.dtype == np.uint16
        colours = page.samples[:, :, None] if mode == "L" else page.samples[:, :, :3]
        np.testing.assert_array_equal(frame.pixels, np.broadcast_to(colours, frame.pixels.shape))


def test_multiplied_opacity_is_divided_out() -> None:
    page = np.full((4, 4, 4), 32768, np.uint16)
    page[:, :, 0] = 16384
    page[0, 0] = 0
    out = BytesIO()
    tiff.write([Raster("RGBA", page, None)], out)
    entry = struct.pack("<HHI", 338, 3, 1)
    (frame,) = frames_of(out.getvalue().replace(entry + b"\2", entry + b"\1"))
    assert frame.alpha is not None and (frame.alpha == page[:, :, 3]).all()
    assert frame.pixels[1, 1].tolist() == [32768, 65535, 65535]
    assert frame.pixels[0, 0].tolist() == [0, 0, 0]


def test_pages_may_differ_in_size_and_mode() -> None:
    images = [
        Image.fromarray(noise(10, 12, 3)),
        Image.fromarray(noise(30, 8)),
        Image.fromarray(noise(9, 9)).convert("1"),
        Image.fromarray(noise(9, 7, dtype=np.uint16)),
        Image.fromarray(noise(5, 6, 4)),
    ]
    data = file_of(images[0], "TIFF", save_all=True, append_images=images[1:])
    with open_picture(data) as picture:
        assert (picture.facts.kind, picture.facts.frames) == (Kind.PAGES, 5)
    result = again(data)
    assert_same(frames_of(data), frames_of(result))
    out = Image.open(BytesIO(result))
    modes = []
    for number in range(5):
        out.seek(number)
        modes.append(out.mode)
    assert modes == ["RGB", "L", "1", "I;16", "RGBA"]


def test_a_thumbnail_among_the_pages_does_not_survive() -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1
    page, thumbnail = Image.fromarray(noise(40, 40, 3)), Image.fromarray(noise(8, 8, 3))
    thumbnail.encoderinfo = {"tiffinfo": tags}
    data = file_of(page, "TIFF", save_all=True, append_images=[thumbnail])
    with Image.open(BytesIO(data)) as image:
        image.seek(1)
        assert image.tag_v2.get(254) == 1  # type: ignore[attr-defined]
    with open_picture(data) as picture:
        assert (picture.facts.kind, picture.facts.frames) == (Kind.STILL, 1)
    assert getattr(Image.open(BytesIO(again(data))), "n_frames", 0) == 1


@pytest.mark.parametrize("mode", ["F", "I"])
def test_other_samples_are_refused(mode: str) -> None:
    with pytest.raises(UnsupportedError, match="which Veil does not read"):
        open_picture(file_of(Image.new(mode, (5, 5)), "TIFF"))


def test_white_is_zero_is_understood() -> None:
    grey = noise(6, 7, dtype=np.uint16)
    data = bytearray(file_of(grey, "TIFF"))
    at = data.index(b"\x06\x01\x03\0\x01\0\0\0\x01\0")  # photometric interpretation: black is zero
    data[at + 8] = 0
    np.testing.assert_array_equal(frames_of(bytes(data))[0].pixels[:, :, 0], 65535 - grey)


def test_more_than_four_gibibytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff, "_MAX_FILE_BYTES", 1000)
    with pytest.raises(OutputError, match="4 GiB"):
        tiff.write([raster("RGB", 40, 40)], BytesIO())
