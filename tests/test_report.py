import json
from dataclasses import replace
from typing import Any

import pytest

from veil import plan as plans
from veil import report as reports
from veil.types import Altered, Box, Facts, Kind, Plan, Region, Report, Shape, Span, State

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


def test_moments_of_what_is_covered_are_counted_and_want_a_look() -> None:
    followed = replace(FOUND, doubtful=(Span(3, 5), Span(9, 11)))
    plan = Plan(FACTS, (followed, replace(followed, state=State.KEPT)), "fast", "1" * 64, {})
    report = reports.report(plan, "veil", "2" * 64, dropped=("sound", "metadata"))
    assert (report.doubtful, report.dropped, report.wants_review) == (2, ("sound", "metadata"), True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "2 areas covered"),
        ({"covered": 1}, "1 area covered"),
        ({"output_sha256": None}, "2 areas to cover"),
        ({"covered": 0}, "nothing found, please look"),
        ({"suggested": 3}, "2 areas covered, 3 doubtful left visible, please look"),
        ({"doubtful": 1}, "2 areas covered, covered without being seen once, please look"),
        (
            {"doubtful": 2, "dropped": ("sound", "metadata")},
            "2 areas covered, covered without being seen 2 times, please look; without sound, metadata",
        ),
        ({"covered": 0, "dropped": ("sound",)}, "nothing found, please look; without sound"),
    ],
)
def test_a_report_in_words(more: dict[str, Any], words: str) -> None:
    plain = Report(FACTS, "veil", covered=2, drawn=0, kept=0, suggested=0, output_sha256="2" * 64)
    assert reports.in_words(replace(plain, **more)) == words


@pytest.mark.parametrize("kind", Kind)
def test_moments_are_told_of_what_moves_and_what_was_dropped_of_videos_and_sound(kind: Kind) -> None:
    told = reports.to_dict(reports.report(Plan(replace(FACTS, kind=kind), (FOUND,), "fast", "1" * 64, {}), "veil"))
    assert ("doubtful" in told) == (kind in (Kind.VIDEO, Kind.ANIMATION))
    assert ("dropped" in told) == (kind in (Kind.VIDEO, Kind.SOUND))


def test_a_report_on_sound_speaks_of_voices_and_not_of_faces() -> None:
    facts = replace(FACTS, kind=Kind.SOUND)
    said = reports.sound_report(facts, "a" * 64, dropped=("metadata",), altered=Altered("beep", 2, 3.25))
    told = reports.to_dict(said)
    assert told.keys() == {"picture", "dropped", "output_sha256", "altered", "nothing_found", "wants_review"}
    assert reports.in_words(said) == "voices covered with a tone 2 times, for 3.2 s together; without metadata"
    assert not said.wants_review
    silent = reports.sound_report(facts, "a" * 64, dropped=(), altered=Altered("beep", 0, 0))
    assert silent.nothing_found and silent.heard_nothing and silent.wants_review
    assert reports.in_words(silent) == "no speech heard, please listen"
