import json
from dataclasses import replace
from importlib import resources
from typing import Any

import jsonschema_rs
import numpy as np
import pytest

from veil import keys, polygon
from veil import plan as plans
from veil.errors import PlanError, UsageError
from veil.redact import cover_mask
from veil.track import Followed, Presence, Track
from veil.types import Area, Box, Detection, Drawing, Facts, Key, Kind, Plan, Point, Region, Shape, Span, State

COVER = [(16, 0.2), (64, 0.4)]
SUGGEST = [(16, 0.1), (64, 0.2)]
FACTS = Facts("gif", Kind.ANIMATION, 640, 480, 3, "0" * 64)
LOOP = (Point(10.5, 3), Point(40.25, 30), Point(41, 4), Point(9, 29.75))
POINTS = tuple(Point(x, 7.25) for x in (1.0, 2.5, 3.0, 4.0, 5.0))
FOUND_SHAPES = [Shape.ELLIPSE, Shape.BOX]


def face(score: float, height: float = 40, left: float = 10) -> Detection:
    return Detection(Box(left, 20, left + 30, 20 + height), score, "painted", POINTS)


def regions(*detections: Detection, **more: Any) -> list[Any]:
    settings: dict[str, Any] = {"cover": COVER, "suggest": SUGGEST, "shape": Shape.ELLIPSE, "grow": 1.5} | more
    return plans.regions(detections, **settings)


def drawn_loop(*vertices: Point) -> Region:
    return plans.drawn(polygon.bounds(vertices), Shape.POLYGON, outline=vertices)


def track(frames: int = 40, *, certain: bool = True, first: int = 5) -> Track:
    """A face of 30 x 40 pixels, growing, that turns a corner."""
    at = np.arange(frames)[:, None]
    corner = np.hstack([np.minimum(at, 20) * 7.0, np.maximum(at - 20, 0) * 5.0])
    boxes = np.hstack([corner, corner + [30, 40] + at * 0.25])
    seen = ((first, face(0.3)), (first + 1, replace(face(0.8), source="other+painted")))
    presence = (Presence.SEEN,) * (frames - 4) + (Presence.LOST,) * 4
    return Track(3, first, boxes, presence, seen, 2.0, certain, (Span(first + frames - 4, first + frames),))


def followed(*tracks: Track, **more: Any) -> list[Region]:
    settings: dict[str, Any] = {"shape": Shape.ELLIPSE, "grow": 1.5} | more
    return plans.followed(tracks, **settings)


@pytest.fixture
def clip() -> Plan:
    """A plan for a video of 60 frames, with a face that moves."""
    return Plan(Facts("mp4", Kind.VIDEO, 640, 480, 60, "0" * 64), tuple(followed(track())), "fast", "1" * 64, {})


@pytest.fixture
def plan() -> Plan:
    drawn = plans.drawn(Box(1, 2, 3, 4.5), Shape.BOX, Span(0, 2)), drawn_loop(*LOOP)
    found = (*regions(face(0.9), face(0.25, left=90)), *drawn)
    return Plan(FACTS, found, "balanced", "1" * 64, {"painted": "2" * 64})


@pytest.mark.parametrize(
    ("score", "height", "state"),
    [
        pytest.param(0.4, 40, State.COVERED, id="sure"),
        pytest.param(0.39, 40, State.SUGGESTED, id="doubtful"),
        pytest.param(0.2, 40, State.SUGGESTED, id="barely"),
        pytest.param(0.19, 40, None, id="too-faint"),
        pytest.param(0.2, 12, State.COVERED, id="small-faces-need-less"),
    ],
)
def test_scores_decide_by_size(score: float, height: float, state: State | None) -> None:
    assert [region.state for region in regions(face(score, height))] == ([state] if state else [])


@pytest.mark.parametrize(("left", "states"), [(14, [State.COVERED]), (30, [State.COVERED, State.SUGGESTED])])
def test_no_question_is_asked_where_a_face_is_covered_already(left: float, states: list[State]) -> None:
    found = regions(face(0.9), face(0.25, left=left))
    assert [region.state for region in found] == states


