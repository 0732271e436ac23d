import numpy as np

from veil.track.judge import FACE, needed, strength
from veil.track.watch import Sighting
from veil.types import Box, Detection

NOWHERE = np.zeros((0, 2), np.float32)
COVER = ((1e6, 0.5),)


def strength_needed(side: float, scale: float = 1) -> float:
    seen = Detection(Box(0, 0, side * scale, side * scale), 0.9, "made up")
    return needed((Sighting(0, seen, NOWHERE, NOWHERE),), round(640 * scale), round(480 * scale))


def test_the_larger_a_face_the_surer_it_has_to_be() -> None:
    needs = [strength_needed(side) for side in (6, 9, 30, 60, 100, 400)]
    assert needs[0] == needs[1] == FACE[0] and needs[-1] == FACE[1]
    assert needs == sorted(needs) and needs[1] < needs[2] < needs[3] < needs[4]


def test_only_the_share_of_the_picture_counts() -> None:
    assert np.isclose(strength_needed(60), strength_needed(60, scale=3))


def seen(*scores: float) -> float:
    place = Box(0, 0, 40, 40)
    chain = tuple(
        Sighting(frame, Detection(place, score, "made up"), NOWHERE, NOWHERE) for frame, score in enumerate(scores)
    )
    return strength(chain, COVER, len(scores), len(scores))


def test_what_is_seen_in_each_look_is_surer_than_what_is_clear_in_some() -> None:
    assert seen(*[0.5] * 10) >= FACE[0] > seen(*[0.9] * 4, *[0.01] * 6)
