import numpy as np
import pytest
from numpy.typing import NDArray

from veil.keys import box_at
from veil.track.keys import thinned
from veil.track.paths import steadied
from veil.types import Box


def walk(seed: int, frames: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    corner = np.cumsum(random.normal(0, 2, (frames, 2)), axis=0)
    return np.hstack([corner, corner + random.uniform(30, 40, (frames, 2))])


@pytest.mark.parametrize("seed", range(8))
def test_key_frames_hold_every_box_and_little_more(seed: int) -> None:
    places = walk(seed, 120)
    keys = thinned(7, places)
    found = np.array([box_at(keys, 7 + index) for index in range(120)])
    assert (found[:, :2] <= places[:, :2] + 1e-9).all() and (found[:, 2:] >= places[:, 2:] - 1e-9).all()
    assert np.abs(found - places).max() <= 2 * 0.03 * 40
    assert (keys[0].frame, keys[-1].frame) == (7, 126)


def test_straight_ways_need_two_key_frames() -> None:
    places = np.array([[0.0, 0, 10, 10]]) + np.arange(50.0)[:, None]
    assert thinned(0, places) == ((0, Box(0, 0, 10, 10)), (49, Box(49, 49, 59, 59)))


def test_one_frame_needs_one_key_frame() -> None:
    keys = thinned(3, np.array([[0.0, 0, 10, 10]]))
    assert keys == ((3, Box(0, 0, 10, 10)),)


@pytest.mark.parametrize("seed", range(8))
def test_steady_boxes_hold_what_they_were_made_from(seed: int) -> None:
    places = walk(seed, 60)
    times = np.cumsum(np.random.default_rng(seed).uniform(0.01, 0.06, 60))
    calm = steadied(places, times, 0.1)
    assert (calm[:, :2] <= places[:, :2]).all() and (calm[:, 2:] >= places[:, 2:]).all()


def test_steady_boxes_tremble_less() -> None:
    places, times = walk(1, 100), np.arange(100) / 25
    widths = [each[:, 2] - each[:, 0] for each in (places, steadied(places, times, 0.1))]
    before, after = (np.abs(np.diff(width, n=2)).mean() for width in widths)
    assert after < before / 5


def test_steady_boxes_stay_where_nothing_trembles() -> None:
    places = np.tile([[5.0, 6.0, 15.0, 18.0]], (9, 1))
    np.testing.assert_array_equal(steadied(places, np.arange(9) / 25, 0.1), places)
