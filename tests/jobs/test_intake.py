import io
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.jobs.conftest import BOX, ME, OTHER, Clock, accept, folder_of, names, photo, tools
from tests.jobs.loads import crashing
from veil.errors import NoSpaceError, QuotaError, TooLargeError
from veil.jobs import intake
from veil.jobs.job import JobState
from veil.jobs.limits import Limits
from veil.jobs.store import Store
from veil.jobs.work import work
from veil.options import Options


def is_empty(store: Store) -> bool:
    return not any(store.incoming.iterdir()) and not list(store.folders())


def test_a_photo_is_private_and_its_owner_cannot_be_read_from_the_disk(store: Store) -> None:
    job = accept(store, photo())
    folder = folder_of(store, job)
    assert folder.original.read_bytes() == photo()
    assert (job.state, job.seen, len(bytes.fromhex(job.id))) == (JobState.QUEUED, store.clock(), 16)
    for path in store.path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
        assert ME not in path.name
        assert path.is_dir() or ME.encode() not in path.read_bytes()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert not any(store.incoming.iterdir())


def test_the_same_photo_is_taken_once_for_each_owner_and_way_of_finding(store: Store) -> None:
    first = accept(store, photo())
    assert accept(store, photo()).id == first.id
    assert accept(store, photo(), options=Options(shape="box", style="veil")).id == first.id
    others = [accept(store, photo(), OTHER), accept(store, photo(), options=Options()), accept(store, photo(seed=1))]
    assert len({first.id, *(job.id for job in others)}) == 4
    assert len(list(store.folders())) == 4


def test_many_who_hand_in_the_same_at_once_get_one_photo(store: Store) -> None:
    together = threading.Barrier(8)

    class Late(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data:
                together.wait(30)
            return data

    def hand_in(_: int) -> tuple[str, bool]:
        owner = store.owner_key(ME)
        job, is_new = intake.accept(store, owner, Late(photo()), BOX)
        return job.id, is_new

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(hand_in, range(8)))
    assert len({job_id for job_id, _ in taken}) == 1
    assert [is_new for _, is_new in taken].count(True) == 1
    assert len(list(store.folders())) == 1


def test_a_photo_that_failed_is_tried_again(store: Store) -> None:
    job = accept(store, photo())
    work(store, job.id, tools(crashing))
    assert folder_of(store, job).read().state is JobState.FAILED
    again = accept(store, photo())
    assert (again.id, again.state, again.problem) == (job.id, JobState.QUEUED, None)
    work(store, job.id, tools())
    assert folder_of(store, job).read().state is JobState.DONE


def test_a_photo_deleted_just_before_it_is_handed_in_again_is_a_new_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = accept(store, photo())
    admit = intake._admit

    def delete_in_between(*args: Any) -> Any:
        there = admit(*args)
        if there is not None:
            store.delete(first.owner, first.id)
        return there

    monkeypatch.setattr(intake, "_admit", delete_in_between)
    second = accept(store, photo())
    assert second.id != first.id
    assert [folder.path.name for folder in store.folders()] == [second.id]


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        pytest.param(Limits(free_bytes=0, upload_bytes=100), TooLargeError, id="file"),
        pytest.param(Limits(free_bytes=0, owner_bytes=100), QuotaError, id="owner"),
        pytest.param(Limits(free_bytes=0, total_bytes=100), NoSpaceError, id="all"),
        pytest.param(Limits(free_bytes=0, photos=0), QuotaError, id="count"),
        pytest.param(Limits(free_bytes=2**62, free_share=1), NoSpaceError, id="disk"),
    ],
)
def test_what_is_too_much_is_refused_and_not_kept(
    tmp_path: Path, limits: Limits, error: type[Exception], clock: Clock
) -> None:
    store = Store(tmp_path, limits, clock)
    with pytest.raises(error, match=r"not taken|nothing was kept"):
        accept(store, photo())
    assert is_empty(store)


def test_there_has_to_be_room_for_what_is_made_of_a_file(
    store: Store, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    size = len(photo())
    for free, taken in ((size - 1, False), (size, True)):
        monkeypatch.setattr("shutil.disk_usage", lambda folder, free=free: SimpleNamespace(free=free, total=1 << 40))
        if taken:
            accept(store, photo())
        else:
            with pytest.raises(NoSpaceError):
                accept(store, photo())


def test_a_full_owner_may_hand_in_again_after_a_delete(tmp_path: Path, clock: Clock) -> None:
    size = len(photo()) + len(photo(seed=1))
    store = Store(tmp_path, Limits(free_bytes=0, photos=2, owner_bytes=size, total_bytes=2 * size), clock)
    first = accept(store, photo())
    accept(store, photo(seed=1))
    with pytest.raises(QuotaError):
        accept(store, photo(seed=2))
    accept(store, photo(), OTHER)
    store.delete(first.owner, first.id)
    accept(store, photo())


def test_limits_hold_for_those_who_hand_in_at_once(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path, Limits(free_bytes=0, photos=3), clock)

    def hand_in(seed: int) -> bool:
        try:
            accept(store, photo(seed=seed))
        except QuotaError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(hand_in, range(6)))
    assert taken.count(True) == 3
    assert len(list(store.folders())) == 3


def test_a_disk_that_fills_up_meanwhile_refuses_the_photo(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(store.path)
    free = iter([usage.free, 0])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=next(free)))
    object.__setattr__(store, "limits", Limits(free_bytes=1000))
    with pytest.raises(NoSpaceError):
        accept(store, photo())
    assert is_empty(store)


def test_an_upload_that_breaks_off_leaves_nothing(store: Store) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        intake.accept(store, store.owner_key(ME), Broken(), BOX)
    assert is_empty(store)


def test_nobody_sees_a_photo_before_all_of_it_is_there(store: Store) -> None:
    class Watching(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert store.jobs(store.owner_key(ME)) == []
            assert store.unfinished() == []
            return super().read(size)

    job, is_new = intake.accept(store, store.owner_key(ME), Watching(photo()), BOX)
    assert is_new
    assert [each.id for each in store.jobs(store.owner_key(ME))] == [job.id]
    assert names(folder_of(store, job).path) == {"original", "job.json", "seen"}
