"""How long does veil run take, and how much memory, beside another program?

    python benchmarks/speed.py FOLDER
    python benchmarks/speed.py FOLDER --peer "deface {input}" -n 5
    python benchmarks/speed.py PHOTO --peer "deface {input}"           one cold photo
    python benchmarks/speed.py PHOTO --megapixels 24 -n 1              the same photo, enlarged

Whole processes are measured, from start to end, with all that they start: wall time, processor time, and the memory of
the largest process at its peak. The programs take turns, so that a busy machine is busy for all of them; medians are
printed, and beside them the ratio to the peer. Each run gets a fresh copy of the pictures, which a peer may write into:
{input} in its command stands for it, {output} for a name where there is nothing yet.
"""

import argparse
import multiprocessing
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROFILES = ("fast", "balanced", "thorough")
VEIL = (sys.executable, "-m", "veil.cli")
KILOBYTE = 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run, or the median of several, took."""

    wall_s: float
    processor_s: float
    peak_mb: float
    files: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return the exit code."""
    options = _parser().parse_args(arguments)
    commands = {"peer": shlex.split(options.peer)} if options.peer else {}
    for profile in options.profile or PROFILES:
        commands[f"veil {profile}"] = [*veil_command(), "run", "{input}", "-o", "{output}", "--profile", profile]
    with tempfile.TemporaryDirectory() as scratch:
        source = options.input
        if options.megapixels:
            source = enlarged(source, options.megapixels, Path(scratch))
        costs = take_turns(commands, source, options.runs)
    print(f"{source.name}, medians of {options.runs} runs on {len(os.sched_getaffinity(0))} processors")
    print(table(costs))
    return 0
