"""The page's own sums for videos: areas that move, doubtful moments, time. Run in the browser, where they live."""

import json
from typing import Any

import pytest

from tests.web.page.driver import Page
from veil.keys import box_at
from veil.types import Box, Key

WALK = {"box": [0, 0, 60, 40], "keys": [[10, [0, 0, 20, 20]], [20, [40, 0, 60, 40]]], "frames": [10, 21]}
PLAN = {
    "veil_plan": 1,
    "regions": [
        {**WALK, "shape": "ellipse", "state": "covered", "score": 0.9, "face": [2, 2, 58, 38], "points": []}
        | {"track": 4, "doubtful": [[10, 12], [18, 21]], "source": "centerface", "outline": []},
        {**WALK, "shape": "box", "state": "suggested", "score": 0.3, "face": None, "points": [], "track": 5}
        | {"doubtful": [[12, 14]], "source": "yunet", "outline": []},
        {"box": [5, 5, 15, 15], "shape": "box", "state": "drawn", "score": None, "face": None, "points": []}
        | {"frames": None, "source": "user"},
    ],
}
SIZE = {"width": 100, "height": 80}
TIMES = [frame / 25 for frame in range(30)]


@pytest.fixture
def run(page: Page) -> Any:
    """Runs a script that knows the modules, the PLAN, its ``regions``, and the TIMES of 30 frames."""
    page.open()

    def run(script: str, *values: Any) -> Any:
        return page.promised(
            "const [model, moving, moments] = await Promise.all(['model', 'moving', 'moments']"
            ".map((name) => import(`/static/${name}.js`)));"
            f"const plan = JSON.parse(values[0]), times = {json.dumps(TIMES)}, size = {json.dumps(SIZE)};"
            "const regions = model.regionsOf(plan), [walker, unsure, still] = regions.map(({uid}) => uid);"
            f"values = values.slice(1); {script}",
            json.dumps(PLAN),
            *values,
        )

    return run


def test_a_plan_keeps_its_doubtful_moments(run: Any) -> None:
    assert run("return model.planOf(plan, regions)") == PLAN


def test_boxes_are_where_the_server_puts_them(run: Any) -> None:
    keys = [[3, [0, 10, 20, 50]], [4, [1, 10, 21, 50]], [11, [40.5, -7, 60, 20]], [30, [40.5, -7, 61, 20]]]
    typed = [Key(int(frame), Box(*map(float, box))) for frame, box in keys]  # type: ignore[call-overload]
    found = run("return values[1].map((frame) => moving.boxAt(values[0], frame))", keys, list(range(33)))
    for frame, box in enumerate(found):
        expected = box_at(typed, frame)
        assert box == (None if expected is None else pytest.approx(expected)), frame
    assert run("return moving.boxAt([[7, [1, 2, 3, 4]]], 7)") == [1, 2, 3, 4]


def test_only_what_lies_in_a_frame_is_shown_in_it(run: Any) -> None:
    shown = (
        "const number = (uid) => regions.findIndex((one) => one.uid === uid);"
        "return moving.presentAt(regions, values[0]).map(({uid, box}) => [number(uid), box])"
    )
    assert run(shown, 9) == [[2, [5, 5, 15, 15]]]
    assert run(shown, 15) == [[0, [20, 0, 40, 30]], [1, [20, 0, 40, 30]], [2, [5, 5, 15, 15]]]
    assert run(shown, 20)[0] == [0, [40, 0, 60, 40]]
    assert run(shown, 21) == [[2, [5, 5, 15, 15]]]


