"""The log: one entry a line, each with the hash of the one before, in a file that only ever grows.

An entry is JSON in the canonical form of RFC 8785:

    veil_audit  version of this format
    number      1 for the first entry, then one more each
    previous    hash of the entry before; zeros for the first
    told        what it says: see entries.py
    torn        only after a line that was never finished: its bytes and their hash
    key         only in signed entries: the name of the key
    hash        SHA-256 of the canonical form of all that stands above
    signature   only in signed entries: Ed25519 over that hash

A line that differs by one byte from the canonical form of what it holds is not an entry.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

from veil.audit.signing import PublicKey, Signer
from veil.errors import AuditError

VERSION = 1
FIRST = "0" * 64
_PIECE = 1 << 16
_SEALS = frozenset({"hash", "signature"})
_OWN = frozenset({"veil_audit", "number", "previous", "told", "hash"})
_MAYBE = frozenset({"torn", "key", "signature"})
_BEGIN = b'{"hash":"'
"""How every entry begins: the canonical form sorts names, and "hash" comes first."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking a log.

    Attributes:
        entries: How many entries were right, from the first on.
        head: Hash of the last of them; zeros if there is none.
        problem: What is wrong with the first line that is; empty if nothing is.
        line: Number of that line, from 1; 0 if nothing is wrong.
        torn: Numbers of lines that were never finished, as the entries after them say.
        signed: How many entries bear a right signature; 0 where none was to be checked.
    """

    entries: int
    head: str
    problem: str = ""
    line: int = 0
    torn: tuple[int, ...] = ()
    signed: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem


class Log:
    """A file that entries are added to. Safe to use from several threads and processes at the same time.

    Args:
        path: The file; it is made with the first entry.
        signer: Signs each entry.
    """

    def __init__(self, path: Path, signer: Signer | None = None) -> None:
        self.path = path
        self._signer = signer

    def check(self) -> None:
        """Refuse a file that cannot be added to; it is made if need be.

        Raises:
            AuditError: As for append().
        """
        with _telling(), self._open() as file:
            _end_of(file)

    def append(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Add an entry, have it safe on the disk, and return it.

        Args:
            told: What it says, from entry_of() or deletion().

        Raises:
            AuditError: The file cannot be written, or its last line is no entry; nothing was added.
        """
        with _telling(), self._open() as file:
            end = _end_of(file)
            entry = self._next(end.last, told, end.torn)
            _write(file, (b"" if end.is_line else b"\n") + canonical(entry) + b"\n")
            return entry

    def _next(self, last: Mapping[str, Any] | None, told: Mapping[str, Any], torn: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "veil_audit": VERSION,
            "number": last["number"] + 1 if last else 1,
            "previous": last["hash"] if last else FIRST,
            "told": dict(told),
        }
        if torn:
            entry["torn"] = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
        if self._signer:
            entry["key"] = self._signer.name
        entry["hash"] = hash_of(entry)
        if self._signer:
            entry["signature"] = self._signer.sign(entry["hash"])
        return entry

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


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return the one way to write an entry, RFC 8785.

    Raises:
        ValueError: It holds something that cannot be written so.
    """
    import rfc8785

    return rfc8785.dumps(dict(entry))


def hash_of(entry: Mapping[str, Any]) -> str:
    """Return the hash of what an entry holds besides its hash and signature, in hexadecimal."""
    return hashlib.sha256(canonical({name: entry[name] for name in entry if name not in _SEALS})).hexdigest()


def verify(path: Path, key: PublicKey | None = None) -> Checked:
    """Check each entry of a log, and that none is missing between them.

    Args:
        path: The log.
        key: The public key that each entry is to be signed with; None to look at no signature.

    Raises:
        AuditError: The file cannot be read.
    """
    state = _Check(key)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if problem := state.take(line, number):
                    return state.checked(problem, number)
    except OSError as error:
        raise AuditError(f"The audit log cannot be read ({error.strerror or error}); nothing was checked.") from error
    if state.loose:
        return state.checked("it was changed, or never finished", state.loose[0])
    return state.checked()


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a log that verify() has passed, in order."""
    with path.open("rb") as file:
        for line in file:
            entry = _parsed(line.removesuffix(b"\n"))
            if entry is not None:
                yield entry


@dataclass(slots=True)
class _Check:
    """How far verify() is."""

    key: PublicKey | None
    last: dict[str, Any] | None = None
    signed: int = 0
    torn: list[int] = field(default_factory=list)
    loose: list[int] = field(default_factory=list)  # lines that an entry has yet to say were never finished
    scraps: bytes = b""

    def take(self, line: bytes, number: int) -> str:
        """Look at one line and return what is wrong with it; of one that is no entry, the next one has to tell."""
        entry = _parsed(line.removesuffix(b"\n")) if line.endswith(b"\n") else None
        if entry is not None:
            return self._follow(entry)
        self.loose.append(number)
        self.scraps += line
        return ""

    def _follow(self, entry: dict[str, Any]) -> str:
        torn = entry.get("torn")
        scraps = self.scraps.removesuffix(b"\n") if torn else self.scraps
        if torn != ({"bytes": len(scraps), "sha256": hashlib.sha256(scraps).hexdigest()} if scraps else None):
            return "it was changed" if scraps else "a line before it was removed"
        before, number = (self.last["hash"], self.last["number"]) if self.last else (FIRST, 0)
        if (entry["previous"], entry["number"]) != (before, number + 1):
            return f"it does not follow entry {number}: one was removed, added, changed or moved"
        if self.key:
            if entry.get("key") != self.key.name or not self.key.has_signed(entry["hash"], entry.get("signature", "")):
                return "it is not signed with this key"
            self.signed += 1
        self.torn += self.loose
        self.last, self.loose, self.scraps = entry, [], b""
        return ""

    def checked(self, problem: str = "", line: int = 0) -> Checked:
        """Return how it ended."""
        right, head = (self.last["number"], self.last["hash"]) if self.last else (0, FIRST)
        first = self.loose[0] if problem and self.loose else line
        return Checked(right, head, problem, first, tuple(self.torn), self.signed)


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
        entry = _parsed(tail[start:stop])
        if entry is not None:
            return _End(entry, tail[stop + 1 :], is_line=tail.endswith(b"\n"))
        stop = start - 1
    return _End(None, tail, is_line=False)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return the entry that a line holds; None if it is none, or differs by one byte from what it was."""
    try:
        entry = json.loads(line)
        if not isinstance(entry, dict) or not _OWN <= set(entry) <= _OWN | _MAYBE:
            return None
        is_right = canonical(entry) == line and hash_of(entry) == entry["hash"]
    except (ValueError, RecursionError):
        return None
    kinds = {"number": int, "previous": str, "told": dict, "signature": str}
    is_right &= entry["veil_audit"] == VERSION
    return (
        entry if is_right and all(isinstance(entry.get(name, kind()), kind) for name, kind in kinds.items()) else None
    )


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
