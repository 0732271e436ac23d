import random
from fractions import Fraction

import numpy as np
import pytest

from tests.track.scene import COVER, FACE, HEIGHT, RATE, SURE, WIDTH, Scene, everyone, found, moving, watch
from veil.track import Presence, Track, Watched, Watcher, tracks
from veil.track.outcome import REACH
from veil.types import Box, Detection, Span

WEAK = 0.2
CERTAINLY = ((1e9, 0.1),)  # a score of 1 is ten times what is just enough


def box_at(track: Track, frame: int) -> Box:
    return Box(*track.boxes[frame - track.first].tolist())


def holds(outer: Box, inner: Box, slack: float = 0) -> bool:
    return (
        outer.left <= inner.left + slack
        and outer.top <= inner.top + slack
        and outer.right >= inner.right - slack
        and outer.bottom >= inner.bottom - slack
    )


def test_an_empty_clip_has_no_faces() -> None:
    assert tracks(Watcher(10, 10, cover=COVER).watched(), cover=COVER) == ()


def test_one_sure_detection_in_a_single_frame_is_covered_there() -> None:
    scene = Scene([moving(100, 100)], 1)
    (track,) = tracks(watch(scene, {0: everyone(scene, 0)}), cover=((1e9, 0.2),))
    assert (track.span, track.presence, track.certain) == (Span(0, 1), (Presence.SEEN,), True)
    assert box_at(track, 0) == scene.faces[0](0)


def test_a_face_looked_at_now_and_then_is_followed_in_between() -> None:
    scene = Scene([moving(60, 60, by=(3, 2))], 26)
    (track,) = tracks(watch(scene, lambda frame: everyone(scene, frame), looks=range(0, 26, 5)), cover=COVER)
    assert track.span == Span(0, 26)
    assert [each.value for each in track.presence[:6]] == ["seen", *["filled"] * 4, "seen"]
    for frame in range(26):
        place = scene.faces[0](frame)
        assert place is not None
        assert holds(box_at(track, frame), place, slack=2)
        assert box_at(track, frame).width < FACE + 6
    assert track.doubtful == ()


def test_every_detection_lies_within_its_track() -> None:
    scene = Scene([moving(60, 60, by=(3, 2)), moving(250, 200, by=(-2, -1))], 30)
    tremble = random.Random(1)

    def trembling(frame: int) -> list[Detection]:
        return [
            Detection(Box(*(side + tremble.uniform(-4, 4) for side in each.box)), tremble.uniform(0.3, 1), "painted")
            for each in everyone(scene, frame)
        ]

    found = tracks(watch(scene, trembling), cover=COVER)
    assert len(found) == 2
    for track in found:
        assert len(track.seen) == 30
        for frame, seen in track.seen:
            assert holds(box_at(track, frame), seen.box)


def test_nothing_depends_on_the_order_of_detections() -> None:
    scene = Scene([moving(60, 60, by=(3, 0)), moving(200, 60, by=(-3, 0)), moving(120, 180)], 20)
    straight = tracks(watch(scene, lambda frame: everyone(scene, frame)), cover=COVER)
    turned = tracks(watch(scene, lambda frame: everyone(scene, frame)[::-1]), cover=COVER)
    assert len(straight) == len(turned) == 3
    for one, other in zip(straight, turned, strict=True):
        assert one.seen == other.seen
        np.testing.assert_array_equal(one.boxes, other.boxes)


def test_two_who_cross_keep_their_own_tracks() -> None:
    scene = Scene([moving(60, 90, by=(6, 0)), moving(240, 110, by=(-6, 0))], 30)

    def seen(frame: int) -> list[Detection]:
        back, front = (place(frame) for place in scene.faces)
        assert back is not None and front is not None
        hidden = abs(back.left - front.left) < FACE  # the one in front hides the other
        return found(front) if hidden else found(back) + found(front)

    back, front = tracks(watch(scene, seen), cover=COVER)
    assert (back.span, front.span) == (Span(0, 30), Span(0, 30))
    ends = [[seen[side][1].box.left for side in (0, -1)] for seen in (back.seen, front.seen)]
    assert ends == [[40, 40 + 29 * 6], [220, 220 - 29 * 6]]
    assert Presence.FILLED in back.presence and Presence.FILLED not in front.presence


