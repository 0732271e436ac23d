"""The command: every file of some folders, and damaged copies of them, each through veil run.

    python benchmarks/torture FOLDER...

A file may be refused in plain words, and then nothing is written. Or it is done, and then the result decodes to its
end. All else is a fault: a traceback, a word of a codec's, a crash, a hang, a file left beside, too much memory. The
same seed and folders make the same damage; --case NUMBER tries one again.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks.torture.cases import AS_IT_IS, cases
from benchmarks.torture.run import Limits, Outcome, attempt

PROFILES = ("fast", "balanced", "thorough")
MEGABYTE = 1_000_000
USUAL = Limits()


@dataclass(slots=True)
class Row:
    """One line of the table."""

    tried: int = 0
    done: int = 0
    faults: int = 0
    seconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one more file."""
        self.tried += 1
        self.done += outcome.done
        self.faults += bool(outcome.faults)
        self.seconds.append(outcome.seconds)
        self.peak_mb = max(self.peak_mb, outcome.peak_mb)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all, print a table and the faults, and return the exit code: 1 if there were any."""
    options = _parser().parse_args(arguments)
    tried = cases(options.folders, options.mutations, options.seed, round(options.largest * MEGABYTE))
    if options.case is not None:
        tried = [case for case in tried if case.number == options.case]
    if not tried:
        print("There is no such file in these folders.")
        return 2
    if options.minutes:
        Random(options.seed).shuffle(tried)
    end = time.monotonic() + 60 * options.minutes
    limits = Limits(options.seconds, options.whole_seconds, options.megabytes)
    outcomes = []
    for outcome in attempt(tried, options.seed, limits, options.processes, options.profile):
        outcomes.append(outcome)
        for fault in outcome.faults:
            print(f"case {outcome.case.number}, {outcome.case.source.name}, {outcome.case.damage}: {fault}", flush=True)
        if options.minutes and time.monotonic() > end:
            break
    rows = _rows(outcomes)
    _print(rows)
    if options.json:
        table = {name: {"tried": row.tried, "done": row.done, "faults": row.faults} for name, row in rows.items()}
        options.json.write_text(json.dumps(table, indent=2) + "\n")
    return 1 if any(outcome.faults for outcome in outcomes) else 0


def _rows(outcomes: Iterable[Outcome]) -> dict[str, Row]:
    rows: defaultdict[str, Row] = defaultdict(Row)
    for outcome in outcomes:
        case = outcome.case
        rows[f"{case.sort}s {case.damage}" if case.damage == AS_IT_IS else f"{case.sort}s damaged"].add(outcome)
        if case.damage != AS_IT_IS:
            rows[case.damage].add(outcome)
        rows["all"].add(outcome)
    return dict(sorted(rows.items(), key=lambda item: (item[0] == "all", item[0])))


def _print(rows: dict[str, Row]) -> None:
    print(
        f"{'':<22} {'tried':>6} {'done':>6} {'refused':>8} {'faults':>7} {'median s':>9} {'most s':>7} {'peak MB':>8}"
    )
    for name, row in rows.items():
        seconds = sorted(row.seconds)
        print(
            f"{name:<22} {row.tried:6} {row.done:6} {row.tried - row.done:8} {row.faults:7}"
            f" {seconds[len(seconds) // 2]:9.2f} {seconds[-1]:7.1f} {row.peak_mb:8.0f}"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--mutations", type=int, default=2000, metavar="N", help="damaged files; 2000 unless given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--largest", type=float, default=0.6, metavar="MB", help="largest file that is damaged")
    parser.add_argument("--processes", type=int, default=2, metavar="N")
    parser.add_argument("--profile", choices=PROFILES, default="fast")
    parser.add_argument("--seconds", type=float, default=USUAL.seconds, help="for a damaged file")
    parser.add_argument("--whole-seconds", type=float, default=USUAL.whole_seconds, help="for a file as it is")
    parser.add_argument("--megabytes", type=float, default=USUAL.megabytes, help="memory that a process may hold")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many, with files in a drawn order")
    parser.add_argument("--case", type=int, metavar="NUMBER", help="try only this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table's counts")
    return parser
