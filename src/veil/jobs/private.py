"""A folder for the photos of one server without a store of its own: private, and deleted when the server closes.

If the server was killed instead, the next one goes on with what was left, so that every photo is finished all the same.
"""

import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from veil.jobs import disk

PREFIX = "veil-studio-"
ALIVE = "alive"


@contextmanager
def private_folder(keep_seconds: float) -> Iterator[Path]:
    """Give a folder that only this user can enter, in the system's folder for temporary files.

    It is locked as long as this process lives, however that ends. Of those without a lock, which killed servers left,
    the one used last is taken; the others are left for other servers, or deleted if they are old.

    Args:
        keep_seconds: How long photos are kept: a folder that was not used for so long holds none that are wanted.
    """
    descriptor, path = _adopt(keep_seconds) or _make()
    try:
        yield path
    finally:
        disk.empty(path)
        os.close(descriptor)


def _adopt(keep_seconds: float) -> tuple[int, Path] | None:
    left = sorted(_left_by_killed(), key=lambda each: -each[1])
    adopted = None
    for path, used in left:
        descriptor = None
        with suppress(OSError):  # just being deleted
            descriptor = disk.try_lock(path / ALIVE)
        if descriptor is None:
            continue
        if time.time() - used >= keep_seconds:
            disk.empty(path)
        elif adopted is None:
            adopted = descriptor, path
            continue
        os.close(descriptor)
    return adopted


def _left_by_killed() -> Iterator[tuple[Path, float]]:
    """Yield this user's folders, also of living servers, and when they were used last."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            facts = path.lstat()
            if stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid():
                yield path, facts.st_mtime


def _make() -> tuple[int, Path]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        descriptor = disk.try_lock(path / ALIVE)
        if descriptor is not None:  # else another server, just started, took it for one that was left
            return descriptor, path
