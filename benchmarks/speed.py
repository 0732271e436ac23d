"""How long does veil run take, and how much memory, beside another program?

    python benchmarks/speed.py FOLDER
    python benchmarks/speed.py FOLDER --peer "deface {input}" -n 5
    python benchmarks/speed.py PHOTO --peer "deface {input}"       one photo, each time by a new process
    python benchmarks/speed.py PHOTO --megapixels 24 -n 1          the same photo, enlarged

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
PEER = "peer"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took, or the median of several.

    Attributes:
        wall_s: From start to end, in seconds.
        processor_s: On all processors together, in seconds.
        peak_mb: Resident memory of the largest process, in megabytes.
        files: How many files were written.
    """

    wall_s: float
    processor_s: float
    peak_mb: float
    files: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return the exit code."""
    options = _parser().parse_args(arguments)
    veil = str(Path(sys.executable).with_name("veil"))
    commands = {PEER: shlex.split(options.peer)} if options.peer else {}
    for profile in options.profile or PROFILES:
        commands[f"veil {profile}"] = [veil, "run", "{input}", "-o", "{output}", "--profile", profile, "--quiet"]
    with tempfile.TemporaryDirectory() as scratch:
        source: Path = options.input
        if options.megapixels:
            source = enlarged(source, options.megapixels, Path(scratch))
        costs = take_turns(commands, source, options.runs)
    print(f"{source.name}: medians of {options.runs} runs, {len(os.sched_getaffinity(0))} processors")
    print(table(costs))
    return 0


def take_turns(commands: Mapping[str, Sequence[str]], source: Path, runs: int) -> dict[str, Cost]:
    """Return the median cost of each command; they run one after the other, again and again."""
    taken: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(run_once(command, source))
    return {name: median(costs) for name, costs in taken.items()}


def run_once(command: Sequence[str], source: Path) -> Cost:
    """Run a command on a fresh copy of a file or folder and return what it took.

    Raises:
        SystemExit: The command failed or wrote nothing; a cost would mean nothing.
    """
    with tempfile.TemporaryDirectory() as scratch:
        place, output = Path(scratch, "input", source.name), Path(scratch, "output", source.name)
        if source.is_dir():
            shutil.copytree(source, place)
        else:
            place.parent.mkdir()
            shutil.copy(source, place)
        output.parent.mkdir()
        before = count_files(Path(scratch))
        words = [word.replace("{input}", str(place)).replace("{output}", str(output)) for word in command]
        cost, status, said = _measure(words)
        files = count_files(Path(scratch)) - before
    if status or not files:
        raise SystemExit(f"{shlex.join(words)} ended with {status} and wrote {files} files. It said:\n{said[-2000:]}")
    return Cost(*cost, files)


def _measure(words: Sequence[str]) -> tuple[tuple[float, float, float], int, str]:
    """Return wall time, processor time and peak memory of a command, its exit status, and what it said."""
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        said = log.read().decode(errors="replace")
    # The system counts in KiB, and counts at least what this process held when it started the command: so nothing
    # large is loaded here.
    return (wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6), process.returncode, said


def count_files(folder: Path) -> int:
    """Return how many files a folder and those below it hold."""
    return sum(each.is_file() for each in folder.rglob("*"))


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure on its own."""
    rows = zip(*((each.wall_s, each.processor_s, each.peak_mb, each.files) for each in costs), strict=True)
    return Cost(*(statistics.median(row) for row in rows))


def table(costs: Mapping[str, Cost]) -> str:
    """Return the costs as text, with ratios to the peer if there is one."""
    lines = [f"{'':<14} {'wall s':>15} {'processor s':>15} {'peak MB':>15} {'files':>6}"]
    for name, cost in costs.items():
        beside = costs.get(PEER)
        cells = [
            f"{_figure(getattr(cost, what), getattr(beside, what, None)):>15}"
            for what in ("wall_s", "processor_s", "peak_mb")
        ]
        lines.append(f"{name:<14} {' '.join(cells)} {cost.files:>6g}")
    return "\n".join(lines)


def _figure(own: float, peer: float | None) -> str:
    amount = f"{own:.0f}" if own >= 100 else f"{own:.2f}"
    return f"{amount} ({own / peer:.2f}x)" if peer else amount


def enlarged(photo: Path, megapixels: float, folder: Path) -> Path:
    """Write a photo anew as JPEG with so many megapixels and return its name.

    Another process does it, so that this one stays small: see _measure().
    """
    target = folder / f"{photo.stem}-{megapixels:g}mp.jpg"
    process = multiprocessing.get_context("spawn").Process(target=_enlarge, args=(photo, megapixels, target))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{photo} could not be enlarged; nothing was measured.")
    return target


def _enlarge(photo: Path, megapixels: float, target: Path) -> None:
    from PIL import Image

    with Image.open(photo) as image:
        scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
        size = (round(image.width * scale), round(image.height * scale))
        image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(target, quality=92)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, metavar="INPUT", help="a folder of photos, or one photo")
    parser.add_argument("--peer", metavar="COMMAND", help="another program to compare with")
    parser.add_argument("--profile", action="append", choices=PROFILES, help="only this one; may be repeated")
    parser.add_argument("--megapixels", type=float, metavar="MP", help="enlarge the photo first")
    parser.add_argument("-n", "--runs", type=int, default=5, help="runs of each program (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
