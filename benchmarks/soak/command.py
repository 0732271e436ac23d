"""The command: the studio under work, with clocks that run fast.

    python benchmarks/soak                        8 hours in 15 minutes
    python benchmarks/soak --minutes 3 --plot soak.svg

Needs ffmpeg. Ends with 1 if something failed, or if what is held after the warm-up grows until the end.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.soak.load import Done, come_and_go, film
from benchmarks.soak.watch import Sample, look

EVERY_S = 2.0
GROWTH = {"memory_mb": (1.05, 15), "files": (1, 12), "threads": (1, 4), "kept": (1.25, 100)}
"""What the end may be of the time after the warm-up: so many times as much, and so much more."""
NAMES = {
    "memory_mb": "memory, MB",
    "files": "open files",
    "threads": "threads",
    "kept": "files of photos in the store",
    "notes": "notes kept for a day",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Work, watch, print a table and return the exit code."""
    options = _parser().parse_args(arguments)
    done = Done()
    with tempfile.TemporaryDirectory() as scratch:
        samples = _run(
            Path(scratch, "store"), options.minutes * 60, options.hours * 60 / options.minutes, options, done
        )
    grown = growing(samples)
    print(f"{options.hours:g} hours in {options.minutes:g} minutes, {options.people} people at a time")
    print(f"{done.people} people, {done.photos} photos, {done.films} videos, {done.deleted} of them deleted by hand")
    _print(samples)
    for fault in [*done.faults, *(f"{NAMES[name]}: this grows" for name in grown)]:
        print(f"fault: {fault}")
    if options.plot:
        draw(samples, options.plot)
    return 1 if done.faults or grown else 0


def _run(store: Path, seconds: float, times: float, options: argparse.Namespace, done: Done) -> list[Sample]:
    command = [sys.executable, "-m", "benchmarks.soak.server", str(store), str(times)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        start = time.monotonic()
        shown = film()
        people = [
            threading.Thread(target=come_and_go, args=(port, shown, done, start + seconds))
            for _ in range(options.people)
        ]
        for person in people:
            person.start()
        samples = [look(server.pid, store, 0.0)]
        while time.monotonic() < start + seconds and server.poll() is None:
            time.sleep(EVERY_S)
            samples.append(look(server.pid, store, time.monotonic() - start))
        for person in people:
            person.join()
        if server.poll() is not None:
            done.faults.append(f"the studio ended with {server.returncode}")
        return samples
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        server.stdout.close()


def _parts(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """Return the second fifth, when all has warmed up, and the last."""
    fifth = max(1, len(samples) // 5)
    return samples[fifth : 2 * fifth] or samples, samples[-fifth:]


def growing(samples: Sequence[Sample]) -> list[str]:
    """Return the names of what is held more of in the end than after the warm-up."""
    early, late = _parts(samples)
    return [
        name for name, (factor, more) in GROWTH.items() if _middle(late, name) > factor * _middle(early, name) + more
    ]


def _middle(samples: Sequence[Sample], name: str) -> float:
    values: list[float] = [getattr(sample, name) for sample in samples]
    return statistics.median(values)


def _print(samples: Sequence[Sample]) -> None:
    early, late = _parts(samples)
    print(f"{'median':<30} {'after warm-up':>14} {'at the end':>11} {'most':>8}")
    for name, title in NAMES.items():
        most = max(getattr(sample, name) for sample in samples)
        print(f"{title:<30} {_middle(early, name):14.0f} {_middle(late, name):11.0f} {most:8.0f}")


def draw(samples: Sequence[Sample], target: Path) -> None:
    """Draw what was held over time into a .png or .svg."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 7), layout="constrained", facecolor="white")
    rows = figure.subplots(len(NAMES), 1, sharex=True)
    for axes, (name, title) in zip(rows, NAMES.items(), strict=True):
        axes.plot(
            [sample.seconds / 60 for sample in samples], [getattr(sample, name) for sample in samples], color="#1f6f8b"
        )
        axes.set_ylim(bottom=0)
        axes.set_title(title, loc="left", fontsize=9)
    rows[-1].set_xlabel("minutes")
    figure.savefig(target)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15, help="how long it takes")
    parser.add_argument("--hours", type=float, default=8, help="how long it is for the studio")
    parser.add_argument("--people", type=int, default=2, help="at a time")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it, as .png or .svg")
    return parser
