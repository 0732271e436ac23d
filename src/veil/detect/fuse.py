"""Several looks at one picture, made larger, smaller or mirrored, brought into one list with honest scores.

The detections of one face are found by their overlap. Its score says how likely it is a face, from three things: how
sure the best look is, whether a second look agrees, and how many other faces of its size the picture shows, since a
faint face in a crowd is more likely a face than one alone. Its box is the mean of the looks' boxes, made larger by as
much as they disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil.boxes import Boxes, Numbers
from veil.detect import Detector
from veil.errors import DetectorError
from veil.types import Box, Detection, Point

SAME_FACE = 0.4
"""Detections that share more than this intersection over union show one face."""

APART = 0.15
"""Faces that share less than this intersection over union are company for each other, not two finds of one face."""

ALIKE = 0.35
"""How fast company stops counting as its size differs: the logarithm of the ratio of sizes that makes it 1/e."""

MOST_COMPANY = 400
"""Only so many faces, the surest ones, count as company, so that the work does not grow with the square of a crowd."""

DISAGREEMENT = 0.06
"""How far looks are taken to disagree, in sizes of the face, beside what they show: a single look shows nothing."""

SMALLEST = 8.0
"""A face lower than this, in pixels of a look, is not expected to be seen by it."""

MIRRORED_POINTS = (1, 0, 2, 4, 3)
"""Right and left change places in a mirror."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the evidence for a face is worth: a logistic regression, as benchmarks/fit_fusion.py fits it.

    The score of a face is 1 / (1 + exp(-z)), z = bias + best * logit(b) + agreement * logit(a) + company * log(1 + c).
    There b is the score of the best look, a the mean of the best two, and c the company: the scores a of all other
    faces, each counting less the more its size differs. Scores under 0.02 and over 0.995 are not told apart.
    """

    bias: float = 0.0
    best: float = 1.0
    agreement: float = 0.0
    company: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look at a picture.

    Attributes:
        detector: Who looks.
        scale: Size of the picture looked at beside the original.
        mirrored: Whether it is looked at in a mirror.
        smooth: Standard deviation of the Gaussian that the picture is smoothed with first, in pixels of the original.
        least: Lowest face that counts, in pixels of the picture looked at; lower ones are left to larger scales.
        most: Highest face that counts, likewise; higher ones are left to smaller scales.
        most_pixels: The look is left out where the picture looked at would have more pixels than this.
        least_side: The look is left out where the longer side of the picture looked at would be less than this.
    """

    detector: Detector
    scale: float = 1.0
    mirrored: bool = False
    smooth: float = 0
    least: float = 0
    most: float = np.inf
    most_pixels: float = np.inf
    least_side: int = 0

    def suits(self, height: int, width: int) -> bool:
        """Return whether it makes sense for a picture of that size."""
        return height * width * self.scale**2 <= self.most_pixels and max(height, width) * self.scale >= self.least_side

    def may_see(self, heights: Numbers) -> NDArray[np.bool_]:
        """Return whether faces of these heights, in pixels of the original, are expected to be seen."""
        seen = heights * self.scale
        return np.asarray((seen >= max(self.least, SMALLEST)) & (seen < self.most))

    def detect(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        """Return faces in pixels of the original. See Detector."""
        height, width = pixels.shape[:2]
        seen = _smoothed(pixels, self.smooth) if self.smooth else pixels
        seen = seen if self.scale == 1 else resized(seen, self.scale)
        if self.mirrored:
            seen = seen[:, ::-1]
        stretch = width / seen.shape[1], height / seen.shape[0]
        return [
            _in_original(detection, stretch, width if self.mirrored else None)
            for detection in self.detector.detect(seen)
            if self.least <= detection.box.height < self.most
        ]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What several looks tell of N faces, best first.

    Attributes:
        boxes: Shape (N, 4), in pixels of the picture.
        logits: Shape (N, 3): what Weights weighs, in its order.
        firsts: The best detection of each face.
        sources: Which detectors saw each face.
    """

    boxes: Boxes
    logits: NDArray[np.float64]
    firsts: Sequence[Detection]
    sources: Sequence[str]


class Fused:
    """Looks in several ways and returns each face once."""

    name = "fused"

    def __init__(self, looks: Sequence[Look], weights: Weights | None = None) -> None:
        """Take the looks, of which at least one must suit every size of picture, and what their evidence is worth."""
        self._looks = tuple(looks)
        self._weights = weights or Weights()

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Return every face that any look saw, once, best first. See Detector."""
        told = self.gather(pixels)
        weights = self._weights
        z = weights.bias + told.logits @ [weights.best, weights.agreement, weights.company]
        scores = 1 / (1 + np.exp(-z))
        return [
            Detection(
                Box(*told.boxes[index].tolist()), float(scores[index]), told.sources[index], told.firsts[index].points
            )
            for index in boxes.order(told.boxes, scores).tolist()
        ]

    def gather(self, pixels: NDArray[np.uint8]) -> Evidence:
        """Return the evidence for every face that any look saw.

        Raises:
            DetectorError: No look suits the picture's size.
        """
        looks = [look for look in self._looks if look.suits(*pixels.shape[:2])]
        if not looks:
            height, width = pixels.shape[:2]
            raise DetectorError(f"There is no way to look at a picture of {width} x {height} pixels; nothing was made.")
        seen = [(number, found) for number, look in enumerate(looks) for found in look.detect(pixels)]
        return weigh(looks, seen)


def weigh(looks: Sequence[Look], seen: Sequence[tuple[int, Detection]]) -> Evidence:
    """Return the evidence in what looks saw.

    Args:
        looks: All that looked.
        seen: The number of a look and what it saw, in any order.
    """
    places = boxes.stack([found.box for _, found in seen])
    scores = np.array([found.score for _, found in seen])
    groups = boxes.groups(places, scores, SAME_FACE)
    united = np.array([_mean_box(places[group], scores[group]) for group in groups]).reshape(-1, 4)
    by_look = np.zeros((len(groups), len(looks)))
    for row, group in enumerate(groups):
        for index in group.tolist():
            number = seen[index][0]
            by_look[row, number] = max(by_look[row, number], scores[index])
    heights = united[:, 3] - united[:, 1]
    could = np.zeros(len(groups), np.intp)
    for look in looks:
        could += look.may_see(heights)
    best, agreement = _agreement(by_look, could)
    return Evidence(
        boxes=united,
        logits=np.stack([_logit(best), _logit(agreement), np.log1p(_company(united, agreement))], axis=1),
        firsts=[seen[group[0]][1] for group in groups],
        sources=["+".join(sorted({seen[index][1].source for index in group.tolist()})) for group in groups],
    )


def _mean_box(places: Boxes, scores: Numbers) -> Numbers:
    """Return the mean of one face's boxes, weighted by the squares of their scores, plus their standard deviation.

    The union would be safer still but covers a fifth more for nothing: one odd look makes it large.
    """
    weights = np.maximum(scores, np.finfo(float).tiny ** 0.25) ** 2  # a score of 0 weighs next to nothing
    weights /= weights.sum()
    mean = weights @ places
    size = np.tile(mean[2:] - mean[:2], 2)
    count = 1 / (weights**2).sum()  # how many equal looks would say as much
    variance = (count * (weights @ (places - mean) ** 2) + (DISAGREEMENT * size) ** 2) / (count + 1)
    return np.asarray(mean + np.sqrt(variance) * [-1, -1, 1, 1])


def _agreement(by_look: NDArray[np.float64], could: NDArray[np.intp]) -> tuple[Numbers, Numbers]:
    """Return the best look's score of each face, and the mean of the best two, or the best where only one could see it.

    Args:
        by_look: Scores, shape (N faces, M looks); 0 where a look did not see the face.
        could: How many looks could be expected to see each face, shape (N,).
    """
    ranked = np.sort(np.pad(by_look, ((0, 0), (2, 0))), axis=1)[:, ::-1]
    best, second = ranked[:, 0], ranked[:, 1]
    return best, np.where((could < 2) & (second == 0), best, (best + second) / 2)


def _company(places: Boxes, scores: Numbers) -> Numbers:
    """Return how many other faces of its size each face has beside it, weighted by their scores, shape (N,)."""
    sizes = np.log(np.sqrt(np.maximum(boxes.area(places), 1)))
    others = boxes.order(places, scores)[:MOST_COMPANY]
    alike = np.exp(-(((sizes[:, None] - sizes[others]) / ALIKE) ** 2))
    apart = boxes.iou(places, places[others]) < APART
    apart[others, np.arange(len(others))] = False
    return np.asarray((scores[others] * alike * apart).sum(axis=1))


def _logit(scores: Numbers) -> Numbers:
    """Return the logarithm of the odds; scores next to 0 and 1 are not told apart."""
    kept = np.clip(scores, 0.02, 0.995)
    return np.asarray(np.log(kept / (1 - kept)))


class Seconded:
    """Asks a second detector where the first one sees no face: nobody is told "nothing found" by one model alone."""

    def __init__(self, first: Detector, second: Detector, *, sure: float) -> None:
        """Take both detectors.

        Args:
            first: Always asked.
            second: Asked when the first one sees no face with a score of ``sure``.
            sure: Score of a face that makes the second look needless.
        """
        self.name = first.name
        self._first = first
        self._second = second
        self._sure = sure

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Return the faces that the first saw, and those of the second where it was asked. See Detector."""
        seen = self._first.detect(pixels)
        if any(detection.score >= self._sure for detection in seen):
            return seen
        return joined(seen, self._second.detect(pixels))


def joined(seen: Sequence[Detection], more: Sequence[Detection]) -> list[Detection]:
    """Return all of one list, and those of a second one that say more than the first does.

    Nothing of the first list is ever lost: a face that is covered stays covered, whatever the second one holds. Of the
    second list, a face is left out where the first has one in its place that is at least as sure.
    """
    shared = boxes.iou(boxes.stack([each.box for each in more]), boxes.stack([each.box for each in seen]))
    scores, others = (np.array([each.score for each in found]) for found in (seen, more))
    known = np.any((shared > SAME_FACE) & (scores >= others[:, None]), axis=1)
    return [*seen, *(each for each, is_known in zip(more, known.tolist(), strict=True) if not is_known)]


def resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Return a picture made larger or smaller, at least one pixel a side."""
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


def _smoothed(pixels: NDArray[np.uint8], deviation: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), deviation), np.uint8)


def _in_original(detection: Detection, stretch: tuple[float, float], mirror: int | None) -> Detection:
    """Return a detection in pixels of the original, whose width is ``mirror`` where the look was mirrored."""
    across, down = stretch
    box = detection.box
    left, right = box.left * across, box.right * across
    points = [Point(x * across, y * down) for x, y in detection.points]
    if mirror is not None:
        left, right = mirror - right, mirror - left
        order = MIRRORED_POINTS if len(points) == len(MIRRORED_POINTS) else range(len(points))
        points = [Point(mirror - points[index].x, points[index].y) for index in order]
    return replace(detection, box=Box(left, box.top * down, right, box.bottom * down), points=tuple(points))
