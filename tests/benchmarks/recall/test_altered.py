"""Altered pixels are what they are said to be, and labels go with them."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.recall.altered import (
    ALTERATIONS,
    altered_labels,
    backlit,
    dark,
    halved,
    noisy,
    shaken,
    strongly_compressed,
)
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.looks import Rgb

from veil.types import Box

HEIGHT, WIDTH = 60, 80


def plain(value: int, height: int = HEIGHT, width: int = WIDTH) -> Rgb:
    return np.full((height, width, 3), value, np.uint8)


def noise() -> Rgb:
    return np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.mark.parametrize("name", ALTERATIONS)
def test_pictures_stay_pictures_and_are_not_changed(name: str) -> None:
    before = noise()
    pixels = before.copy()
    altered = ALTERATIONS[name].pixels(pixels)
    np.testing.assert_array_equal(pixels, before)
    assert altered.dtype == np.uint8 and altered.flags.c_contiguous
    expected = {"turned by 90": (80, 60), "turned by 270": (80, 60), "halved": (30, 40)}
    assert altered.shape == (*expected.get(name, (60, 80)), 3)
    assert not np.array_equal(altered, before)
    np.testing.assert_array_equal(ALTERATIONS[name].pixels(pixels), altered)


def test_dark_is_a_power() -> None:
    # (128 / 255) ** 2.5 * 255 = 45.5
    for before, after in ((0, 0), (255, 255), (128, 46), (64, 8)):
        assert (dark(plain(before)) == after).all()


def test_backlit_has_a_glow_from_the_upper_middle() -> None:
    altered = backlit(plain(100, height=8, width=4))
    # The glow comes from row 2, column 2, between pixels; the longer side is 8. Distances are 0.71, 5.70 and 5.70.
    assert (altered[1, 1] == round(30 + 150 * (1 - np.sqrt(0.5) / 8))).all() and altered[1, 1, 0] == 167
    assert altered[7, 0, 0] == altered[7, 3, 0] == round(30 + 150 * (1 - np.hypot(1.5, 5.5) / 8)) == 73
    assert altered.argmax() // 12 in (1, 2)
    white = backlit(plain(255, height=8, width=400))
    assert white.max() == round(76.5 + 150 * (1 - np.sqrt(0.5) / 400)) and white.min() >= 76


def test_compression_is_strong_and_keeps_what_is_flat() -> None:
    assert (strongly_compressed(plain(128)) == 128).all()
    fine = plain(120)
    fine[::2, ::2] = fine[1::2, 1::2] = 136
    assert (strongly_compressed(fine) == 128).all()


def test_noise_is_gaussian_and_stays_within_bytes() -> None:
    change = noisy(plain(128, 200, 200)).astype(int) - 128
    assert abs(change.mean()) < 0.2 and change.std() == pytest.approx(20, abs=0.2)
    assert (np.abs(change) <= 20).mean() == pytest.approx(0.69, abs=0.02)
    assert np.corrcoef(change[..., 0].ravel(), change[..., 1].ravel())[0, 1] == pytest.approx(0, abs=0.02)
    assert noisy(plain(0)).max() < 128 < noisy(plain(255)).min()


def test_shaking_is_horizontal() -> None:
    pixels = plain(0)
    pixels[5, 10] = 70
    altered = shaken(pixels)
    assert altered[5, 7:14, 0].tolist() == [10] * 7
    assert altered.sum() == 7 * 3 * 10
    pixels[5, 0] = 70
    assert shaken(pixels)[5, :4, 0].tolist() == [40, 30, 20, 10]  # the pixel at the edge goes on


@pytest.mark.parametrize("name", ["turned by 90", "turned by 180", "turned by 270", "halved"])
@pytest.mark.parametrize("box", [Box(10, 20, 16, 50), Box(0, 0, 2, 60), Box(70, 40, 80, 60)])
def test_labels_lie_where_the_pixels_go(name: str, box: Box) -> None:
    left, top, right, bottom = map(int, box)
    pixels = plain(0)
    pixels[top:bottom, left:right] = 255
    face = Face(box, invalid=True, sets=frozenset({"hard"}))
    picture = Labelled(Path("x.png"), (face,), (WIDTH, HEIGHT))
    (moved,) = altered_labels(picture, ALTERATIONS[name], (WIDTH, HEIGHT)).faces
    rows, columns = np.nonzero(ALTERATIONS[name].pixels(pixels)[..., 0])
    assert moved.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert moved.invalid and moved.sets == {"hard"}


def test_turning_is_clockwise() -> None:
    pixels = plain(0)
    pixels[0, 0] = 255
    corners = {
        "turned by 90": (0, HEIGHT - 1),
        "turned by 180": (HEIGHT - 1, WIDTH - 1),
        "turned by 270": (WIDTH - 1, 0),
    }
    for name, corner in corners.items():
        assert np.argwhere(ALTERATIONS[name].pixels(pixels)[..., 0]).tolist() == [list(corner)]


@pytest.mark.parametrize("name", ["dark", "backlit", "JPEG quality 15", "noisy", "motion-blurred"])
def test_labels_stay_where_pixels_stay(name: str) -> None:
    faces = (Face(Box(10.5, 20, 16, 50)),)
    assert altered_labels(Labelled(Path("x.png"), faces), ALTERATIONS[name], (WIDTH, HEIGHT)).faces == faces


def test_halving_takes_the_mean_of_four() -> None:
    pixels = np.zeros((3, 3, 3), np.uint8)
    pixels[..., 0] = [[0, 4, 100], [8, 12, 200], [50, 70, 9]]
    assert halved(pixels)[..., 0].tolist() == [[6, 150], [60, 9]]
    assert halved(plain(7, 1, 1)).tolist() == [[[7, 7, 7]]]


def test_labels_keep_no_size_of_the_plain_picture() -> None:
    assert altered_labels(Labelled(Path("x.png"), (), (80, 60)), ALTERATIONS["turned by 90"], (80, 60)).size is None
