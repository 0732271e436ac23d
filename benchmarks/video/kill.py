"""A run is killed at a random moment and started again: is the result the same, and is anything left beside it?"""

import hashlib
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.video.speed import VEIL


def measure(video: Path, profile: str, kills: int) -> int:
    """Kill, run again and compare, again and again; print what went wrong, and return 1 if anything did."""
    chance = random.Random(0)
    faults: list[str] = []
    resumed = 0
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, "safe.mp4")
        start = time.perf_counter()
        subprocess.run(_command(video, target, profile), check=True)
        lasts_s = time.perf_counter() - start
        expected = _hash(target)
        for number in range(kills):
            target.unlink()
            killed = _killed(_command(video, target, profile), chance.uniform(0, lasts_s))
            if killed and target.exists() and _hash(target) != expected:
                faults.append(f"kill {number}: there was half a result")
                target.unlink()
            resumed += bool(list(target.parent.glob(".veil-*.plan")))
            if not target.exists():
                subprocess.run(_command(video, target, profile), check=True)
            faults += [f"kill {number}: {fault}" for fault in _faults(target, expected)]
    print(f"{kills} times kill -9 within {lasts_s:.0f} s: {len(faults)} faults; a plan was left {resumed} times")
    for fault in faults:
        print(f"  {fault}")
    return 1 if faults else 0


def _command(video: Path, target: Path, profile: str) -> list[str]:
    return [VEIL, "run", str(video), "-o", str(target), "--profile", profile, "--quiet"]


def _killed(command: list[str], after_s: float) -> bool:
    """Start a command and kill it after some time; False if it had ended by then."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -signal.SIGKILL


def _faults(target: Path, expected: str) -> list[str]:
    """Return what is wrong with a result and what lies beside it."""
    faults = []
    if not target.exists():
        faults.append("there is no result")
    elif _hash(target) != expected:
        faults.append("the result is another one than without a kill")
    others = sorted(path.name for path in target.parent.iterdir() if path != target)
    return faults + [f"{name} was left" for name in others]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
