"""Putting the studio together: a store, a queue, a keeper; and a worker, where workers are processes of their own."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from veil import detect
from veil.cache import PlanCache
from veil.errors import UsageError
from veil.jobs.apart import work_safely
from veil.jobs.finders import Finders, Load
from veil.jobs.keeper import Keeper
from veil.jobs.limits import Limits
from veil.jobs.private import private_folder
from veil.jobs.queue import Queue
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.sweep import Sweeper
from veil.jobs.threads import ThreadQueue
from veil.jobs.work import Tools
from veil.options import Options
from veil.sandbox.box import Sandbox

WORKERS = 2

log = logging.getLogger(__name__)


@contextmanager
def open_studio(
    folder: Path | None = None,
    *,
    options: Options | None = None,
    limits: Limits | None = None,
    workers: int = WORKERS,
    broker: str = "",
    caching: bool = True,
    audit_key: Path | None = None,
    load: Load = detect.load,
    load_second: Load = detect.load_second,
) -> Iterator[Studio]:
    """Open a studio: it takes photos, goes on with what a killed one left, and deletes old photos.

    Args:
        folder: Where photos are kept; they stay when the studio closes. If None, a private folder that is deleted then.
        options: The settings that photos are handed in with unless their owners choose others.
        limits: How much is taken.
        workers: How many photos are worked on side by side, by threads of this process; not used with a broker.
        broker: URL of a Celery broker: the work is done by processes that run_worker() started.
        caching: Keep plans for photos that are handed in again.
        audit_key: Signs what is written down of results; None signs nothing.
        load: Loads the models of a profile.
        load_second: Loads those that look at its results again.

    Raises:
        UsageError: The folder or the key cannot be used, or the broker's URL is not one that Veil knows.
    """
    limits = limits or Limits()
    if broker and folder is None:
        raise UsageError("Workers of their own need a folder that they share with the server; name one with --store.")
    with ExitStack() as closing:
        store = _open_store(folder or closing.enter_context(private_folder(limits.keep_seconds)), limits, audit_key)
        cache = _cache(store) if caching else None
        sandbox = closing.enter_context(Sandbox())
        _tell(sandbox)
        queue = _open_queue(store, workers, broker, cache, (load, load_second), sandbox)
        closing.callback(queue.close)
        keeper = Keeper(store, queue, Sweeper(store, cache))
        closing.callback(keeper.close)
        studio = Studio(store, queue, options, sandbox)
        closing.callback(studio.close)
        keeper.start()
        yield studio


def run_worker(
    broker: str,
    folder: Path,
    *,
    limits: Limits | None = None,
    workers: int = WORKERS,
    caching: bool = True,
    audit_key: Path | None = None,
    load: Load = detect.load,
    load_second: Load = detect.load_second,
) -> None:
    """Work on the photos of a studio until SIGTERM or SIGINT, which let the work under way end.

    Args:
        broker: URL of the Celery broker that the studio was opened with.
        folder: The studio's.
        limits: The studio's.
        workers: How many photos are worked on side by side.
        caching: Keep plans for photos that are handed in again.
        audit_key: Signs what is written down of results; None signs nothing.
        load: Loads the models of a profile.
        load_second: Loads those that look at its results again.

    Raises:
        UsageError: The folder or the key cannot be used, or the broker's URL is not one that Veil knows.
    """
    celery = _celery()
    celery.make_app(broker)  # refuses a broker before the folder is made
    store = _open_store(folder, limits or Limits(), audit_key)
    with Sandbox() as sandbox:
        _tell(sandbox)
        cache = _cache(store) if caching else None
        finders, seconds = (Finders(each, _streams(workers)) for each in (load, load_second))
        tools = Tools(finders, seconds, cache, log=store.log, opener=sandbox)
        celery.run_worker(broker, lambda job_id: work_safely(store, job_id, tools), workers)


def _streams(workers: int) -> int:
    """Return how many pictures are looked at at a time: more than there are processors would only hold more memory."""
    return min(workers, len(os.sched_getaffinity(0)))


def _open_store(folder: Path, limits: Limits, audit_key: Path | None) -> Store:
    try:
        return Store(folder, limits, audit_key=audit_key)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be used to keep files in ({error.strerror or error}); nothing was started.\n"
            "Name a folder that can be written to."
        ) from error


def _cache(store: Store) -> PlanCache:
    return PlanCache(store.path / "cache", store.secret)


def _tell(sandbox: Sandbox) -> None:
    """Say which fences the system lacks."""
    if sandbox.missing:
        log.warning("files are read without all fences; missing: %s", "; ".join(sandbox.missing))


def _open_queue(
    store: Store, workers: int, broker: str, cache: PlanCache | None, loads: tuple[Load, Load], sandbox: Sandbox
) -> Queue:
    if broker:
        hints: Queue = _celery().CeleryQueue(broker)
        return hints
    finders, seconds = (Finders(each, _streams(workers)) for each in loads)
    tools = Tools(finders, seconds, cache, threading.Event(), log=store.log, opener=sandbox)
    return ThreadQueue(lambda job_id: work_safely(store, job_id, tools), workers, tools.stopping)


def _celery() -> Any:
    try:
        from veil.jobs import celery  # an extra, which not everybody has installed
    except ModuleNotFoundError as error:
        raise UsageError(
            "Celery is not installed, so nothing was started. Install it with: pip install 'veil[celery]'"
        ) from error
    return celery
