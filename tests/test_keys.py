import numpy as np
import pytest

from veil import boxes, keys
from veil.types import Box, Key

WAY = (Key(2, Box(0, 0, 10, 20)), Key(6, Box(8, 4, 22, 30)), Key(7, Box(50, 4, 60, 30)))


@pytest.mark.parametrize(
    ("frame", "place"),
    [
        (1, None),
        (2, Box(0, 0, 10, 20)),
        (3, Box(2, 1, 13, 22.5)),
        (6, Box(8, 4, 22, 30)),
        (7, Box(50, 4, 60, 30)),
        (8, None),
    ],
)
def test_each_side_goes_straight_between_key_frames(frame: int, place: Box | None) -> None:
    assert keys.box_at(WAY, frame) == place


def test_the_box_around_holds_all_places() -> None:
    assert keys.around(WAY) == Box(0, 0, 60, 30)


@pytest.mark.parametrize("seed", range(5))
def test_what_was_grown_is_shrunk_to_what_it_was(seed: int) -> None:
    random = np.random.default_rng(seed)
    corners = random.uniform(-50, 500, (9, 2))
    inner = np.hstack([corners, corners + random.uniform(5, 90, (9, 2))])
    sides = np.tile(inner[:, 2:] - inner[:, :2], 2)
    outer = inner + sides * random.uniform(0, 0.5, 4) * [-1, -1, 1, 1]
    around = keys.around([Key(at, Box(*place)) for at, place in enumerate(inner.tolist())])
    again = keys.shrunk([Key(at, Box(*place)) for at, place in enumerate(outer.tolist())], around)
    np.testing.assert_allclose(boxes.stack(again), inner, atol=1e-6)
