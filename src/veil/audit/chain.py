"""The log: one entry a line, each with the hash of the one before, in a file that only ever grows.

An entry is JSON in the canonical form of RFC 8785:

    veil_audit  version of this format
    number      1 for the first entry, then one more each
    previous    hash of the entry before; zeros for the first
    told        what it says: see entries.py
    job         only in entries of a job: its id; number of the entry and hash of the one before among those of the job
    torn        only after a line that was never finished: its bytes and their hash
    key         only in signed entries: the name of the key
    hash        SHA-256 of the canonical form of all that stands above
    signature   only in signed entries: Ed25519 over that hash

A line that differs by one byte from the canonical form of what it holds is not an entry.

So each entry has its place in two chains: that of the log, and that of its job, such as one call of the command line or
one photo in the studio. The second lets a job's entries be checked without those of all others: see checking.py.
"""

import fcntl
import hashlib
import json
import mmap
import os
import re
import secrets
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from veil.audit.signing import Signer
from veil.errors import AuditError

VERSION = 1
FIRST = "0" * 64
_PIECE = 1 << 16
_SEALS = frozenset({"hash", "signature"})
_OWN = frozenset({"veil_audit", "number", "previous", "told", "hash"})
_MAYBE = frozenset({"job", "torn", "key", "signature"})
_BEGIN = b'{"hash":"'
"""How every entry begins: the canonical form sorts names, and "hash" comes first."""
_JOB = b'","job":{"id":"'
_JOB_AT = len(_BEGIN) + len(FIRST)
"""How an entry goes on that is of a job, and where; no other bytes of a line are like that, as texts escape quotes."""
_JOB_ID = re.compile(r"[0-9a-f]{32}")


class Log:
    """A file that entries are added to. Safe to use from several threads and processes at the same time.

    Args:
        path: The file; it is made with the first entry.
        signer: Signs each entry.
    """

    def __init__(self, path: Path, signer: Signer | None = None) -> None:
        self.path = path
        self._signer = signer
        self._left: _Left | None = None

    def check(self) -> None:
        """Refuse a file that cannot be added to; it is made if need be.

        Raises:
            AuditError: As for append().
        """
        with _telling(), self._open() as file:
            _end_of(file)

    def append(self, told: Mapping[str, Any], job: str | None = None) -> bytes:
        """Add an entry and have it safe on the disk.

        Args:
            told: What it says, from entry_of() or deletion().
            job: The job that it is of, from new_job() or 32 hexadecimal digits of one's own; None for none.

        Returns:
            The entry as it lies in the log, without the line's end.

        Raises:
            AuditError: The file cannot be written, or its last line is no entry; nothing was added.
            ValueError: The job is named otherwise.
        """
        if job is not None and not _JOB_ID.fullmatch(job):
            raise ValueError("a job is named by 32 hexadecimal digits")
        with _telling(), self._open() as file:
            left = self._left
            end = _End(left.last) if left and left.stamp == _stamp(file) else _end_of(file)
            jobs = _jobs_in(file, left) if left and end.last else None
            is_new = jobs is not None and job not in jobs
            place = _place(job, None if is_new else _last_of(file, job)) if job else None
            entry, line = self._next(end.last, told, end.torn, place)
            _write(file, (b"" if end.is_line else b"\n") + line + b"\n")
            self._left = _Left(_stamp(file), entry, line, jobs)
            return line

    def entries_of(self, jobs: Container[str]) -> Iterator[dict[str, Any]]:
        """Yield the entries of some jobs, in order; nothing of a log that is not there.

        Raises:
            AuditError: The log cannot be read.
        """
        with reading(), suppress(FileNotFoundError), self.path.open("rb") as file:
            for line in file:
                if job_of(line) in jobs and (entry := parsed(line.removesuffix(b"\n"))) is not None:
                    yield entry

    def _next(
        self, last: Mapping[str, Any] | None, told: Mapping[str, Any], torn: bytes, place: Mapping[str, Any] | None
    ) -> tuple[dict[str, Any], bytes]:
        """Return the next entry, and the line that holds it."""
        entry: dict[str, Any] = {
            "veil_audit": VERSION,
            "number": last["number"] + 1 if last else 1,
            "previous": last["hash"] if last else FIRST,
            "told": dict(told),
        }
        if place:
            entry["job"] = place
        if torn:
            entry["torn"] = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
        if self._signer:
            entry["key"] = self._signer.name
        # Each member is written once for both the hash and the line: writing takes longest of all that is done here.
        members = {name: canonical(value) for name, value in entry.items()}
        seals = {"hash": hashlib.sha256(_object(members)).hexdigest()}
        if self._signer:
            seals["signature"] = self._signer.sign(seals["hash"])
        return entry | seals, _object(members | {name: canonical(value) for name, value in seals.items()})

    @contextmanager
    def _open(self) -> Iterator[FileIO]:
        """Open the file for reading and adding, and keep all others from that."""
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with FileIO(descriptor, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if is_new:
                _sync_folder(self.path.parent)
            yield file


@contextmanager
def _telling() -> Iterator[None]:
    """Turn the system's words into ours."""
    try:
        yield
    except AuditError:
        raise
    except OSError as error:
        raise AuditError(
            f"The audit log could not be written ({error.strerror or error}); no result was released without an "
            "entry.\nCheck that its folder can be written to and has space."
        ) from error


@contextmanager
def reading() -> Iterator[None]:
    """Turn the system's words into ours where a log is read."""
    try:
        yield
    except OSError as error:
        raise AuditError(f"The audit log cannot be read ({error.strerror or error}); nothing was done.") from error


def new_job() -> str:
    """Return the id of a job that nobody has had before."""
    return secrets.token_hex(16)


def canonical(value: Any) -> bytes:
    """Return the one way to write an entry, or a value in it, by RFC 8785.

    Raises:
        ValueError: It holds something that cannot be written so.
    """
    import rfc8785

    return rfc8785.dumps(value)


def _object(members: Mapping[str, bytes]) -> bytes:
    """Return the canonical form of an entry, by those of its members; their names are plain ASCII."""
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), members[name]) for name in sorted(members)) + b"}"


