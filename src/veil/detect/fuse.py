"""Several looks at one picture, made larger, smaller or mirrored, by one or more models, brought into one list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil.detect import Detector
from veil.types import Box, Detection, Point

SAME_FACE = 0.4
"""Detections that share more than this intersection over union show one face."""

AGREEING = 0.6
"""A face's box is the union of those whose score is at least this share of the best one's: looks differ by some pixels,
and covering asks for all of the face."""

MIRRORED_POINTS = (1, 0, 2, 4, 3)
"""Right and left change places in a mirror."""


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look at a picture.

    Attributes:
        detector: Who looks.
        scale: Size of the picture looked at beside the original.
        mirrored: Whether it is looked at in a mirror.
        trust: What its scores are worth beside those of the other looks; they are multiplied by it.
        least: Lowest face that counts, in pixels of the picture looked at; lower ones are left to larger scales.
        most: Highest face that counts, likewise; higher ones are left to smaller scales.
        most_pixels: The look is left out where the picture looked at would have more pixels than this.
        least_side: The look is left out where the longer side of the picture looked at would be less than this.
    """

    detector: Detector
    scale: float = 1.0
    mirrored: bool = False
    trust: float = 1.0
    least: float = 0
    most: float = np.inf
    most_pixels: float = np.inf
    least_side: int = 0

    def suits(self, height: int, width: int) -> bool:
        """Return whether it makes sense for a picture of that size."""
        return height * width * self.scale**2 <= self.most_pixels and max(height, width) * self.scale >= self.least_side

    def detect(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        """Return faces in pixels of the original. See Detector."""
        height, width = pixels.shape[:2]
        seen = pixels if self.scale == 1 else _resized(pixels, self.scale)
        if self.mirrored:
            seen = seen[:, ::-1]
        stretch = width / seen.shape[1], height / seen.shape[0]
        return [
            replace(
                _in_original(detection, stretch, width if self.mirrored else None), score=detection.score * self.trust
            )
            for detection in self.detector.detect(seen)
            if self.least <= detection.box.height < self.most
        ]


class Fused:
    """Looks in several ways and returns each face once."""

    name = "fused"

    def __init__(self, looks: Sequence[Look]) -> None:
        """Take the looks; at least one of them must suit every size of picture."""
        self._looks = tuple(looks)

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Return every face that any look saw, once, with the best look's score. See Detector."""
        height, width = pixels.shape[:2]
        return fused([found for look in self._looks if look.suits(height, width) for found in look.detect(pixels)])


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
        return fused([*seen, *self._second.detect(pixels)])


def fused(seen: Sequence[Detection]) -> list[Detection]:
    """Return each face once, best first, whatever the order in which its detections come."""
    places = boxes.stack([detection.box for detection in seen])
    scores = np.array([detection.score for detection in seen])
    return [_united([seen[index] for index in group.tolist()]) for group in boxes.groups(places, scores, SAME_FACE)]


def _united(group: Sequence[Detection]) -> Detection:
    """Return one detection for several of the same face, best first."""
    best = group[0]
    sides = boxes.stack([each.box for each in group if each.score >= AGREEING * best.score])
    return Detection(
        box=Box(*sides[:, :2].min(axis=0).tolist(), *sides[:, 2:].max(axis=0).tolist()),
        score=best.score,
        source="+".join(sorted({each.source for each in group})),
        points=next((each.points for each in group if each.points), ()),
    )


def _resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


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