def test_two_sure_faces_are_both_covered_however_near_they_are() -> None:
    assert [region.state for region in regions(face(0.9), face(0.8, left=11))] == [State.COVERED, State.COVERED]


def test_area_is_grown_around_the_face_which_is_kept_beside_it() -> None:
    (region,) = regions(face(0.9), shape=Shape.BOX)
    assert region.box == Box(2.5, 10, 47.5, 70)
    assert region.face == Box(10, 20, 40, 60)
    assert region.points == POINTS


def test_an_ellipse_reaches_further_than_a_box() -> None:
    (region,) = regions(face(0.9), grow=1)
    assert region.box == Box(10 - 0.075 * 30, 20 - 0.075 * 40, 40 + 0.075 * 30, 60 + 0.075 * 40)


def test_a_head_reaches_over_hair_and_ears() -> None:
    (region,) = regions(face(0.9), shape=Shape.BOX, grow=1, area=Area.HEAD)
    assert region.box == Box(10 - 3, 20 - 12, 40 + 3, 60)
    assert region.face == Box(10, 20, 40, 60)


@pytest.mark.parametrize("shape", FOUND_SHAPES)
@pytest.mark.parametrize("grow", [1.0, 1.3, 4.0])
def test_a_head_covers_every_pixel_that_the_face_alone_would(shape: Shape, grow: float) -> None:
    face_alone, head = (
        cover_mask(regions(face(0.9, left=100), shape=shape, grow=grow, area=area), 200, 300) for area in Area
    )
    assert not (face_alone & ~head).any()
    assert head.sum() > 1.2 * face_alone.sum()


def test_lower_faces_are_left_out_on_demand() -> None:
    assert len(regions(face(0.9, height=24), face(0.9, height=25, left=99), min_height=25)) == 1


def test_regions_do_not_depend_on_the_order_of_detections() -> None:
    crowd = [face(0.9, left=left) for left in (80, 10, 400)]
    assert regions(*crowd) == regions(*reversed(crowd))


def test_places_are_told_in_hundredths_of_a_pixel() -> None:
    (region,) = regions(Detection(Box(10.12345, 20, 30, 40.98765), 0.9, "painted"), shape=Shape.BOX, grow=1)
    assert region.face == region.box == Box(10.12, 20, 30, 40.99)


def test_scores_over_one_are_cut() -> None:
    assert regions(face(1.0000001))[0].score == 1


def test_only_covered_and_drawn_regions_of_the_frame_are_covered(plan: Plan) -> None:
    kept = replace(plan.regions[0], state=State.KEPT)
    plan = replace(plan, regions=(*plan.regions, kept))
    assert [region.state for region in plans.to_cover(plan, 0)] == [State.COVERED, State.DRAWN, State.DRAWN]
    assert [region.state for region in plans.to_cover(plan, 2)] == [State.COVERED, State.DRAWN]


@pytest.mark.parametrize("shape", FOUND_SHAPES)
@pytest.mark.parametrize("area", Area)
def test_a_followed_face_is_covered_in_every_frame_as_one_in_a_still(shape: Shape, area: Area, clip: Plan) -> None:
    plan = replace(clip, regions=tuple(followed(track(), shape=shape, area=area)))
    for frame, place in enumerate(track().boxes.tolist(), 5):
        (still,) = regions(Detection(Box(*place), 0.9, "painted"), shape=shape, area=area, grow=1.45)
        (region,) = plans.to_cover(plan, frame)
        alone, moving = (cover_mask([each], 480, 640) for each in (still, region))
        assert not (alone & ~moving).any() and moving.sum() < 1.3 * alone.sum()
    assert not plans.to_cover(plan, 4) and not plans.to_cover(plan, 45)


def test_a_followed_face_says_what_a_person_needs() -> None:
    (region,) = followed(track())
    assert (region.state, region.score, region.source, region.track) == (State.COVERED, 0.8, "other+painted", 3)
    assert (region.frames, region.doubtful) == (Span(5, 45), (Span(41, 45),))
    assert region.box == keys.around(region.keys) and len(region.keys) < 8
    assert region.face is not None and region.face.left > region.box.left and region.face.bottom < region.box.bottom


