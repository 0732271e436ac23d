from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.track.scene import FACE, HEIGHT, RATE, WIDTH, Scene, moving, texture
from veil.track import Followed, Follower, follow_in, small_grey
from veil.track.follow import GIVEN_UP, HELD
from veil.types import Box, Span

Grey = NDArray[np.uint8]

WALK = moving(60, 60, by=(4, 2))


def greys(scene: Scene) -> list[Grey]:
    return [small_grey(scene.picture(frame), 10_000) for frame in range(scene.frames)]


def way_of(pictures: Sequence[Grey], frame: int, box: Box) -> Followed:
    return follow_in(pictures, [at / RATE for at in range(len(pictures))], frame, box)


def holds(way: Followed, frame: int, box: Box, within: float = 2.0) -> bool:
    """Whether the area holds a box in a frame, but for so many pixels on each side."""
    place = way.boxes[frame - way.first]
    return bool((place[:2] <= np.array(box[:2]) + within).all() and (place[2:] >= np.array(box[2:]) - within).all())


@pytest.mark.parametrize("drawn", [0, 12, 24])
def test_what_moves_is_followed_forwards_and_backwards(drawn: int) -> None:
    scene = Scene([WALK], 25)
    box = WALK(drawn)
    assert box
    way = way_of(greys(scene), drawn, box)
    assert (way.first, len(way.boxes), way.doubtful) == (0, 25, ())
    assert tuple(way.boxes[drawn]) == box
    for frame, place in enumerate(way.boxes):
        there = WALK(frame)
        assert there
        np.testing.assert_allclose(place, there, atol=2.5)


def test_time_backwards_is_like_time_forwards() -> None:
    pictures = greys(Scene([WALK, moving(200, 120, by=(-3, 0))], 20))
    box = WALK(0)
    assert box
    one, other = (Follower(pictures[0], box, start) for start in (0.0, 9.0))
    for step, picture in enumerate(pictures[1:], 1):
        assert one.see(picture, step / 25) == other.see(picture, 9.0 - step / 25)
    np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-6)
    assert one.sure == other.sure


def test_cuts_end_it_both_ways() -> None:
    scene = Scene([WALK], 30, cuts=(8, 21))
    box = WALK(12)
    assert box
    way = way_of(greys(scene), 12, box)
    assert (way.first, len(way.boxes), way.doubtful) == (8, 13, ())


def test_it_ends_where_the_area_has_left_the_picture() -> None:
    out = moving(250, 60, by=(6, 0))
    box = out(0)
    assert box
    way = way_of(greys(Scene([out], 40)), 0, box)
    assert 14 <= len(way.boxes) <= 20 and not way.doubtful  # its left side is outside from frame 15 on
    for frame in range(14):
        there = out(frame)
        assert there and holds(way, frame, there._replace(right=min(there.right, WIDTH)))


def test_an_area_that_reaches_over_the_edge_keeps_what_is_outside() -> None:
    coming = moving(10, 100, by=(4, 0))
    box = coming(0)
    assert box and box.left < 0
    way = way_of(greys(Scene([coming], 20)), 0, box)
    for frame, place in enumerate(way.boxes):
        there = coming(frame)
        assert there
        np.testing.assert_allclose(place, there, atol=4)
    assert len(way.boxes) == 20


def test_what_passes_in_front_does_not_take_it_along() -> None:
    stays, passes = moving(160, 100), moving(40, 100, by=(8, 0))
    box = stays(0)
    assert box
    way = way_of(greys(Scene([stays, passes], 40)), 0, box)
    assert way.first == 0 and len(way.boxes) == 40
    assert all(holds(way, frame, box, 3) for frame in range(40))
    (doubt,) = way.doubtful
    assert 5 <= doubt.first < 15 < doubt.stop <= 26  # in front from 10 to 20


def test_what_is_gone_is_held_growing_marked_and_given_up() -> None:
    gone = moving(160, 100, during=range(10))
    box = gone(0)
    assert box
    frames = 10 + round(GIVEN_UP * RATE) + 20
    way = way_of(greys(Scene([gone], frames)), 0, box)
    assert way.doubtful == (Span(10, len(way.boxes)),)
    assert len(way.boxes) == 10 + round(GIVEN_UP * RATE)
    sides = way.boxes[:, 2] - way.boxes[:, 0]
    assert (np.diff(sides[10 : 10 + round(HELD * RATE)]) > 0).all() and sides.max() < 2 * FACE
    assert all(holds(way, frame, box) for frame in range(10, 35))


