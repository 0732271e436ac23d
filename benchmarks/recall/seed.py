"""The recipe that Veil grew from: MediaPipe's full-range BlazeFace on the whole picture in one go, and nothing more."""

import time

from benchmarks.recall.faces import Labelled
from benchmarks.recall.looks import Look, upright
from veil.detect import Detector, open_detector
from veil.errors import VeilError
from veil.types import Box, Region, Shape, State

LEAST_SCORE = 0.3
LEAST_HEIGHT = 20

# What veil.detect.blazeface does to the boxes of this network, which is undone here: it stretches and lifts them.
STRETCH = 1.2
LIFT = 0.035


def load_seed() -> Detector:
    """Load the network; lower scores than LEAST_SCORE are left out.

    Raises:
        DetectorError: It cannot be loaded.
    """
    return open_detector("blazeface-full", min_score=LEAST_SCORE)


def seed_look(picture: Labelled, detector: Detector) -> Look:
    """Find the faces of one picture; the network's own boxes are covered as they are, as rectangles.

    Raises:
        SystemExit: The picture cannot be read, has several frames, or another size than its labels say, or the network
            failed.
    """
    start = time.perf_counter()
    pixels = upright(picture)
    try:
        found = detector.detect(pixels)
    except VeilError as error:
        raise SystemExit(f"{picture.path}: {error}\nNothing was measured.") from error
    seconds = time.perf_counter() - start
    covered = [
        Region(own_box(each.box), Shape.BOX, State.COVERED, each.score, each.source)
        for each in found
        if own_box(each.box).height >= LEAST_HEIGHT
    ]
    return Look(picture, (pixels.shape[1], pixels.shape[0]), covered, found, seconds)


def own_box(whole: Box) -> Box:
    """Return the box as the network drew it, from one that was made to reach from the brow to the chin."""
    height = whole.height / STRETCH
    middle = (whole.top + whole.bottom) / 2 + LIFT * height
    return Box(whole.left, middle - height / 2, whole.right, middle + height / 2)
