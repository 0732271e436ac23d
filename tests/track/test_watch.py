import tracemalloc
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.track.scene import COVER, HEIGHT, RATE, WIDTH, Scene, everyone, moving, texture, watch
from veil.track import EVERY_FRAME, Pace, Presence, Wanted, Watcher, tracks
from veil.track.watch import LONGEST_TRAIL, MOST_BACK
from veil.types import Box, Detection, Point, Span


def wanted(scene: Scene, pace: Pace, *, rate: int = RATE) -> dict[int, Wanted]:
    """Return how closely a watcher wants to look at which frames; it sees nothing there."""
    watcher = Watcher(scene.width, scene.height, cover=COVER, pace=pace)
    frames = {}
    for frame in range(scene.frames):
        if how := watcher.see(scene.picture(frame), frame, Fraction(frame, rate)):
            frames[frame] = how
            watcher.look([], glance=how is Wanted.GLANCE)
    return frames


def asked(scene: Scene, pace: Pace) -> list[int]:
    return list(wanted(scene, pace))


def test_looks_are_asked_for_at_the_start_after_a_while_and_behind_cuts() -> None:
    assert asked(Scene([], 20, cuts=(7,)), Pace(longest=0.2)) == [0, 5, 7, 12, 17]


def test_looks_are_asked_for_sooner_where_much_moves() -> None:
    class Pan(Scene):
        def picture(self, frame: int) -> NDArray[np.uint8]:
            return texture(1, HEIGHT, WIDTH + 200)[:, 4 * frame : 4 * frame + WIDTH]

    slow, fast = (asked(scene, Pace(longest=10, motion=0.1)) for scene in (Scene([], 20), Pan([], 20)))
    assert slow == [0]
    assert len(fast) == 4  # 4 of 240 pixels a frame


def test_every_frame_can_be_asked_for() -> None:
    assert wanted(Scene([], 6), EVERY_FRAME) == dict.fromkeys(range(6), Wanted.LOOK)


def test_between_full_looks_glances_are_enough() -> None:
    frames = wanted(Scene([], 40, cuts=(22,)), Pace(longest=0.2, full=0.6))
    assert list(frames) == [0, 5, 10, 15, 20, 22, 27, 32, 37]
    assert [frame for frame, how in frames.items() if how is Wanted.LOOK] == [0, 15, 22, 37]


@pytest.mark.parametrize("rate", [24, 25, 120, 240, 1000])
@pytest.mark.parametrize("pace", [Pace(longest=0.7, full=0.8), Pace(longest=0.8, full=0)])
def test_what_a_full_look_finds_is_followed_back_to_the_full_look_before(rate: int, pace: Pace) -> None:
    watcher, pixels = Watcher(16, 16, cover=COVER, pace=pace), texture(0, 16, 16)
    last = 0
    for frame in range(round(rate * 2.2)):
        how = watcher.see(pixels, frame, Fraction(frame, rate))
        if how is Wanted.LOOK:
            watcher.look([Detection(Box(2, 2, 12, 12), 0.9, "painted")] if frame and not last else [])
            last = last or frame
        elif how:
            watcher.look([], glance=True)
    (found,) = watcher.watched().looks[last]
    assert len(found.back) >= last - 1 > 0


def test_after_a_glance_the_last_frame_of_a_shot_is_looked_at_again_in_full() -> None:
    scene = Scene([moving(100, 100)], 12, cuts=(6,))
    watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
    assert watcher.settled
    for frame in range(scene.frames):
        watcher.see(scene.picture(frame), frame, Fraction(frame, RATE))
        if watcher.ended:
            watcher.look_back(everyone(scene, frame - 1))
        assert not watcher.settled
        watcher.look([], glance=frame not in (0, 6))
        assert watcher.settled is (frame in (0, 6))
        if frame not in (0, 6):
            with pytest.raises(ValueError, match="cannot be looked at"):
                watcher.look([], glance=True)
    watcher.look(everyone(scene, 11))
    assert watcher.settled
    watched = watcher.watched()
    assert watched.glances == frozenset({1, 2, 3, 4, 7, 8, 9, 10})
    assert {frame: len(found) for frame, found in watched.looks.items() if found} == {5: 1, 11: 1}


def test_a_full_look_takes_the_place_of_the_glance_at_that_frame() -> None:
    scene = Scene([moving(100, 100)], 6)
    watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
    for frame in range(scene.frames):
        watcher.see(scene.picture(frame), frame, Fraction(frame, RATE))
        if frame == 2:
            watcher.look(everyone(scene, frame, 0.6), glance=True)
            watcher.look(everyone(scene, frame))
    watched = watcher.watched()
    (only,) = watched.looks[2]
    assert (only.seen, len(only.onward), len(only.back)) == (everyone(scene, 2)[0], 3, 2)


def test_trails_lead_onward_and_back_up_to_the_next_look_that_sees_the_face() -> None:
    scene = Scene([moving(100, 100, by=(1, 1))], 41)
    watched = watch(scene, lambda frame: everyone(scene, frame), looks=range(0, 41, 10))
    (middle,) = watched.looks[20]
    assert (len(middle.onward), len(middle.back)) == (10, 10)
    for frame in range(10, 31):
        place, true = middle.at(frame), scene.faces[0](frame)
        assert place is not None and true is not None
        np.testing.assert_allclose(place, true, atol=6)
    assert middle.at(9) is None and middle.at(31) is None


def test_the_order_of_detections_does_not_matter() -> None:
    scene = Scene([moving(100, 100), moving(200, 100), moving(250, 200)], 1)
    straight = watch(scene, lambda frame: everyone(scene, frame)).looks[0]
    turned = watch(scene, lambda frame: everyone(scene, frame)[::-1]).looks[0]
    assert [each.seen for each in straight] == [each.seen for each in turned]


