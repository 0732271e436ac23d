"""A store whose time stands still, workers that find painted faces, and waiting for what other threads do."""

import io
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import fakes
from tests.jobs import loads
from veil.cache import PlanCache
from veil.jobs import intake
from veil.jobs.finders import Finders, Load
from veil.jobs.folder import JobFolder
from veil.jobs.job import Job
from veil.jobs.limits import Limits
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.work import Tools
from veil.options import Options

ME, OTHER = "my cookie", "another cookie"
FACE = (slice(40, 80), slice(100, 130))
BOX = Options(shape="box", style="solid")


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Hints:
    """A queue that only remembers what was put into it."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.soon: list[str] = []

    def put(self, job_id: str, *, soon: bool = False) -> None:
        (self.soon if soon else self.given).append(job_id)

    def close(self) -> None:
        pass


def photo(*, format: str = "png", seed: int = 0) -> bytes:
    """A picture with one face; another one for each seed."""
    corner = (slice(150, 170), slice(10 + 30 * seed, 30 + 30 * seed))
    return fakes.photo(FACE, *([corner] if seed else []), format=format)


def accept(store: Store, data: bytes, owner: str = ME, options: Options = BOX) -> Job:
    return intake.accept(store, store.owner_key(owner), io.BytesIO(data), options)[0]


def folder_of(store: Store, job: Job) -> JobFolder:
    return store.folder(job.owner, job.id)


def tools(load: Load = loads.painted, cache: PlanCache | None = None) -> Tools:
    return Tools(Finders(load, streams=1), Finders(load, streams=1), cache)


def names(folder: Path) -> set[str]:
    """The files below a folder, without those that are there for locks alone."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files if path.name not in ("lock", "claim")}


def until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that another thread or process does."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if is_so():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Store:
    return Store(tmp_path / "store", Limits(free_bytes=0), clock)


@pytest.fixture
def hints() -> Hints:
    return Hints()


@pytest.fixture
def studio(store: Store, hints: Hints) -> Studio:
    return Studio(store, hints)
