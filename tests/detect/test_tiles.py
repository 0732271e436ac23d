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


def test_a_picture_that_fits_is_looked_at_as_it_is() -> None:
    detector = Recording()
    Tiled(detector, tile=100, overlap=20).detect(picture(100, 60))
    assert detector.sizes == [(100, 60)]


@pytest.mark.parametrize(("height", "width", "count"), [(101, 60, 2), (180, 180, 4), (181, 100, 3), (1000, 30, 13)])
def test_tiles_are_as_few_as_will_do_and_equal(height: int, width: int, count: int) -> None:
    detector = Recording()
    Tiled(detector, tile=100, overlap=20).detect(picture(height, width))
    assert len(detector.sizes) == count
    assert len(set(detector.sizes)) == 1 and max(detector.sizes[0]) <= 100


@pytest.mark.parametrize("size", [4, 11, 16])
def test_every_face_up_to_the_overlap_is_found_whole_wherever_it_lies(size: int) -> None:
    tiled = Tiled(Painted(), tile=50, overlap=20)
    for left in range(0, 137 - size, 3):
        for top in range(0, 91 - size, 5):
            face = Box(left, top, left + size, top + size)
            assert {detection.box for detection in tiled.detect(picture(91, 137, face))} == {face}


def test_a_face_cut_by_a_tile_is_dropped_not_returned_in_parts() -> None:
    tiled = Tiled(Painted(), tile=50, overlap=10)
    assert tiled.detect(picture(50, 90, Box(30, 10, 60, 40))) == []


def test_a_face_cut_by_the_picture_itself_is_kept() -> None:
    face = Box(0, 0, 9, 9)
    (found,) = Tiled(Painted(), tile=50, overlap=10).detect(picture(50, 90, face))
    assert found.box == face


def test_an_overlap_as_large_as_the_tile_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Tiled(Painted(), tile=50, overlap=50)
