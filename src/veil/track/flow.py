"""How a picture moves from one frame to the next, and where that carries boxes.

Motion is told by dense optical flow on a small grey copy (Kroeger et al., Fast Optical Flow using Dense Inverse Search,
ECCV 2016). One field serves every box of a frame, forwards and backwards, so its cost does not grow with the crowd.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from veil.boxes import Boxes

Grey = NDArray[np.uint8]
Steps = NDArray[np.float64]

UNKNOWN = np.nan

LONGER_SIDE = 640  # of the small copy: faces of 20 pixels in 1280 still move by themselves, at 320 they no longer do
FINEST = 1  # halvings of the halved copy in which the fastest setting of the flow searches; to tell more is filling...
CELL = 4  # ...so it tells one vector for so many pixels of the copy each way
INNER = 0.6  # share of a box whose motion counts: the face; the corners show what is behind it
SAMPLES = 5  # each way, in the inner part of a box; odd
LEAST_SIDE = 64  # of a picture in which the search for motion works
VISIBLE = 0.9  # share of a box's inner part that must lie in the picture for its motion to be seen
ROUNDS = 3  # of the search for where a box came from


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Motion between two neighbouring frames.

    Attributes:
        vectors: Where each cell of the earlier frame went, x and y in pixels of the picture, shape (rows, columns, 2).
        cell: Width and height of a cell, in pixels of the picture.
    """

    vectors: NDArray[np.float32]
    cell: tuple[float, float]


def small_grey(pixels: NDArray[np.uint8], longer_side: int = LONGER_SIDE) -> Grey:
    """Return a grey copy whose longer side has at most so many pixels.

    Args:
        pixels: RGB, shape (H, W, 3), or brightness, shape (H, W).
        longer_side: In pixels.
    """
    grey = grey_of(pixels)
    height, width = grey.shape
    scale = longer_side / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(grey, np.uint8)  # brightness comes as a part of a wider plane, which the search refuses


def grey_of(pixels: NDArray[np.uint8]) -> Grey:
    """Return brightness, shape (H, W), of RGB, shape (H, W, 3), or of what is brightness already."""
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def flow(earlier: Grey, later: Grey, width: int, height: int) -> Flow:
    """Return how one small grey picture became the next.

    Args:
        earlier: Shape (h, w), from small_grey().
        later: Of the same shape.
        width: Of the picture itself, in pixels.
        height: Of the picture itself, in pixels.
    """
    halves = [_halved(_padded(each)) for each in (earlier, later)]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    search.setFinestScale(FINEST)
    dense = search.calc(halves[0], halves[1], None)  # type: ignore[call-overload]
    h, w = earlier.shape
    rows, columns = -(-h // CELL), -(-w // CELL)
    reduced = _halved(dense)
    stretch = np.array([2 * width / w, 2 * height / h], np.float32)
    return Flow(reduced[:rows, :columns] * stretch, (CELL * width / w, CELL * height / h))


def _halved(values: NDArray[Any]) -> NDArray[Any]:
    size = values.shape[1] // 2, values.shape[0] // 2
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def _padded(grey: Grey) -> Grey:
    """Return a picture continued to whole cells, and to the least size in which the search works."""
    height, width = (max(-(-side // CELL) * CELL, LEAST_SIDE) for side in grey.shape)
    more = (height - grey.shape[0], width - grey.shape[1])
    return np.pad(grey, ((0, more[0]), (0, more[1])), mode="edge") if any(more) else grey


def onward(boxes: Boxes, motion: Flow, steps: Steps) -> tuple[Boxes, Steps]:
    """Return where boxes of the earlier frame are in the later one, shape (N, 4), and the steps they made; sizes stay.

    Args:
        boxes: Shape (N, 4).
        motion: Flow between the two frames.
        steps: How each box came to where it is, x and y in pixels, shape (N, 2); UNKNOWN where it just appeared.
    """
    made = _steps(boxes, motion, steps)
    return boxes + np.tile(made, 2), made


def back(boxes: Boxes, motion: Flow, steps: Steps) -> tuple[Boxes, Steps]:
    """Return where boxes of the later frame came from in the earlier one, and the steps back; as onward().

    The flow is known where things were before, so the place is searched whose motion leads here.
    """
    made = np.zeros((len(boxes), 2))
    for _ in range(ROUNDS):
        made = -_steps(boxes + np.tile(made, 2), motion, -steps)
    return boxes + np.tile(made, 2), made


def _steps(boxes: Boxes, motion: Flow, before: Steps) -> Steps:
    """Return the median motion of each box's inner part, shape (N, 2).

    What leaves the picture goes on as it went: there is nothing to be seen of it, only of what it uncovers.
    """
    at = ((np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5) * INNER + 0.5
    x = (boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * at) / motion.cell[0]
    y = (boxes[:, 1:2] + (boxes[:, 3:] - boxes[:, 1:2]) * at) / motion.cell[1]
    rows, columns = motion.vectors.shape[:2]
    row, column = np.clip(y, 0, rows - 1).astype(np.intp), np.clip(x, 0, columns - 1).astype(np.intp)
    seen = motion.vectors[row[:, :, None], column[:, None, :]].reshape(len(boxes), SAMPLES**2, 2)
    inside = ((y >= 0) & (y < rows)).mean(axis=1) * ((x >= 0) & (x < columns)).mean(axis=1)
    goes_on = (inside < VISIBLE)[:, None] & ~np.isnan(before)
    middle = SAMPLES**2 // 2  # an odd number, so one of them is the median
    return np.where(goes_on, before, np.partition(seen, middle, axis=1)[:, middle])
