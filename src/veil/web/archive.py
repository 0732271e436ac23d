"""Many results as one ZIP file, streamed: it never lies whole in memory or on disk."""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile, ZipInfo

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK_BYTES = 1 << 18
LONGEST_NAME = 200
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "Buffer", /) -> int:
        piece = bytes(data)
        self._kept += piece
        return len(piece)

    def take(self) -> bytes:
        taken = bytes(self._kept)
        self._kept.clear()
        return taken


def stream(members: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """Yield a ZIP file, uncompressed since pictures are, piece by piece.

    Args:
        members: Name and file of each member; names are made safe and unique.

    Raises:
        OSError: A file is gone; what was yielded then has no end and cannot be opened.
    """
    sink = _Sink()
    taken: set[str] = set()
    with ZipFile(sink, "w") as archive:
        for name, path in members:
            with path.open("rb") as file, archive.open(ZipInfo(_unique(safe(name), taken)), "w") as member:
                while chunk := file.read(CHUNK_BYTES):
                    member.write(chunk)
                    yield sink.take()
    yield sink.take()


def safe(name: str) -> str:
    """Return a file name without folders and without what file systems do not take."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return _UNSAFE.sub("_", last).strip(" .")[-LONGEST_NAME:] or "photo"


def _unique(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.partition(".")
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{stem} ({number}){dot}{ending}"
    taken.add(name.lower())
    return name
