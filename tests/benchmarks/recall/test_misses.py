"""The contact sheet shows what was missed, the largest first."""

from pathlib import Path

import numpy as np
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.judge import Verdict
from benchmarks.recall.misses import MOST_MISSES, TILE, contact_sheet, cut_out, largest_misses, write_misses
from PIL import Image

from tests import fakes
from tests.benchmarks.recall.samples import painted
from veil.types import Box


def test_largest_misses_come_first() -> None:
    small, large, covered, invalid = (Face(Box(0, 0, side, side)) for side in (10, 30, 90, 99))
    pictures = [Labelled(Path("a"), ()), Labelled(Path("b"), ())]
    verdicts = [Verdict(((small, False), (covered, True), (invalid, None)), 0, 1), Verdict(((large, False),), 0, 1)]
    assert largest_misses(pictures, verdicts) == [(pictures[1], large.box), (pictures[0], small.box)]
    many = [Verdict(((small, False),) * (MOST_MISSES + 1), 0, 1)]
    assert len(largest_misses(pictures[:1], many)) == MOST_MISSES


def test_cut_out_shows_a_face_and_as_much_around_it(tmp_path: Path) -> None:
    path = painted(tmp_path, (slice(0, 40), slice(100, 140)))
    pixels = np.asarray(cut_out(Labelled(path, ()), Box(100, 0, 140, 40)))
    assert pixels.shape == (TILE, TILE, 3)
    grey, black = (200, 200, 200), (0, 0, 0)
    assert (pixels[TILE // 2, TILE // 2] == fakes.MAGENTA).all()
    assert (pixels[TILE // 2, 5] == grey).all() and (pixels[5, TILE // 2] == black).all()  # beside; above the picture
    magenta = (pixels == fakes.MAGENTA).all(axis=2)
    assert abs(int(magenta.any(axis=0).sum()) - TILE // 2) <= 4


def test_contact_sheet_fills_rows() -> None:
    tiles = [Image.new("RGB", (TILE, TILE), (number + 1, 0, 0)) for number in range(21)]
    pixels = np.asarray(contact_sheet(tiles))
    assert pixels.shape == (2 * TILE, 20 * TILE, 3)
    assert pixels[TILE - 1 :: TILE, ::TILE, 0].tolist() == [list(range(1, 21)), [21] + [0] * 19]
    assert contact_sheet(tiles[:3]).size == (3 * TILE, TILE)


def test_sheet_is_written_only_for_misses(tmp_path: Path) -> None:
    picture, face = Labelled(painted(tmp_path), ()), Face(Box(0, 0, 20, 20))
    target = tmp_path / "misses.png"
    assert write_misses([picture], [Verdict(((face, True),), 0, 1)], target) == 0 and not target.exists()
    assert write_misses([picture], [Verdict(((face, False),), 0, 1)], target) == 1 and target.exists()
