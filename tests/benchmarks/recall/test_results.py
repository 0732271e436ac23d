"""Every figure stands in the tables and in the JSON."""

import json
from dataclasses import replace
from math import nan

import pytest
from benchmarks.recall.faces import Face
from benchmarks.recall.judge import Verdict
from benchmarks.recall.looks import Point
from benchmarks.recall.results import Result, as_json, percent, tables
from benchmarks.recall.robustness import Comparison

from veil.types import Box

FACE, HARD = Face(Box(0, 0, 9, 12)), Face(Box(0, 0, 9, 90), sets=frozenset({"hard"}))
FAST = Result([Verdict(((FACE, True), (FACE, False), (HARD, False), (FACE, None)), 5, 1000)], seconds=0.123)
BALANCED = Result([Verdict(((FACE, True), (FACE, True), (HARD, True), (FACE, None)), 20, 1000)], seconds=1.5)


def rows(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_table_holds_every_figure() -> None:
    text = tables({"fast": FAST, "balanced": BALANCED})
    assert len({len(line) for line in text.splitlines()[2:]}) == 1
    assert rows(text) == [
        "coverage all 10-20 20-40 40-80 80+ hard over-redaction s a picture",
        "faces 3 2 0 0 1 1",
        "fast 33.3 % 50.0 % - - 0.0 % 0.0 % 0.500 % 0.12",
        "balanced 100.0 % 100.0 % - - 100.0 % 100.0 % 2.000 % 1.50",
    ]


def test_table_holds_rivals() -> None:
    rival = Result(FAST.verdicts, command_seconds=0.2, unusable=1)
    text = tables({"fast": replace(FAST, command_seconds=0.3), "deface": rival, "seed": BALANCED})
    assert [row.split(" % ")[-1] for row in rows(text)[2:5]] == ["0.12 0.30", "- 0.20", "1.50 -"]
    assert rows(text)[0].endswith("s a picture whole command")
    assert rows(text)[5:] == [
        "deface: 1 of 1 results are missing, damaged or of another size; all faces in them count as missed."
    ]


def test_precision_has_a_table() -> None:
    result = replace(FAST, precision={"all": 0.5, "easy": nan, "medium": nan, "hard": 0.25})
    text = tables({"fast": result, "deface": BALANCED})
    assert rows(text)[4:] == ["", "precision all hard", "fast 50.0 % 25.0 %"]
    bare = replace(FAST, precision=dict.fromkeys(("all", "easy", "medium", "hard"), nan))
    assert rows(tables({"fast": bare}))[-1] == "fast -"


def test_altered_pictures_have_a_table() -> None:
    own = {"as they are": Comparison(200, 0.9, 0.9, 0.01), "dark": Comparison(200, 0.8, 0.9, 0.02)}
    other = {"as they are": Comparison(200, 0.5, 0.5, 0.03), "dark": Comparison(200, 0.55, 0.5, 0.0)}
    result = tables({"fast": replace(FAST, altered=own), "balanced": replace(BALANCED, altered=other), "seed": FAST})
    assert rows(result)[-4:] == [
        "| fast | balanced",
        "20 px and more faces | covered lost over | covered lost over",
        "as they are 200 | 90.0 % 0.0 1.000 % | 50.0 % 0.0 3.000 %",
        "dark 200 | 80.0 % 10.0 2.000 % | 55.0 % -5.0 0.000 %",
    ]
    assert all(line == line.rstrip() for line in result.splitlines()[-4:])


def test_loss_without_faces_is_a_dash_and_tiny_gains_are_nothing() -> None:
    none, tiny = Comparison(0, nan, nan, 0), Comparison(9000, 0.90004, 0.9, 0)
    text = tables({"fast": replace(FAST, altered={"dark": none, "noisy": tiny})})
    assert rows(text)[-2:] == ["dark 0 | - - 0.000 %", "noisy 9000 | 90.0 % 0.0 0.000 %"]


@pytest.mark.parametrize(
    ("share", "text"), [(None, "-"), (nan, "-"), (0, "0.0 %"), (0.99949, "99.9 %"), (1, "100.0 %")]
)
def test_shares_are_in_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_json_holds_every_figure() -> None:
    fast = replace(
        FAST,
        command_seconds=0.5,
        precision={"all": 0.5, "easy": nan},
        curve=[Point(0.5, nan, 0.25)],
        altered={"dark": Comparison(1, 0.0, 1.0, 0.125)},
    )
    content = json.loads(as_json({"fast": fast, "deface": Result(BALANCED.verdicts, unusable=1)}))
    assert content["pictures"] == 1
    own, rival = content["results"]["fast"], content["results"]["deface"]
    assert own.pop("coverage")["all"] == {"faces": 3, "covered": 1, "share": 1 / 3}
    assert own == {
        "over_redaction": 0.005,
        "average_precision": {"all": 0.5, "easy": None},
        "seconds_a_picture": 0.123,
        "whole_command_seconds_a_picture": 0.5,
        "unusable_results": 0,
        "curve": [{"thresholds_times": 0.5, "coverage": None, "over_redaction": 0.25}],
        "altered": {"dark": {"faces": 1, "coverage": 0.0, "coverage_as_they_are": 1.0, "over_redaction": 0.125}},
    }
    assert rival["coverage"]["20-40"] == {"faces": 0, "covered": 0, "share": None}
    assert (rival["unusable_results"], rival["seconds_a_picture"], rival["curve"]) == (1, None, [])
