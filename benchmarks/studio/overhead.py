"""The same photos by the studio and by the command line: what do the store, the queue and the server cost?"""

import shutil
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.studio.client import VEIL, Client, serve

UPLOADS_AT_ONCE = 2  # as the page does


def measure(folder: Path, profile: str, runs: int) -> int:
    """Run both in turn, print their medians and the ratio, and return 0."""
    photos = sorted(each for each in folder.rglob("*") if each.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    taken: dict[str, list[float]] = {"veil run": [], "the studio": []}
    for _ in range(runs):
        taken["veil run"].append(_by_command(photos, profile))
        taken["the studio"].append(_by_studio(photos, profile))
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    print(f"{len(photos)} photos, profile {profile}, medians of {runs} runs")
    for name, seconds in medians.items():
        print(f"{name:<12} {seconds:8.2f} s   {seconds / medians['veil run']:.2f}x")
    return 0


def _by_command(photos: list[Path], profile: str) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "in")
        source.mkdir()
        for number, photo in enumerate(photos):
            shutil.copy(photo, source / f"{number}{photo.suffix}")
        words = [VEIL, "run", str(source), "-o", str(Path(scratch, "out")), "--profile", profile, "--quiet"]
        start = time.perf_counter()
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        return time.perf_counter() - start


def _by_studio(photos: list[Path], profile: str) -> float:
    """Return the time from the first upload to the last fetched result; the studio itself is running already."""
    with tempfile.TemporaryDirectory() as scratch:
        server, port = serve(Path(scratch, "log"), "--store", str(Path(scratch, "store")))
        try:
            client = Client(port)
            start = time.perf_counter()
            with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
                ids = list(pool.map(lambda photo: client.hand_in(photo.read_bytes(), profile), photos))
            with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
                list(pool.map(client.result, ids))
            return time.perf_counter() - start
        finally:
            server.kill()