def test_moving_an_area_in_a_frame_moves_it_from_there_on(run: Any) -> None:
    moved = run("return model.moved(regions, walker, 10, 5, size, 15)[0]")
    assert moved["keys"] == [[10, [0, 0, 20, 20]], [15, [30, 5, 50, 35]], [20, [50, 5, 70, 45]]]
    assert (moved["box"], moved["frames"], moved["face"]) == ([0, 0, 70, 45], [10, 21], None)
    assert run("return model.moved(regions, walker, 1, 1, size, 10)[0].keys") == [
        [10, [1, 1, 21, 21]],
        [20, [41, 1, 61, 41]],
    ]
    far = run("return model.moved(regions, walker, 1e6, 0, size, 20)[0].keys.at(-1)")
    assert far == [20, [90, 0, 110, 40]]  # its middle stays in the picture
    wide = run("return model.resized(regions, walker, 'e', 6, 0, 15)[0].keys")
    assert wide == [[10, [0, 0, 20, 20]], [15, [20, 0, 46, 30]], [20, [40, 0, 66, 40]]]
    stays = run("return model.moved(regions, still, 10, 5, size, 15)[2]")
    assert (stays["box"], stays.get("keys")) == ([15, 10, 25, 20], None)


def test_an_area_starts_and_ends_where_it_is_told_to(run: Any) -> None:
    cut = run("return model.spanned(regions, walker, [12, 16])[0]")
    assert cut["keys"] == [[12, [8, 0, 28, 24]], [15, [20, 0, 40, 30]]]
    assert (cut["box"], cut["frames"], cut["doubtful"]) == ([8, 0, 40, 30], [12, 16], [])
    assert run("return model.spanned(regions, walker, [11, 20])[0].doubtful") == [[11, 12], [18, 20]]
    longer = run("return model.spanned(regions, walker, [5, 30])[0]")
    assert longer["keys"] == [
        [5, [0, 0, 20, 20]],
        [10, [0, 0, 20, 20]],
        [20, [40, 0, 60, 40]],
        [29, [40, 0, 60, 40]],
    ]
    once = run("return model.spanned(regions, still, [7, 8])[2]")
    assert (once["keys"], once["frames"], once["state"]) == ([[7, [5, 5, 15, 15]]], [7, 8], "drawn")
    outline = "const drawn = [model.drawn('polygon', [[1, 1], [20, 1], [20, 20]], size, 1)];"
    poly = run(f"{outline} return model.spanned(drawn, drawn[0].uid, [7, 9])[0]")
    assert (poly["frames"], poly.get("keys")) == ([7, 9], None)


def test_an_area_can_stay_through_the_whole_video(run: Any) -> None:
    stays = run("return model.stayed(regions, walker, 15)[0]")
    assert (stays["box"], stays["keys"], stays["frames"], stays["doubtful"]) == ([20, 0, 40, 30], [], None, [])


def test_what_follows_an_area_takes_its_place(run: Any) -> None:
    region = {"box": [1, 1, 9, 9], "state": "drawn", "keys": [[0, [1, 1, 9, 9]]], "frames": [0, 1]}
    same = run(
        "const other = model.replaced(regions, still, values[0])[2]; return [other.uid === still, other.keys]", region
    )
    assert same == [True, region["keys"]]


def test_doubtful_moments(run: Any) -> None:
    """In order of time, of covered areas only; each is gone once somebody has said that it is right."""
    told = (
        "const line = ({first, stop, at, seconds}) => [first, stop, at, seconds];"
        "const told = (all) => moments.moments(all, times).map(line);"
    )
    assert run(f"{told} return told(regions)") == [
        [10, 12, 0.4, pytest.approx(0.08)],
        [18, 21, 0.72, pytest.approx(0.12)],
    ]
    assert run(f"{told} return told(model.toggled(regions, unsure)).map(([first]) => first)") == [10, 12, 18]
    assert run(f"{told} return told(model.leaving(regions, walker))") == []
    right = "const right = model.confirmed(regions, walker, 10);"
    assert run(f"{right} return right[0].doubtful") == [[18, 21]]
    assert run(f"{right} return [model.counted(regions).doubtful, model.counted(right).doubtful]") == [2, 1]


