from typing import Literal

import numpy as np
import pytest

from tests.detect import contract
from veil.detect.blazeface import BlazeFace, anchors, decode, whole_face
from veil.detect.runtime import Tuning


@pytest.fixture(scope="module", params=["full", "short"])
def detector(request: pytest.FixtureRequest) -> BlazeFace:
    return BlazeFace(request.param, tuning=Tuning(streams=2))


@pytest.mark.model
@pytest.mark.parametrize("check", contract.CHECKS + contract.FACE_CHECKS, ids=contract.name_of)
def test_keeps_the_contract(detector: BlazeFace, check: contract.Check) -> None:
    check(detector)


@pytest.mark.model
@pytest.mark.parametrize(("rows", "columns"), [(slice(0, 512), slice(120, 330)), (slice(30, 210), slice(0, 512))])
def test_boxes_are_in_pixels_of_pictures_that_are_not_square(detector: BlazeFace, rows: slice, columns: slice) -> None:
    (face,) = contract.sure(detector.detect(contract.portrait()[rows, columns]))
    expected = contract.FACE._replace(
        left=contract.FACE.left - columns.start,
        right=contract.FACE.right - columns.start,
        top=contract.FACE.top - rows.start,
        bottom=contract.FACE.bottom - rows.start,
    )
    assert contract.overlap(face.box, expected) > 0.65


@pytest.mark.model
@pytest.mark.parametrize("reach", ["full", "short"])
def test_bfloat16_is_not_used(reach: Literal["full", "short"]) -> None:
    exact = BlazeFace(reach).detect(contract.portrait())
    assert BlazeFace(reach, tuning=Tuning(precision="bf16")).detect(contract.portrait()) == exact


def test_anchors_are_the_middles_of_cells_row_by_row() -> None:
    np.testing.assert_array_equal(anchors(8, ((2, 1),)), [[2, 2], [6, 2], [2, 6], [6, 6]])
    np.testing.assert_array_equal(anchors(8, ((1, 2), (2, 1))), [[4, 4], [4, 4], [2, 2], [6, 2], [2, 6], [6, 6]])


@pytest.mark.parametrize(("side", "grids", "cells"), [(192, ((48, 1),), 2304), (128, ((16, 2), (8, 6)), 896)])
def test_anchors_are_as_many_as_the_networks_outputs(side: int, grids: tuple[tuple[int, int], ...], cells: int) -> None:
    assert anchors(side, grids).shape == (cells, 2)


def test_decode_reads_a_painted_face_exactly() -> None:
    centres = anchors(8, ((2, 1),))
    told = np.zeros((4, 16), np.float32)
    logits = np.full((4, 1), -1000, np.float32)
    told[1, :4] = [0.5, -1, 3, 5]
    logits[1] = 0

    boxes, scores = decode(told, logits, centres, 0.05)

    np.testing.assert_allclose(boxes, [[5, -1.5, 8, 3.5]])
    assert scores.tolist() == [0.5]


def test_decode_survives_any_logit_and_inverted_boxes() -> None:
    logits = np.array([[-1e6], [1e6]], np.float32)
    told = np.full((2, 16), -3, np.float32)
    boxes, scores = decode(told, logits, np.array([[10.0, 10.0], [20.0, 20.0]]), 0.05)
    assert scores.tolist() == [1.0]
    np.testing.assert_array_equal(boxes, [[17, 17, 17, 17]])


def test_boxes_are_made_taller_and_lifted_but_not_narrower() -> None:
    np.testing.assert_allclose(whole_face(np.array([[10.0, 20, 60, 120]]), lift=0.1), [[10, 0, 60, 120]])
