"""Where the bytes of a video or sound file come from: a path, or a descriptor where no path can be opened."""

import io
import os
import stat
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from veil.errors import InputError


class Source(Protocol):
    """A file that can be read several times at once."""

    def open(self) -> BufferedReader:
        """Open the file anew, with a place of its own in it.

        Raises:
            InputError: It cannot be read, or is not the file that it was.
        """


@dataclass(frozen=True, slots=True)
class PathSource:
    """A file by its path, as it was when it was looked at first."""

    path: Path
    what: str
    _stamp: tuple[int, int, int]

    @staticmethod
    def of(path: Path, what: str) -> "PathSource":
        """Return a file as it is now.

        Args:
            path: The file.
            what: What it is called in errors, "The video" for instance.

        Raises:
            InputError: It cannot be read.
        """
        return PathSource(path, what, _stamp(path))

    def open(self) -> BufferedReader:
        """Open the file anew. As Source.open()."""
        if _stamp(self.path) != self._stamp:
            raise InputError(f"{self.what} has changed while it was being read; nothing was made from it.")
        try:
            return self.path.open("rb")
        except OSError as error:
            raise unreadable(error) from error


@dataclass(frozen=True, slots=True)
class BytesSource:
    """The bytes of a file."""

    data: bytes

    def open(self) -> BufferedReader:
        """Return a new file in memory. As Source.open()."""
        descriptor = os.memfd_create("veil")
        with open(descriptor, "wb", closefd=False) as file:
            file.write(self.data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return open(descriptor, "rb")  # noqa: PTH123


@dataclass(frozen=True, slots=True)
class DescriptorSource:
    """A file by an open descriptor, whose own place is left alone."""

    descriptor: int

    def open(self) -> BufferedReader:
        """Return a reader from the beginning. As Source.open()."""
        return BufferedReader(_Reader(self.descriptor))


class _Reader(io.RawIOBase):
    """Reads a descriptor from a place of its own, so that several can read one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}
        base = start[whence] if whence in start else os.fstat(self._descriptor).st_size
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override] # typeshed names a wider one
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count


def unreadable(error: OSError) -> InputError:
    """Return what is said of a file that cannot be read."""
    return InputError(f"The file cannot be read ({error.strerror or error}); nothing was made from it.")


def _stamp(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file is written to or replaced; from a pipe nothing can be read twice."""
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(error) from error
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # opening a folder says that it is one
        raise InputError("It is a pipe or a device, not a file; nothing was made from it. Save it as a file first.")
    return status.st_ino, status.st_size, status.st_mtime_ns
