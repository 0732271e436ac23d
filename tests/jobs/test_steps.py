import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests import fakes
from veil.errors import PlanError
from veil.jobs import steps
from veil.media.image import encode, open_picture, picture_from_array
from veil.options import Options
from veil.types import Plan

FACE = (slice(40, 80), slice(100, 130))


def write(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16], format: str = "png") -> Path:
    picture = picture_from_array(pixels)
    with path.open("w+b") as file:
        encode(picture.frames(), picture, file, format=format)
    return path


def shown(original: Path, plan: Plan | None, options: Options) -> NDArray[np.uint8] | NDArray[np.uint16]:
    stream = io.BytesIO()
    steps.preview(original, plan, stream, options)
    with open_picture(stream.getvalue()) as picture:
        assert picture.facts.format == "webp"
        return next(iter(picture.frames())).pixels


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
    assert shown(original, None, Options()).shape == (*small, 3)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "heic", "tiff", "gif", "bmp"])
def test_preview_of_every_format_is_webp(tmp_path: Path, painted: NDArray[np.uint8], format: str) -> None:
    original = write(tmp_path / "original", painted, format)
    assert np.abs(shown(original, None, Options())[60, 115].astype(int) - fakes.MAGENTA).max() < 30


def test_preview_of_sixteen_bits_is_webp(tmp_path: Path, painted: NDArray[np.uint8]) -> None:
    original = write(tmp_path / "original", painted.astype(np.uint16) * 257)
    assert shown(original, None, Options()).dtype == np.uint8


def test_covered_preview_shows_nothing_of_the_face(tmp_path: Path, painted: NDArray[np.uint8]) -> None:
    original = write(tmp_path / "original", painted)
    plan = steps.look(original, fakes.finder(), Options(shape="box"), lambda: None)
    covered = shown(original, plan, Options(style="solid", color=(0, 0, 255))).astype(int)
    assert np.abs(covered[FACE] - (0, 0, 255)).max() < 30
    assert np.abs(covered[:20] - 200).max() < 10


def test_preview_refuses_the_plan_of_another_picture(tmp_path: Path, painted: NDArray[np.uint8]) -> None:
    plan = steps.look(write(tmp_path / "one", painted), fakes.finder(), Options(), lambda: None)
    other = write(tmp_path / "two", painted[:100])
    with pytest.raises(PlanError):
        shown(other, plan, Options())


def test_result_format() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    facts = picture_from_array(pixels).facts
    assert steps.result_format(facts, Options(format="jpg")) == ("jpeg", ".jpg")
