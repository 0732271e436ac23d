"""What is learned of evidence, on made-up evidence."""

import numpy as np
import pytest
from benchmarks.fit_fusion import Sample, fit, judge, learnt_from
from benchmarks.recall.faces import Face

from veil.detect.fuse import Evidence, Weights
from veil.types import Box

FACE = Face(Box(0, 0, 40, 40))


def told(*finds: tuple[Box, float]) -> Evidence:
    logits = np.array([[score, score, 0.0] for _, score in finds]).reshape(-1, 3)
    return Evidence(np.array([box for box, _ in finds], float).reshape(-1, 4), logits, (), ())


@pytest.mark.parametrize(
    ("finds", "is_face"),
    [
        pytest.param([(Box(0, 0, 40, 40), 1.0)], [True], id="found"),
        pytest.param([(Box(80, 0, 120, 40), 1.0)], [False], id="elsewhere"),
        pytest.param([(Box(22, 0, 62, 40), 1.0)], [], id="neither here nor there"),
        pytest.param([(Box(0, 0, 40, 40), 0.5), (Box(2, 0, 42, 40), 1.0)], [True], id="the better of two"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_finds_are_told_from_other_things(finds: list[tuple[Box, float]], is_face: list[bool]) -> None:
    sample = learnt_from(told(*finds), [FACE])
    assert sample.is_face.tolist() == is_face
    if is_face == [True]:
        assert sample.evidence[0, 0] == 1


def test_invalid_faces_are_not_learned_from() -> None:
    assert not len(learnt_from(told((FACE.box, 1.0)), [Face(FACE.box, invalid=True)]).is_face)


def test_where_no_face_is_labelled_all_is_something_else() -> None:
    assert learnt_from(told((FACE.box, 1.0)), []).is_face.tolist() == [False]


def test_the_weights_that_made_the_labels_are_found() -> None:
    random = np.random.default_rng(5)
    evidence = random.normal(0, 2, (40_000, 3))
    odds = -1 + evidence @ [1.5, 0.5, 0.25]
    sample = Sample(evidence, random.uniform(size=len(odds)) < 1 / (1 + np.exp(-odds)))
    weights = fit([sample])
    found = [weights.bias, weights.best, weights.agreement, weights.company]
    np.testing.assert_allclose(found, [-1, 1.5, 0.5, 0.25], atol=0.06)
    told_apart, alone = (float(text) for text in judge([sample], weights).split(", of the best look alone "))
    assert told_apart > alone > 0.5
    assert judge([sample], Weights()).split(", of ") == [f"{alone:.3f}", f"the best look alone {alone:.3f}"]