def test_a_followed_face_that_is_perhaps_none_is_suggested(clip: Plan) -> None:
    (region,) = followed(track(certain=False))
    assert region.state is State.SUGGESTED
    assert not plans.to_cover(replace(clip, regions=(region,)), 20)


def test_a_followed_face_is_left_out_only_if_it_is_low_in_all_frames() -> None:
    assert len(followed(track(), min_height=49)) == 1 and not followed(track(), min_height=50)


def test_an_area_that_stays_is_covered_in_all_frames_of_a_video(clip: Plan) -> None:
    plan = replace(clip, regions=(plans.drawn(Box(1, 2, 3, 4), Shape.BOX),))
    assert all(plans.to_cover(plan, frame) == list(plan.regions) for frame in (0, 59))


@pytest.mark.parametrize("shape", FOUND_SHAPES)
@pytest.mark.parametrize("area", Area)
def test_refitting_a_followed_face_gives_what_finding_would(shape: Shape, area: Area, clip: Plan) -> None:
    (after,) = plans.refit(clip, shape=shape, grow=2, area=area).regions
    (anew,) = followed(track(), shape=shape, grow=2, area=area)
    assert [key.frame for key in after.keys] == [key.frame for key in anew.keys]
    for one, other in zip([Key(0, after.box), *after.keys], [Key(0, anew.box), *anew.keys], strict=True):
        assert one.box == pytest.approx(other.box, abs=0.1)
    assert replace(after, box=anew.box, keys=anew.keys) == anew


def test_found_faces_have_no_polygon() -> None:
    with pytest.raises(ValueError, match="not a polygon"):
        regions(face(0.9), shape=Shape.POLYGON)


def test_a_drawn_loop_keeps_its_vertices(plan: Plan) -> None:
    region = drawn_loop(*LOOP)
    assert region.outline == LOOP and region.box == Box(9, 3, 41, 30)
    assert (region.state, region.score, region.face, region.source) == (State.DRAWN, None, None, "user")


