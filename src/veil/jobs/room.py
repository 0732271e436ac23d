"""A private folder for the photos of one server, which the next server deletes if this one was killed."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "veil-studio-"


class Room:
    """A folder that only this user can enter, in the system's folder for temporary files.

    It is locked as long as this process lives, however that ends; a room without a lock has been abandoned.

    Attributes:
        path: The folder.
    """

    def __init__(self) -> None:
        _clear_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = _lock(self.path)

    def close(self) -> None:
        """Delete the folder and all in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _lock(room: Path) -> int:
    """Lock a folder and return its descriptor, which holds the lock until it is closed.

    Raises:
        BlockingIOError: A living process holds it.
    """
    descriptor = os.open(room, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _clear_abandoned() -> None:
    """Delete the rooms of this user's servers that were killed or lost power, with the photos left in them."""
    for room in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # locked, another user's, or just being deleted
            descriptor = _lock(room)
            try:
                if os.fstat(descriptor).st_uid == os.getuid():
                    shutil.rmtree(room)
            finally:
                os.close(descriptor)
