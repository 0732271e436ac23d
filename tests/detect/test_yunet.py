import numpy as np
import pytest
from numpy.typing import NDArray

from tests.detect import contract
from veil.detect.runtime import Tuning
from veil.detect.yunet import YuNet, decode


@pytest.fixture(scope="module")
def detector() -> YuNet:
    return YuNet(tuning=Tuning(streams=2))


@pytest.mark.model
@pytest.mark.parametrize("check", contract.CHECKS + contract.FACE_CHECKS, ids=contract.name_of)
def test_keeps_the_contract(detector: YuNet, check: contract.Check) -> None:
    check(detector)


@pytest.mark.model
def test_five_points_lie_on_the_face(detector: YuNet) -> None:
    (face,) = contract.sure(detector.detect(contract.portrait()))
    seen_by_eye = [(203, 101), (246, 103), (222, 124), (203, 142), (240, 144)]
    np.testing.assert_allclose(face.points, seen_by_eye, atol=6)


@pytest.mark.model
def test_the_network_gets_blue_first(detector: YuNet) -> None:
    (face,) = contract.sure(detector.detect(contract.portrait()))
    swapped = contract.sure(detector.detect(contract.portrait()[:, :, ::-1]))
    assert face.score > swapped[0].score


def lists(width: int, height: int) -> dict[str, NDArray[np.float32]]:
    """Return the network's output for a picture of width x height pixels without faces."""
    return {
        f"{kind}_{cell}": np.zeros(((width // cell) * (height // cell), channels), np.float32)
        for cell in (8, 16, 32)
        for kind, channels in {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}.items()
    }


@pytest.mark.parametrize("cell", [8, 16, 32])
def test_decode_reads_a_painted_face_exactly(cell: int) -> None:
    outputs = lists(width=96, height=64)
    index = 1 * (96 // cell) + 2  # second row, third column
    outputs[f"cls_{cell}"][index] = 0.5
    outputs[f"obj_{cell}"][index] = 0.5
    outputs[f"bbox_{cell}"][index] = [0.5, 0.25, np.log(3), np.log(4)]
    outputs[f"kps_{cell}"][index] = [-1, -1, 1, -1, 0, 0, -1, 1, 1, 1]

    boxes, scores, points = decode(outputs, 96, 0.25)

    np.testing.assert_allclose(boxes, np.array([[1, -0.75, 4, 3.25]]) * cell, rtol=1e-6)
    np.testing.assert_allclose(scores, [0.5])
    np.testing.assert_allclose(points, np.array([[[1, 0], [3, 0], [2, 1], [1, 2], [3, 2]]]) * cell)


def test_decode_scores_are_the_geometric_mean_of_clipped_numbers() -> None:
    outputs = lists(width=32, height=32)
    outputs["cls_32"][0], outputs["obj_32"][0] = 1.5, 0.25  # bfloat16 may overshoot
    outputs["cls_16"][1], outputs["obj_16"][1] = 0.9, -0.1
    boxes, scores, _ = decode(outputs, 32, 0.01)
    np.testing.assert_allclose(scores, [0.5])
    np.testing.assert_allclose(boxes, [[-16, -16, 16, 16]])


def test_decode_of_nothing_is_empty() -> None:
    boxes, scores, points = decode(lists(width=64, height=32), 64, 0.05)
    assert (boxes.shape, scores.shape, points.shape) == ((0, 4), (0,), (0, 5, 2))