def test_where_the_eye_is_wanted(run: Any) -> None:
    places = "const number = ({frame, uid}) => [frame, regions.findIndex((one) => one.uid === uid)];"
    assert run(f"{places} return moments.eyes(regions).map(number)") == [[10, 0], [19, 0], [20, 1]]
    all = "const all = [[3, 1], [7, 1], [7, 4], [9, 2]].map(([frame, uid]) => ({frame, uid}));"
    go = (
        f"{all} const go = (...x) => {{ const eye = moments.nextEye(all, ...x); return eye && [eye.frame, eye.uid]; }};"
    )
    on = [run(f"{go} return go(...values[0], 1)", here) for here in ([0, None], [3, 1], [7, 1], [7, 4], [9, 2])]
    assert on == [[3, 1], [7, 1], [7, 4], [9, 2], None]
    back = [run(f"{go} return go(...values[0], -1)", here) for here in ([99, None], [9, 2], [7, 4], [7, 1], [3, 1])]
    assert back == [[9, 2], [7, 4], [7, 1], [3, 1], None]
    assert run(f"{go} return [go(7, null, 1), go(7, 2, 1), go(7, null, -1)]") == [[7, 1], [7, 1], [7, 4]]


def test_what_is_said_of_a_person(run: Any) -> None:
    said = run("return moments.timesOf(regions[0], times)")
    assert (said["start"], said["end"]) == (0.4, 0.84)
    assert run("return moments.bestFrame(regions[0])") == 20
    whole = run("return moments.timesOf(regions[2], times)")
    assert (whole["start"], whole["end"]) == (0, pytest.approx(1.2))


def test_people_with_doubtful_moments_come_before_the_others(run: Any) -> None:
    places = "const places = (all) => model.listed(all).map(({uid}) => regions.findIndex((one) => one.uid === uid));"
    assert run(f"{places} return places(regions)") == [1, 0, 2]
    assert run(f"{places} return places(model.confirmed(model.settled(regions, true), walker, 10))") == [1, 0, 2]


def test_nobody_meets_another_in_a_lane(run: Any) -> None:
    spans = [[0, 5], [5, 9], [2, 7], [6, 8], [0, 9]]
    lanes = run("return moments.lanes(values[0].map((frames) => ({frames})), 9)", spans)
    assert lanes["count"] == 4
    placed = [(one["lane"], one["first"], one["stop"]) for one in lanes["placed"]]
    for lane, first, stop in placed:
        others = [span for span in placed if span[0] == lane and span != (lane, first, stop)]
        assert all(stop <= other[1] or other[2] <= first for other in others)


def test_times_and_frames(run: Any) -> None:
    """Every frame is found by a time in its middle, whatever the gaps between them."""
    uneven = [0, 0.04, 0.05, 1, 1.04, 7]
    found = "return values[0].map((_, frame) => moving.frameAt(values[0], moving.within(values[0], frame)))"
    assert run(found, uneven) == [0, 1, 2, 3, 4, 5]
    assert run(found, [0]) == [0]
    assert run("return [0, 0.0399999, 0.04, 99].map((time) => moving.frameAt(values[0], time))", uneven) == [0, 1, 1, 5]
    assert run(
        "return [[0, 1], [3, -1], [4, 1], [5, 1], [0, -1]].map((x) => moving.framesAway(values[0], ...x))", uneven
    ) == [
        3,
        0,
        5,
        5,
        0,
    ]


def test_the_clock(run: Any) -> None:
    times = [0, 0.04, 7.5, 59.96, 60, 754.3, 3723.4]
    assert run("return values[0].map(moving.clock)", times) == [
        "0:00.0",
        "0:00.0",
        "0:07.5",
        "0:59.9",
        "1:00.0",
        "12:34.3",
        "1:02:03.4",
    ]
    assert run("return [0.4, 7.6, 3600].map(moving.length)") == ["0:00", "0:08", "1:00:00"]
