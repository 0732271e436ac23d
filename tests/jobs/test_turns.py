import threading
from pathlib import Path

import pytest

from tests.jobs.conftest import accept, folder_of, photo, tools, until
from tests.jobs.films import CROWD, FILM, filmed
from tests.jobs.loads import spotting
from veil import pipeline
from veil.jobs.apart import work_safely
from veil.jobs.job import JobState
from veil.jobs.store import Store
from veil.jobs.turns import Turns


def test_one_has_the_turn_and_finds_who_waited() -> None:
    turns = Turns()
    assert turns.begin("a")
    assert not turns.begin("b")
    assert not turns.begin("c")
    assert not turns.begin("c")
    assert not turns.begin("d", soon=True)
    assert turns.next() is None
    turns.end()
    assert [turns.next() for _ in range(4)] == ["d", "b", "c", None]
    assert turns.begin("b")


def test_videos_are_worked_on_one_by_one_and_photos_beside_them(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    using = tools(spotting)
    first, second, still = (accept(store, data) for data in (filmed(), filmed(CROWD), photo()))
    begun, may_go_on = threading.Event(), threading.Event()
    order: list[int] = []
    find = pipeline.find

    def slow(picture: object, *args: object) -> object:
        order.append(picture.facts.frames or 0)  # type: ignore[attr-defined]
        if len(order) == 1:
            begun.set()
            assert may_go_on.wait(60)
        return find(picture, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "find", slow)
    thread = threading.Thread(target=work_safely, args=(store, first.id, using))
    thread.start()
    assert begun.wait(60)
    work_safely(store, second.id, using)
    waiting = folder_of(store, second).read()
    assert (waiting.state, waiting.attempts, waiting.film) == (JobState.QUEUED, 0, None)
    work_safely(store, still.id, using)
    assert folder_of(store, still).read().state is not JobState.QUEUED
    assert len(order) == 2
    may_go_on.set()
    thread.join(60)
    assert folder_of(store, first).read().state is JobState.REVIEW
    assert folder_of(store, second).read().state is JobState.REVIEW, "by the thread that had the turn"


def test_a_video_that_fails_gives_the_turn_back(store: Store) -> None:
    using = tools(spotting)
    work_safely(store, accept(store, filmed(FILM)[:3000]).id, using)
    job = accept(store, filmed())
    work_safely(store, job.id, using)
    until(lambda: folder_of(store, job).read().state is JobState.REVIEW)
