"""Labelled faces, what was covered, and what the second look named, in; how well it named, out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from benchmarks.recall.judge import Verdict
from veil import boxes
from veil.types import Place

TALL = 20
"""Faces that are lower than this, in pixels, are not counted."""

SAME = 0.3
"""A place names a face if they share at least this intersection over union."""


@dataclass(frozen=True, slots=True)
class Named:
    """How well the second look named what was left uncovered of one picture.

    Attributes:
        uncovered: How many labelled faces of TALL pixels and more were left uncovered.
        named: How many of these were named.
        alarms: How many places were named where there is no labelled face, or one that is covered.
        places: How many places were named.
    """

    uncovered: int
    named: int
    alarms: int
    places: int


def judge_places(verdict: Verdict, places: Sequence[Place]) -> Named:
    """Return how well places name the faces that a picture shows.

    Args:
        verdict: Which of its labelled faces are covered.
        places: What the second look named. One on a face that does not count is no false alarm.
    """
    shared = boxes.iou(boxes.stack([each.box for each in places]), boxes.stack([face.box for face, _ in verdict.faces]))
    meets = shared >= SAME
    covered = np.array([hit is True for _, hit in verdict.faces], bool)
    tall = np.array([hit is False and face.box.height >= TALL for face, hit in verdict.faces], bool)
    right = (meets & ~covered).any(axis=1)
    return Named(int(tall.sum()), int((meets.any(axis=0) & tall).sum()), int((~right).sum()), len(places))


def share_named(results: Iterable[Named]) -> float:
    """Return the share of uncovered faces that were named; nan where there are none."""
    found = list(results)
    uncovered = sum(each.uncovered for each in found)
    return sum(each.named for each in found) / uncovered if uncovered else nan


def alarms_per_picture(results: Sequence[Named]) -> float:
    """Return how many places a picture were named for nothing."""
    return sum(each.alarms for each in results) / len(results)
