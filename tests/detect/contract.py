"""What every detector must keep. Each back end runs all CHECKS; those that see real faces run FACE_CHECKS too."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from veil.boxes import iou, stack
from veil.detect import Detector
from veil.types import Box, Detection

FACE = Box(180, 59, 270, 180)
"""The one face of ``portrait()``, from brow to chin, drawn by eye."""


def portrait() -> NDArray[np.uint8]:
    """Return a picture of 512 x 512 pixels with one face."""
    pixels: NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return pixels


def sure(detections: list[Detection]) -> list[Detection]:
    return [detection for detection in detections if detection.score >= 0.5]


def overlap(box: Box, other: Box) -> float:
    return float(iou(stack([box]), stack([other]))[0, 0])


def refuses_what_is_no_picture(detector: Detector) -> None:
    wrong: list[NDArray[Any]] = [
        np.zeros((40, 40, 3), np.float32),
        np.zeros((40, 40, 3), np.uint16),
        np.zeros((40, 40), np.uint8),
        np.zeros((40, 40, 4), np.uint8),
        np.zeros((1, 40, 40, 3), np.uint8),
        np.zeros((0, 40, 3), np.uint8),
    ]
    for pixels in wrong:
        with pytest.raises(ValueError, match=r"shape \(height, width, 3\) and dtype uint8"):
            detector.detect(pixels)


def is_sure_of_nothing_in_blank_pictures(detector: Detector) -> None:
    for height, width in [(1, 1), (5, 300), (300, 5), (31, 33), (200, 320)]:
        for value in (0, 128, 255):
            assert sure(detector.detect(np.full((height, width, 3), value, np.uint8))) == []


def tells_only_what_can_be(detector: Detector) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    for pixels in (portrait(), noise, noise[:1, :1]):
        height, width = pixels.shape[:2]
        for found in detector.detect(pixels):
            assert found.source == detector.name
            assert 0 <= found.score <= 1
            assert all(math.isfinite(value) for value in [*found.box, *np.ravel(found.points)])
            assert found.box.width > 0
            assert found.box.height > 0
            assert overlap(found.box, Box(0, 0, width, height)) > 0, "it lies outside the picture"
            assert len(found.points) in (0, 5)


def leaves_the_picture_alone(detector: Detector) -> None:
    pixels = portrait().copy()
    pixels.flags.writeable = False
    detector.detect(pixels)
    np.testing.assert_array_equal(pixels, portrait())


def takes_views(detector: Detector) -> None:
    mirrored = portrait()[:, ::-1]
    assert detector.detect(mirrored) == detector.detect(np.ascontiguousarray(mirrored))


def says_the_same_from_every_thread(detector: Detector) -> None:
    pictures = [np.roll(portrait(), 16 * step, axis=1)[: 512 - 64 * step] for step in range(5)]
    alone = [detector.detect(picture) for picture in pictures]
    shuffled = [4, 0, 3, 1, 2, 2, 0, 4, 1, 3]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda index: detector.detect(pictures[index]), shuffled))
    assert together == [alone[index] for index in shuffled]


def finds_the_face(detector: Detector) -> None:
    (face,) = sure(detector.detect(portrait()))
    assert overlap(face.box, FACE) > 0.7


def finds_the_mirrored_face(detector: Detector) -> None:
    (face,) = sure(detector.detect(portrait()))
    (mirrored,) = sure(detector.detect(portrait()[:, ::-1]))
    width = portrait().shape[1]
    back = Box(width - mirrored.box.right, mirrored.box.top, width - mirrored.box.left, mirrored.box.bottom)
    assert overlap(face.box, back) > 0.85
    assert len(face.points) == len(mirrored.points)
    if face.points:  # the person's right eye becomes the left one; they are 43 pixels apart
        right_eye, left_eye, nose, right_corner, left_corner = mirrored.points
        for point, other in zip(face.points, [left_eye, right_eye, nose, left_corner, right_corner], strict=True):
            assert math.dist(point, (width - other.x, other.y)) < 12


def finds_the_face_where_it_was_moved_to(detector: Detector) -> None:
    canvas = np.full((600, 576, 3), 90, np.uint8)
    canvas[64:576, 32:544] = portrait()
    (face,) = sure(detector.detect(canvas))
    assert overlap(face.box, Box(FACE.left + 32, FACE.top + 64, FACE.right + 32, FACE.bottom + 64)) > 0.65


Check = Callable[[Detector], None]
CHECKS: list[Check] = [
    refuses_what_is_no_picture,
    is_sure_of_nothing_in_blank_pictures,
    tells_only_what_can_be,
    leaves_the_picture_alone,
    takes_views,
    says_the_same_from_every_thread,
]
FACE_CHECKS: list[Check] = [finds_the_face, finds_the_mirrored_face, finds_the_face_where_it_was_moved_to]


def name_of(check: Check) -> str:
    """Return the name of a check, for the list of tests."""
    return check.__name__
