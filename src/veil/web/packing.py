"""Many results as one ZIP file, streamed: it never lies whole in memory or on disk."""

import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile, ZipInfo

from veil import __version__
from veil.audit.chain import canonical
from veil.audit.page import render
from veil.report import to_dict
from veil.types import Report

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK_BYTES = 1 << 18
LONGEST_NAME = 200
REPORT_NAME = "report.json"
AUDIT_LINES, AUDIT_PAGE = "audit.jsonl", "audit.html"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


@dataclass(frozen=True, slots=True)
class Member:
    """One result to be packed.

    Attributes:
        name: Its name in the archive; made safe and unique there.
        path: The finished file.
        report: What was done; the hash of the file is added.
    """

    name: str
    path: Path
    report: Report


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


def stream(members: Iterable[Member], entries: Sequence[Mapping[str, Any]], language: str) -> Iterator[bytes]:
    """Yield a ZIP file, uncompressed since pictures are, piece by piece; reports on all of them are at its end.

    Args:
        members: What to pack, in this order.
        entries: All that the audit log says of them and of what was made of the same photos before.
        language: Of the page with the audit log's entries.

    Raises:
        OSError: A file is gone; what was yielded then has no end and cannot be opened.
    """
    sink = _Sink()
    taken = {REPORT_NAME, AUDIT_LINES, AUDIT_PAGE}
    reports = []
    with ZipFile(sink, "w") as archive:
        for member in members:
            digest = hashlib.sha256()
            about = ZipInfo(_unique(safe(member.name), taken))
            with member.path.open("rb") as file:
                about.file_size = os.fstat(file.fileno()).st_size  # tells ZipFile which of its formats is needed
                with archive.open(about, "w") as packed:
                    while chunk := file.read(CHUNK_BYTES):
                        digest.update(chunk)
                        packed.write(chunk)
                        yield sink.take()
            reports.append(to_dict(replace(member.report, output_sha256=digest.hexdigest())))
        # As veil run --report writes it: in the order of the members, but without their names, since it is passed on.
        told = {"veil_report": 1, "version": __version__, "failed": 0, "pictures": reports}
        archive.writestr(ZipInfo(REPORT_NAME), json.dumps(told, indent=2) + "\n")
        archive.writestr(ZipInfo(AUDIT_LINES), _lines(entries))
        archive.writestr(ZipInfo(AUDIT_PAGE), render(entries, language))
    yield sink.take()


def _lines(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """Return entries as they stand in the audit log."""
    return b"".join(canonical(entry) + b"\n" for entry in entries)


def safe(name: str) -> str:
    """Return a file name without folders and without what file systems or archives do not take."""
    last = name.encode("utf-8", "replace").decode().replace("\\", "/").rsplit("/", 1)[-1]
    return _UNSAFE.sub("_", last).strip(" .")[-LONGEST_NAME:] or "file"


def _unique(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.partition(".")
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{stem} ({number}){dot}{ending}"
    taken.add(name.lower())
    return name
