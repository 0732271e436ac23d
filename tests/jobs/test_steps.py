import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests import fakes
from veil import pipeline
from veil.jobs import steps
from veil.media.files import Opener
from veil.media.image import encode, open_picture, picture_from_array
from veil.options import Options
from veil.types import Box, Pixels, Plan, Point, Region, Shape, Span, State

FACE = (slice(40, 80), slice(100, 130))
BLUE = Options(shape="box", style="solid", color=(0, 0, 255))


def write(path: Path, pixels: Pixels, format: str = "png") -> Path:
    picture = picture_from_array(pixels)
    with path.open("w+b") as file:
        encode(picture.frames(), picture, file, format=format)
    return path


def pixels_of(source: Path | bytes) -> Pixels:
    with open_picture(source) as picture:
        assert picture.facts.format in ("jpeg", "webp")  # every browser shows these
        return next(iter(picture.frames())).pixels


def preview_of(original: Path) -> Path:
    preview = original.with_suffix(".preview")
    with open_picture(original) as picture, preview.open("w+b") as stream:
        steps.write_preview(picture, stream)
    return preview


def plan_of(original: Path) -> Plan:
    with open_picture(original) as picture:
        return pipeline.find(picture, fakes.finder(), BLUE)


@pytest.fixture
def painted() -> NDArray[np.uint8]:
    pixels = np.full((200, 300, 3), 200, np.uint8)
    pixels[FACE] = fakes.MAGENTA
    return pixels


@pytest.mark.parametrize(
    ("size", "small"),
    [
        pytest.param((2000, 3200), (1000, 1600), id="wide"),
        pytest.param((3200, 40), (1600, 20), id="tall"),
        pytest.param((90, 70), (90, 70), id="small-stays"),
        pytest.param((2, 4000), (1, 1600), id="sliver"),
    ],
)
def test_preview_is_at_most_1600_pixels_long(tmp_path: Path, size: tuple[int, int], small: tuple[int, int]) -> None:
    original = write(tmp_path / "original", np.full((*size, 3), 90, np.uint8))
    assert pixels_of(preview_of(original)).shape == (*small, 3)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "heic", "tiff", "gif", "bmp"])
def test_every_format_has_a_preview(tmp_path: Path, painted: NDArray[np.uint8], format: str) -> None:
    preview = preview_of(write(tmp_path / "original", painted, format))
    assert np.abs(pixels_of(preview)[60, 115].astype(int) - fakes.MAGENTA).max() < 30


def test_preview_of_sixteen_bits_has_eight(tmp_path: Path, painted: NDArray[np.uint8]) -> None:
    preview = preview_of(write(tmp_path / "original", painted.astype(np.uint16) * 257))
    assert pixels_of(preview).dtype == np.uint8


def test_preview_of_a_transparent_picture_is_transparent(tmp_path: Path, painted: NDArray[np.uint8]) -> None:
    opaque = preview_of(write(tmp_path / "opaque", painted))
    assert steps.read_preview(opaque) == steps.Preview(opaque.read_bytes(), "jpeg")
    alpha = np.full((*painted.shape[:2], 1), 60, np.uint8)
    clear = preview_of(write(tmp_path / "clear", np.concatenate([painted, alpha], axis=2)))
    assert steps.read_preview(clear).format == "webp"
    covered = steps.covered_preview(clear, Opener(), plan_of(tmp_path / "clear"), BLUE)
    assert covered.format == "webp"
    with open_picture(covered.data) as picture:
        seen = next(iter(picture.frames())).alpha
    assert seen is not None
    assert seen[60, 115] == 255  # covered, so nothing shines through
    assert abs(int(seen[10, 10]) - 60) <= 2


@pytest.mark.parametrize("scale", [1, 8])
def test_covered_preview_shows_nothing_of_the_face(tmp_path: Path, painted: NDArray[np.uint8], scale: int) -> None:
    original = write(tmp_path / "original", painted.repeat(scale, axis=0).repeat(scale, axis=1))
    shown = pixels_of(steps.covered_preview(preview_of(original), Opener(), plan_of(original), BLUE).data).astype(int)
    times = shown.shape[1] / 300
    rows, columns = (slice(round(side.start * times), round(side.stop * times)) for side in FACE)
    assert np.abs(shown[rows, columns] - (0, 0, 255)).max() < 30
    assert np.abs(shown[: round(20 * times)] - 200).max() < 10


def test_covered_preview_scales_every_outline(tmp_path: Path) -> None:
    original = write(tmp_path / "original", np.full((800, 3200, 3), 200, np.uint8))
    triangle = Region(
        Box(100, 100, 900, 700),
        Shape.POLYGON,
        State.DRAWN,
        None,
        "user",
        outline=(Point(100, 100), Point(900, 100), Point(100, 700)),
    )
    later = replace(triangle, frames=Span(0, 1))
    for region in (triangle, later):
        plan = replace(plan_of(original), regions=(region,))
        shown = pixels_of(steps.covered_preview(preview_of(original), Opener(), plan, BLUE).data).astype(int)
        assert shown.shape == (400, 1600, 3)
        assert np.abs(shown[70:150, 60:200] - (0, 0, 255)).max() < 30
        assert np.abs(shown[320:, 300:] - 200).max() < 10


def test_covered_preview_shows_the_first_frame_as_it_will_be(tmp_path: Path) -> None:
    original = write(tmp_path / "original", np.full((200, 300, 3), 200, np.uint8))
    elsewhere = Region(Box(0, 0, 300, 200), Shape.BOX, State.DRAWN, None, "user", frames=Span(3, 5))
    kept = Region(Box(0, 0, 300, 200), Shape.BOX, State.KEPT, 0.9, "painted")
    plan = replace(plan_of(original), regions=(elsewhere, kept))
    shown = pixels_of(steps.covered_preview(preview_of(original), Opener(), plan, BLUE).data).astype(int)
    assert np.abs(shown - 200).max() < 10


def test_result_format() -> None:
    assert steps.result_format("png", Options(format="jpg")) == ("jpeg", ".jpg")
    assert steps.result_format("flac", Options()) == ("flac", ".flac")


def test_a_preview_is_made_of_one_decoding(tmp_path: Path, painted: NDArray[np.uint8]) -> None:
    original = write(tmp_path / "original", painted)
    with open_picture(original) as picture:
        once = pipeline.decoded_once(picture)
        first, second = next(iter(once.frames())), next(iter(once.frames()))
        assert first is second
        steps.write_preview(once, io.BytesIO())
        assert pipeline.find(once, fakes.finder(), BLUE) == plan_of(original)
