"""BlazeFace, the face detector of MediaPipe (Bazarevsky et al. 2019, arXiv 1907.05047), in two sizes.

The whole picture is fitted into a small square, so these see large faces only: callers cut large pictures into tiles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from veil.detect.candidates import Candidates, settle
from veil.detect.runtime import Input, Model, Tuning, check_picture
from veil.models import WEIGHTS
from veil.types import Detection

# Both networks draw boxes from above the brow to the mouth, too low and too short for us. Against 391 and 451 labelled
# faces of 40 pixels and more the labels were 1.20 times as high, and their middles 0.035 and 0.085 heights further up.
# They were 0.93 times as wide too; that is left as it is, because covering less is the worse error.
_STRETCH = 1.2
_OVERLAP = 0.3  # intersection over union above which two boxes are one face, as in MediaPipe


@dataclass(frozen=True, slots=True)
class _Network:
    """What tells the two networks apart.

    Attributes:
        side: Of the square picture it takes, in pixels.
        lift: How far the middle of a face lies above the middle of its box, in heights of the box.
        grids: Cells a side and faces a cell of each of its maps.
        boxes: Name of the output with boxes.
        scores: Name of the output with scores.
    """

    side: int
    lift: float
    grids: tuple[tuple[int, int], ...]
    boxes: str
    scores: str


_NETWORKS: Mapping[str, _Network] = {
    "full": _Network(192, 0.035, ((48, 1),), "reshaped_regressor_face_4", "reshaped_classifier_face_4"),
    "short": _Network(128, 0.085, ((16, 2), (8, 6)), "regressors", "classificators"),
}


class BlazeFace:
    """Finds faces that fill a good part of the picture. Gives no points: it knows the mouth's centre only, no corners.

    "full" is made for people within 5 metres of the camera, "short" for close-ups within 2 metres.
    """

    def __init__(
        self, reach: Literal["full", "short"] = "full", *, min_score: float = 0.05, tuning: Tuning | None = None
    ) -> None:
        """Load the network, which takes 0.15 ("short") to 0.3 s ("full").

        Args:
            reach: Which of the two networks.
            min_score: Faces with a lower score are not reported.
            tuning: How the processor is used. The precision is f32 in any case: bfloat16 moves boxes by up to a
                hundredth of the picture.

        Raises:
            DetectorError: The network cannot be loaded.
        """
        self.name = f"blazeface-{reach}"
        self._min_score = min_score
        self._network = _NETWORKS[reach]
        self._anchors = anchors(self._network.side, self._network.grids)
        takes = Input("NHWC", multiple=None, mean=127.5, scale=127.5)
        self._model = Model(WEIGHTS[self.name], takes, replace(tuning or Tuning(), precision="f32"))

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Return every face seen, best score first, low scores too.

        Args:
            pixels: RGB, shape (H, W, 3), dtype uint8, any size.

        Returns:
            Faces with boxes in pixels of ``pixels``, without points; a box may reach over the edge.

        Raises:
            ValueError: ``pixels`` has another shape or dtype.
            DetectorError: The network failed.
        """
        network = self._network
        fitted, left, top, scale = _fit(check_picture(pixels), network.side)
        outputs = self._model.run(fitted)
        boxes, scores = decode(outputs[network.boxes], outputs[network.scores], self._anchors, self._min_score)
        boxes = whole_face((boxes - [left, top, left, top]) / scale, network.lift)
        found = Candidates(boxes, scores, np.empty((len(boxes), 0, 2)))
        return settle(found, pixels, source=self.name, overlap=_OVERLAP)


def anchors(side: int, grids: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    """Return the centres of all cells of the grids laid over a square picture, x and y in pixels, shape (N, 2).

    Args:
        side: Of the picture, in pixels.
        grids: Cells a side and faces a cell of each grid.
    """
    centres = []
    for cells, faces in grids:
        steps = (np.arange(cells) + 0.5) * side / cells
        y, x = np.meshgrid(steps, steps, indexing="ij")
        centres.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), faces, axis=0))
    return np.concatenate(centres)


def decode(
    told: NDArray[np.float32], logits: NDArray[np.float32], centres: NDArray[np.float64], min_score: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read faces off the network's list of cells.

    Args:
        told: Shape (N, 16): x, y of the box's centre from the cell's, width and height, then six points (unused), all
            in pixels of the square picture.
        logits: Shape (N, 1).
        centres: Of the cells, as from ``anchors``.
        min_score: Cells with a lower score hold no face.

    Returns:
        Boxes, shape (M, 4), in pixels of the square picture, and scores, shape (M,).
    """
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0].astype(np.float64), -100, 100)))
    (index,) = np.nonzero(scores >= min_score)
    shift, size = np.hsplit(told[index, :4].astype(np.float64), 2)
    centre = centres[index] + shift
    half = np.maximum(size, 0) / 2
    return np.hstack([centre - half, centre + half]), scores[index]


def whole_face(boxes: NDArray[np.float64], lift: float) -> NDArray[np.float64]:
    """Return boxes that reach from the brow to the chin, made of the network's own, shape (N, 4).

    Args:
        boxes: As the network draws them, shape (N, 4).
        lift: How far the middles of faces lie above theirs, in heights of the box.
    """
    left, top, right, bottom = boxes.T
    height = bottom - top
    middle = (top + bottom) / 2 - lift * height
    half = height * _STRETCH / 2
    return np.stack([left, middle - half, right, middle + half], axis=1)


def _fit(pixels: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], int, int, float]:
    """Shrink or grow a picture into the middle of a black square.

    Returns:
        The square, the left and upper margin in its pixels, and how many of its pixels make one of the picture's.
    """
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (side - inner_width) // 2, (side - inner_height) // 2
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + inner_height, left : left + inner_width] = cv2.resize(
        pixels, (inner_width, inner_height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    return square, left, top, scale