@pytest.mark.parametrize(
    ("box", "shape", "outline", "reason"),
    [
        pytest.param(Box(9, 3, 41, 30), Shape.POLYGON, (), "3 to 500", id="no-vertices"),
        pytest.param(Box(9, 3, 41, 30), Shape.POLYGON, LOOP[:2], "3 to 500", id="two-vertices"),
        pytest.param(Box(9, 3, 41, 30), Shape.POLYGON, LOOP * 126, "3 to 500", id="too-many"),
        pytest.param(Box(9, 3, 41, 28.5), Shape.POLYGON, LOOP, "not the one around", id="box-too-small"),
        pytest.param(Box(7, 3, 41, 30), Shape.POLYGON, LOOP, "not the one around", id="box-too-large"),
        pytest.param(Box(9, 3, 41, 30), Shape.POLYGON, (*LOOP, Point(float("nan"), 5)), "not a place", id="nowhere"),
        pytest.param(Box(9, 3, 41, 30), Shape.ELLIPSE, LOOP, "no vertices", id="ellipse-with-vertices"),
    ],
)
def test_what_contradicts_itself_cannot_be_drawn(box: Box, shape: Shape, outline: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        plans.drawn(box, shape, outline=outline)


@pytest.mark.parametrize("shape", FOUND_SHAPES)
@pytest.mark.parametrize("grow", [1.0, 1.3, 4.0])
@pytest.mark.parametrize("area", Area)
def test_refitting_gives_the_areas_that_finding_would(shape: Shape, grow: float, area: Area) -> None:
    random = np.random.default_rng(3)
    faces = [
        Detection(Box(x, y, x + w, y + h), score, "painted", POINTS)
        for x, y, w, h, score in random.uniform([0, 0, 9, 9, 0], [600, 400, 90, 90, 1], (40, 5)).tolist()
    ]
    anew = {"shape": shape, "grow": grow, "area": area}
    before = Plan(FACTS, tuple(regions(*faces, frames=Span(0, 2))), "fast", "1" * 64, {})
    after = plans.refit(before, **anew)  # type: ignore[arg-type]
    assert sorted(map(repr, after.regions)) == sorted(map(repr, regions(*faces, frames=Span(0, 2), **anew)))
    assert [region.face for region in after.regions] == [region.face for region in before.regions]


def test_refitting_keeps_what_people_decided_and_drew(plan: Plan) -> None:
    kept = replace(plan.regions[0], state=State.KEPT, frames=Span(1, 3))
    accepted = replace(plan.regions[1], state=State.COVERED)
    unknown = replace(plan.regions[0], face=None, source="elsewhere")
    marked = replace(plan.regions[2], face=Box(1, 2, 3, 4))
    plan = replace(plan, regions=(kept, accepted, unknown, marked, *plan.regions[2:]))
    after = plans.refit(plan, shape=Shape.BOX, grow=2, area=Area.FACE)
    assert after.regions[:2] == (
        replace(kept, shape=Shape.BOX, box=Box(-5, 0, 55, 80)),
        replace(accepted, shape=Shape.BOX, box=Box(75, 0, 135, 80)),
    )
    assert after.regions[2:] == plan.regions[2:]
    assert replace(after, regions=()) == replace(plan, regions=())


def test_refitting_makes_a_polygon_around_a_face_what_was_asked_for(plan: Plan) -> None:
    bent = replace(plan.regions[0], shape=Shape.POLYGON, box=polygon.bounds(LOOP), outline=LOOP)
    (after,) = plans.refit(replace(plan, regions=(bent,)), shape=Shape.ELLIPSE, grow=1.5, area=Area.FACE).regions
    assert after == plan.regions[0]


def test_digest_tells_plans_apart(plan: Plan) -> None:
    assert plans.digest(plan) == plans.digest(plans.from_json(plans.to_json(plan)))
    others = (
        replace(plan, regions=plan.regions[1:]),
        replace(plan, regions=(replace(plan.regions[0], state=State.KEPT), *plan.regions[1:])),
        replace(plan, regions=(*plan.regions[:3], drawn_loop(*LOOP[1:], LOOP[0]))),
        replace(plan, picture=replace(FACTS, sha256="3" * 64)),
    )
    assert len({plans.digest(each) for each in (plan, *others)}) == 1 + len(others)
    assert len(plans.digest(plan)) == 64


def test_json_round_trip(plan: Plan) -> None:
    assert plans.from_json(plans.to_json(plan)) == plan


def test_json_of_a_plan_without_regions(plan: Plan) -> None:
    plan = replace(plan, regions=())
    assert plans.from_json(plans.to_json(plan)) == plan


def test_plans_made_before_there_were_polygons_and_videos_still_read(plan: Plan) -> None:
    plan = replace(plan, regions=plan.regions[:3])
    data = json.loads(plans.to_json(plan))
    for region in data["regions"]:
        assert [region.pop(name) for name in ("outline", "keys", "track", "doubtful")] == [[], [], None, []]
    assert plans.from_json(json.dumps(data)) == plan


def test_json_round_trip_of_a_video(clip: Plan) -> None:
    assert plans.from_json(plans.to_json(clip)) == clip
    moved = replace(clip.regions[0], keys=(*clip.regions[0].keys[:-1], Key(44, Box(0, 0, 30, 30))))
    assert plans.digest(replace(clip, regions=(moved,))) != plans.digest(clip)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda region: region["keys"].reverse(), id="key-frames-fall"),
        pytest.param(lambda region: region["keys"].insert(1, region["keys"][0]), id="a-key-frame-twice"),
        pytest.param(lambda region: region["keys"].pop(), id="nowhere-at-the-end"),
        pytest.param(lambda region: region.update(frames=None), id="in-all-frames"),
        pytest.param(lambda region: region.update(frames=[5, 61]), id="beyond-the-end"),
        pytest.param(lambda region: region["keys"][1].__setitem__(1, [9, 9, 8, 10]), id="inside-out"),
        pytest.param(lambda region: region["keys"][1].__setitem__(1, [1, 2, 3]), id="three-sides"),
        pytest.param(lambda region: region["keys"][1].__setitem__(0, 5.5), id="half-a-frame"),
        pytest.param(lambda region: region["keys"][1].append(1), id="a-key-of-three"),
        pytest.param(lambda region: region.update(box=[0, 0, 5, 5]), id="box-elsewhere"),
        pytest.param(lambda region: region.update(shape="polygon", outline=[[0, 0], [9, 0], [9, 9]]), id="polygon"),
        pytest.param(lambda region: region.update(track=-1), id="track-below-zero"),
        pytest.param(lambda region: region.update(doubtful=[[41, 61]]), id="doubtful-beyond-the-end"),
        pytest.param(lambda region: region.update(doubtful=[[9, 9]]), id="doubtful-never"),
    ],
)
def test_areas_that_move_and_contradict_themselves_are_refused(clip: Plan, change: Any) -> None:
    data = json.loads(plans.to_json(clip))
    change(data["regions"][0])
    with pytest.raises(PlanError, match="nothing was covered"):
        plans.from_json(json.dumps(data))


