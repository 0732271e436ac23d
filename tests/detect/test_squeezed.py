"""Faces in pictures whose pixels are not square."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fakes import MAGENTA, Painted, finder
from veil.detect.squeezed import look
from veil.types import Box, Detection


class Upright(Painted):
    """Knows faces only that are higher than wide."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        self.sizes.append(pixels.shape)
        return [each for each in super().detect(pixels) if each.box.height > each.box.width]


def painted(face: Box) -> NDArray[np.uint8]:
    pixels = np.full((100, 200, 3), 90, np.uint8)
    left, top, right, bottom = map(int, face)
    pixels[top:bottom, left:right] = MAGENTA
    return pixels


@pytest.mark.parametrize(
    ("face", "aspect"),
    [(Box(40, 30, 100, 70), 0.5), (Box(40, 30, 70, 70), 2.0), (Box(40, 30, 70, 70), 1.42), (Box(40, 30, 70, 70), 1)],
)
def test_a_face_is_found_as_it_is_shown_or_stored_and_told_once_in_stored_pixels(face: Box, aspect: float) -> None:
    (found,) = look(finder(Upright()), painted(face), aspect)
    assert np.allclose(found.box, face, atol=1)


@pytest.mark.parametrize(
    ("aspect", "sizes"),
    [
        (1.09, [(100, 200, 3)]),
        (0.9, [(100, 200, 3)]),
        (2.0, [(100, 200, 3), (100, 400, 3)]),
        (1 / 3, [(100, 200, 3), (300, 200, 3)]),
        (1e9, [(100, 200, 3), (100, 800, 3)]),
    ],
)
def test_pictures_are_stretched_where_it_shows_and_within_reason(aspect: float, sizes: list[tuple[int, ...]]) -> None:
    detector = Upright()
    look(finder(detector), painted(Box(1, 1, 2, 2)), aspect)
    assert detector.sizes == sizes


def test_a_large_picture_does_not_grow_beyond_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.detect.squeezed.MOST_PIXELS", 20_000)
    detector = Upright()
    (found,) = look(finder(detector), painted(Box(40, 30, 100, 70)), 0.5)
    assert detector.sizes[1] == (141, 141, 3)
    assert np.allclose(found.box, Box(40, 30, 100, 70), atol=2)
