"""People who come, hand in photos and a video with sound, fetch the results, and go; some delete, some do not."""

import http.client
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.studio.client import SESSION, UNFINISHED, Client
from benchmarks.studio.photos import painted

MEGAPIXELS = 0.1
PHOTOS_OF_ONE = 40
WAIT_S = 0.02


@dataclass(slots=True)
class Done:
    """What was done so far."""

    people: int = 0
    photos: int = 0
    films: int = 0
    deleted: int = 0
    faults: list[str] = field(default_factory=list)
    counting: threading.Lock = field(default_factory=threading.Lock)


def film() -> bytes:
    """Return a small video with sound."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "film.mp4")
        sources = ["-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1"]
        subprocess.run(["ffmpeg", "-v", "error", *sources, "-preset", "ultrafast", str(target)], check=True)
        return target.read_bytes()


def come_and_go(port: int, shown: bytes, done: Done, end: float) -> None:
    """Be one person after the other until the time is over."""
    while time.monotonic() < end:
        with done.counting:
            done.people += 1
            number = done.people
        try:
            _one(Client(port), port, number, shown, done, end)
        except Exception as error:
            done.faults.append(f"person {number}: {type(error).__name__}: {error}")
            return


def _one(client: Client, port: int, number: int, shown: bytes, done: Done, end: float) -> None:
    for index in range(PHOTOS_OF_ONE):
        if time.monotonic() > end:
            return
        is_film = index == PHOTOS_OF_ONE // 2
        data = shown if is_film else painted(number * PHOTOS_OF_ONE + index, MEGAPIXELS)
        photo_id = client.hand_in(data, "fast")
        _listen(client, port)
        while any(photo["state"] in UNFINISHED for photo in client.photos()):
            time.sleep(WAIT_S)
        result = client.result(photo_id, "?voice=disguise" if is_film else "")
        if index % 3 == 0:
            client.ask("DELETE", f"/api/v1/photos/{photo_id}")
        with done.counting:
            done.photos += not is_film
            done.films += is_film
            done.deleted += index % 3 == 0
            if not result:
                done.faults.append(f"person {number}: an empty result")


def _listen(client: Client, port: int) -> None:
    """Open the stream of news as a page does, and leave in the middle: the server has to notice."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/v1/events", headers={"Cookie": f"{SESSION}={client.session}"})
    connection.getresponse().readline()
    connection.close()
