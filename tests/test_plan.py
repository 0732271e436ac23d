import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from veil import plan as plans
from veil.errors import PlanError
from veil.redact import cover_mask
from veil.types import Area, Box, Detection, Facts, Kind, Plan, Point, Shape, Span, State

COVER = [(16, 0.2), (64, 0.4)]
SUGGEST = [(16, 0.1), (64, 0.2)]
FACTS = Facts("gif", Kind.ANIMATION, 640, 480, 3, "0" * 64)
POINTS = tuple(Point(x, 7.25) for x in (1.0, 2.5, 3.0, 4.0, 5.0))


def face(score: float, height: float = 40, left: float = 10) -> Detection:
    return Detection(Box(left, 20, left + 30, 20 + height), score, "painted", POINTS)


def regions(*detections: Detection, **more: Any) -> list[Any]:
    settings: dict[str, Any] = {"cover": COVER, "suggest": SUGGEST, "shape": Shape.ELLIPSE, "grow": 1.5} | more
    return plans.regions(detections, **settings)


@pytest.fixture
def plan() -> Plan:
    found = (*regions(face(0.9), face(0.25, left=90)), plans.drawn(Box(1, 2, 3, 4.5), Shape.BOX, Span(0, 2)))
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


@pytest.mark.parametrize("shape", Shape)
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


def test_scores_over_one_are_cut() -> None:
    assert regions(face(1.0000001))[0].score == 1


def test_only_covered_and_drawn_regions_of_the_frame_are_covered(plan: Plan) -> None:
    kept = replace(plan.regions[0], state=State.KEPT)
    plan = replace(plan, regions=(*plan.regions, kept))
    assert [region.state for region in plans.to_cover(plan, 0)] == [State.COVERED, State.DRAWN]
    assert [region.state for region in plans.to_cover(plan, 2)] == [State.COVERED]


def test_json_round_trip(plan: Plan) -> None:
    assert plans.from_json(plans.to_json(plan)) == plan


def test_json_of_a_plan_without_regions(plan: Plan) -> None:
    plan = replace(plan, regions=())
    assert plans.from_json(plans.to_json(plan)) == plan


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(plans._validator().schema)


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


@pytest.mark.parametrize("text", ["", "{", "[]", '{"veil_plan": NaN}', b"\xff\xfe\x00", "[" * 100_000])
def test_other_text_is_refused(text: str | bytes) -> None:
    with pytest.raises(PlanError, match="nothing was covered"):
        plans.from_json(text)


def test_a_plan_fits_its_own_picture_only(plan: Plan) -> None:
    plans.check_fits(plan, FACTS)
    with pytest.raises(PlanError, match="another picture"):
        plans.check_fits(plan, replace(FACTS, sha256="3" * 64))