def hash_of(entry: Mapping[str, Any]) -> str:
    """Return the hash of what an entry holds besides its hash and signature, in hexadecimal."""
    return hashlib.sha256(canonical({name: entry[name] for name in entry if name not in _SEALS})).hexdigest()


_Stamp = tuple[int, int, int]


def _stamp(file: FileIO) -> _Stamp:
    """Return what tells whether a file is the same, and was not written to."""
    facts = os.fstat(file.fileno())
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


@dataclass(frozen=True, slots=True)
class _Left:
    """A log as this program left it.

    Attributes:
        stamp: Of the file.
        last: The last entry.
        line: The line that holds it, without its end.
        jobs: The jobs of all entries before it, so that the file is not searched for a new one; None if not known.
    """

    stamp: _Stamp
    last: dict[str, Any]
    line: bytes
    jobs: set[str] | None


@dataclass(frozen=True, slots=True)
class _End:
    """The end of a log.

    Attributes:
        last: The last entry; None if there is none.
        torn: What lies behind it: the beginning of an entry whose writer was stopped, or nothing.
        is_line: Whether the file ends with a line's end, or is empty.
    """

    last: dict[str, Any] | None
    torn: bytes = b""
    is_line: bool = True


def _end_of(file: FileIO) -> _End:
    """Look at the end of a log.

    Raises:
        AuditError: It is not a log, or what follows the last entry was not left by a writer that was stopped.
    """
    size = file.seek(0, os.SEEK_END)
    if not size:
        return _End(None)
    file.seek(0)
    begin = _read(file, len(_BEGIN))
    if not _BEGIN.startswith(begin):
        raise AuditError("The file for the audit log is another file; it was left as it is. Name another one.")
    taken = _PIECE
    while True:
        start = file.seek(max(0, size - taken))
        tail = _read(file, size - start)
        end = _end_in(tail, is_whole=start == 0)
        if end is not None:
            break
        taken *= 2
    if end.torn.endswith(b"\n"):
        raise AuditError(
            "The last line of the audit log was changed; nothing was added to it.\n"
            "See what veil audit says of it, move it to a safe place, and begin a new one."
        )
    return end


