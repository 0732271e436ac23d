"""Photos handed in while the studio is killed again and again: is one lost, done twice, or served in part?"""

import hashlib
import http.client
import random
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.studio.client import UNFINISHED, VEIL, WAIT_S, Client, Process, answering, serve, until
from benchmarks.studio.photos import painted

MEGAPIXELS = 2.0
WORKERS = 2
ENDS_WITHIN_S = 600.0
LATEST_KILL_S = 1.5  # after the first photo of some is handed in


def measure(photos: int, kills: int, profile: str, *, celery: bool) -> int:
    """Hand photos in, kill at random moments, compare every result, and return 1 if one is not as it should be."""
    files = [painted(number, MEGAPIXELS) for number in range(photos)]
    with tempfile.TemporaryDirectory() as scratch:
        expected = _expected(files, profile, Path(scratch))
        pending, faults = _run(files, kills, profile, Path(scratch), expected, celery=celery)
    print(f"{photos} photos, {kills} times kill -9, queue {'celery' if celery else 'threads'}: {len(faults)} faults")
    print(f"photos that were still to be done after a kill: {pending / kills:.1f} on average")
    for fault in faults:
        print(f"  {fault}")
    return 1 if faults else 0


def _run(
    files: list[bytes], kills: int, profile: str, scratch: Path, expected: list[str], *, celery: bool
) -> tuple[int, list[str]]:
    """Return how many photos were still to be done after the kills, summed up, and what went wrong."""
    store = scratch / "store"
    words = ["--store", str(store)]
    workers: list[Process] = []
    broker = None
    if celery:
        broker, url = _broker(scratch)
        words += ["--queue", "celery", "--broker", url]
        for number in range(WORKERS):
            wanted = ["worker", "--broker", url, "--store", str(store), "--workers", "1"]
            workers.append(Process(wanted, scratch / f"worker-{number}.log"))
            workers[-1].start()
    server, port = serve(scratch / "log", *words, port=_free_port())
    try:
        client = Client(port)
        chance = random.Random(0)
        ids: dict[int, str] = {}
        pending = 0
        for number in range(kills):
            fresh = range(number * len(files) // kills, (number + 1) * len(files) // kills)
            handing_in = threading.Thread(target=_hand_in, args=(client, files, fresh, profile, ids))
            handing_in.start()
            _kill_one([server, *workers], server, chance)
            pending += sum(photo["state"] in UNFINISHED for photo in client.photos())
            handing_in.join()
        until(lambda: _all_ended(client, len(files)) or any(map(Process.died, workers)), ENDS_WITHIN_S)
        if any(map(Process.died, workers)):
            return pending, ["a worker ended by itself:\n" + "\n".join(worker.said()[-2000:] for worker in workers)]
        return pending, _faults(client, ids, expected, store)
    finally:
        for process in (server, *workers):
            process.kill()
        if broker is not None:
            broker.kill()


def _kill_one(processes: list[Process], server: Process, chance: random.Random) -> None:
    """Kill one of some processes at a random moment, most likely while photos are handed in or worked on."""
    time.sleep(chance.uniform(0, LATEST_KILL_S))
    victim = chance.choice(processes)
    victim.kill()
    victim.start()
    if victim is server:
        answering(server)


def _hand_in(client: Client, files: list[bytes], fresh: range, profile: str, ids: dict[int, str]) -> None:
    """Hand some files in; one whose answer did not come is handed in again, as a careful client does."""
    for number in fresh:
        while number not in ids:
            try:
                ids[number] = client.hand_in(files[number], profile)
            except (OSError, http.client.HTTPException):
                time.sleep(WAIT_S)


def _all_ended(client: Client, photos: int) -> bool:
    try:
        listed = client.photos()
    except (OSError, http.client.HTTPException):
        return False
    return len(listed) >= photos and not any(photo["state"] in UNFINISHED for photo in listed)


def _faults(client: Client, ids: dict[int, str], expected: list[str], store: Path) -> list[str]:
    faults = []
    listed = {photo["id"]: photo for photo in client.photos()}
    if len(listed) != len(expected):
        faults.append(f"{len(listed)} photos are held instead of {len(expected)}")
    for number, photo_id in ids.items():
        photo = listed.get(photo_id)
        if photo is None:
            faults.append(f"photo {number} is lost")
        elif photo["problem"]:
            faults.append(f"photo {number} failed: {photo['problem']['detail']}")
        elif hashlib.sha256(client.result(photo_id)).hexdigest() != expected[number]:
            faults.append(f"photo {number} has another result than by veil run")
    originals = len(list(store.rglob("original")))
    if originals != len(expected):
        faults.append(f"{originals} originals lie in the store instead of {len(expected)}")
    return faults


def _expected(files: list[bytes], profile: str, scratch: Path) -> list[str]:
    """Return the hash of what veil run makes of each file."""
    source, target = scratch / "in", scratch / "out"
    source.mkdir()
    for number, photo in enumerate(files):
        (source / f"{number}.jpg").write_bytes(photo)
    subprocess.run([VEIL, "run", str(source), "-o", str(target), "--profile", profile, "--quiet"], check=True)
    return [hashlib.sha256((target / f"{number}.jpg").read_bytes()).hexdigest() for number in range(len(files))]


def _broker(scratch: Path) -> tuple["subprocess.Popen[bytes]", str]:
    port = _free_port()
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(scratch)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL), f"redis://127.0.0.1:{port}/0"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
