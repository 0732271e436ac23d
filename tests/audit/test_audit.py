"""What entries and pages hold, by the command line with painted faces."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests import fakes
from veil import plan as plans
from veil.audit import Extras, deletion, entry_of, verify
from veil.audit.checking import Checked, Wrong, entries
from veil.audit.page import render
from veil.audit.strength import STRENGTHS, UNCOVERED
from veil.audit.words import WORDS
from veil.cli import main
from veil.options import Options, settings
from veil.report import report
from veil.types import Box, Facts, Kind, Place, Plan, Reason, Region, SecondLook, Shape, State, Style

Paint = Callable[..., Path]
PICTURE = Facts("jpeg", Kind.STILL, 640, 480, 1, "a" * 64)
HOSTILE = """</script><script>alert(1)</script>"><img src='//evil.example/x' onerror=x>{{ 7 * 7 }}"""
FOUND = Region(Box(11.25, 22.25, 33.25, 44.25), Shape.BOX, State.KEPT, 0.75, "painted", reason=Reason.CONSENT)
PLAN = Plan(PICTURE, (FOUND, replace(FOUND, state=State.COVERED, reason=None)), "fast", "b" * 64, {"painted": "c" * 64})


@pytest.fixture(autouse=True)
def painted_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.detect.load", lambda profile, streams=1: fakes.finder())


