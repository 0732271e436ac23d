import numpy as np

from tests.track.scene import COVER, RATE
from veil.boxes import Boxes
from veil.track.link import chains
from veil.track.paths import GROWTH, Presence, between, path
from veil.track.watch import Sighting, Watched
from veil.types import Box, Detection

SIDE = 20.0
NOWHERE: Boxes = np.zeros((0, 4))


def box(x: float, y: float = 0) -> Box:
    return Box(x, y, x + SIDE, y + SIDE)


def trail(*lefts: float) -> Boxes:
    return np.array([box(left) for left in lefts], np.float64).reshape(-1, 4)


def sighting(frame: int, x: float, *, onward: Boxes = NOWHERE, back: Boxes = NOWHERE, score: float = 0.9) -> Sighting:
    shifts = [(places[:, :2] - box(x)[:2]).astype(np.float32) for places in (onward, back)]
    return Sighting(frame, Detection(box(x), score, "made up"), *shifts)


def clip(*sightings: Sighting, frames: int = 100, shots: tuple[int, ...] = (0,)) -> Watched:
    looks = {frame: tuple(each for each in sightings if each.frame == frame) for frame in range(frames)}
    return Watched(640, 480, np.arange(frames) / RATE, (*shots, frames), looks)


def linked(*sightings: Sighting, shots: tuple[int, ...] = (0,)) -> list[list[tuple[int, float]]]:
    found = chains(clip(*sightings, shots=shots), strong=COVER)
    return [[(each.frame, each.seen.box.left) for each in chain] for chain in found]


def test_motion_tells_which_sighting_follows() -> None:
    one = sighting(0, 0, onward=trail(30))
    other = sighting(0, 30, onward=trail(0))
    after = (sighting(1, 0, back=trail(30)), sighting(1, 30, back=trail(0)))
    assert linked(one, other, *after) == [[(0, 0), (1, 30)], [(0, 30), (1, 0)]]


def test_what_is_surely_a_face_has_the_first_choice() -> None:
    face = sighting(0, 0, onward=trail(0))
    near = sighting(1, 0, back=trail(0), score=0.1)
    sure = sighting(1, 4, back=trail(4))
    assert linked(face, near, sure) == [[(0, 0), (1, 4)], [(1, 0)]]


def test_each_sighting_goes_once() -> None:
    twice = (sighting(0, 0, onward=trail(0)), sighting(0, 2, onward=trail(2)))
    assert linked(*twice, sighting(1, 1, back=trail(1))) == [[(0, 0), (1, 1)], [(0, 2)]]


def test_motion_that_was_followed_bridges_a_gap_whatever_the_face_did_before() -> None:
    hurrying = [sighting(frame, 40.0 * frame, onward=trail(40.0 * frame + 40)) for frame in range(2)]
    stopped = sighting(2, 80, onward=np.tile(trail(80), (10, 1)))
    assert linked(*hurrying, stopped, sighting(12, 80)) == [[(0, 0), (1, 40), (2, 80), (12, 80)]]


def test_trails_that_meet_in_the_middle_bridge_a_gap() -> None:
    before = sighting(0, 0, onward=trail(10, 20, 30, 40))
    after = sighting(8, 80, back=trail(70, 60, 50, 40))
    assert linked(before, after) == [[(0, 0), (8, 80)]]
    assert linked(before, after, shots=(0, 5)) == [[(0, 0)], [(8, 80)]]


def test_between_two_sightings_both_trails_are_bent_to_fit_and_covered() -> None:
    one = sighting(0, 0, onward=trail(10, 20, 30, 36))  # ends 4 short of the other
    other = sighting(4, 40, back=trail(30, 20, 10, -4))  # ends 4 past the one
    places = between(one, other)
    np.testing.assert_allclose(places[:, 0], [11, 22, 31, 40])
    np.testing.assert_allclose(places[:, 2], [13 + SIDE, 22 + SIDE, 33 + SIDE, 40 + SIDE])


def test_between_two_sightings_without_motion_the_way_is_straight() -> None:
    places = between(sighting(0, 0, onward=trail(7)), sighting(4, 40, back=trail(9, 9)))
    np.testing.assert_allclose(places[:, 0], [10, 20, 30, 40])


def test_beyond_its_sightings_a_face_grows_with_time() -> None:
    chain = (sighting(5, 9, onward=trail(*[9] * 25), back=trail(*[9] * 5)),)
    watched = clip(*chain)
    way = path(chain, watched, sorted(watched.looks), reach=0.4, steady=0)
    assert (way.first, len(way.boxes)) == (0, 16)
    widths = way.boxes[:, 2] - way.boxes[:, 0]
    np.testing.assert_allclose(widths, SIDE * (1 + GROWTH * np.abs(np.arange(16) - 5) / RATE))
    assert way.presence == (Presence.LOST,) * 5 + (Presence.SEEN,) + (Presence.LOST,) * 10


def test_a_face_at_the_edge_is_followed_until_it_is_gone() -> None:
    places = [*range(20, -20, -2), *[-19] * 5]
    chain = (sighting(0, 22, onward=trail(*places)),)
    watched = clip(*chain)
    for reach, frames in ((0.6, 26), (0.3, 8), (0, 1)):
        way = path(chain, watched, sorted(watched.looks), reach=reach, steady=0)
        assert len(way.boxes) == frames