def test_what_comes_back_is_known_again() -> None:
    stays = moving(160, 100)

    def seen(frame: int) -> Box | None:
        return None if 10 <= frame < 30 else stays(frame)

    box = stays(0)
    assert box
    way = way_of(greys(Scene([seen], 50)), 0, box)
    assert way.doubtful == (Span(10, 30),) and len(way.boxes) == 50
    assert all(holds(way, frame, box) for frame in range(50))


def test_what_grows_is_covered_whole() -> None:
    wall, face = texture(3, HEIGHT, WIDTH)[..., 0], texture(4, 120, 120)[..., 0]
    pictures, places = [], []
    for frame in range(40):
        side = 40 + frame
        picture = wall.copy()
        left, top = 100 - side // 2, 100 - side // 2
        picture[top : top + side, left : left + side] = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        pictures.append(picture)
        places.append(Box(left, top, left + side, top + side))
    way = way_of(pictures, 0, places[0])
    assert len(way.boxes) == 40 and not way.doubtful
    assert all(holds(way, frame, place, 4) for frame, place in enumerate(places))
    smaller = way_of(pictures[::-1], 0, places[-1])
    assert smaller.boxes[-1][2] - smaller.boxes[-1][0] < 50


@pytest.mark.parametrize("side", [6, 12, 160])
def test_small_and_large_areas(side: int) -> None:
    """A badge on somebody who walks past."""
    wall, body, badge = (
        texture(seed, *size)[..., 0] for seed, size in ((3, (720, 1280)), (4, (300, 200)), (5, (side, side)))
    )
    places = [
        Box(400 + 7 * frame, 200 - 2 * frame, 400 + 7 * frame + side, 200 - 2 * frame + side) for frame in range(15)
    ]
    pictures = []
    for place in places:
        left, top = int(place.left), int(place.top)
        picture = wall.copy()
        picture[top - 50 : top + 250, left - 20 : left + 180] = body
        picture[top : top + side, left : left + side] = badge // 2 + 127
        pictures.append(picture)
    way = way_of(pictures, 7, places[7])
    assert (way.first, len(way.boxes), way.doubtful) == (0, 15, ())
    assert all(holds(way, frame, place, 1 + side / 20) for frame, place in enumerate(places))


def test_a_plain_area_that_shows_nothing_to_compare_goes_with_the_motion_around_it() -> None:
    wall = texture(3, 400, 700)[..., 0]
    wall[150:190, 200:260] = 90
    pictures = [wall[40 + frame : 280 + frame, 60 + 3 * frame : 380 + 3 * frame] for frame in range(20)]
    way = way_of(pictures, 0, Box(140, 110, 200, 150))
    assert len(way.boxes) == 20 and not way.doubtful
    assert all(
        holds(way, frame, Box(140 - 3 * frame, 110 - frame, 200 - 3 * frame, 150 - frame), 5) for frame in range(20)
    )


def test_nothing_to_see_at_all_stays_where_it_is() -> None:
    way = way_of([np.full((48, 64), 90, np.uint8)] * 6, 3, Box(10, 10, 30, 30))
    assert (way.first, len(way.boxes), way.doubtful) == (0, 6, ())
    np.testing.assert_array_equal(way.boxes, [[10, 10, 30, 30]] * 6)


def test_one_frame_is_all() -> None:
    way = way_of([np.full((1, 1), 90, np.uint8)], 0, Box(-5, -5, 3, 3))
    assert way.first == 0 and way.boxes.tolist() == [[-5, -5, 3, 3]] and not way.doubtful


def test_an_area_outside_of_the_picture_cannot_be_followed() -> None:
    with pytest.raises(ValueError, match="outside of a picture of 64 x 48"):
        Follower(np.zeros((48, 64), np.uint8), Box(64, 0, 80, 20), 0)


def test_smaller_copies_are_as_good_as_the_frames() -> None:
    rng = texture(3, 720, 1280)[..., 0]
    pictures = [np.roll(rng, 5 * frame, axis=1) for frame in range(6)]
    box = Box(400, 300, 500, 380)
    whole, small = (Follower(pictures[0], box, 0) for _ in range(2))
    for frame, picture in enumerate(pictures[1:], 1):
        whole.see(picture, frame / RATE)
        small.see(small_grey(picture, small.longer_side), frame / RATE)
    np.testing.assert_array_equal(whole.boxes, small.boxes)
