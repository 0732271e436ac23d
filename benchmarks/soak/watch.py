"""What a process and all that it started hold, and what lies in its store."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.studio.load import family, family_mb

PLANS, TRACES = "cache", (".expired", "changed")


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen at one moment.

    Attributes:
        seconds: Since the start.
        memory_mb: Memory, shared pages counted once.
        files: Open files, sockets and pipes.
        threads: Threads.
        kept: Files in the store that belong to photos, or to nothing.
        notes: Files in the store that tell of photos which are gone, and plans of files seen before: kept for a day.
    """

    seconds: float
    memory_mb: float
    files: int
    threads: int
    kept: int
    notes: int


def look(pid: int, store: Path, seconds: float) -> Sample:
    """Return what is held at this moment."""
    processes = family(pid)
    files = sum(_count(pid, "fd") for pid in processes)
    threads = sum(_count(pid, "task") for pid in processes)
    kinds = Counter(_is_note(Path(folder, name)) for folder, _, names in os.walk(store) for name in names)
    return Sample(seconds, family_mb(pid), files, threads, kinds[False], kinds[True])


def _is_note(path: Path) -> bool:
    return path.parent.name == PLANS or path.name.endswith(TRACES)


def _count(pid: int, what: str) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/{what}").iterdir())
    except OSError:
        return 0
