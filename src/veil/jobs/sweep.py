"""Deleting what nobody has looked at for long, and what killed processes left behind."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from veil.cache import PlanCache
from veil.errors import NoSuchPhotoError
from veil.jobs import disk
from veil.jobs.folder import announce
from veil.jobs.job import Job
from veil.jobs.limits import Limits
from veil.jobs.store import SAME, TRACE, Store, is_name

JUMP_SECONDS = 300.0
"""A clock that gains more than this on a steady one has been set, not passed."""


def steady_clock() -> float:
    """Return seconds that only ever grow, and also pass while the computer sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Sweeper:
    """Sweeps one store again and again.

    Photos in work stay. A photo is deleted for its age alone: when nobody looked at it for as long as photos are kept.
    If the clock is set forward meanwhile, which would make all of them old at once, they count as seen just then.

    Args:
        store: What is swept; its clock tells the time.
        cache: Swept as well, if there is one.
        steady: Seconds that only ever grow, to tell a clock that was set from time that passed.
    """

    def __init__(
        self, store: Store, cache: PlanCache | None = None, steady: Callable[[], float] = steady_clock
    ) -> None:
        self._store = store
        self._cache = cache
        self._steady = steady
        self._last = store.clock(), steady()

    def sweep(self) -> None:
        """Delete what is due."""
        store = self._store
        now, steady = store.clock(), self._steady()
        jumped = (now - self._last[0]) - (steady - self._last[1]) > JUMP_SECONDS
        self._last = now, steady
        for job in list(store.all_jobs()):
            with suppress(NoSuchPhotoError):
                if jumped or job.seen > now:  # a look in the future is one of now, too
                    store.folder(job.owner, job.id).look()
                elif _is_due(job, now, store.limits):
                    _expire(store, job.id, now)
        _sweep_traces(store, now)
        _sweep_leftovers(store)
        if self._cache is not None:
            self._cache.sweep()
        os.utime(store.path)  # private.py tells from it when a folder was used last


def _is_due(job: Job, now: float, limits: Limits) -> bool:
    return not job.wants_work and now - job.seen >= limits.keep_seconds


def _expire(store: Store, job_id: str, now: float) -> None:
    claim = store.claim(job_id)
    if claim is None:  # somebody works on it after all
        return
    with claim, claim.folder.changing():
        job = claim.folder.read()
        if _is_due(job, now, store.limits):  # still, now that nobody can change it
            store.leave_trace(job)
            store.remove(claim.folder, by_age=True)
            claim.folder.announce()


def _sweep_traces(store: Store, now: float) -> None:
    for trace in store.owners.glob(f"*/*{TRACE}"):
        with suppress(FileNotFoundError):
            if abs(now - trace.stat().st_mtime) >= store.limits.trace_seconds:
                trace.unlink()
                announce(trace.parent)


def _sweep_leftovers(store: Store) -> None:
    for folder in store.trash.iterdir():
        disk.empty(folder)
    with disk.locked(store.lock):
        for folder in list(_abandoned(store.incoming)):
            disk.empty(folder)
        for home in store.owners.iterdir():
            _sweep_home(home)


def _abandoned(incoming: Path) -> Iterator[Path]:
    """Yield uploads whose process has died."""
    for folder in incoming.iterdir():
        with suppress(FileNotFoundError):
            descriptor = disk.try_lock(folder / "claim")
            if descriptor is not None:
                yield folder
                os.close(descriptor)


def _sweep_home(home: Path) -> None:
    """Forget the contents of photos that are gone, and owners without any; for who holds the store's lock."""
    same = home / SAME
    with suppress(FileNotFoundError):
        for path in same.iterdir():
            job_id = path.read_text()
            if not is_name(job_id) or not (home / job_id).is_dir():
                path.unlink()
        for path in home.glob(f"{disk.ASIDE}*"):
            path.unlink()
        if {path.name for path in home.iterdir()} == {SAME, "changed"}:
            same.rmdir()
            (home / "changed").unlink()
            home.rmdir()
