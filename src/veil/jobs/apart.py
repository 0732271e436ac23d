"""Work on a photo whose worker has died before: alone, in a process of its own, so that it takes nobody else with it.

A worker may die of a photo (a codec that crashes, no memory left) or beside one (kill, no power). Nobody can tell
which, so the first death only brings the photo here. Deaths here are seen by the process that started this one, which
is alive: they are the photo's. After the second, three in all, the photo has failed.
"""

import json
import logging
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, replace
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

from veil.cache import PlanCache
from veil.errors import NoSuchPhotoError, VeilError
from veil.jobs.endings import failed
from veil.jobs.finders import Finders
from veil.jobs.job import Job, Problem
from veil.jobs.limits import Limits
from veil.jobs.store import Store
from veil.jobs.work import Tools, work
from veil.media.files import kind_at_first_sight
from veil.sandbox.box import Sandbox

MOST_ATTEMPTS = 3
POLL_SECONDS = 0.2
GIVEN_UP = Problem(
    "StoppedError",
    f"Working on this file ended the program {MOST_ATTEMPTS} times, so it was given up; nothing was made of it. "
    "It may be damaged, or too large for the memory of this computer.",
)

log = logging.getLogger(__name__)


def work_safely(store: Store, job_id: str, tools: Tools) -> None:
    """Do what a photo wants, unless somebody else is at it; never fails.

    Args:
        store: Where the photo is.
        job_id: Which photo.
        tools: Models and the like.
    """
    waiting: str | None = job_id
    while waiting is not None and not tools.stopping.is_set():
        try:
            _work_alone_if_need_be(store, waiting, tools)
        except (OSError, VeilError) as error:  # the keeper will say again that the photo wants work
            log.warning("a file could not be worked on for now: %s", type(error).__name__)
        waiting = tools.turns.next()  # a video that could not be begun while this one was in work


def _work_alone_if_need_be(store: Store, job_id: str, tools: Tools) -> None:
    while _died_before(store, job_id):
        if not _died_again_in_turn(store, job_id, tools):
            return
    work(store, job_id, tools)


def _died_before(store: Store, job_id: str) -> bool:
    """Say whether work on the photo was begun by somebody who is no longer there."""
    claim = store.claim(job_id)
    if claim is None:
        return False
    with claim, suppress(NoSuchPhotoError):
        job = claim.folder.read()
        return job.wants_work and job.attempts > 0
    return False


def _died_again_in_turn(store: Store, job_id: str, tools: Tools) -> bool:
    """As _died_again(); a video or sound file waits until it is the only one."""
    folder = store.find(job_id)
    if folder is None or kind_at_first_sight(folder.original) is None:
        return _died_again(store, job_id, tools)
    if not tools.turns.begin(job_id):
        return False
    try:
        return _died_again(store, job_id, tools)
    finally:
        tools.turns.end()


def _died_again(store: Store, job_id: str, tools: Tools) -> bool:
    """Do the work in another process; say whether that died of it, after noting so."""
    if _run(store, job_id, tools) == 0 or tools.stopping.is_set():
        return False
    folder = store.find(job_id)
    if folder is not None:
        with suppress(NoSuchPhotoError):
            folder.change(_with_death)
    return True


def _with_death(job: Job) -> Job:
    if not job.wants_work:
        return job
    attempts = job.attempts + 1
    return failed(job, GIVEN_UP) if attempts >= MOST_ATTEMPTS else replace(job, attempts=attempts)


def _run(store: Store, job_id: str, tools: Tools) -> int:
    """Work in another process and return its exit code, which is negative after a signal."""
    task = {
        "path": sys.path,
        "store": str(store.path),
        "limits": asdict(store.limits),
        "job_id": job_id,
        "load": _named(tools.finders.load),
        "load_second": _named(tools.seconds.load),
        "caching": tools.cache is not None,
        "audit_key": str(store.audit_key) if store.audit_key else None,
    }
    with subprocess.Popen([sys.executable, "-m", "veil.jobs.apart"], stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        with suppress(BrokenPipeError), child.stdin:  # it may have died at once
            child.stdin.write(json.dumps(task).encode())
        while True:
            try:
                return child.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if tools.stopping.is_set():
                    child.kill()


def _named(load: Any) -> list[str]:
    """Return the module and the name by which another process finds a function."""
    return [load.__module__, load.__qualname__]


def _finders(module: str, name: str) -> Finders:
    return Finders(attrgetter(name)(import_module(module)), streams=1)


def _main() -> None:
    """Do what the other end of the pipe asks for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; who started this one ends it
    _be_first_to_go()
    text = sys.stdin.read()
    if not text:  # who started this one was killed before it could say what to do
        return
    task = json.loads(text)
    sys.path[:] = task["path"]
    key = Path(task["audit_key"]) if task["audit_key"] else None
    store = Store(Path(task["store"]), Limits(**task["limits"]), audit_key=key)
    finders, seconds = _finders(*task["load"]), _finders(*task["load_second"])
    cache = PlanCache(store.path / "cache", store.secret) if task["caching"] else None
    with Sandbox() as sandbox:
        work(store, task["job_id"], Tools(finders, seconds, cache, log=store.log, opener=sandbox))


def _be_first_to_go() -> None:
    """Have the system end this process before others when memory runs out: it is the likely reason."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    _main()
