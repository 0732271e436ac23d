"""The command: what does the sandbox cost beside the same program without it?

    python benchmarks/sandbox FOLDER                        veil run on all files of a folder
    python benchmarks/sandbox FOLDER --profile balanced -n 9

Whole processes are measured, with all that they start, in pairs, so that a busy machine is busy for both; whichever
comes first takes turns, too. Medians are printed, and the median of what each pair tells of the overhead. One pair more
only warms up what the system keeps of files.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.speed import PROFILES, Cost, median, run_once

PROGRAM = str(Path(__file__).with_name("program.py"))
FENCED, BARE = "fenced", "bare"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table and return the exit code."""
    options = _parser().parse_args(arguments)
    pairs: list[dict[str, Cost]] = []
    for number in range(options.runs + 1):
        pair = {}
        for name in (FENCED, BARE) if number % 2 else (BARE, FENCED):
            words = ["run", "{input}", "-o", "{output}", "--profile", options.profile, "--quiet"]
            pair[name] = run_once([sys.executable, PROGRAM, name, *words], options.input)
        pairs.append(pair)
    processors = len(os.sched_getaffinity(0))
    print(f"{options.input.name}: profile {options.profile}, {options.runs} pairs, {processors} processors")
    print(table(pairs[1:]))
    return 0


def table(pairs: Sequence[dict[str, Cost]]) -> str:
    """Return medians as text, and how much more the sandbox takes."""
    lines = [f"{'':<8} {'wall s':>8} {'processor s':>12} {'files':>6}"]
    for name in (BARE, FENCED):
        cost = median([pair[name] for pair in pairs])
        lines.append(f"{name:<8} {cost.wall_s:>8.2f} {cost.processor_s:>12.2f} {cost.files:>6g}")
    wall, processor = (
        statistics.median(getattr(pair[FENCED], what) / getattr(pair[BARE], what) - 1 for pair in pairs)
        for what in ("wall_s", "processor_s")
    )
    return "\n".join([*lines, f"{'more':<8} {wall:>+8.1%} {processor:>+12.1%}"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, metavar="INPUT", help="a folder of photos, videos and sound files, or one")
    parser.add_argument("--profile", choices=PROFILES, default="fast", help="how hard to look (default: %(default)s)")
    parser.add_argument("-n", "--runs", type=int, default=5, help="pairs of runs (default: %(default)s)")
    return parser
