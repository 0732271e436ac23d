"""A browser session reduced to its requests, and the studio it talks to."""

import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VEIL = str(Path(sys.executable).with_name("veil"))
WAIT_S = 0.1
STARTS_WITHIN_S = 60.0
SESSION = "veil_session"
UNFINISHED = ("queued", "running")


@dataclass(slots=True)
class Client:
    """One session; each thread needs its own."""

    port: int
    session: str = field(default_factory=lambda: secrets.token_hex(16))

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Send one request and return the status and the body of its answer.

        Raises:
            OSError: The studio does not answer.
            http.client.HTTPException: It broke off in the middle.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        headers = {"Cookie": f"{SESSION}={self.session}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/octet-stream"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def hand_in(self, photo: bytes, profile: str) -> str:
        """Hand a photo in and return its id."""
        status, body = self.ask("POST", f"/api/v1/photos?profile={profile}", photo)
        if status not in (200, 201):
            raise RuntimeError(f"handing in was answered with {status}: {body[:300]!r}")
        photo_id: str = json.loads(body)["id"]
        return photo_id

    def photos(self) -> list[dict[str, Any]]:
        """Return the session's photos."""
        status, body = self.ask("GET", "/api/v1/photos")
        if status != 200:
            raise RuntimeError(f"the list was answered with {status}")
        listed: list[dict[str, Any]] = json.loads(body)["photos"]
        return listed

    def result(self, photo_id: str, query: str = "") -> bytes:
        """Return the covered photo, waiting until it is there; the query says how it is to be covered."""
        while True:
            status, body = self.ask("GET", f"/api/v1/photos/{photo_id}/result{query}")
            if status == 200:
                return body
            if status not in (202, 409):
                raise RuntimeError(f"a result was answered with {status}: {body[:300]!r}")
            time.sleep(WAIT_S)


def until(condition: Callable[[], bool], within_s: float) -> None:
    """Wait for something.

    Raises:
        TimeoutError: It did not happen.
    """
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what was waited for did not happen")
        time.sleep(WAIT_S)


class Process:
    """A command of Veil that can be killed, with all that it started, and started again."""

    def __init__(self, words: Sequence[str], log: Path) -> None:
        """Take the words after ``veil`` and the file for what it says. It is not started yet."""
        self._words = [VEIL, *words]
        self._log = log
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that was started last."""
        if self._running is None:
            raise RuntimeError("it has not been started")
        return self._running.pid

    def start(self) -> None:
        """Start it as the leader of a group of its own."""
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(self._words, stdout=log, stderr=log, start_new_session=True)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to it and to all that it started, and wait for its end."""
        if self._running is not None:
            os.killpg(self._running.pid, number)
            self._running.wait()
            self._running = None

    def died(self) -> bool:
        """Say whether it ended although nobody killed it."""
        return self._running is not None and self._running.poll() is not None

    def said(self) -> str:
        """Return all that it has said so far."""
        return self._log.read_text(errors="replace")


def serve(log: Path, *words: str, port: int = 0) -> tuple[Process, int]:
    """Start the studio and return it and its port once it answers."""
    server = Process(["serve", "--port", str(port), *words], log)
    server.start()
    return server, answering(server)


def answering(server: Process) -> int:
    """Wait until a studio that was just started answers, and return its port."""
    opened = re.compile(r"http://127\.0\.0\.1:(\d+)")
    before = len(opened.findall(server.said()))

    def is_open() -> bool:
        ports = opened.findall(server.said())
        if len(ports) == before and before == 0:
            return False
        try:
            return Client(int(ports[-1])).ask("GET", "/health")[0] == 200
        except OSError:
            return False

    until(is_open, STARTS_WITHIN_S)
    return int(opened.findall(server.said())[-1])
