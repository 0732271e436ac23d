"""CenterFace: finds faces as points on a heat map (Xu et al. 2019, arXiv 1911.03599). The main detector.

For every cell of 4 x 4 pixels the network tells how much it looks like the centre of a face, the logarithm of the
face's height and width in cells, how far the centre lies from that of the cell, and five points in shares of the box.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from veil.detect.candidates import Candidates, settle
from veil.detect.runtime import SIZE_STEP, Input, Model, Tuning
from veil.models import WEIGHTS
from veil.types import Detection

_CELL = 4  # pixels
_OVERLAP = 0.3  # intersection over union above which two boxes are one face, as in the authors' code


class CenterFace:
    """Finds faces of 8 pixels and more, with five points, in a picture of any size as it is."""

    name = "centerface"

    def __init__(self, *, min_score: float = 0.05, tuning: Tuning | None = None) -> None:
        """Load the network, which takes about 0.2 s.

        Args:
            min_score: Faces with a lower score are not reported.
            tuning: How the processor is used.

        Raises:
            DetectorError: The network cannot be loaded.
        """
        self._min_score = min_score
        self._model = Model(WEIGHTS[self.name], Input("NCHW", multiple=SIZE_STEP), tuning)

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
        found = decode(self._model.run(pixels), self._min_score)
        return settle(found, pixels, source=self.name, overlap=_OVERLAP)


def decode(outputs: Mapping[str, NDArray[np.float32]], min_score: float) -> Candidates:
    """Read faces off the network's maps of h x w cells.

    Args:
        outputs: "537" the heat map (1, h, w); "538" log height, log width (2, h, w); "539" offset y, x (2, h, w);
            "540" y, x of five points (10, h, w). Sizes and offsets are in cells, points in shares of the box.
        min_score: Cells with less heat hold no face.
    """
    heat = outputs["537"][0]
    rows, columns = np.nonzero(heat >= min_score)
    told = {name: outputs[name][:, rows, columns].T.astype(np.float64) for name in ("538", "539", "540")}

    size = np.exp(told["538"])[:, ::-1] * _CELL  # width, height
    centre = (np.stack([columns, rows], axis=1) + told["539"][:, ::-1] + 0.5) * _CELL
    low = centre - size / 2
    points = low[:, None] + told["540"].reshape(-1, 5, 2)[:, :, ::-1] * size[:, None]
    return Candidates(np.hstack([low, low + size]), heat[rows, columns].astype(np.float64), points)
