import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.conftest import ME, OTHER, Clock, accept, folder_of, names, photo, tools
from veil.errors import ExpiredError, NoSuchPhotoError, UsageError
from veil.jobs.job import JobState
from veil.jobs.limits import Limits
from veil.jobs.store import Store
from veil.jobs.work import work

SECRET = (
    "import sys; from pathlib import Path; from veil.jobs.store import Store; print(Store(Path(sys.argv[1])).secret)"
)


def test_servers_that_open_a_store_at_once_share_its_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SECRET, str(tmp_path / "new" / "store")]
    servers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    told = {server.communicate(timeout=60)[0] for server in servers}
    assert len(told) == 1
    assert told != {b""}
    assert names(tmp_path / "new" / "store") == {"secret"}
    assert (tmp_path / "new" / "store" / "secret").stat().st_mode & 0o777 == 0o600


def test_another_secret_makes_other_names(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    assert store.owner_key(ME) != other.owner_key(ME)
    assert store.owner_key(ME) == Store(store.path).owner_key(ME)
    assert store.seal("text") != store.seal("other text")


def test_a_damaged_secret_is_told(store: Store) -> None:
    (store.path / "secret").write_bytes(b"short")
    with pytest.raises(UsageError, match="damaged"):
        Store(store.path)


@pytest.mark.parametrize("job_id", ["0" * 32, "", ".", "..", "../" + "0" * 29, "changed", "same", "*", "?" * 32])
def test_ids_that_are_none_find_nothing(store: Store, job_id: str) -> None:
    job = accept(store, photo())
    with pytest.raises(NoSuchPhotoError):
        store.folder(job.owner, job_id)
    assert store.find(job_id) is None
    assert store.claim(job_id) is None


def test_owners_see_and_delete_their_own_alone(store: Store) -> None:
    mine, other = accept(store, photo()), accept(store, photo(), OTHER)
    assert [job.id for job in store.jobs(mine.owner)] == [mine.id]
    for ask in (store.folder, store.delete):
        with pytest.raises(NoSuchPhotoError):
            ask(other.owner, mine.id)
    store.delete_all(other.owner)
    assert [job.id for job in store.all_jobs()] == [mine.id]


def test_a_change_is_seen_by_every_process(store: Store) -> None:
    job = accept(store, photo())
    second = Store(store.path, store.limits, store.clock)
    assert [each.looked for each in second.jobs(job.owner)] == [False]
    folder_of(store, job).change(lambda known: replace(known, looked=True))
    assert [each.looked for each in second.jobs(job.owner)] == [True]


def test_a_claim_is_had_by_one(store: Store) -> None:
    job = accept(store, photo())
    second = Store(store.path, store.limits, store.clock)
    claim = store.claim(job.id)
    assert claim is not None
    with claim:
        assert second.claim(job.id) is None
        assert store.claim(job.id) is None
    again = second.claim(job.id)
    assert again is not None
    with again:
        pass


def test_photos_whose_work_was_broken_off_come_last(store: Store, clock: Clock) -> None:
    broken_off = accept(store, photo())
    folder_of(store, broken_off).change(lambda job: replace(job, state=JobState.RUNNING, attempts=1))
    clock.now += 1
    waiting = accept(store, photo(seed=1))
    done = accept(store, photo(seed=2))
    work(store, done.id, tools())
    assert store.unfinished() == [(waiting.id, False), (broken_off.id, True)]
    claim = store.claim(broken_off.id)
    assert claim is not None
    with claim:
        assert store.unfinished() == [(waiting.id, False)]


def test_delete_leaves_nothing(store: Store) -> None:
    kept, gone = accept(store, photo()), accept(store, photo(seed=1))
    work(store, gone.id, tools())
    before = store.change_token(gone.owner)
    store.delete(gone.owner, gone.id)
    assert store.change_token(gone.owner) != before
    assert not [path for path in store.path.rglob("*") if gone.id in path.name or gone.content in path.name]
    assert not any(store.trash.iterdir())
    assert [job.id for job in store.jobs(kept.owner)] == [kept.id]
    with pytest.raises(NoSuchPhotoError):
        store.delete(gone.owner, gone.id)


def test_delete_all_leaves_nothing(store: Store) -> None:
    jobs = [accept(store, photo(seed=seed)) for seed in range(3)]
    store.leave_trace(replace(jobs[0], id="a" * 32))
    store.delete_all(jobs[0].owner)
    assert store.jobs(jobs[0].owner) == []
    assert not list(store.folders())


def test_a_trace_tells_that_there_was_a_photo(store: Store) -> None:
    job = accept(store, photo())
    folder = folder_of(store, job)
    store.leave_trace(folder.read())
    assert store.folder(job.owner, job.id) == folder, "as long as it is there"
    store.remove(folder)
    with pytest.raises(ExpiredError):
        store.folder(job.owner, job.id)
    with pytest.raises(NoSuchPhotoError):
        store.folder(store.owner_key(OTHER), job.id)
    (trace,) = store.jobs(job.owner)
    assert (trace.id, trace.state, trace.created, trace.content) == (job.id, JobState.EXPIRED, job.created, "")
    store.delete(job.owner, job.id)
    assert store.jobs(job.owner) == []


def test_a_damaged_record_is_that_of_a_photo_that_failed(store: Store) -> None:
    job = accept(store, photo())
    folder_of(store, job).record.write_bytes(b"{")
    (known,) = store.jobs(job.owner)
    assert known.state is JobState.FAILED
    assert known.problem is not None
    assert "damaged" in known.problem.detail
    assert store.unfinished() == []
    store.delete(job.owner, job.id)
    assert not list(store.folders())


def test_every_change_gives_another_token(store: Store) -> None:
    job = accept(store, photo())
    tokens = [store.change_token(job.owner)]
    for _ in range(5):
        folder_of(store, job).announce()
        tokens.append(store.change_token(job.owner))
    assert len(set(tokens)) == 6
    assert store.change_token("nobody") == "0"


def test_lists_read_only_what_has_changed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [accept(store, photo(seed=seed)) for seed in range(3)]
    store.jobs(jobs[0].owner)
    read: list[str] = []
    read_bytes = Path.read_bytes

    def counting(path: Path) -> bytes:
        read.append(path.parent.name)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", counting)
    assert len(store.jobs(jobs[0].owner)) == 3
    assert read == []
    folder_of(store, jobs[1]).change(lambda job: replace(job, looked=True))
    read.clear()
    assert [job.looked for job in store.jobs(jobs[0].owner)].count(True) == 1
    assert read == [jobs[1].id]


def test_limits_of_the_disk_go_by_the_smaller_part(tmp_path: Path) -> None:
    Limits(free_bytes=0, free_share=1.0).check_disk(tmp_path)
    Limits(free_bytes=2**62, free_share=0.0).check_disk(tmp_path)
