"""A face is covered or not to the pixel, and so is what is covered needlessly."""

import numpy as np
import pytest
from benchmarks.recall.faces import Face
from benchmarks.recall.judge import Verdict, coverage, covered_share, judge, over_redaction

from tests.benchmarks.recall.samples import FACE, mask
from veil.types import Box

# Centres of pixels in the ellipse inscribed in FACE, row by row, counted by hand.
ELLIPSE = 4 + 8 + 8 + 10 + 10 + 10 + 10 + 8 + 8 + 4


@pytest.mark.parametrize(("pixels", "hit"), [(71, False), (72, True), (80, True), (0, False)])
def test_face_counts_from_nine_tenths_of_its_ellipse(pixels: int, hit: bool) -> None:
    assert ELLIPSE == 80
    rows, columns = np.mgrid[:100, :100]
    ellipse = (rows - 14.5) ** 2 + (columns - 14.5) ** 2 <= 25
    covered = mask()
    covered[tuple(each[:pixels] for each in np.nonzero(ellipse))] = True
    assert covered_share(FACE, covered) == pixels / 80
    assert judge([Face(FACE)], covered) == Verdict(((Face(FACE), hit),), 0, 10_000)


def test_nine_tenths_are_meant_to_the_pixel() -> None:
    rows, columns = np.nonzero(mask((slice(None), slice(None))))
    inside = (rows - 49.5) ** 2 + (columns - 49.5) ** 2 <= 40**2
    needed = -(-9 * int(inside.sum()) // 10)
    for pixels, hit in ((needed - 1, False), (needed, True)):
        covered = mask()
        covered[rows[inside][:pixels], columns[inside][:pixels]] = True
        assert judge([Face(Box(10, 10, 90, 90))], covered).faces[0][1] is hit


def test_corners_of_the_box_need_no_cover() -> None:
    covered = mask((slice(10, 20), slice(10, 20)))
    covered[10:13, 10] = covered[10, 10:13] = False
    assert covered_share(FACE, covered) == 1


def test_only_what_lies_in_the_picture_counts() -> None:
    assert covered_share(Box(-5, 10, 5, 20), mask((slice(10, 20), slice(0, 5)))) == 1
    assert covered_share(Box(-5, 10, 5, 20), mask((slice(10, 15), slice(0, 5)))) == 0.5


@pytest.mark.parametrize(
    "box",
    [
        Box(5, 5, 5, 9),
        Box(5, 5, 9, 5),
        Box(200, 5, 210, 15),
        Box(5, -20, 15, -10),
        Box(5, 5, 5.2, 5.2),
        Box(5.5, 5, 5.5, 9),
    ],
)
def test_face_without_a_pixel_does_not_count(box: Box) -> None:
    assert covered_share(box, mask()) is None
    verdict = judge([Face(box)], mask())
    assert verdict.faces == ((Face(box), None),)
    assert coverage([verdict])["all"] == (0, 0)


def test_over_redaction_is_what_lies_outside_the_grown_boxes() -> None:
    everything = mask((slice(None), slice(None)))
    assert judge([Face(FACE)], everything).spilled == 10_000 - 17 * 17
    assert judge([Face(FACE)], mask((slice(7, 24), slice(7, 24)))).spilled == 0
    assert judge([Face(FACE)], mask((slice(6, 25), slice(6, 25)))).spilled == 19 * 19 - 17 * 17
    assert judge([Face(FACE), Face(Box(-50, -50, -40, -40))], everything).spilled == 10_000 - 17 * 17
    assert judge([Face(Box(-5, 95, 5, 105))], everything).spilled == 10_000 - 9 * 8
    assert judge([Face(Box(95, -5, 105, 5))], everything).spilled == 10_000 - 9 * 8
    assert judge([], everything).spilled == 10_000


def test_invalid_face_neither_counts_nor_is_over_redaction() -> None:
    invalid = Face(FACE, invalid=True)
    verdict = judge([invalid], mask((slice(7, 24), slice(7, 24))))
    assert verdict == Verdict(((invalid, None),), 0, 10_000)
    assert coverage([verdict])["all"] == (0, 0)


def test_verdicts_are_in_the_order_of_the_labels() -> None:
    faces = [Face(FACE, invalid=True), Face(Box(50, 50, 60, 60)), Face(FACE), Face(Box(5, 5, 5, 9))]
    hits = [hit for _, hit in judge(faces, mask((slice(7, 24), slice(7, 24)))).faces]
    assert hits == [None, False, True, None]


def test_shares_are_of_all_pictures_together() -> None:
    verdicts = [Verdict((), 10, 100), Verdict((), 0, 900)]
    assert over_redaction(verdicts) == 0.01


def test_faces_are_counted_by_height_and_set() -> None:
    heights = {9.9: True, 10: False, 19.9: True, 20: True, 40: True, 79: False, 80: False, 500: True, 90: None}
    faces = tuple((Face(Box(0, 0, 100, height)), hit) for height, hit in heights.items())
    hard = (Face(Box(0, 0, 100, 5), sets=frozenset({"medium", "hard"})), True)
    assert coverage([Verdict(faces, 0, 1), Verdict((hard,), 0, 1)]) == {
        "all": (6, 9),
        "10-20": (1, 2),
        "20-40": (1, 1),
        "40-80": (1, 2),
        "80+": (1, 2),
        "easy": (0, 0),
        "medium": (1, 1),
        "hard": (1, 1),
    }
