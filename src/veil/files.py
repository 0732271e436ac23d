"""Writing files so that a reader never meets half of one."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from veil.errors import OutputError, WithheldError

ASIDE = ".veil-{}.part"
"""The name of a file that is being written; a lock on it says that its writer lives."""


WITHHELD = ".withheld"
"""Ends the name, before its ending, of a result in which a face may still show."""


@contextmanager
def write_aside(target: Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file beside ``target`` for writing and give it that name once the block has ended well.

    If the block raises, nothing is left behind and an existing ``target`` is untouched; but after a WithheldError, what
    was written lies under withheld_name(target). Missing folders are made.

    Args:
        target: Name of the finished file.
        overwrite: Replace an existing file; otherwise it is an error.

    Yields:
        A binary file, open for reading and writing.

    Raises:
        OutputError: ``target`` exists, is a folder, or cannot be written.
    """
    check_target(target, overwrite=overwrite)
    aside = target.with_name(ASIDE.format(secrets.token_hex(8)))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("x+b") as file:
            with suppress(OSError):  # a file system without locks: then nobody sweeps
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = None
            try:
                yield file
            except WithheldError as error:
                held = error
            file.flush()
            os.fsync(file.fileno())
        if held is not None:
            _name_unless_taken(aside, withheld_name(target))
            raise held
        if overwrite:
            aside.replace(target)
        else:
            _name_unless_taken(aside, target)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"{target} could not be written ({error.strerror or error}); nothing was left there.\n"
            "Check that the folder can be written to and has space, or choose another place with --output."
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink()


def withheld_name(target: Path) -> Path:
    """Return the name of a result that is not given its own: one that no file has, so that none is lost."""
    names = (f"{target.stem}{number}{WITHHELD}{target.suffix}" for number in chain([""], map(".{}".format, count(2))))
    return next(path for path in map(target.with_name, names) if not os.path.lexists(path))


def sweep(folder: Path) -> None:
    """Delete what killed programs have left half-written in a folder; what another one is writing stays."""
    for path in folder.glob(ASIDE.format("*")):
        with suppress(OSError), path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its writer lives
            path.unlink()


def check_target(target: Path, *, overwrite: bool = False) -> None:
    """Refuse a name for a result before any work is done for it.

    Raises:
        OutputError: ``target`` is a folder, or exists and must not be replaced.
    """
    if target.is_dir():
        raise OutputError(f"{target} is a folder; nothing was written.\nGive the name of a file with --output.")
    if not overwrite and (target.exists() or target.is_symlink()):
        raise _exists(target)


def sha256_of(stream: BinaryIO) -> str:
    """Return the hash of all that a stream holds, in hexadecimal."""
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _name_unless_taken(aside: Path, target: Path) -> None:
    """Rename ``aside`` to ``target``, which must not exist, even if it has appeared since the check."""
    try:
        os.link(aside, target)
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError:  # a file system without hard links
        check_target(target)
        aside.rename(target)


def _exists(target: Path) -> OutputError:
    return OutputError(
        f"{target} exists and was left as it is.\n"
        "Choose another name with --output, or allow replacing it with --overwrite."
    )