def _end_in(tail: bytes, *, is_whole: bool) -> _End | None:
    """Return the end of a log by its last bytes; None if they hold no entry and more is to be looked at."""
    stop = len(tail)
    while stop >= 0:
        start = tail.rfind(b"\n", 0, stop) + 1
        if start == 0 and not is_whole:
            return None
        entry = parsed(tail[start:stop])
        if entry is not None:
            return _End(entry, tail[stop + 1 :], is_line=tail.endswith(b"\n"))
        stop = start - 1
    return _End(None, tail, is_line=False)


def parsed(line: bytes) -> dict[str, Any] | None:
    """Return the entry that a line holds, without the line's end.

    None if it is none, or differs by one byte from what it was.
    """
    try:
        entry = json.loads(line)
        if not isinstance(entry, dict) or not _OWN <= set(entry) <= _OWN | _MAYBE:
            return None
        is_right = canonical(entry) == line and hash_of(entry) == entry["hash"]
    except (ValueError, RecursionError):
        return None
    kinds = {"number": int, "previous": str, "told": dict, "signature": str}
    is_right &= entry["veil_audit"] == VERSION and ("job" not in entry or _is_place(entry["job"]))
    return (
        entry if is_right and all(isinstance(entry.get(name, kind()), kind) for name, kind in kinds.items()) else None
    )


def job_of(line: bytes) -> str | None:
    """Return the job that an entry's line is of, by its first bytes; None for none."""
    if not line.startswith(_JOB, _JOB_AT):
        return None
    start = _JOB_AT + len(_JOB)
    return line[start : start + 32].decode("ascii", "replace")


def _is_place(place: Any) -> bool:
    """Say whether this is an entry's place in its job."""
    kinds = {"id": str, "number": int, "previous": str}
    return (
        isinstance(place, dict)
        and set(place) == set(kinds)
        and all(isinstance(place[name], kind) for name, kind in kinds.items())
    )


def _place(job: str, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the place of a job's next entry in it."""
    number, previous = (before["job"]["number"], before["hash"]) if before else (0, FIRST)
    return {"id": job, "number": number + 1, "previous": previous}


def _last_of(file: FileIO, job: str) -> dict[str, Any] | None:
    """Return the last entry of a job; None if it has none.

    The log alone tells: whatever was kept of it on the disk could be wrong after a loss of power. 100,000 entries are
    searched in a tenth of a second.
    """
    if not file.seek(0, os.SEEK_END):
        return None
    mark = _JOB + job.encode() + b'"'
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
        at = log.rfind(mark)
        while at >= _JOB_AT:
            log.seek(at - _JOB_AT)
            if (entry := parsed(log.readline().removesuffix(b"\n"))) is not None:
                return entry
            at = log.rfind(mark, 0, at)  # that line was never finished
    return None


def _jobs_in(file: FileIO, left: _Left) -> set[str]:
    """Return the jobs that have entries, and perhaps some of which a line was never finished.

    Only what came after the line that this program wrote last is looked at, if that still stands where it was written.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
        _, size, _ = left.stamp
        start, line = size - len(left.line) - 1, left.line + b"\n"
        if left.jobs is None or log[start:size] != line:
            start, known = 0, set()
        else:
            known = left.jobs
        log.seek(start)
        known.update(job for line in iter(log.readline, b"") if (job := job_of(line)) is not None)
        return known


def _read(file: FileIO, count: int) -> bytes:
    data = b""
    while len(data) < count and (piece := file.read(count - len(data))):
        data += piece
    return data


def _write(file: FileIO, data: bytes) -> None:
    """Add bytes and have them safe on the disk; if that fails, take back what was added."""
    size = file.seek(0, os.SEEK_END)
    try:
        while data:
            data = data[file.write(data) or 0 :]
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            file.truncate(size)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
