import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.track.scene import texture
from veil.boxes import Boxes
from veil.track import flow
from veil.track.cuts import LIKE, likeness
from veil.track.pace import moved

Picture = NDArray[np.uint8]

WALL = texture(5, 400, 700)
BOX = np.array([[300.0, 150.0, 340.0, 200.0]])


def view(x: int, y: int, width: int = 480, height: int = 270) -> Picture:
    return WALL[y : y + height, x : x + width]


def onward(places: Boxes, motion: flow.Flow) -> Boxes:
    return flow.onward(places, motion, np.full((len(places), 2), flow.UNKNOWN))[0]


def between(one: Picture, other: Picture) -> flow.Flow:
    return flow.flow(flow.small_grey(one), flow.small_grey(other), one.shape[1], one.shape[0])


@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 1), (-5, 2), (16, -9)])
def test_boxes_go_where_the_picture_goes_and_come_back(x: int, y: int) -> None:
    motion = between(view(60, 60), view(60 - x, 60 - y))
    there = onward(BOX, motion)
    np.testing.assert_allclose(there - BOX, [[x, y, x, y]], atol=0.5)
    came_from, steps = flow.back(there, motion, np.full((1, 2), flow.UNKNOWN))
    np.testing.assert_allclose(came_from, BOX, atol=0.5)
    np.testing.assert_allclose(steps, [[-x, -y]], atol=0.5)


def test_what_leaves_the_picture_goes_on_as_it_went() -> None:
    still = between(view(0, 0), view(0, 0))
    just_out, mostly_out = np.array([[-8.0, 50, 32, 90]]), np.array([[-24.0, 50, 16, 90]])
    steps = np.array([[-7.0, 2.0]])
    np.testing.assert_array_equal(flow.onward(just_out, still, steps)[0], just_out)
    np.testing.assert_array_equal(flow.onward(mostly_out, still, steps)[0], mostly_out + np.tile(steps, 2))
    np.testing.assert_array_equal(flow.back(mostly_out, still, steps)[0], mostly_out + np.tile(steps, 2))
    np.testing.assert_array_equal(onward(mostly_out, still), mostly_out)


def test_motion_is_told_in_pixels_of_a_large_picture() -> None:
    large = np.asarray(cv2.resize(WALL, (2100, 1200), interpolation=cv2.INTER_LINEAR), np.uint8)
    motion = between(large[100:1100, 100:1900], large[92:1092, 88:1888])
    np.testing.assert_allclose(onward(BOX * 3, motion) - BOX * 3, [[12, 8, 12, 8]], atol=1.5)


def test_a_face_moves_for_itself() -> None:
    one, other = view(0, 0).copy(), view(0, 0).copy()
    one[150:200, 300:340] = texture(9, 50, 40)
    other[154:204, 308:348] = texture(9, 50, 40)
    motion = between(one, other)
    away = BOX - 140
    np.testing.assert_allclose(onward(BOX, motion) - BOX, [[8, 4, 8, 4]], atol=1)
    np.testing.assert_allclose(onward(away, motion), away, atol=0.5)


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (33, 70), (100, 5)])
def test_the_smallest_pictures_work(size: tuple[int, int]) -> None:
    pixels = texture(1, *size)
    motion = between(pixels, pixels)
    box = np.array([[-5.0, -5.0, 2.0, 2.0]])
    np.testing.assert_array_equal(onward(box, motion), box)
    assert likeness(flow.small_grey(pixels), flow.small_grey(pixels), motion) > LIKE


def test_no_boxes_are_no_boxes() -> None:
    motion = between(view(0, 0), view(0, 0))
    for carried in (flow.onward, flow.back):
        assert [each.shape for each in carried(np.zeros((0, 4)), motion, np.zeros((0, 2)))] == [(0, 4), (0, 2)]


def test_the_number_of_threads_does_not_matter() -> None:
    threads = cv2.getNumThreads()
    try:
        found = []
        for count in (1, 3):
            cv2.setNumThreads(count)
            found.append(between(view(60, 60), view(50, 53)).vectors)
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(found[0], found[1])


def alike(one: Picture, other: Picture) -> bool:
    return likeness(flow.small_grey(one), flow.small_grey(other), between(one, other)) >= LIKE


def test_a_cut_is_one() -> None:
    assert not alike(view(0, 0), texture(6, 270, 480))
    assert not alike(view(0, 0), np.zeros((270, 480, 3), np.uint8))


def test_pans_flashes_and_fades_are_none() -> None:
    assert alike(view(100, 100), view(84, 91))
    assert alike(view(0, 0), np.asarray(np.clip(view(0, 0).astype(int) + 60, 0, 255), np.uint8))
    assert alike(view(0, 0), view(0, 0) // 4)
    assert alike(np.zeros((270, 480, 3), np.uint8), np.full((270, 480, 3), 9, np.uint8))


def test_what_moves_most_tells_the_pace() -> None:
    assert moved(between(view(60, 60), view(60, 33)), 270) == pytest.approx(0.1, rel=0.1)
    assert moved(between(view(60, 60), view(60, 60)), 270) == 0
