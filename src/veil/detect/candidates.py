"""What every back end does once it has decoded its network's output: drop repeats, make Detections."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from veil.boxes import nms, touches
from veil.errors import DetectorError
from veil.types import Box, Detection, Point


class Candidates(NamedTuple):
    """Faces as a network tells them, each of them several times.

    Attributes:
        boxes: Shape (N, 4): left, top, right, bottom in pixels of the picture, not clipped to it.
        scores: Shape (N,), 0 to 1.
        points: Shape (N, 5, 2): x, y of the points of Detection, or (N, 0, 2) where the network has none.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    points: NDArray[np.float64]


def settle(candidates: Candidates, pixels: NDArray[np.uint8], *, source: str, overlap: float) -> list[Detection]:
    """Return one Detection for each face, best score first.

    Args:
        candidates: What the network told. Boxes that do not touch the picture, seen in what was added to it to suit
            the network, are dropped.
        pixels: The picture, shape (H, W, 3).
        source: Name of the detector.
        overlap: Candidates that share more than this intersection over union with a better one repeat it.

    Raises:
        DetectorError: A box is not finite; it would be passed over as too large or too small.
    """
    if not np.isfinite(candidates.boxes).all():
        raise DetectorError(f"The detector {source} gave a place that is not a number; nothing was made.")
    height, width = pixels.shape[:2]
    inside = touches(candidates.boxes, width, height)
    boxes, scores, points = (part[inside] for part in candidates)
    return [
        Detection(
            box=Box(*boxes[index].tolist()),
            score=float(scores[index]),
            source=source,
            points=tuple(Point(*point) for point in points[index].tolist()),
        )
        for index in nms(boxes, scores, overlap)
    ]