def veil(*arguments: Any, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


def told(second_look: SecondLook | None = None, **more: Any) -> dict[str, Any]:
    done = replace(report(PLAN, Style.VEIL, "d" * 64), second_look=second_look)
    return entry_of(done, PLAN, Options(region=(Box(71.5, 72.5, 73.5, 74.5),)), begun=0, ended=1.5, **more)


def page_of(said: dict[str, Any], language: str = "en") -> str:
    return render([{"number": 1, "previous": "0" * 64, "told": said, "hash": "e" * 64}], language)


def test_an_entry_tells_what_was_done() -> None:
    said = told()
    assert (said["begun"], said["ended"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:01.500Z")
    assert (said["input"]["sha256"], said["output"]["sha256"]) == ("a" * 64, "d" * 64)
    assert [(each["state"], each["score"], each["source"], each["reason"]) for each in said["regions"]] == [
        ("kept", 0.75, "painted", "consent-given"),
        ("covered", 0.75, "painted", None),
    ]
    assert said["models"] == {"painted": "c" * 64}
    assert (said["options"]["style"], said["options"]["areas_given"]) == ("veil", 1)


def test_places_are_told_only_if_asked_for() -> None:
    for coordinate in ("11.25", "22.25", "33.25", "44.25", "71.5", "74.5"):
        assert coordinate not in json.dumps(told()) and coordinate not in page_of(told())
    assert told(extras=Extras(places=True))["regions"][0]["box"] == [11.25, 22.25, 33.25, 44.25]


def test_a_second_look_tells_places_only_if_asked_for() -> None:
    look = SecondLook(3, (Place(Box(987.5, 1, 2, 3), 0.5, 2),))
    said = told(look)
    assert said["second_look"] == {"passed": False, "frames": 3, "found": 1}
    assert "Failed: a face may still show. Places: 1. Frames looked at: 3." in page_of(said)
    assert told(look, extras=Extras(places=True))["second_look"]["places"] == [{"box": [987.5, 1, 2, 3], "frame": 2}]


@pytest.mark.parametrize(
    ("look", "release", "outcome"),
    [
        (None, False, "given"),
        (SecondLook(1), False, "given"),
        (SecondLook(1, (Place(Box(1, 1, 2, 2), 0.5),)), False, "withheld"),
        (SecondLook(1, (Place(Box(1, 1, 2, 2), 0.5),)), True, "released"),
    ],
)
def test_what_became_of_a_result_is_told(look: SecondLook | None, release: bool, outcome: str) -> None:
    said = entry_of(
        replace(report(PLAN, Style.VEIL), second_look=look), PLAN, Options(release=release), begun=0, ended=1
    )
    assert said["outcome"] == outcome
    if outcome != "given":
        assert outcome in page_of(said)


@pytest.mark.parametrize("language", WORDS)
def test_pages_lead_nowhere_and_escape_everything(language: str) -> None:
    page = page_of(told(extras=Extras(HOSTILE, HOSTILE, places=True, note=HOSTILE)), language)
    page += page_of(deletion("a" * 64, by_age=True, when=0), language)
    assert not re.search(r"<script|<img|<link|<iframe|<a |url\(|@import|https?://", page)
    assert HOSTILE not in page and page.count("{{ 7 * 7 }}") == 3
    assert not re.search(r"<[^>]*\s(src|href|on\w+)=", page)


def test_both_languages_have_the_same_words() -> None:
    english, chinese = WORDS["en"], WORDS["zh"]
    assert list(english) == list(chinese)
    for name in english:
        assert set(re.findall(r"{\w+}", english[name])) == set(re.findall(r"{\w+}", chinese[name])), name
    assert {f"reason.{reason}" for reason in Reason} <= set(english)


@pytest.mark.parametrize("language", WORDS)
def test_every_setting_has_a_name_and_so_have_its_choices(language: str) -> None:
    shown, words = told()["options"], WORDS[language]
    assert [name for name in shown if f"options.{name}" not in words] == []
    of_encoders = {"codec", "preset"}  # have names that are the same in all languages
    for name in (settings().keys() & shown) - of_encoders:
        assert [choice for choice in settings()[name].choices if f"{name}.{choice}" not in words] == [], name


def test_figures_are_those_of_the_docs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "styles.md").read_text("utf-8")
    assert f"| not covered | {UNCOVERED.whole} % | {UNCOVERED.area} % |" in text
    for style in Style:
        assert f"| `{style}` | {STRENGTHS[style].whole} % | {STRENGTHS[style].area} % |" in text


def test_run_writes_an_entry_without_names(paint: Paint, tmp_path: Path) -> None:
    photo, log = paint("jane-doe.png"), tmp_path / "audit.jsonl"
    veil("run", photo, "--audit", log)
    assert "jane" not in log.read_text()
    veil("run", photo, "-o", tmp_path / "b.png", "--audit", log, "--audit-names", "--audit-note", "case 7")
    first, second = entries(log)
    assert (second["told"]["input_name"], second["told"]["note"]) == ("jane-doe.png", "case 7")
    assert first["told"]["counts"]["covered"] == 1
    assert verify(log).passed


def test_cover_writes_the_reasons_of_a_plan(paint: Paint, tmp_path: Path) -> None:
    photo, log = paint("a.png"), tmp_path / "audit.jsonl"
    veil("find", photo, "-o", tmp_path / "a.json")
    plan = plans.from_json((tmp_path / "a.json").read_text())
    decided = replace(plan, regions=tuple(replace(each, reason=Reason.CHILD) for each in plan.regions))
    (tmp_path / "a.json").write_text(plans.to_json(decided))
    veil("cover", photo, "--plan", tmp_path / "a.json", "-o", tmp_path / "b.png", "--audit", log)
    assert [each["told"]["regions"][0]["reason"] for each in entries(log)] == ["child"]


def test_no_result_without_an_entry(paint: Paint, tmp_path: Path) -> None:
    photo, log = paint("a.png"), tmp_path / "audit.jsonl"
    log.write_text("{}")
    veil("run", photo, "--audit", log, code=1)
    veil("run", photo, "--audit", photo, code=1)
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "audit.jsonl"}
    veil("run", photo, "--audit-names", code=2)


def test_the_command_checks_and_prints(paint: Paint, tmp_path: Path) -> None:
    log, page = tmp_path / "audit.jsonl", tmp_path / "audit.html"
    veil("audit", "--make-key", tmp_path / "key")
    veil("run", paint("a.png"), "--audit", log, "--audit-key", tmp_path / "key")
    assert "as they were written and signed" in veil("audit", log, "--public-key", tmp_path / "key.pub").stdout
    veil("audit", log, "--html", page, "--language", "zh")
    assert "遮盖审计报告" in page.read_text("utf-8")
    log.write_bytes(log.read_bytes().replace(b'"covered":1', b'"covered":2'))
    assert "line 1: it was changed" in veil("audit", log, code=1).stderr
    assert json.loads(veil("audit", log, "--json", code=1).stdout)["line"] == 1
    veil("audit", log, "--html", page, "--overwrite", code=1)
    assert "The log was changed" in page.read_text("utf-8")
    veil("audit", code=2)


def test_a_call_of_the_command_is_a_job(paint: Paint, tmp_path: Path) -> None:
    log, some, page = tmp_path / "audit.jsonl", tmp_path / "some.jsonl", tmp_path / "some.html"
    first, second = paint("a.png"), paint("b.png")
    veil("run", first, second, "-o", tmp_path / "one", "--audit", log)
    veil("run", first, "-o", tmp_path / "two.png", "--audit", log)
    lines = log.read_bytes().splitlines(keepends=True)
    places = [json.loads(line)["job"] for line in lines]
    assert places[0]["id"] == places[1]["id"] != places[2]["id"]
    some.write_bytes(b"".join(lines[:2]))
    assert "2 entries of 1 job, none missing" in veil("audit", some, "--jobs", "--html", page).stdout
    assert "The entries of these jobs are unbroken" in page.read_text("utf-8")
    some.write_bytes(lines[1])
    assert "line 1: it does not follow the entry of its job" in veil("audit", some, "--jobs", code=1).stderr
    assert json.loads(veil("audit", some, "--jobs", "--json", code=1).stdout)["problem"] == "job"


@pytest.mark.parametrize("language", WORDS)
def test_pages_say_in_their_language_what_is_wrong(language: str) -> None:
    for problem in Wrong:
        page = render([], language, Checked(7, 0, "0" * 64, problem, 8))
        assert WORDS[language][f"problem.{problem}"].format(entries=7) in page


@pytest.mark.parametrize("language", WORDS)
def test_what_many_entries_have_in_common_is_told_once(language: str) -> None:
    told_twice = [{"number": number, "previous": "0" * 64, "told": told(), "hash": "e" * 64} for number in (1, 2)]
    page = render(told_twice, language)
    assert page.count("c" * 64) == 1
    assert page.count(WORDS[language]["entry.same"].format(number=1)) == 3


def test_chinese_pages_have_no_english_words_for_what_is_known() -> None:
    done = replace(report(PLAN, Style.MOSAIC, "d" * 64), dropped=("sound", "times before 0", "what is new"))
    page = page_of(entry_of(done, PLAN, Options(boxes=True), begun=0, ended=1), "zh")
    assert "声音、0 之前的时间、what is new" in page
    assert "<dd>jpeg、图片</dd>" in page and "<dd>快速</dd>" in page
    assert "<dt>查找强度</dt><dd>均衡</dd>" in page and "<dt>遮盖范围</dt><dd>脸</dd>" in page
    assert "True" not in page and "[0, 0, 0]" not in page and "<dd>#000000</dd>" in page
