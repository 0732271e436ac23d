"""Altered pictures are compared with plain ones by the same faces."""

from dataclasses import replace
from math import isnan
from pathlib import Path

from benchmarks.recall.altered import ALTERATIONS
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.judge import Verdict
from benchmarks.recall.looks import judge_look, look
from benchmarks.recall.robustness import Comparison, compare, robustness

from tests import fakes
from tests.benchmarks.recall.samples import painted
from veil.options import Options
from veil.types import Box


def high(height: float) -> Face:
    return Face(Box(0, 0, 30, height))


def test_the_same_faces_are_compared() -> None:
    plain = [
        Verdict(((high(100), True), (high(50), True), (high(38), False)), 0, 1000),
        Verdict(((high(40), False), (high(80), True), (high(60), None), (high(80), True)), 0, 1000),
    ]
    altered = [
        Verdict(((high(50), True), (high(25), False), (high(19), False)), 5, 250),
        Verdict(((high(20), True), (high(40), False), (high(30), True), (high(40), None)), 0, 250),
    ]
    # 100, 50, 40 and 80 pixels count: 3 are covered in the plain pictures and 2 in the altered ones.
    assert compare(plain, altered) == Comparison(faces=4, coverage=0.5, plain=0.75, over=0.01)


def test_without_faces_there_is_no_coverage() -> None:
    verdicts = [Verdict(((high(19), True),), 10, 1000)]
    found = compare(verdicts, verdicts)
    assert found.faces == 0 and isnan(found.coverage) and isnan(found.plain) and found.over == 0.01


def test_every_alteration_is_looked_at(tmp_path: Path) -> None:
    path = painted(tmp_path, (slice(50, 90), slice(100, 130)))
    picture = Labelled(path, (Face(Box(100, 50, 130, 90)), Face(Box(200, 20, 220, 40))), (300, 200))
    finder, options = fakes.finder(), Options()
    plain = judge_look(look(picture, finder, options))
    found = robustness([picture], [plain], finder, options)
    assert list(found) == ["as they are", *ALTERATIONS]
    same = Comparison(faces=2, coverage=0.5, plain=0.5, over=0)
    # The painted colour is made of 0 and 255 only, so that darkness leaves it as it is; blur leaves most of it.
    kept = {"as they are", "dark", "motion-blurred", "turned by 90", "turned by 180", "turned by 270"}
    assert {name for name, each in found.items() if replace(each, over=0) == same} == kept
    assert found["as they are"].over == found["turned by 180"].over == plain.spilled / 60_000
    # The face of 20 pixels is 10 high when halved, and no longer compared.
    assert replace(found["halved"], over=0) == Comparison(faces=1, coverage=1, plain=1, over=0)
    # Light in the face makes another colour of it.
    assert found["backlit"] == Comparison(faces=2, coverage=0, plain=0.5, over=0)
