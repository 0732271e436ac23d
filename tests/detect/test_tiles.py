import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fakes import MAGENTA, Painted
from veil.detect.tiles import Tiled
from veil.types import Box, Detection


class Recording(Painted):
    """Remembers how large the pictures were that it looked at."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        self.sizes.append((pixels.shape[0], pixels.shape[1]))
        return super().detect(pixels)


def picture(height: int, width: int, *faces: Box) -> NDArray[np.uint8]:
    pixels = np.zeros((height, width, 3), np.uint8)
    for face in faces:
        pixels[int(face.top) : int(face.bottom), int(face.left) : int(face.right)] = MAGENTA
    return pixels


@pytest.mark.parametrize("size", [(100, 60), (50, 200), (10, 1000)])
def test_a_picture_with_no_more_pixels_than_a_tile_is_looked_at_whole(size: tuple[int, int]) -> None:
    detector = Recording()
    Tiled(detector, tile=100, overlap=20).detect(picture(*size))
    assert detector.sizes == [size]


@pytest.mark.parametrize(
    ("size", "count", "tile"),
    [
        pytest.param((101, 100), 2, (61, 100), id="no-larger-than-needed"),
        pytest.param((180, 180), 4, (100, 100), id="exactly-two"),
        pytest.param((181, 100), 3, (74, 100), id="one-more"),
        pytest.param((1000, 30), 13, (96, 30), id="a-strip"),
    ],
)
def test_tiles_are_as_few_and_as_small_as_will_do(size: tuple[int, int], count: int, tile: tuple[int, int]) -> None:
    detector = Recording()
    Tiled(detector, tile=100, overlap=20).detect(picture(*size))
    assert detector.sizes == [tile] * count


@pytest.mark.parametrize("size", [4, 11, 16])
def test_every_face_up_to_the_overlap_is_found_whole_wherever_it_lies(size: int) -> None:
    tiled = Tiled(Painted(), tile=50, overlap=20)
    for left in range(0, 137 - size, 3):
        for top in range(0, 91 - size, 5):
            face = Box(left, top, left + size, top + size)
            assert {detection.box for detection in tiled.detect(picture(91, 137, face))} == {face}


def test_a_face_cut_by_a_tile_is_dropped_not_returned_in_parts() -> None:
    tiled = Tiled(Painted(), tile=50, overlap=10)
    assert tiled.detect(picture(50, 90, Box(25, 10, 65, 40))) == []


def test_a_face_cut_by_the_picture_itself_is_kept() -> None:
    face = Box(0, 0, 9, 9)
    (found,) = Tiled(Painted(), tile=50, overlap=10).detect(picture(50, 90, face))
    assert found.box == face


def test_an_overlap_as_large_as_the_tile_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Tiled(Painted(), tile=50, overlap=50)