def test_a_face_not_seen_for_less_than_a_second_is_filled_in() -> None:
    scene = Scene([moving(100, 100, by=(2, 0))], 40)
    away = range(10, 30)
    (track,) = tracks(watch(scene, lambda frame: [] if frame in away else everyone(scene, frame)), cover=COVER)
    assert track.span == Span(0, 40)
    assert {track.presence[frame] for frame in away} == {Presence.FILLED}
    for frame in away:
        place = scene.faces[0](frame)
        assert place is not None
        assert holds(box_at(track, frame), place, slack=2)


def test_a_face_not_seen_for_longer_is_two_tracks() -> None:
    scene = Scene([moving(100, 100)], 80)
    away = range(10, 70)
    found = tracks(watch(scene, lambda frame: [] if frame in away else everyone(scene, frame)), cover=COVER)
    assert len(found) == 2


def test_nothing_crosses_a_cut() -> None:
    scene = Scene([moving(100, 100)], 30, cuts=(15,))
    watched = watch(scene, lambda frame: everyone(scene, frame, 1) * (frame not in (13, 14, 15)))
    assert watched.shots == (0, 15, 30)
    before, after = tracks(watched, cover=CERTAINLY)
    assert (before.span, after.span) == (Span(0, 15), Span(15, 30))


def test_a_lost_face_stays_covered_growing_and_is_told() -> None:
    scene = Scene([moving(100, 100)], 50)
    (track,) = tracks(watch(scene, lambda frame: everyone(scene, frame, 1) * (frame < 10)), cover=CERTAINLY)
    last = 9 + int(REACH * RATE)
    assert track.span == Span(0, last + 1)
    assert track.doubtful == (Span(10, last + 1),)
    widths = [box_at(track, frame).width for frame in range(12, last + 1)]
    assert widths == sorted(widths) and widths[-1] > 1.15 * FACE


def test_a_face_is_covered_before_it_turns_to_the_camera() -> None:
    scene = Scene([moving(60, 100, by=(2, 0))], 40)
    (track,) = tracks(watch(scene, lambda frame: everyone(scene, frame, 1) * (frame >= 25)), cover=CERTAINLY)
    assert track.span == Span(25 - int(REACH * RATE), 40)
    place = scene.faces[0](track.first)
    assert place is not None
    assert holds(box_at(track, track.first), place, slack=3)


def test_frames_that_nobody_looked_at_are_covered_up_to_the_next_look() -> None:
    scene = Scene([moving(100, 100)], 31)
    seen = {frame: everyone(scene, frame, 0.55) * (frame in (10, 15, 20)) for frame in range(31)}
    (track,) = tracks(watch(scene, seen, looks=range(0, 31, 5)), cover=COVER)
    assert track.span == Span(6, 25)
    assert track.presence[:4] == (Presence.LEAD,) * 4
    assert track.doubtful == ()


def test_a_face_that_leaves_the_picture_is_covered_until_it_is_gone() -> None:
    scene = Scene([moving(240, 100, by=(6, 0))], 30)
    watched = watch(scene, lambda frame: everyone(scene, frame, 1) * (frame < 10), looks=range(30))
    (track,) = tracks(watched, cover=CERTAINLY)
    gone = next(frame for frame in range(30) if 240 + 6 * frame - FACE / 2 >= WIDTH)
    assert gone <= track.span.stop <= gone + 4


def test_a_face_that_comes_in_is_covered_from_its_first_pixel() -> None:
    scene = Scene([moving(-60, 100, by=(6, 0))], 30)
    watched = watch(scene, lambda frame: everyone(scene, frame, 1) * (frame >= 16), looks=range(30))
    (track,) = tracks(watched, cover=CERTAINLY)
    first = next(frame for frame in range(30) if -60 + 6 * frame + FACE / 2 > 0)
    assert first - 4 <= track.first <= first