@pytest.mark.parametrize("kind", [Kind.STILL, Kind.PAGES])
def test_areas_move_in_videos_and_animations_only(clip: Plan, kind: Kind) -> None:
    data = json.loads(plans.to_json(replace(clip, picture=replace(clip.picture, kind=kind))))
    with pytest.raises(PlanError, match="only areas of videos and animations"):
        plans.from_json(json.dumps(data))


def test_an_area_that_is_nowhere_in_one_of_its_frames_covers_all_its_places(clip: Plan) -> None:
    (region,) = clip.regions
    astray = replace(region, frames=None)  # no plan that was read holds such
    (covered,) = plans.to_cover(replace(clip, regions=(astray,)), 50)
    assert covered.box == region.box


def test_a_polygon_may_have_its_box_rounded(plan: Plan) -> None:
    data = json.loads(plans.to_json(plan))
    data["regions"][3]["box"] = [9, 3, 41, 31]
    assert plans.from_json(json.dumps(data)).regions[3].outline == LOOP


def test_schema_is_a_schema() -> None:
    schema = json.loads(resources.files("veil").joinpath("plan.schema.json").read_text("utf-8"))
    jsonschema_rs.meta.validate(schema)


def _with(place: list[Any], value: Any) -> Any:
    def change(data: Any) -> None:
        for step in place[:-1]:
            data = data[step]
        data[place[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_with(["veil_plan"], 2), id="version"),
        pytest.param(_with(["regions", 0, "state"], "covred"), id="misspelt-state"),
        pytest.param(_with(["regions", 0, "box"], [1, 2, 3]), id="three-sides"),
        pytest.param(_with(["regions", 0, "box"], [9, 2, 3, 4]), id="inside-out"),
        pytest.param(_with(["regions", 0, "box"], [0, 0, 1e300, 4]), id="endless"),
        pytest.param(_with(["regions", 3, "outline"], []), id="polygon-without-vertices"),
        pytest.param(_with(["regions", 3, "outline"], [[9, 3], [41, 30]]), id="polygon-of-two-vertices"),
        pytest.param(_with(["regions", 3, "outline"], [[9, 3], [41, 30], [9, 30]] * 167), id="too-many-vertices"),
        pytest.param(_with(["regions", 3, "outline", 1], [41]), id="vertex-without-height"),
        pytest.param(_with(["regions", 3, "outline", 1], [1e300, 3]), id="vertex-at-no-end"),
        pytest.param(_with(["regions", 3, "outline", 1], [44, 30]), id="vertex-outside-its-box"),
        pytest.param(_with(["regions", 3, "box"], [0, 0, 99, 99]), id="box-not-around-the-vertices"),
        pytest.param(_with(["regions", 3, "shape"], "box"), id="box-with-vertices"),
        pytest.param(_with(["regions", 2, "shape"], "polygon"), id="polygon-that-was-a-box"),
        pytest.param(lambda data: data["regions"][3].pop("outline"), id="polygon-without-outline"),
        pytest.param(_with(["regions", 2, "frames"], [0, 4]), id="frames-beyond-the-end"),
        pytest.param(_with(["regions", 2, "frames"], [1, 1]), id="no-frames"),
        pytest.param(_with(["regions", 0, "score"], "high"), id="score-in-words"),
        pytest.param(_with(["regions", 0, "name"], "Ada"), id="unknown-key"),
        pytest.param(_with(["regions"], None), id="no-list"),
        pytest.param(_with(["picture", "sha256"], "x"), id="no-sum"),
    ],
)
def test_damaged_plans_are_refused(plan: Plan, change: Any) -> None:
    data = json.loads(plans.to_json(plan))
    change(data)
    with pytest.raises(PlanError, match="nothing was covered"):
        plans.from_json(json.dumps(data))


