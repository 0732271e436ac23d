"""Work in a process of its own, after a worker died."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import fakes
from tests.jobs import loads
from tests.jobs.conftest import BOX, FACE, accept, folder_of, photo, tools, until
from tests.jobs.films import filmed
from veil.audit import verify
from veil.jobs import apart
from veil.jobs.apart import GIVEN_UP, work_safely
from veil.jobs.job import Job, JobState
from veil.jobs.store import Store
from veil.options import Options

DEADLY = fakes.photo(FACE, doubtful=((slice(100, 130), slice(200, 230)),))


def broken_off(store: Store, data: bytes, options: Options = BOX) -> Job:
    """A photo whose worker was killed."""
    job = accept(store, data, options=options)
    return folder_of(store, job).change(lambda known: replace(known, state=JobState.RUNNING, attempts=1))


def test_a_photo_that_was_only_near_is_done(store: Store) -> None:
    job = broken_off(store, photo())
    work_safely(store, job.id, tools())
    known = folder_of(store, job).read()
    assert (known.state, known.attempts, known.tally.covered) == (JobState.DONE, 0, 1)
    assert not known.wants_work


def test_a_photo_that_kills_its_worker_three_times_fails_with_a_plain_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    run = apart._run

    def watched(*args: Any) -> int:
        codes.append(run(*args))
        return codes[-1]

    monkeypatch.setattr(apart, "_run", watched)
    job = broken_off(store, DEADLY)
    work_safely(store, job.id, tools(loads.deadly))
    known = folder_of(store, job).read()
    assert (known.state, known.problem) == (JobState.FAILED, GIVEN_UP)
    assert codes == [-signal.SIGKILL] * 2
    assert store.unfinished() == []
    assert not any(folder_of(store, job).results.iterdir())


def test_a_video_that_kills_its_worker_fails_and_was_the_only_one_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    using = tools(loads.deadly_to_videos)
    had_the_turn: list[bool] = []
    run = apart._run

    def watched(*args: Any) -> int:
        had_the_turn.append(not using.turns.begin("another"))
        return run(*args)

    monkeypatch.setattr(apart, "_run", watched)
    job = broken_off(store, filmed())
    work_safely(store, job.id, using)
    known = folder_of(store, job).read()
    assert (known.state, known.problem) == (JobState.FAILED, GIVEN_UP)
    assert had_the_turn == [True, True]
    assert using.turns.begin("another")
    assert folder_of(store, job).screening.exists(), "it can still be looked at"


def test_a_video_whose_worker_died_waits_until_it_is_the_only_one(store: Store) -> None:
    using = tools(loads.spotting)
    job = broken_off(store, filmed())
    assert using.turns.begin("another")
    work_safely(store, job.id, using)
    assert folder_of(store, job).read().state is JobState.RUNNING
    using.turns.end()
    work_safely(store, "0" * 32, using)
    assert folder_of(store, job).read().state is JobState.REVIEW


def test_a_photo_whose_result_kills_the_worker_keeps_its_plan(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = accept(store, photo())
    work_safely(store, job.id, tools())
    folder = folder_of(store, job)
    folder.change(
        lambda known: replace(known, attempts=1, orders=tuple(replace(each, sha256="") for each in known.orders))
    )
    monkeypatch.setattr(apart, "_run", lambda *args: -signal.SIGSEGV)
    work_safely(store, job.id, tools())
    known = folder.read()
    assert (known.state, known.problem, known.attempts) == (JobState.DONE, None, 0)
    assert [order.problem for order in known.orders] == [GIVEN_UP]


def test_a_process_that_ends_is_no_death(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = broken_off(store, photo())
    using = tools()

    def ended(*args: object) -> int:
        using.stopping.set()
        return -signal.SIGKILL

    monkeypatch.setattr(apart, "_run", ended)
    work_safely(store, job.id, using)
    assert folder_of(store, job).read() == replace(job, seen=store.clock())


def test_it_is_ended_with_the_process_that_started_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(loads.GATE, str(tmp_path))
    job = broken_off(store, photo())
    using = tools(loads.gated)
    worker = threading.Thread(target=work_safely, args=(store, job.id, using))
    worker.start()
    until((tmp_path / "looks").exists)
    using.stopping.set()
    worker.join(60)
    assert not worker.is_alive()
    assert store.claim(job.id) is not None
    assert folder_of(store, job).read().attempts == 1


def test_it_ends_quietly_if_nobody_says_what_to_do() -> None:
    command = [sys.executable, "-m", "veil.jobs.apart"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)
    assert ended.stdout == ended.stderr == b""


def test_a_store_that_is_away_is_told_and_tried_later(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(job_id: str) -> None:
        raise OSError("the share is away")

    monkeypatch.setattr(store, "claim", away)
    work_safely(store, "0" * 32, tools())
    assert "OSError" in caplog.text
    assert "share" not in caplog.text


@contextmanager
def server(folder: Path, load: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs until the block ends; then it is killed, and so are the processes that it started."""
    command = [sys.executable, "-m", "tests.jobs.server", str(folder), load]
    running = subprocess.Popen(command, process_group=0)
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def test_a_deadly_photo_takes_the_server_down_once_and_nobody_else_with_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    deadly = accept(store, DEADLY)
    with server(store.path, "deadly") as first:
        assert first.wait(60) == -signal.SIGKILL
    assert folder_of(store, deadly).read().attempts == 1
    others = [accept(store, photo(seed=seed)) for seed in range(3)]
    with server(store.path, "deadly") as second:
        until(lambda: not store.unfinished() and not any(job.wants_work for job in store.all_jobs()))
        assert second.poll() is None
    states = {job.id: job.state for job in store.all_jobs()}
    assert states[deadly.id] is JobState.FAILED
    assert {states[job.id] for job in others} == {JobState.DONE}


def test_a_server_killed_again_and_again_loses_nothing_and_blames_no_photo(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    gate = tmp_path / "gate"
    gate.mkdir()
    jobs = [accept(store, photo(seed=seed)) for seed in range(4)]
    looks = gate / "looks"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(loads.GATE, str(gate))
        for _ in range(5):
            looks.unlink(missing_ok=True)
            with server(store.path, "gated"):
                until(looks.exists)
        (gate / "go").touch()
        with server(store.path, "gated"):
            until(lambda: not any(job.wants_work for job in store.all_jobs()))
    assert {job.state for job in store.all_jobs()} == {JobState.DONE}
    assert len(list(store.all_jobs())) == len(jobs)
    for job in jobs:
        assert sorted(path.suffix for path in folder_of(store, job).results.iterdir()) == ["", ".audit"]
    assert verify(store.log.path).passed