@pytest.mark.parametrize(
    ("scores", "certain"),
    [
        pytest.param([0.6], [False], id="one-weak"),
        pytest.param([0.7, 0.7, 0.7], [True], id="three-just-enough"),
        pytest.param([0.15] * 10, [], id="many-too-weak"),
        pytest.param([0.9] * 5 + [WEAK] * 5, [True], id="weak-ones-held-by-strong-ones"),
        pytest.param([0.6] + [0.06] * 19, [], id="one-weak-among-many-that-saw-nothing"),
    ],
)
def test_all_sightings_together_tell_whether_it_is_a_face(scores: list[float], certain: list[bool]) -> None:
    scene = Scene([moving(100, 100)], 40)
    seen = {10 + number: everyone(scene, 10 + number, score) for number, score in enumerate(scores)}
    assert [track.certain for track in tracks(watch(scene, seen), cover=COVER)] == certain


@pytest.mark.parametrize(
    ("side", "certain", "stop"),
    [pytest.param(30, True, 20, id="small"), pytest.param(FACE, False, 16, id="large")],
)
def test_a_glance_that_does_not_show_a_face_tells_nothing_if_it_is_small(side: int, certain: bool, stop: int) -> None:
    scene = Scene([moving(100, 100)], 21)
    place = Box(100, 100, 100 + side, 100 + side)
    watched = watch(
        scene,
        dict.fromkeys((0, 5, 15), found(place, 0.75)),
        looks=(0, 5, 10, 11, 12, 13, 15, 16, 20),
        glances=(10, 11, 12, 13, 16),
    )
    (track,) = tracks(watched, cover=COVER)
    assert (track.certain, track.span) == (certain, Span(0, stop))


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("seconds", [Fraction(1, 1000), Fraction(2)])
def test_a_face_need_not_be_seen_more_often_than_it_could_be(frames: int, seconds: Fraction) -> None:
    watcher, pixels = Watcher(WIDTH, HEIGHT, cover=COVER), np.full((HEIGHT, WIDTH), 128, np.uint8)
    for frame in range(frames):
        watcher.see(pixels, frame, frame * seconds)
        watcher.look([Detection(Box(100, 100, 110, 110), 0.6, "painted")])
    found = tracks(watcher.watched(), cover=COVER)
    assert sum(len(each.seen) for each in found) == frames
    assert all(each.certain for each in found)


def test_weak_sightings_are_part_of_a_strong_track() -> None:
    scene = Scene([moving(100, 100)], 12)
    (track,) = tracks(watch(scene, lambda frame: everyone(scene, frame, SURE if frame % 4 == 0 else WEAK)), cover=COVER)
    assert [detection.score for _, detection in track.seen] == [SURE, WEAK, WEAK, WEAK] * 3


def test_one_weak_detection_is_not_made_longer() -> None:
    scene = Scene([moving(100, 100)], 30)
    (track,) = tracks(watch(scene, {15: everyone(scene, 15, SURE)}), cover=COVER)
    assert (track.span, track.certain) == (Span(15, 16), False)


def test_a_camera_that_pans_leaves_every_face_its_track() -> None:
    wall = Scene([moving(60 + 70 * number, 70 + 40 * number, by=(-4, 0)) for number in range(3)], 15)
    found = tracks(watch(wall, lambda frame: everyone(wall, frame), looks=range(0, 15, 7)), cover=COVER)
    assert [track.span for track in found] == [Span(0, 15)] * 3


def test_frames_at_odd_times_are_followed_by_time() -> None:
    scene = Scene([moving(100, 100)], 12)
    watcher = Watcher(WIDTH, HEIGHT, cover=COVER)
    for frame in range(12):
        time = Fraction(frame, RATE) + (2 if frame >= 6 else 0)  # two seconds between frames 5 and 6
        watcher.see(scene.picture(frame), frame, time)
        watcher.look(everyone(scene, frame))
    assert [track.span for track in tracks(watcher.watched(), cover=COVER)] == [Span(0, 6), Span(6, 12)]


def test_a_clip_that_nobody_looked_at_has_no_faces() -> None:
    watched: Watched = watch(Scene([moving(100, 100)], 5), {}, looks=())
    assert tracks(watched, cover=COVER) == ()
