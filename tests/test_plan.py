import json
from dataclasses import replace
from importlib import resources
from typing import Any

import jsonschema_rs
import numpy as np
import pytest

from veil import plan as plans
from veil import polygon
from veil.errors import PlanError
from veil.redact import cover_mask
from veil.types import Area, Box, Detection, Facts, Kind, Plan, Point, Region, Shape, Span, State

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


def test_plans_made_before_there_were_polygons_still_read(plan: Plan) -> None:
    plan = replace(plan, regions=plan.regions[:3])
    data = json.loads(plans.to_json(plan))
    for region in data["regions"]:
        assert region.pop("outline") == []
    assert plans.from_json(json.dumps(data)) == plan


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
