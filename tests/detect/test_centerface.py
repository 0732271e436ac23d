import numpy as np
import pytest
from numpy.typing import NDArray

from tests.detect import contract
from veil.detect.centerface import CenterFace, decode
from veil.detect.runtime import Tuning


@pytest.fixture(scope="module")
def detector() -> CenterFace:
    return CenterFace(tuning=Tuning(streams=2))


@pytest.mark.model
@pytest.mark.parametrize("check", contract.CHECKS + contract.FACE_CHECKS, ids=contract.name_of)
def test_keeps_the_contract(detector: CenterFace, check: contract.Check) -> None:
    check(detector)


@pytest.mark.model
def test_five_points_lie_on_the_face(detector: CenterFace) -> None:
    (face,) = contract.sure(detector.detect(contract.portrait()))
    seen_by_eye = [(203, 101), (246, 103), (222, 124), (203, 142), (240, 144)]
    np.testing.assert_allclose(face.points, seen_by_eye, atol=5)


@pytest.mark.model
def test_the_network_gets_red_first(detector: CenterFace) -> None:
    (face,) = contract.sure(detector.detect(contract.portrait()))
    swapped = contract.sure(detector.detect(contract.portrait()[:, :, ::-1]))
    assert face.score > swapped[0].score


@pytest.mark.model
def test_low_scores_are_told_only_when_asked_for(detector: CenterFace) -> None:
    everything = CenterFace(min_score=0.001).detect(contract.portrait())
    assert min(found.score for found in everything) < 0.05
    assert all(found.score >= 0.05 for found in detector.detect(contract.portrait()))


def maps(height: int, width: int) -> dict[str, NDArray[np.float32]]:
    """Return the network's output for a picture of height x width cells without faces."""
    return {
        name: np.zeros((channels, height, width), np.float32)
        for name, channels in {"537": 1, "538": 2, "539": 2, "540": 10}.items()
    }


def test_decode_reads_a_painted_face_exactly() -> None:
    outputs = maps(16, 24)
    outputs["537"][0, 5, 9] = 0.75
    outputs["538"][:, 5, 9] = np.log([8, 6])  # height, width in cells
    outputs["539"][:, 5, 9] = [0.25, -0.5]  # y, x
    outputs["540"][:, 5, 9] = [0.25, 0.125, 0.25, 0.875, 0.5, 0.5, 0.75, 0.25, 0.75, 0.75]

    boxes, scores, points = decode(outputs, 0.5)

    # Centre: x = (9 - 0.5 + 0.5) * 4 = 36, y = (5 + 0.25 + 0.5) * 4 = 23; size 24 x 32.
    np.testing.assert_allclose(boxes, [[24, 7, 48, 39]], rtol=1e-6)
    assert scores.tolist() == [0.75]
    np.testing.assert_allclose(points, [[[27, 15], [45, 15], [36, 23], [30, 31], [42, 31]]], rtol=1e-6)


def test_decode_keeps_faces_over_the_edge_whole() -> None:
    outputs = maps(8, 8)
    outputs["537"][0, 0, 0] = outputs["537"][0, 7, 7] = 0.9
    outputs["538"][:] = np.log(10)
    boxes, _, _ = decode(outputs, 0.5)
    np.testing.assert_allclose(boxes, [[-18, -18, 22, 22], [10, 10, 50, 50]], rtol=1e-6)


def test_decode_takes_heat_from_the_limit_up() -> None:
    outputs = maps(2, 2)
    outputs["537"][0] = [[0.25, 0.5], [0.75, 0.125]]
    assert decode(outputs, 0.5).scores.tolist() == [0.5, 0.75]
    assert decode(outputs, 0.8).boxes.shape == (0, 4)
    assert decode(outputs, 0.8).points.shape == (0, 5, 2)
