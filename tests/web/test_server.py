import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import fakes
from tests.web.conftest import API
from veil.errors import UsageError
from veil.jobs.studio import Studio
from veil.web.server import THREADS, Doors, _leaving, is_this_computer, large_requests_in, serve

TOKEN = "a-token-of-the-office"
PROGRAM = """
import os, sys
from pathlib import Path
from tests.web.conftest import load
from veil.jobs.opening import open_studio
from veil.web.server import Doors, serve

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
with open_studio(folder, load=load) as studio:
    doors = Doors(port=0, names=["veil.example"], token=os.environ.get("TOKEN"), proxy=os.environ.get("PROXY", ""))
    serve(studio, doors, ready=lambda address: print(address, flush=True))
"""


def never(address: str) -> None:
    raise AssertionError("it was started")


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost", "::", "192.168.1.2", "127.0.0.1.example", ""])
def test_other_hosts_need_a_token(host: str) -> None:
    assert not is_this_computer(host)
    with pytest.raises(UsageError, match="VEIL_TOKEN"):
        Doors(host)
    assert Doors(host, token=TOKEN).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_this_computer_needs_none(host: str) -> None:
    assert Doors(host).token is None


@pytest.mark.parametrize(
    ("host", "known"),
    [("0.0.0.0", ["veil.example"]), ("::", ["veil.example"]), ("10.0.0.5", ["veil.example", "10.0.0.5"]),
     ("fe80::1", ["veil.example", "[fe80::1]"])],
)  # fmt: skip
def test_the_studio_answers_to_its_address(host: str, known: list[str]) -> None:
    assert Doors(host, token=TOKEN, names=["veil.example"]).known_names == known


def test_a_simple_token_is_refused(studio: Studio) -> None:
    with pytest.raises(UsageError, match="16 or more"):
        serve(studio, Doors(port=0, token="short"), ready=never)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_in_use_is_said_clearly(studio: Studio, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.create_server((host, 0), family=family)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} of {host} cannot be had"):
            serve(studio, Doors(host, port), ready=never)


def test_large_requests_lie_on_the_disk_of_the_store(studio: Studio) -> None:
    before = tempfile.gettempdir()
    with large_requests_in(studio.scratch), tempfile.TemporaryFile() as file:
        assert Path(tempfile.gettempdir()).parent == studio.scratch.parent
        assert not any(studio.scratch.iterdir()), "nobody sees it"
        assert os.fstat(file.fileno()).st_dev == studio.scratch.stat().st_dev
    assert tempfile.gettempdir() == before


def test_streams_and_archives_leave_threads_for_all_else() -> None:
    from veil.web.archive import ARCHIVES
    from veil.web.events import STREAMS

    assert THREADS - STREAMS - ARCHIVES >= 16


@contextlib.contextmanager
def served(folder: Path, *arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a studio with painted faces in a process of its own; everything temporary lies in the folder."""
    environment = os.environ | {"TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join([".", *sys.path])} | more
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        address = server.stdout.readline().strip()
        assert address, server.stderr.read()
        try:
            yield server, address
        finally:
            server.kill()


def ended(server: subprocess.Popen[str], stop: signal.Signals) -> tuple[int, str]:
    server.send_signal(stop)
    assert server.stderr is not None
    return server.wait(60), server.stderr.read()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_photos_are_deleted_when_the_server_stops(tmp_path: Path, stop: signal.Signals) -> None:
    with served(tmp_path) as (server, address):
        request = urllib.request.Request(f"{address}{API}", data=fakes.photo(), method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 201
            assert answer.headers["Server"] is None
        with urllib.request.urlopen(f"{address}/api/v1/events", timeout=30) as stream:
            assert stream.readline() == b"retry: 1000\n"
            assert len(list(tmp_path.iterdir())) >= 1
            assert ended(server, stop) == (0, "")  # although somebody listens
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP])
def test_photos_are_deleted_in_peace_however_often_the_server_is_told_to_stop(stop: signal.Signals) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.default_int_handler)  # tests may be run so that it is ignored
    try:
        with pytest.raises(SystemExit), _leaving(threading.Event()):
            signal.raise_signal(stop)
        assert {signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)} == {signal.SIG_IGN}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_store_is_kept(tmp_path: Path) -> None:
    photos: list[tuple[int, str]] = []
    headers: dict[str, str] = {}
    for _ in range(2):
        with served(tmp_path, str(tmp_path / "store")) as (server, address):
            request = urllib.request.Request(f"{address}{API}", data=fakes.photo(), headers=headers, method="POST")
            with urllib.request.urlopen(request, timeout=30) as answer:
                photos.append((answer.status, json.load(answer)["id"]))
                headers = {"Cookie": (answer.headers["Set-Cookie"] or headers.get("Cookie", "")).split(";")[0]}
            assert ended(server, signal.SIGTERM) == (0, "")
    assert photos == [(201, photos[0][1]), (200, photos[0][1])]


def test_a_token_is_asked_for_over_the_line(tmp_path: Path) -> None:
    with served(tmp_path, TOKEN=TOKEN) as (_, address):
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            urllib.request.urlopen(f"{address}{API}", timeout=30)
        assert json.load(refused.value)["kind"] == "login"
        request = urllib.request.Request(f"{address}{API}", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["photos"] == []


@pytest.mark.parametrize(("proxy", "status"), [("127.0.0.1", 201), ("10.0.0.1", 403), ("", 403)])
def test_only_the_named_proxy_is_believed(tmp_path: Path, proxy: str, status: int) -> None:
    """A page that came over TLS sends its https origin; without the proxy's word it would be a foreign one."""
    told = {"Host": "veil.example", "Origin": "https://veil.example", "X-Forwarded-Proto": "https"}
    with served(tmp_path, PROXY=proxy) as (_, address):
        request = urllib.request.Request(f"{address}{API}", data=fakes.photo(), headers=told, method="POST")
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            assert answer.status == status
            assert ("; Secure" in (answer.headers["Set-Cookie"] or "")) == (status == 201)


def test_wrong_tokens_are_counted_by_the_client_behind_the_proxy(tmp_path: Path) -> None:
    def ask(address: str, client: str, token: str) -> int:
        headers = {"X-Forwarded-For": client, "Authorization": f"Bearer {token}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{address}{API}", headers=headers)) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    with served(tmp_path, PROXY="127.0.0.1", TOKEN=TOKEN) as (_, address):
        assert [ask(address, "10.0.0.8", "wrong") for _ in range(6)] == [401] * 5 + [429]
        assert ask(address, "10.0.0.9", TOKEN) == 200
