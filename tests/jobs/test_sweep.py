import os
from dataclasses import replace

import pytest

from tests.jobs.conftest import ME, Clock, accept, folder_of, names, photo, tools
from veil.audit.checking import entries
from veil.errors import ExpiredError, NoSuchPhotoError
from veil.jobs import disk
from veil.jobs.job import Job, JobState
from veil.jobs.store import Store
from veil.jobs.sweep import JUMP_SECONDS, Sweeper
from veil.jobs.work import work

HOUR = 3600.0


class Sweep(Sweeper):
    """Moves time and sweeps."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.steady = Clock(0)
        self.wall = clock
        super().__init__(store, steady=self.steady)

    def after(self, seconds: float) -> None:
        self.wall.now += seconds
        self.steady.now += seconds
        self.sweep()


@pytest.fixture
def sweep(store: Store, clock: Clock) -> Sweep:
    return Sweep(store, clock)


def done(store: Store, seed: int = 0) -> Job:
    job = accept(store, photo(seed=seed))
    work(store, job.id, tools())
    return job


def is_there(store: Store, job: Job) -> bool:
    try:
        return not store.folder(job.owner, job.id).is_gone()
    except NoSuchPhotoError:
        return False
    except ExpiredError:
        return False


def test_photos_go_one_hour_after_the_last_look(store: Store, sweep: Sweep) -> None:
    looked_at, forgotten = done(store), done(store, 1)
    before = store.change_token(forgotten.owner)
    sweep.after(HOUR - 1)
    assert is_there(store, forgotten)
    folder_of(store, looked_at).look()
    store.jobs(looked_at.owner)  # listing is no look
    sweep.after(1)
    assert is_there(store, looked_at)
    with pytest.raises(ExpiredError):
        store.folder(forgotten.owner, forgotten.id)
    assert store.change_token(forgotten.owner) != before
    assert not [path for path in store.path.rglob("*") if forgotten.content in path.name]
    sweep.after(HOUR - 1)
    assert not is_there(store, looked_at)


def test_it_is_written_down_that_photos_went_by_age(store: Store, sweep: Sweep) -> None:
    by_hand, forgotten = done(store), done(store, 1)
    store.delete(by_hand.owner, by_hand.id)
    sweep.after(HOUR)
    told = [(entry["job"]["id"], entry["told"]["by_age"]) for entry in entries(store.log.path)]
    assert told == [(by_hand.id, False), (forgotten.id, True)]


def test_photos_that_want_work_stay_and_their_hour_begins_when_it_is_done(store: Store, sweep: Sweep) -> None:
    job = accept(store, photo())
    sweep.after(10 * HOUR)
    assert is_there(store, job)
    work(store, job.id, tools())
    sweep.after(HOUR - 1)
    assert is_there(store, job)


def test_a_photo_that_is_worked_on_stays(store: Store, sweep: Sweep) -> None:
    job = done(store)
    claim = store.claim(job.id)
    assert claim is not None
    with claim:
        sweep.after(2 * HOUR)
        assert is_there(store, job)
    sweep.after(1)
    assert not is_there(store, job)


def test_a_photo_looked_at_in_the_last_moment_stays(
    store: Store, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = done(store)
    claim = store.claim

    def looked_at(job_id: str) -> object:
        folder_of(store, job).look()
        return claim(job_id)

    monkeypatch.setattr(store, "claim", looked_at)
    sweep.after(2 * HOUR)
    assert is_there(store, job)


def test_photos_that_failed_go_too(store: Store, sweep: Sweep) -> None:
    job = accept(store, b"no picture")
    work(store, job.id, tools())
    assert folder_of(store, job).read().state is JobState.FAILED
    sweep.after(HOUR)
    assert not is_there(store, job)


def test_traces_are_kept_for_a_day(store: Store, sweep: Sweep) -> None:
    job = done(store)
    sweep.after(HOUR)
    sweep.after(24 * HOUR - 1)
    assert [each.state for each in store.jobs(job.owner)] == [JobState.EXPIRED]
    sweep.after(1)
    assert store.jobs(job.owner) == []
    assert not any(store.owners.iterdir())


def test_a_clock_set_forward_deletes_nothing(store: Store, sweep: Sweep, clock: Clock) -> None:
    job = done(store)
    clock.now += 1000 * HOUR
    sweep.after(JUMP_SECONDS)
    assert is_there(store, job)
    sweep.after(HOUR - 1)
    assert is_there(store, job)
    sweep.after(1)
    assert not is_there(store, job)


def test_after_a_clock_was_set_back_photos_still_go_in_time(store: Store, sweep: Sweep, clock: Clock) -> None:
    job = done(store)
    clock.now -= 1000 * HOUR
    sweep.after(1)
    assert is_there(store, job)
    sweep.after(HOUR)
    assert not is_there(store, job)


def test_sleep_of_the_computer_is_time_that_passed(store: Store, sweep: Sweep) -> None:
    job = done(store)
    sweep.after(10 * HOUR)  # both clocks go on
    assert not is_there(store, job)


def test_what_killed_processes_left_is_deleted(store: Store, sweep: Sweep) -> None:
    job = done(store)
    abandoned, living = store.incoming / ("a" * 32), store.incoming / ("b" * 32)
    for folder in (abandoned, living, store.trash / ("c" * 32)):
        disk.make_folder(folder)
        (folder / "original").write_bytes(b"face")
    held = disk.try_lock(living / "claim")
    assert held is not None
    home = store.owners / store.owner_key(ME)
    (home / f"{disk.ASIDE}1").write_bytes(b"trace")
    (home / "same" / "content").write_text("d" * 32)
    sweep.sweep()
    assert [path.name for path in store.incoming.iterdir()] == [living.name]
    assert not any(store.trash.iterdir())
    assert names(home / "same") == {job.content}
    assert not list(home.glob(f"{disk.ASIDE}*"))
    os.close(held)


def test_leftovers_in_a_photo_are_deleted_when_work_goes_on(store: Store) -> None:
    job = accept(store, photo())
    folder = folder_of(store, job)
    folder.change(lambda known: replace(known, state=JobState.RUNNING, attempts=1))
    for path in (folder.path / f"{disk.ASIDE}1", folder.results / f"{disk.ASIDE}2", folder.results / "unknown"):
        path.write_bytes(b"half a face")
    (folder.path / "plan-0123.json").write_bytes(b"{}")
    (folder.path / "progress").write_text("1 9")
    work(store, job.id, tools())
    known = folder.read()
    result = folder.result(known.revision, known.orders[0].key).relative_to(folder.path).as_posix()
    plan = f"plan-{known.revision}.json"
    assert names(folder.path) - {"progress"} == {"original", "job.json", "seen", plan, result}