@pytest.mark.parametrize("outline", [None, [], [[1, 2], [3, 4]]])
def test_the_schema_alone_wants_vertices_of_a_polygon(plan: Plan, outline: Any) -> None:
    data = json.loads(plans.to_json(plan))
    assert not list(plans._schema_problems(data))
    if outline is None:
        del data["regions"][3]["outline"]
    else:
        data["regions"][3]["outline"] = outline
    assert list(plans._schema_problems(data))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"veil_plan": NaN}', b"\xff\xfe\x00", "[" * 100_000])
def test_other_text_is_refused(text: str | bytes) -> None:
    with pytest.raises(PlanError, match="nothing was covered"):
        plans.from_json(text)


def test_a_plan_fits_its_own_picture_only(plan: Plan) -> None:
    plans.check_fits(plan, FACTS)
    with pytest.raises(PlanError, match="another picture"):
        plans.check_fits(plan, replace(FACTS, sha256="3" * 64))


@pytest.mark.parametrize(
    ("start", "stop", "frames"),
    [
        (None, None, None),
        (0, None, Span(0, 5)),
        (0.5, 1.5, Span(0, 2)),  # the frame that is shown at the time, too
        (1, 2, Span(1, 2)),
        (1.0000001, 2.0000001, Span(1, 2)),
        (0.9999999, 1.9999999, Span(1, 2)),
        (1.2, 1.3, Span(1, 2)),
        (None, 0.1, Span(0, 1)),
        (4.5, 60, Span(4, 5)),
        (5, None, Span(4, 5)),
    ],
)
def test_the_frames_of_an_area_are_those_shown_during_its_time(
    start: float | None, stop: float | None, frames: Span | None
) -> None:
    assert plans.shown_in(Drawing(Box(0, 0, 1, 1), start, stop), [0, 1, 2, 3, 4], 5.0) == frames


def test_an_area_that_begins_after_the_end_is_refused() -> None:
    with pytest.raises(UsageError, match=r"The area 0,0,1,1\.5 begins at 5\.1 s, after the end at 5\.00 s"):
        plans.shown_in(Drawing(Box(0, 0, 1, 1.5), 5.1), [0, 1, 2, 3, 4], 5.0)


def test_an_area_that_was_followed_is_a_drawn_one_that_moves(clip: Plan) -> None:
    way = Followed(5, np.array([[10.0, 20, 50, 60], [12, 20, 52, 60], [30, 20, 70.123, 60]]), (Span(6, 7),))
    region = plans.drawn_moving(way, Shape.BOX)
    assert (region.state, region.source, region.score, region.face) == (State.DRAWN, "user", None, None)
    assert (region.frames, region.doubtful, region.track) == (Span(5, 8), (Span(6, 7),), None)
    plan = replace(clip, regions=(region,))
    assert plans.from_json(plans.to_json(plan)) == plan
    assert plans.refit(plan, shape=Shape.ELLIPSE, grow=2, area=Area.HEAD) == plan
    for frame, place in enumerate(way.boxes, 5):
        (there,) = plans.to_cover(plan, frame)
        assert (np.array(there.box)[:2] <= place[:2] + 0.01).all() and (
            np.array(there.box)[2:] >= place[2:] - 0.01
        ).all()
