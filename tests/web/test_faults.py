"""Studios in processes of their own on a bad day: storms, hostile requests, a store that cannot be written."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import fakes
from tests.jobs.conftest import FACE, photo, until
from tests.jobs.films import filmed
from tests.test_faults import may_not_overrule
from tests.web.conftest import API
from veil.web.guard import SESSION_COOKIE

PROGRAM = """
import sys
from pathlib import Path
from tests.web.conftest import load
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.web.server import Doors, serve

with open_studio(Path(sys.argv[1]), load=load, limits=Limits(free_bytes=0)) as studio:
    serve(studio, Doors(port=0), ready=lambda address: print(address, flush=True))
"""
CLIENTS = 50
PLANTED = "Zaphod"


class Server:
    """A studio that was started on a store; what it says lies in a file."""

    def __init__(self, store: Path, log: Path) -> None:
        command = [*may_not_overrule(), sys.executable, "-c", PROGRAM, str(store)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([".", *sys.path])}
        self.log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
        until(lambda: log.read_text().endswith("\n"))
        self._port = int(log.read_text().rsplit(":", 1)[1])

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        session: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body, {"Cookie": f"{SESSION_COOKIE}={session:032x}"} | dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def photos(self, session: int = 0) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(self.ask("GET", API, session=session)[1])["photos"]
        return told

    def is_done(self, session: int = 0) -> bool:
        return not any(each["state"] in ("queued", "running") for each in self.photos(session))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def said(self) -> list[str]:
        """Return what it has said since it told its address."""
        return self.log.read_text().splitlines()[1:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A studio whose photos lie in the folder's store."""
    running = Server(folder / "store", folder / "log")
    yield running
    running.kill()


@pytest.fixture
def other(folder: Path, server: Server) -> Iterator[Server]:
    """Another one on the same store."""
    running = Server(folder / "store", folder / "other")
    yield running
    running.kill()


def test_a_store_that_cannot_be_written_refuses_and_takes_again_when_it_can(server: Server, folder: Path) -> None:
    store = folder / "store"
    folders = [store, *(path for path in store.rglob("*") if path.is_dir())]
    for each in folders:
        each.chmod(0o555)
    for data in (photo(), filmed()):
        status, body = server.ask("POST", API, data)
        assert (status, json.loads(body)["kind"]) == (507, "no-space")
    assert server.ask("GET", "/health")[0] == 200
    for each in folders:
        each.chmod(0o700)
    assert server.photos() == []
    for data in (photo(), filmed()):
        assert server.ask("POST", API, data)[0] == 201
    until(server.is_done)
    assert {each["problem"] for each in server.photos()} == {None}
    assert server.said() == []


def test_no_log_line_holds_what_people_send(server: Server, folder: Path) -> None:
    form = (
        f'--b\r\nContent-Disposition: form-data; name="photo"; filename="../{PLANTED} <b>.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode() + fakes.photo(FACE)
    photo_id = json.loads(
        server.ask("POST", API, form + b"\r\n--b--\r\n", headers={"Content-Type": "multipart/form-data; boundary=b"})[1]
    )["id"]
    until(server.is_done)
    named = json.dumps({"photos": [{"id": photo_id, "name": f"../../{PLANTED}\r\nX-Evil: 1.png"}]}).encode()
    for method, path, body, headers in (
        ("GET", f"{API}/{photo_id}/result", None, {}),
        ("POST", "/api/v1/archive", named, {"Content-Type": "application/json"}),
        ("POST", API, PLANTED.encode(), {}),
        ("POST", API, f"\x89PNG\r\n\x1a\n{PLANTED}".encode("latin-1"), {"User-Agent": PLANTED}),
        ("GET", f"/{PLANTED}%0d%0aERROR%20{PLANTED}", None, {"Referer": f"http://127.0.0.1/{PLANTED}"}),
        ("GET", f"/static/..%2f..%2f{PLANTED}", None, {}),
        ("GET", f"{API}/..%2f..%2fsecret", None, {}),
        ("GET", f"{API}/{PLANTED}?style=%1b%5b31m{PLANTED}", None, {}),
        ("POST", f"{API}?style={PLANTED}", photo(), {}),
        ("PUT", f"{API}/{photo_id}/plan", f'{{"{PLANTED}": 1}}'.encode(), {"If-Match": PLANTED}),
        ("PATCH", f"{API}/{photo_id}", PLANTED.encode(), {"Content-Type": "application/json"}),
        ("GET", "/", None, {"Host": f"{PLANTED}.example"}),
        ("GET", "/", None, {"X-Forwarded-For": PLANTED, "Authorization": f"Bearer {PLANTED}"}),
        ("DELETE", f"{API}/{photo_id}", None, {}),
    ):
        status, _ = server.ask(method, path, body, headers=headers)
        assert status < 500, (method, path)
    assert not any(PLANTED in str(path) for path in folder.rglob("*"))
    said = server.log.read_text()
    assert PLANTED not in said and "\x1b" not in said and photo_id not in said


def test_a_storm_on_two_studios_of_one_store_one_of_which_is_killed_loses_nothing(
    server: Server, other: Server
) -> None:
    def hand_in(session: int) -> tuple[int, str]:
        status, body = (server, other)[session % 2].ask("POST", API, photo(), session=session)
        return status, json.loads(body)["id"]

    with ThreadPoolExecutor(CLIENTS) as clients:
        taken = list(clients.map(hand_in, range(1, CLIENTS + 1)))
    assert {status for status, _ in taken} == {201}
    other.kill()  # most of its photos are still to be done
    until(lambda: all(server.is_done(session) for session in range(1, CLIENTS + 1)))
    held = [server.photos(session) for session in range(1, CLIENTS + 1)]
    assert [[(each["id"], each["state"]) for each in photos] for photos in held] == [[(id, "done")] for _, id in taken]
    assert server.said() == other.said() == []
