"""YuNet, version 2023mar: a very small and fast detector (Wu, Peng and Yu 2023, doi 10.1007/s11633-023-1423-y).

The network looks at cells of 8, 16 and 32 pixels. For each cell it tells whether it belongs to a face and to a thing at
all, where the box lies from the cell's corner, and five points.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from veil.detect.candidates import Candidates, settle
from veil.detect.runtime import SIZE_STEP, Input, Model, Tuning
from veil.models import WEIGHTS
from veil.types import Detection

_CELLS = (8, 16, 32)  # pixels
_OVERLAP = 0.3  # intersection over union above which two boxes are one face, as in OpenCV's FaceDetectorYN


class YuNet:
    """Finds faces of about 10 to 300 pixels, with five points, in a picture of any size as it is."""

    name = "yunet"

    def __init__(self, *, min_score: float = 0.05, tuning: Tuning | None = None) -> None:
        """Load the network, which takes about 0.1 s.

        Args:
            min_score: Faces with a lower score are not reported.
            tuning: How the processor is used.

        Raises:
            DetectorError: The network cannot be loaded.
        """
        self._min_score = min_score
        self._model = Model(WEIGHTS[self.name], Input("NCHW", multiple=SIZE_STEP, bgr=True), tuning)

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Return every face seen, best score first, low scores too.

        Args:
            pixels: RGB, shape (H, W, 3), dtype uint8, any size.

        Returns:
            Faces with boxes in pixels of ``pixels``; a box may reach over the edge.

        Raises:
            ValueError: ``pixels`` has another shape or dtype.
            DetectorError: The network failed.
        """
        outputs = self._model.run(pixels)
        width = -(-pixels.shape[1] // SIZE_STEP) * SIZE_STEP
        return settle(decode(outputs, width, self._min_score), pixels, source=self.name, overlap=_OVERLAP)


def decode(outputs: Mapping[str, NDArray[np.float32]], width: int, min_score: float) -> Candidates:
    """Read faces off the network's lists of cells, which run along the rows of the picture.

    Args:
        outputs: For s = 8, 16, 32 pixels: "cls_s" and "obj_s" (N, 1), 0 to 1; "bbox_s" (N, 4): x, y of the centre from
            the cell's corner, in cells, and the logarithm of width and height in cells; "kps_s" (N, 10): x, y of five
            points like the centre.
        width: Of the picture that the network saw, in pixels, a multiple of 32.
        min_score: Cells with a lower score, the geometric mean of "cls_s" and "obj_s", hold no face.
    """
    found = [_decode_cells(outputs, cell, width // cell, min_score) for cell in _CELLS]
    return Candidates(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _decode_cells(outputs: Mapping[str, NDArray[np.float32]], cell: int, columns: int, min_score: float) -> Candidates:
    is_face, is_thing = (np.clip(outputs[f"{kind}_{cell}"][:, 0].astype(np.float64), 0, 1) for kind in ("cls", "obj"))
    scores = np.sqrt(is_face * is_thing)
    (index,) = np.nonzero(scores >= min_score)
    told = outputs[f"bbox_{cell}"][index].astype(np.float64)
    told_points = outputs[f"kps_{cell}"][index].astype(np.float64).reshape(-1, 5, 2)

    corner = np.stack([index % columns, index // columns], axis=1)
    centre = (corner + told[:, :2]) * cell
    half = np.exp(told[:, 2:]) * cell / 2
    return Candidates(np.hstack([centre - half, centre + half]), scores[index], (corner[:, None] + told_points) * cell)
