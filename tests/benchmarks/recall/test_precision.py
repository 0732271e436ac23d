"""Average precision is that of WIDER FACE's own evaluation, on cases that can be worked out by hand."""

from collections.abc import Sequence
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.looks import Look
from benchmarks.recall.precision import area, normalised, pixel_iou, precisions, rank, thresholds

from tests.benchmarks.recall.samples import scored
from veil.boxes import stack
from veil.types import Box, Detection

# Boxes of 20 x 20 pixels far from each other; NOWHERE has no face.
A, B, C, NOWHERE = 0, 100, 200, 500
EASY = frozenset({"easy"})


def face(left: float, *, invalid: bool = False, sets: frozenset[str] = frozenset()) -> Face:
    return Face(scored(left, 0).box, invalid, sets)


def seen(faces: Sequence[Face], *detections: Detection) -> Look:
    return Look(Labelled(Path("x.png"), tuple(faces)), (600, 100), (), detections, 0)


@pytest.mark.parametrize(
    ("detections", "expected"),
    [
        pytest.param([scored(A, 0.9), scored(B, 0.5)], 1, id="all-right"),
        # One right of one at half of the recall, then two of three at all of it.
        pytest.param([scored(A, 0.9), scored(NOWHERE, 0.8), scored(B, 0.5)], 0.5 * 1 + 0.5 * 2 / 3, id="one-wrong"),
        pytest.param([scored(A, 0.9), scored(A, 0.8), scored(B, 0.5)], 0.5 * 1 + 0.5 * 2 / 3, id="repeated"),
        # What is reached further on counts before, too: two of three at all recalls.
        pytest.param([scored(NOWHERE, 0.9), scored(A, 0.8), scored(B, 0.5)], 2 / 3, id="best-is-wrong"),
        pytest.param([scored(A, 0.9), scored(NOWHERE, 0.5)], 0.5, id="one-never-found"),
        pytest.param([scored(A, 0.9), scored(B, 0.9)], 1, id="equal-scores"),
        pytest.param([scored(A, 0.9), scored(C, 0.9), scored(B, 0.9)], 2 / 3, id="equal-scores-count-together"),
        pytest.param([], 0, id="nothing-found"),
    ],
)
def test_precision_of_two_faces(detections: list[Detection], expected: float) -> None:
    for order in (detections, detections[::-1]):
        assert precisions([seen([face(A), face(B)], *order)])["all"] == pytest.approx(expected)


def test_faces_that_do_not_count_are_neither_right_nor_wrong() -> None:
    faces = [face(A, sets=EASY), face(B), face(C, invalid=True)]
    found = precisions([seen(faces, scored(C, 0.9), scored(B, 0.8), scored(B, 0.7), scored(A, 0.6), scored(A, 0.1))])
    # Of all: right, repeated (wrong), right, repeated. Of the easy one: right, repeated.
    assert found["all"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert found["easy"] == pytest.approx(1)
    assert isnan(found["medium"]) and isnan(found["hard"])


def test_an_invalid_face_does_not_count_in_its_set() -> None:
    faces = [face(A, sets=EASY), face(B, invalid=True, sets=EASY)]
    assert precisions([seen(faces, scored(A, 0.9), scored(A, 0.2))])["easy"] == 1


def test_pictures_are_taken_together_by_score() -> None:
    first = seen([face(A)], scored(A, 0.5), scored(NOWHERE, 0.1))
    second = seen([face(B)], scored(NOWHERE, 0.9), scored(B, 0.3))
    # By score: wrong, right, right, wrong.
    assert precisions([first, second])["all"] == pytest.approx(2 / 3)


def test_picture_without_labels_is_left_out_but_its_scores_are_not() -> None:
    labelled = seen([face(A)], scored(A, 0.5), scored(NOWHERE, 0.4))
    empty = seen([], scored(NOWHERE, 0.9), scored(NOWHERE, 0.1))
    assert precisions([labelled, empty])["all"] == 1
    assert [each.tolist() for each in normalised([np.array([0.5, 0.3]), np.array([0.7])])] == [
        pytest.approx([0.5, 0]),
        [1],
    ]


def test_scores_within_a_thousandth_count_together() -> None:
    found = [scored(A, 1.0), scored(NOWHERE, 0.9995), scored(B, 0.0)]
    assert precisions([seen([face(A), face(B)], *found)])["all"] == pytest.approx(2 / 3)
    found[1] = scored(NOWHERE, 0.9985)
    assert precisions([seen([face(A), face(B)], *found)])["all"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_thresholds_fall_to_zero() -> None:
    steps = thresholds()
    assert len(steps) == 1000 and steps[0] == 0.999 and steps[-1] == 0


def test_sides_are_the_last_pixels_inside() -> None:
    ours, half = Box(0, 0, 9, 9), Box(0, 0, 9, 4)
    # 10 x 10 and 10 x 5 pixels as the program counts; 9 x 9 and 9 x 4 would share 0.44.
    assert pixel_iou(stack([ours]), stack([half])).tolist() == [[0.5]]
    assert pixel_iou(stack([ours]), stack([Box(10, 0, 19, 9)])).tolist() == [[0]]
    assert rank([Face(half)], [Detection(ours, 0.5, "fake")]).shown.tolist() == [0]
    assert rank([Face(half)], [Detection(Box(0, 0, 9, 9.2), 0.5, "fake")]).shown.tolist() == [-1]


def test_detection_shows_the_face_it_overlaps_most() -> None:
    faces = [face(A), face(A + 4), face(A + 3, invalid=True)]
    found = rank(faces, [scored(A + 1, 0.2), scored(A + 3, 0.9), scored(NOWHERE, 0.3)])
    assert found.scores.tolist() == [0.9, 0.3, 0.2]
    assert found.shown.tolist() == [2, -1, 0]
    assert rank([], [scored(A, 0.5)]).shown.tolist() == [-1]


def test_no_faces_have_no_precision() -> None:
    assert all(isnan(value) for value in precisions([seen([face(A, invalid=True)], scored(A, 0.9))]).values())


def test_area_takes_the_best_precision_further_on() -> None:
    recall, precision = np.array([0, 0.25, 0.25, 0.75]), np.array([0, 0.5, 0.25, 0.6])
    assert area(recall, precision) == pytest.approx(0.25 * 0.6 + 0.5 * 0.6)
    assert area(recall, np.array([0, 1, 0.25, 0.6])) == pytest.approx(0.25 * 1 + 0.5 * 0.6)
