"""Checking a log, or entries of some jobs that were taken from one."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from veil.audit.chain import FIRST, parsed, reading
from veil.audit.signing import PublicKey


class Wrong(StrEnum):
    """What is wrong with a line; words.py says it in words."""

    CHANGED = "changed"
    UNFINISHED = "unfinished"
    REMOVED = "removed"
    ORDER = "order"
    JOB = "job"
    NO_JOB = "no-job"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking a log, or entries of some jobs.

    Attributes:
        entries: How many entries were right, from the first on.
        jobs: Of how many jobs they are.
        head: Hash of the last of them; zeros if there is none.
        problem: What is wrong with the first line that is; None if nothing is.
        line: Number of that line, from 1; 0 if nothing is wrong.
        torn: Numbers of lines that were never finished, as the entries after them say.
        signed: How many entries bear a right signature; 0 where none was to be checked.
        whole: Whether it is a log, and not entries that were taken from one.
    """

    entries: int
    jobs: int
    head: str
    problem: Wrong | None = None
    line: int = 0
    torn: tuple[int, ...] = ()
    signed: int = 0
    whole: bool = True

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


def verify(path: Path, key: PublicKey | None = None) -> Checked:
    """Check each entry of a log, and that none is missing between them.

    Args:
        path: The log.
        key: The public key that each entry is to be signed with; None to look at no signature.

    Raises:
        AuditError: The file cannot be read.
    """
    return _verify(path, _Check(key))


def verify_jobs(path: Path, key: PublicKey | None = None) -> Checked:
    """Check entries of some jobs that were taken from a log: that each job's are whole, from its first one on.

    Those of other jobs may be missing anywhere, so never check a log itself by this. Arguments and errors as for
    verify().
    """
    return _verify(path, _Excerpt(key))


def _verify(path: Path, state: "_Check") -> Checked:
    with reading(), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if problem := state.take(line, number):
                return state.checked(problem, number)
    if state.loose:
        return state.checked(Wrong.UNFINISHED, state.loose[0])
    return state.checked()


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a log, or of some jobs, that has been checked, in order."""
    with path.open("rb") as file:
        for line in file:
            entry = parsed(line.removesuffix(b"\n"))
            if entry is not None:
                yield entry


@dataclass(slots=True)
class _Check:
    """How far verify() is."""

    whole: ClassVar[bool] = True
    key: PublicKey | None
    last: dict[str, Any] | None = None
    count: int = 0
    jobs: dict[str, tuple[int, str]] = field(default_factory=dict)  # number and hash of the last entry of each
    signed: int = 0
    torn: list[int] = field(default_factory=list)
    loose: list[int] = field(default_factory=list)  # lines that an entry has yet to say were never finished
    scraps: bytes = b""

    def take(self, line: bytes, number: int) -> Wrong | None:
        """Look at one line and return what is wrong with it; of one that is no entry, the next one has to tell."""
        entry = parsed(line.removesuffix(b"\n")) if line.endswith(b"\n") else None
        if entry is None:
            self.loose.append(number)
            self.scraps += line
            return None
        if problem := self._place(entry) or self._place_in_job(entry) or self._signature(entry):
            return problem
        self.torn += self.loose
        self.last, self.loose, self.scraps = entry, [], b""
        self.count += 1
        return None

    def _place(self, entry: dict[str, Any]) -> Wrong | None:
        """Compare an entry with all that came before it."""
        torn = entry.get("torn")
        scraps = self.scraps.removesuffix(b"\n") if torn else self.scraps
        if torn != ({"bytes": len(scraps), "sha256": hashlib.sha256(scraps).hexdigest()} if scraps else None):
            return Wrong.CHANGED if scraps else Wrong.REMOVED
        before, number = (self.last["hash"], self.last["number"]) if self.last else (FIRST, 0)
        return None if (entry["previous"], entry["number"]) == (before, number + 1) else Wrong.ORDER

    def _place_in_job(self, entry: dict[str, Any]) -> Wrong | None:
        """Compare an entry with the one of its job before it."""
        place = entry.get("job")
        if place is None:
            return None
        number, before = self.jobs.get(place["id"], (0, FIRST))
        if (place["previous"], place["number"]) != (before, number + 1):
            return Wrong.JOB
        self.jobs[place["id"]] = place["number"], entry["hash"]
        return None

    def _signature(self, entry: dict[str, Any]) -> Wrong | None:
        if self.key is None:
            return None
        if entry.get("key") != self.key.name or not self.key.has_signed(entry["hash"], entry.get("signature", "")):
            return Wrong.UNSIGNED
        self.signed += 1
        return None

    def checked(self, problem: Wrong | None = None, line: int = 0) -> Checked:
        """Return how it ended."""
        head = self.last["hash"] if self.last else FIRST
        first = self.loose[0] if problem and self.loose else line
        return Checked(self.count, len(self.jobs), head, problem, first, tuple(self.torn), self.signed, self.whole)


class _Excerpt(_Check):
    """How far verify_jobs() is."""

    __slots__ = ()
    whole: ClassVar[bool] = False

    def _place(self, entry: dict[str, Any]) -> Wrong | None:
        """Compare an entry with the one before it, between which others may have been."""
        if self.scraps:
            return Wrong.UNFINISHED
        if "job" not in entry:
            return Wrong.NO_JOB
        if self.last is None:
            return None
        follows = entry["number"] == self.last["number"] + 1 and entry["previous"] == self.last["hash"]
        return None if follows or entry["number"] > self.last["number"] + 1 else Wrong.ORDER
