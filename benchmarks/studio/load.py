"""Many clients at once: does one fail, how long do they wait, how much memory is held, and who else has to wait?"""

import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.studio.client import UNFINISHED, WAIT_S, Client, Process, serve
from benchmarks.studio.photos import painted

SMALL = ("/health", "/", "/api/v1/photos")


@dataclass(slots=True)
class Watch:
    """What was seen beside the uploads.

    Attributes:
        small_s: How long small requests took.
        peak_mb: The most memory that the studio's processes held together, shared pages counted once.
        over: Set when there is nothing more to see.
    """

    small_s: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)


def measure(clients: int, megapixels: float, profile: str) -> int:
    """Let clients hand in a photo each at the same time, print how it went, and return 1 if one of them failed."""
    with ThreadPoolExecutor() as painters:
        photos = list(painters.map(lambda number: painted(number, megapixels), range(clients)))
    with tempfile.TemporaryDirectory() as scratch:
        server, port = serve(Path(scratch, "log"), "--store", str(Path(scratch, "store")))
        try:
            watch = Watch()
            watchers = [
                threading.Thread(target=_ask_small, args=(watch, port)),
                threading.Thread(target=_weigh, args=(watch, server)),
            ]
            for watcher in watchers:
                watcher.start()
            together = threading.Barrier(clients)
            with ThreadPoolExecutor(clients) as pool:
                taken = list(pool.map(lambda photo: _one(port, photo, profile, together), photos))
            watch.over.set()
            for watcher in watchers:
                watcher.join()
        finally:
            server.kill()
    failed = [error for _, _, error in taken if error]
    size_mb = statistics.mean(map(len, photos)) / 1e6
    print(f"{clients} clients, a photo of {megapixels:g} megapixels ({size_mb:.1f} MB) each, all at the same time")
    print(f"failed: {len(failed)}" + "".join(f"\n  {error}" for error in sorted(set(failed))))
    print(f"{'seconds':<28} {'median':>8} {'95 %':>8} {'99 %':>8} {'most':>8}")
    print(_row("handing in", [sent for sent, _, error in taken if not error]))
    print(_row("until the result is fetched", [whole for _, whole, error in taken if not error]))
    print(_row(f"{len(watch.small_s)} small requests beside", watch.small_s))
    print(f"memory at its peak: {watch.peak_mb:.0f} MB")
    return 1 if failed else 0


def _one(port: int, photo: bytes, profile: str, together: threading.Barrier) -> tuple[float, float, str]:
    """Return how long handing in took and how long all took, or what went wrong."""
    client = Client(port)
    together.wait()
    start = time.perf_counter()
    try:
        photo_id = client.hand_in(photo, profile)
        sent = time.perf_counter() - start
        while client.photos()[0]["state"] in UNFINISHED:
            time.sleep(WAIT_S * 5)
        client.result(photo_id)
    except Exception as error:
        return 0, 0, f"{type(error).__name__}: {error}"
    return sent, time.perf_counter() - start, ""


def _ask_small(watch: Watch, port: int) -> None:
    client = Client(port)
    while not watch.over.is_set():
        for path in SMALL:
            start = time.perf_counter()
            client.ask("GET", path)
            watch.small_s.append(time.perf_counter() - start)
        watch.over.wait(WAIT_S / 2)


def _weigh(watch: Watch, server: Process) -> None:
    while not watch.over.wait(WAIT_S):
        watch.peak_mb = max(watch.peak_mb, family_mb(server.pid))


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [child for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in family(int(child)))]


def family_mb(pid: int) -> float:
    """Return the memory of a process and all below it in megabytes; what they share counts once."""
    return sum(map(held_mb, family(pid)))


def held_mb(pid: int) -> float:
    """Return the memory of a process in megabytes, of what it shares with others its part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def _row(name: str, seconds: Sequence[float]) -> str:
    if not seconds:
        return f"{name:<28} {'-':>8}"
    ranked = sorted(seconds)
    at = [ranked[min(len(ranked) - 1, int(share * len(ranked)))] for share in (0.5, 0.95, 0.99, 1)]
    return f"{name:<28} " + " ".join(f"{value:8.2f}" for value in at)
