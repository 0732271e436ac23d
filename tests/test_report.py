import json
from dataclasses import replace

from veil import plan as plans
from veil import report as reports
from veil.types import Box, Facts, Kind, Plan, Region, Shape, State

FACTS = Facts("png", Kind.STILL, 80, 60, 1, "0" * 64)
FOUND = Region(Box(1, 1, 9, 9), Shape.ELLIPSE, State.COVERED, 0.9, "painted", face=Box(2, 2, 8, 8))


def test_regions_are_counted_by_state() -> None:
    found = tuple(replace(FOUND, state=state) for state in (State.COVERED, State.COVERED, State.KEPT, State.SUGGESTED))
    plan = Plan(FACTS, (*found, plans.drawn(Box(0, 0, 5, 5), Shape.BOX)), "fast", "1" * 64, {})
    report = reports.report(plan, "veil", "2" * 64)
    assert (report.covered, report.drawn, report.kept, report.suggested) == (2, 1, 1, 1)
    assert report.wants_review and not report.nothing_found


def test_an_empty_plan_is_nothing_found() -> None:
    report = reports.report(Plan(FACTS, (), "fast", "1" * 64, {}), "veil")
    assert report.nothing_found and report.wants_review and report.output_sha256 is None


def test_a_report_holds_counts_and_sums_and_no_places() -> None:
    told = reports.to_dict(reports.report(Plan(FACTS, (FOUND,), "fast", "1" * 64, {}), "veil", "2" * 64))
    assert json.loads(json.dumps(told))["covered"] == 1
    assert not {"regions", "box", "face", "points"} & (told.keys() | told["picture"].keys())
