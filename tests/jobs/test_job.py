import json
from dataclasses import replace

import pytest

from tests.jobs.conftest import BOX
from veil.errors import TooLargeError, VeilError
from veil.jobs.job import Job, JobState, Order, Problem, from_json, to_json
from veil.options import Options
from veil.types import Box, Drawing, Facts, Kind, Plan, Region, Shape, State, Tally

FACTS = Facts("jpeg", Kind.STILL, 300, 200, 1, "00" * 32)
FOLLOWED = Drawing(Box(1, 2, 3, 4), 0.5, follows=True)
JOB = Job(
    id="0" * 32,
    owner="1" * 32,
    state=JobState.QUEUED,
    options=Options(
        style="solid", color=(1, 2, 3), region=(Box(1, 2, 3.5, 4), Drawing(Box(1, 2, 3, 4), 0.5, None, follows=True))
    ),
    content="2" * 64,
    created=1.5,
    changed=2.5,
    picture=FACTS,
    orders=(Order("k", BOX, problem=Problem("UsageError", "no")), Order("l", BOX, "revision", "sum")),
)


def region(state: State, score: float | None = 0.4) -> Region:
    return Region(Box(0, 0, 9, 9), Shape.BOX, state, score, "painted")


def plan(*regions: Region) -> Plan:
    return Plan(FACTS, regions, "fast", "0" * 64, {})


def test_a_record_reads_as_it_was_written() -> None:
    failed = replace(JOB, state=JobState.FAILED, problem=Problem("InputError", "damaged"))
    assert from_json(to_json(JOB)) == JOB
    assert from_json(to_json(failed)) == failed


def test_what_changes_often_is_not_in_the_record() -> None:
    assert from_json(to_json(replace(JOB, seen=9.0, progress=(1, 2)))) == JOB


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-5],
        lambda text: b"",
        lambda text: b"[]",
        lambda text: text.replace(b"queued", b"asleep"),
        lambda text: text.replace(b'"profile": "balanced"', b'"profile": "wild"'),
        lambda text: json.dumps({**json.loads(text), "surprise": 1}).encode(),
        lambda text: json.dumps({**json.loads(text), "orders": 3}).encode(),
    ],
    ids=["cut", "empty", "list", "state", "option", "field", "orders"],
)
def test_a_damaged_record_is_refused(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(ValueError):
        from_json(damage(to_json(JOB)))


def test_settings_that_this_version_does_not_know_are_left_out() -> None:
    values = json.loads(to_json(JOB))
    values["options"]["of_tomorrow"] = 1
    assert from_json(json.dumps(values).encode()) == JOB


def test_a_problem_becomes_the_error_that_it_was() -> None:
    problem = Problem.of(TooLargeError("too many pixels"))
    assert type(problem.error()) is TooLargeError
    assert str(problem.error()) == "too many pixels"
    for kind in ("Nonsense", "VeilError", "annotations", "__doc__"):
        assert type(Problem(kind, "what").error()) is VeilError


@pytest.mark.parametrize(
    ("regions", "looked", "state"),
    [
        pytest.param([], False, JobState.REVIEW, id="nothing-found"),
        pytest.param([], True, JobState.DONE, id="nothing-found-but-looked"),
        pytest.param([region(State.COVERED)], False, JobState.DONE, id="covered"),
        pytest.param([region(State.COVERED), region(State.SUGGESTED)], False, JobState.REVIEW, id="suggested"),
        pytest.param([region(State.SUGGESTED)], True, JobState.DONE, id="suggested-but-looked"),
        pytest.param([region(State.KEPT)], False, JobState.DONE, id="kept"),
        pytest.param([region(State.DRAWN, None)], False, JobState.DONE, id="drawn"),
    ],
)
def test_a_photo_wants_review_until_somebody_looked(regions: list[Region], looked: bool, state: JobState) -> None:
    job = replace(JOB, looked=looked).with_plan(plan(*regions))
    assert job.state is state
    assert job.with_look(True).state is JobState.DONE
    assert job.picture == FACTS
    assert len(job.revision) == 64


def test_the_tally_counts_states_and_the_greatest_doubt() -> None:
    states = [State.COVERED, State.COVERED, State.DRAWN, State.KEPT]
    doubtful = [region(State.SUGGESTED, 0.3), region(State.SUGGESTED, 0.45)]
    job = JOB.with_plan(plan(*map(region, states), *doubtful))
    assert (job.tally, job.doubt) == (Tally(covered=2, drawn=1, kept=1, suggested=2), 0.45)


def test_work_is_wanted_until_all_is_made_or_refused() -> None:
    assert JOB.wants_work
    done = replace(JOB, state=JobState.DONE)
    assert not done.wants_work
    assert replace(done, orders=(Order("k", BOX),)).wants_work
    assert not replace(done, state=JobState.FAILED, orders=(Order("k", BOX),)).wants_work


def test_an_order_that_was_dropped_stays_away() -> None:
    assert JOB.with_order(Order("z", BOX)) == JOB
    assert JOB.with_order(Order("l", BOX, "other", "sum")).order("l") == Order("l", BOX, "other", "sum")
