"""Files that no reader meets half of, locks that die with their process, and folders that vanish at once."""

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from veil.jobs.limits import disk_full, disk_shut

ASIDE = ".aside-"
"""How the name of an unfinished file begins."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SHUT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


def make_folder(path: Path) -> None:
    """Make a folder that only this user can enter, unless it is there; the one around it has to be there."""
    with telling_no_room(), suppress(FileExistsError):
        path.mkdir(mode=_PRIVATE_FOLDER)


@contextmanager
def telling_no_room() -> Iterator[None]:
    """Turn the system's words for a disk that is full, or may not be written to, into ours.

    Raises:
        NoSpaceError: The disk takes nothing.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full() from error
        if error.errno in _SHUT:
            raise disk_shut() from error
        raise


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that must not exist yet, and have it safe on the disk when the block ends.

    Raises:
        NoSpaceError: The disk takes nothing.
        OSError: It exists, or cannot be written.
    """
    with telling_no_room(), path.open("x+b") as file:
        path.chmod(_PRIVATE_FILE)
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def aside(folder: Path) -> Iterator[Path]:
    """Give a name for an unfinished file in a folder; what still goes by that name at the end is deleted."""
    path = folder / f"{ASIDE}{secrets.token_hex(8)}"
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()


def write_whole(target: Path, data: bytes) -> None:
    """Write a file, or replace it, so that readers see all of the old or all of the new, whatever happens meanwhile.

    Unlike files.write_aside() it makes no folders: where one is gone, the photo has been deleted.

    Raises:
        NoSpaceError: The disk takes nothing; the old file is untouched.
        OSError: It cannot be written, for instance as its folder is gone.
    """
    with aside(target.parent) as path:
        with new_file(path) as file:
            file.write(data)
        path.replace(target)


def sync_folder(path: Path) -> None:
    """Have the names in a folder safe on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock on a file, which is made if need be; others wait, in this process and in all.

    Raises:
        OSError: The file cannot be opened, for instance as its folder is gone.
    """
    descriptor = _open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def try_lock(path: Path) -> int | None:
    """Take a lock and return its descriptor, which holds it until it is closed; None if somebody else has it.

    Raises:
        OSError: As for locked().
    """
    descriptor = _open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _open_lock(path: Path) -> int:
    with telling_no_room():
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _PRIVATE_FILE)


def take_away(folder: Path, trash: Path) -> Path:
    """Take a folder out of sight in one step and return where it is now, to be emptied.

    Raises:
        FileNotFoundError: It is gone already.
    """
    doomed = trash / secrets.token_hex(16)
    folder.rename(doomed)
    return doomed


def empty(folder: Path) -> None:
    """Delete a folder and all in it, also when somebody is just writing into it."""
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
