"""What is the evidence of several looks worth? Fits the weights of veil.detect.fuse.Weights.

    python -m benchmarks.fit_fusion FOLDER
    python -m benchmarks.fit_fusion FOLDER --profile balanced

FOLDER is labelled as for benchmarks/recall. Every second picture is learned from, and the others judge what was
learned: how well the scores tell faces from other things, as average precision, beside the score of the best look
alone. The weights are printed as they stand in veil/detect/profiles.py.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.labels import check_there, read_labels
from benchmarks.recall.looks import upright
from veil import boxes
from veil.detect import open_detector
from veil.detect.fuse import Evidence, Fused, Weights
from veil.detect.profiles import RECIPES, every_scale
from veil.types import Profile

SAME = 0.35
"""From this intersection over union on a find shows the labelled face; between OTHER and this, nobody can tell."""

OTHER = 0.2

STRENGTH = 0.3
"""Of the regularisation, as the inverse C of scikit-learn, on standardised evidence."""


class Sample(NamedTuple):
    """Evidence, shape (N, 3), and whether it is a face, shape (N,)."""

    evidence: NDArray[np.float64]
    is_face: NDArray[np.bool_]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the weights of each profile; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="pictures and their labels")
    parser.add_argument("--profile", action="append", choices=tuple(Profile), help="only this one; may be repeated")
    options = parser.parse_args(arguments)
    pictures = read_labels(options.folder)
    check_there(pictures)
    for profile in options.profile or Profile:
        print(f"{profile}: looking at {len(pictures)} pictures", file=sys.stderr)
        samples = look(pictures, Profile(profile))
        weights = fit(samples[::2])
        print(f"{profile}: {weights}")
        print(f"  average precision on the other half: {judge(samples[1::2], weights)}")
    return 0


def look(pictures: Sequence[Labelled], profile: Profile) -> list[Sample]:
    """Return what the looks of a profile tell of each picture."""
    recipe = RECIPES[profile]
    fused = Fused(every_scale(recipe, open_detector(recipe.model, min_score=recipe.least)))
    return [learnt_from(fused.gather(upright(picture)), picture.faces) for picture in pictures]


def learnt_from(told: Evidence, faces: Sequence[Face]) -> Sample:
    """Return the evidence that is for or against a face.

    Of several finds of one face the best counts, and the others are left out, as are finds of invalid faces and those
    that are neither here nor there.
    """
    if not len(told.boxes) or not faces:
        return Sample(told.logits, np.zeros(len(told.boxes), bool))
    overlap = boxes.iou(told.boxes, boxes.stack([face.box for face in faces]))
    nearest, shared = overlap.argmax(axis=1), overlap.max(axis=1)
    counts = shared < OTHER
    is_face = np.zeros(len(told.boxes), bool)
    taken: set[int] = set()
    for index in np.argsort(-told.logits[:, 0], kind="stable").tolist():
        face = int(nearest[index])
        if shared[index] >= SAME and face not in taken and not faces[face].invalid:
            taken.add(face)
            counts[index] = is_face[index] = True
    return Sample(told.logits[counts], is_face[counts])


def fit(samples: Sequence[Sample]) -> Weights:
    """Return the weights of a logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    evidence, is_face = _together(samples)
    scaler = StandardScaler().fit(evidence)
    model = LogisticRegression(C=STRENGTH, max_iter=3000).fit(scaler.transform(evidence), is_face)
    weights = model.coef_[0] / scaler.scale_
    bias = float(model.intercept_[0] - weights @ scaler.mean_)
    return Weights(round(bias, 2), *(round(float(weight), 2) for weight in weights))


def judge(samples: Sequence[Sample], weights: Weights) -> str:
    """Return how well the weighed evidence tells faces from other things, and how well the best look alone does."""
    from sklearn.metrics import average_precision_score

    evidence, is_face = _together(samples)
    weighed = evidence @ [weights.best, weights.agreement, weights.company]
    alone, fused = (average_precision_score(is_face, scores) for scores in (evidence[:, 0], weighed))
    return f"{fused:.3f}, of the best look alone {alone:.3f}"


def _together(samples: Sequence[Sample]) -> Sample:
    return Sample(*(np.concatenate(parts) for parts in zip(*samples, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
