"""Average precision as WIDER FACE evaluates it (Yang et al. 2016, arXiv 1511.06523, and its program eval_tools).

It ranks a detector's boxes by score and asks how many of them are faces; coverage asks what is seen in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from benchmarks.recall.faces import SETS, Face
from benchmarks.recall.looks import Look
from veil import boxes
from veil.types import Detection

LEAST_OVERLAP = 0.5
THRESHOLDS = 1000

Numbers = NDArray[np.float64]
Counts = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ranked:
    """The detections of one picture, best first, and the labelled face that each of them shows.

    Attributes:
        scores: Shape (N,), falling.
        shown: Number of the face, shape (N,); -1 where a detection shows none.
        faces: All labelled faces of the picture.
    """

    scores: Numbers
    shown: Counts
    faces: Sequence[Face]


def precisions(looks: Sequence[Look]) -> dict[str, float]:
    """Return average precision, 0 to 1, for all valid faces and for those of each of SETS; nan where there are none."""
    ranked = [rank(look.picture.faces, look.detections) for look in looks]
    return {name: average_precision(ranked, name) for name in ("all", *SETS)}


def rank(faces: Sequence[Face], detections: Sequence[Detection]) -> Ranked:
    """Return which labelled face each detection shows: the one it overlaps most, if that is at least LEAST_OVERLAP."""
    best_first = sorted(detections, key=lambda each: -each.score)
    overlaps = pixel_iou(boxes.stack([each.box for each in best_first]), boxes.stack([face.box for face in faces]))
    shown = np.full(len(best_first), -1)
    if overlaps.size:
        shown = np.where(overlaps.max(axis=1) >= LEAST_OVERLAP, overlaps.argmax(axis=1), -1)
    return Ranked(np.array([each.score for each in best_first], np.float64), shown, faces)


def pixel_iou(ones: Numbers, others: Numbers) -> Numbers:
    """Return intersection over union of each of N boxes with each of M others, shape (N, M), as the program takes it.

    It takes the right and lower sides for the last pixels inside, so widths and heights are larger by 1 than ours.
    """
    last = np.array([0, 0, 1, 1])
    return boxes.iou(ones + last, others + last)


def average_precision(pictures: Sequence[Ranked], name: str) -> float:
    """Return the area under the curve of precision over recall, 0 to 1; nan where no face belongs to the set.

    A detection that shows a face which is invalid or does not belong counts neither for nor against. The first that
    shows a face which belongs is right; one that shows it again is wrong, and so is one that shows no face. Pictures
    without any labelled face are left out, as the program leaves them out.

    Args:
        pictures: All pictures with their detections.
        name: The set that is evaluated, one of SETS, or "all" for all valid faces.
    """
    wanted = [
        np.array([not face.invalid and (name == "all" or name in face.sets) for face in each.faces], bool)
        for each in pictures
    ]
    faces = sum(int(each.sum()) for each in wanted)
    if not faces:
        return nan
    counted, right = np.zeros(THRESHOLDS), np.zeros(THRESHOLDS)
    for each, own, scores in zip(pictures, wanted, normalised([each.scores for each in pictures]), strict=True):
        if each.faces:
            # How many detections of the picture reach each threshold; 0 reaches none.
            reached = np.searchsorted(-scores, -thresholds(), side="right")
            counts, rights = tally(each.shown, own)
            counted += np.concatenate([[0], np.cumsum(counts)])[reached]
            right += np.concatenate([[0], np.cumsum(rights)])[reached]
    precision = np.divide(right, counted, out=np.zeros(THRESHOLDS), where=counted > 0)
    return area(right / faces, precision)


def thresholds() -> Numbers:
    """Return the scores from which on detections count, falling to 0, shape (THRESHOLDS,)."""
    return 1 - np.arange(1, THRESHOLDS + 1) / THRESHOLDS


def normalised(scores: Sequence[Numbers]) -> list[Numbers]:
    """Return the scores of all pictures stretched so that the lowest of them is 0 and the highest 1; 1 if all agree."""
    every = np.concatenate([np.empty(0), *scores])
    if not every.size or every.min() == every.max():
        return [np.ones_like(each) for each in scores]
    return [(each - every.min()) / (every.max() - every.min()) for each in scores]


def tally(shown: Counts, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which detections count at all, and which are right; both of shape (N,).

    Args:
        shown: Number of the face that each detection shows, best first, -1 for none, shape (N,).
        wanted: Which faces are evaluated, shape (M,).
    """
    hits = (shown >= 0) & np.append(wanted, False)[shown]
    first = np.zeros(len(shown), bool)
    first[np.unique(shown, return_index=True)[1]] = True
    return hits | (shown < 0), hits & first


def area(recall: Numbers, precision: Numbers) -> float:
    """Return the area under a curve of rising recall, as PASCAL VOC interpolates it.

    At each recall the best precision counts that is reached there or further on.
    """
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0) * envelope))
