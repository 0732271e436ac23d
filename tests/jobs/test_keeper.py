import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.jobs.conftest import Clock, Hints, accept, folder_of, photo, tools
from veil.jobs import keeper as keepers
from veil.jobs.job import JobState
from veil.jobs.keeper import FIRST_WAIT_SECONDS, SWEEP_SECONDS, Keeper
from veil.jobs.store import Store
from veil.jobs.sweep import Sweeper
from veil.jobs.work import work


@pytest.fixture
def steady() -> Clock:
    return Clock(0)


@pytest.fixture
def keeper(store: Store, hints: Hints, steady: Clock) -> Keeper:
    return Keeper(store, hints, Sweeper(store), steady)


def test_the_first_tick_hints_all_that_a_killed_server_left(store: Store, hints: Hints, keeper: Keeper) -> None:
    jobs = [accept(store, photo(seed=seed)) for seed in range(3)]
    work(store, jobs[1].id, tools())
    keeper.tick()
    assert set(hints.given) == {jobs[0].id, jobs[2].id}
    keeper.tick()
    assert len(hints.given) == 2


def test_hints_are_repeated_ever_more_seldom(store: Store, hints: Hints, keeper: Keeper, steady: Clock) -> None:
    keeper.tick()
    job = accept(store, photo())
    times = []
    for second in range(400):
        steady.now = second
        keeper.tick()
        if hints.given:
            times.append(second)
            hints.given.clear()
    assert times == [FIRST_WAIT_SECONDS, 3 * FIRST_WAIT_SECONDS, 7 * FIRST_WAIT_SECONDS, 15 * FIRST_WAIT_SECONDS]
    work(store, job.id, tools())
    steady.now = 10_000
    keeper.tick()
    assert hints.given == []


def test_a_photo_whose_worker_died_is_hinted_at_once(store: Store, hints: Hints, keeper: Keeper) -> None:
    keeper.tick()
    job = accept(store, photo())
    claim = store.claim(job.id)
    assert claim is not None
    with claim:
        folder_of(store, job).change(lambda known: replace(known, state=JobState.RUNNING, attempts=1))
        keeper.tick()
        assert hints.given == []
    keeper.tick()
    assert hints.given == [job.id]


def test_a_result_that_was_asked_for_is_hinted_too(store: Store, hints: Hints, keeper: Keeper) -> None:
    job = accept(store, photo())
    work(store, job.id, tools())
    folder = folder_of(store, job)
    folder.change(lambda known: replace(known, orders=tuple(replace(each, sha256="") for each in known.orders)))
    keeper.tick()
    assert hints.given == [job.id]


def test_it_sweeps_now_and_then(store: Store, keeper: Keeper, steady: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[float] = []
    monkeypatch.setattr(Sweeper, "sweep", lambda self: swept.append(steady.now))
    for second in range(int(2.5 * SWEEP_SECONDS)):
        steady.now = second
        keeper.tick()
    assert swept == [0, SWEEP_SECONDS, 2 * SWEEP_SECONDS]


def test_it_goes_on_after_the_store_was_away(
    store: Store, hints: Hints, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "TICK_SECONDS", 0)
    came_back = threading.Event()
    unfinished = store.unfinished
    answers: list[Any] = [OSError("the share is away"), OSError("still")]

    def away() -> Any:
        if answers:
            raise answers.pop()
        came_back.set()
        return unfinished()

    monkeypatch.setattr(store, "unfinished", away)
    keeper.start()
    assert came_back.wait(60)
    keeper.close()
