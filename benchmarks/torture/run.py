"""Tries cases in worker processes, and judges what each of them says and leaves."""

import hashlib
import json
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.torture.cases import AS_IT_IS, Case, content

DONE, REFUSED = 0, (1, 2)
TREE = Path(__file__).parents[2]
BUG = "Veil has a bug"
LIBTIFF = re.compile(r"^(?:TIFF|Fax|LZW|ZIP|JPEG|PixarLog|Dump)\w*: .*\n", re.MULTILINE)
"""What libtiff says of damage, on the terminal, past Pillow; it names no file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may take.

    Attributes:
        seconds: For a damaged file.
        whole_seconds: For a file as it is, which may be a long video.
        megabytes: Of memory, held by the whole process.
    """

    seconds: float = 60
    whole_seconds: float = 900
    megabytes: float = 2500


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case ended.

    Attributes:
        case: The case.
        done: A result was written.
        faults: What must not be.
        seconds: How long it took.
        peak_mb: The most memory that the process held.
    """

    case: Case
    done: bool
    faults: tuple[str, ...]
    seconds: float = 0.0
    peak_mb: float = 0.0


class Worker:
    """A process that runs the command line on files; started again when it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, order: dict[str, Any], seconds: float) -> dict[str, Any] | str:
        """Return the answer to an order, or what went wrong: the process crashed, or had to be killed."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.torture.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=TREE,
            )
        process = self._process
        assert process.stdin and process.stdout
        hung = threading.Event()

        def kill() -> None:
            hung.set()
            process.kill()

        timer = threading.Timer(seconds, kill)
        timer.start()
        try:
            print(json.dumps(order), file=process.stdin, flush=True)
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        timer.cancel()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.close()
        return f"not done after {seconds:g} s" if hung.is_set() else f"the process ended with {process.returncode}"

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin and self._process.stdout
            with suppress(BrokenPipeError):  # of what it never read
                self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()
            self._process = None


def attempt(cases: Sequence[Case], seed: int, limits: Limits, processes: int, profile: str) -> Iterator[Outcome]:
    """Try cases in several processes and yield how each ended, in their order."""
    others = sorted({case.source for case in cases if case.source.stat().st_size < 1_000_000})
    workers: queue.SimpleQueue[Worker] = queue.SimpleQueue()
    for _ in range(processes):
        workers.put(Worker())

    def one(case: Case) -> Outcome:
        worker = workers.get()
        try:
            return try_one(case, content(case, seed, others), worker.ask, limits, profile)
        finally:
            workers.put(worker)

    try:
        with ThreadPoolExecutor(processes) as pool:
            yield from pool.map(one, cases)
    finally:
        for _ in range(processes):
            workers.get().close()


def try_one(
    case: Case,
    data: bytes,
    ask: Callable[[dict[str, Any], float], dict[str, Any] | str],
    limits: Limits,
    profile: str,
) -> Outcome:
    """Try one file in a folder of its own and judge how that went."""
    with _folder() as folder:
        source, target = folder / f"in{case.source.suffix}", folder / "out" / f"result{case.ending}"
        source.write_bytes(data)
        target.parent.mkdir()
        words = ["run", str(source), "-o", str(target), "--profile", profile, "--quiet", *case.words]
        seconds = limits.whole_seconds if case.damage == AS_IT_IS else limits.seconds
        answer = ask({"words": words, "target": str(target)}, seconds)
        left = {path for path in folder.rglob("*") if path.is_file()} - {source}
        faults = []
        if hashlib.sha256(source.read_bytes()).digest() != hashlib.sha256(data).digest():
            faults.append("the input was changed")
        if isinstance(answer, str):
            return Outcome(case, False, (*faults, answer))
        done = answer["code"] == DONE
        faults += _faults(answer, limits)
        beside = left - {target} if done else left
        if beside:
            faults.append("files were left: " + ", ".join(sorted(path.name for path in beside)))
        if done and target not in left:
            faults.append("there is no result")
        return Outcome(case, done, tuple(faults), answer["seconds"], answer["peak_mb"])


def _faults(answer: dict[str, Any], limits: Limits) -> list[str]:
    """Return what is wrong with how a command ended."""
    code, said = answer["code"], LIBTIFF.sub("", answer["said"])
    faults = []
    if code != DONE and code not in REFUSED:
        faults.append(f"exit code {code}")
    if "Traceback" in said or BUG in said:
        faults.append(f"unforeseen: {said[-600:]}")
    elif said and (code == DONE or not said.startswith(("veil: ", "Usage: "))):
        faults.append(f"printed {said[:300]!r}")
    elif code in REFUSED and not said:
        faults.append("failed without a word")
    if code == DONE and answer["unreadable"]:
        faults.append(f"the result cannot be read: {answer['unreadable']}")
    if answer["peak_mb"] > limits.megabytes:
        faults.append(f"held {answer['peak_mb']:.0f} MB")
    return faults


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="veil-torture-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
