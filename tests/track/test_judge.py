import numpy as np

from veil.track.judge import FACE, needed
from veil.track.watch import Sighting
from veil.types import Box, Detection

NOWHERE = np.zeros((0, 2), np.float32)


def strength_needed(side: float, scale: float = 1) -> float:
    seen = Detection(Box(0, 0, side * scale, side * scale), 0.9, "made up")
    return needed((Sighting(0, seen, NOWHERE, NOWHERE),), round(640 * scale), round(480 * scale))


def test_the_larger_a_face_the_surer_it_has_to_be() -> None:
    needs = [strength_needed(side) for side in (8, 20, 30, 60, 100, 400)]
    assert needs[0] == needs[1] == FACE[0] and needs[-1] == FACE[1]
    assert needs == sorted(needs) and needs[1] < needs[2] < needs[3] < needs[4]


def test_only_the_share_of_the_picture_counts() -> None:
    assert np.isclose(strength_needed(60), strength_needed(60, scale=3))