def test_trails_end_after_so_many_seconds() -> None:
    longest = int(RATE * LONGEST_TRAIL)
    scene = Scene([moving(100, 100)], 2 * longest + 20)
    watched = watch(scene, {longest + 5: everyone(scene, longest + 5)})
    (only,) = watched.looks[longest + 5]
    assert (len(only.onward), len(only.back)) == (longest, longest)


def test_trails_end_at_cuts() -> None:
    scene = Scene([moving(100, 100)], 30, cuts=(10, 20))
    (only,) = watch(scene, {15: everyone(scene, 15)}).looks[15]
    assert (len(only.onward), len(only.back)) == (4, 5)


def test_much_too_weak_detections_are_forgotten() -> None:
    scene = Scene([moving(100, 100)], 2)
    watched = watch(scene, {0: everyone(scene, 0, 0.04), 1: everyone(scene, 1, 0.06)})
    assert [len(found) for found in watched.looks.values()] == [0, 1]


def test_only_the_motion_of_the_last_frames_is_kept() -> None:
    watcher = Watcher(16, 16, cover=COVER)
    pixels = texture(0, 16, 16)
    for frame in range(MOST_BACK + 20):
        watcher.see(pixels, frame, Fraction(frame, 1000))
    watcher.look([Detection(Box(2, 2, 12, 12), 0.9, "painted")])
    (found,) = watcher.watched().looks[MOST_BACK + 19]
    assert len(found.back) == MOST_BACK - 1


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        pytest.param(2, (HEIGHT, WIDTH, 3), id="a-frame-is-missing"),
        pytest.param(0, (HEIGHT, WIDTH, 3), id="seen-before"),
        pytest.param(1, (HEIGHT, WIDTH + 1, 3), id="another-size"),
        pytest.param(1, (HEIGHT, WIDTH, 4), id="four-channels"),
    ],
)
def test_a_frame_out_of_place_is_refused(index: int, shape: tuple[int, ...]) -> None:
    watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
    watcher.see(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0, Fraction(0))
    with pytest.raises(ValueError, match="expected frame 1"):
        watcher.see(np.zeros(shape, np.uint8), index, Fraction(1))


def test_a_frame_is_looked_at_once() -> None:
    watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
    with pytest.raises(ValueError, match="cannot be looked at"):
        watcher.look([])
    watcher.see(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0, Fraction(0))
    watcher.look([])
    with pytest.raises(ValueError, match="cannot be looked at"):
        watcher.look([])


def test_the_last_frame_of_a_shot_can_be_looked_at_once_the_cut_is_known() -> None:
    scene = Scene([moving(100, 100)], 16, cuts=(10,))
    watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
    ended = []
    for frame in range(scene.frames):
        watcher.see(scene.picture(frame), frame, Fraction(frame, RATE))
        if watcher.ended:
            ended.append(frame)
            watcher.look_back(everyone(scene, frame - 1))
            with pytest.raises(ValueError, match="cannot be looked at"):
                watcher.look_back([])
        if frame in (0, 10):
            watcher.look([])
    assert ended == [10]
    watched = watcher.watched()
    (only,) = watched.looks[9]
    assert (len(only.onward), len(only.back)) == (0, 9) and list(watched.looks) == [0, 9, 10]
    (track,) = tracks(watched, cover=((1e9, 0.2),))
    assert track.certain and (track.span, set(track.presence)) == (Span(1, 10), {Presence.SEEN, Presence.LEAD})


def test_no_shot_has_ended_where_its_last_frame_was_looked_at_or_nothing_was_cut() -> None:
    scene = Scene([], 12, cuts=(10,))
    watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
    for frame in range(scene.frames):
        watcher.see(scene.picture(frame), frame, Fraction(frame, RATE))
        assert not watcher.ended
        with pytest.raises(ValueError, match="cannot be looked at"):
            watcher.look_back([])
        watcher.look([])


def test_brightness_alone_is_enough_to_watch() -> None:
    scene = Scene([moving(100, 100, by=(3, 0))], 6)
    watched = []
    for grey in (False, True):
        watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
        for frame in range(scene.frames):
            pixels = scene.picture(frame)
            seen = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8) if grey else pixels
            watcher.see(seen, frame, Fraction(frame, RATE))
            if frame in (0, 5):
                watcher.look(everyone(scene, frame))
        watched.append(watcher.watched())
    for frame in (0, 5):
        (one,), (other,) = (each.looks[frame] for each in watched)
        np.testing.assert_array_equal(one.onward, other.onward)
        np.testing.assert_array_equal(one.back, other.back)


def test_of_a_face_only_what_serves_tracking_is_kept() -> None:
    scene = Scene([moving(100, 100, by=(2, 1))], 30)
    points = tuple(Point(100, number) for number in range(5))
    watched = watch(scene, {10: [replace(each, points=points) for each in everyone(scene, 10)]})
    (only,) = watched.looks[10]
    assert only.seen == everyone(scene, 10)[0]
    assert only.ahead.nbytes + only.behind.nbytes == 8 * (19 + 10)


def test_no_pictures_are_kept() -> None:
    watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
    pixels = texture(0, HEIGHT, WIDTH)
    sizes = []
    tracemalloc.start()
    try:
        for frame in range(MOST_BACK + 60):
            watcher.see(pixels, frame, Fraction(frame, RATE))
            watcher.look([])
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[-1] - sizes[MOST_BACK + 5] < pixels.nbytes / 4
