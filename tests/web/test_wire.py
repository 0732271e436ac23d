"""The server over real sockets, with an app that needs no studio."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import pytest
from waitress.adjustments import Adjustments

from veil.web import wire
from veil.web.problems import CONTENT_TYPE
from veil.web.wire import OPEN_BYTES, Gate, make_server

LIMIT = 100_000
HEADER = 1 << 18  # bytes; waitress takes less
PATIENCE = 30.0


class Running:
    """A server in a thread."""

    def __init__(self, app: Callable[..., Iterable[bytes]], gate: Gate, **settings: Any) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        adjustments = Adjustments(
            sockets=[], threads=2, ident=None, max_request_body_size=LIMIT, channel_request_lookahead=1,
            asyncore_loop_timeout=1, asyncore_use_poll=True, **settings,
        )  # fmt: skip
        self.server = make_server(app, self.listener, adjustments, gate)
        self.stopping = False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        asyncore = self.server.asyncore
        while not self.stopping:
            asyncore.loop(timeout=1, map=self.server._map, use_poll=True, count=1)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.listener.getsockname(), timeout=PATIENCE)

    def stop(self) -> None:
        self.stopping = True
        self.server.pull_trigger()
        self.thread.join(PATIENCE)
        self.server.task_dispatcher.shutdown()
        for channel in list(self.server.active_channels.values()):
            channel.handle_close()
        self.server.close()


@contextmanager
def running(
    app: Callable[..., Iterable[bytes]], gate: Gate = lambda headers, address: True, **settings: Any
) -> Iterator[Running]:
    server = Running(app, gate, **settings)
    try:
        yield server
    finally:
        server.stop()


def hello(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    size = len(environ["wsgi.input"].read())
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"%d bytes" % size]


def answer_to(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer to the end of the connection."""
    whole = b""
    while piece := connection.recv(1 << 16):
        whole += piece
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


def head(size: int, *more: str) -> bytes:
    lines = ["POST / HTTP/1.1", "Host: localhost", f"Content-Length: {size}", "Connection: close", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_body_that_fits_is_taken() -> None:
    with running(hello) as server, closing(server.connect()) as client:
        client.sendall(head(3000) + b"x" * 3000)
        assert answer_to(client)[::2] == (200, b"3000 bytes")


def test_a_body_that_is_too_large_is_read_to_its_end_and_then_refused() -> None:
    with running(hello) as server, closing(server.connect()) as client:
        size = 40 * LIMIT  # more than all buffers on the way hold, so a client that was not read would be cut off
        client.sendall(head(size))
        for _ in range(40):
            client.sendall(b"x" * LIMIT)
        status, headers, body = answer_to(client)
    assert (status, headers["Content-Type"], headers["Connection"]) == (413, CONTENT_TYPE, "close")
    assert json.loads(body)["kind"] == "too-large"


def test_large_bodies_are_kept_for_the_gates_guests_alone() -> None:
    asked: list[tuple[str | None, str]] = []

    def gate(headers: Mapping[str, str], address: str) -> bool:
        asked.append((headers.get("X_GUEST"), address))
        return headers.get("X_GUEST") == "yes"

    size = OPEN_BYTES + 1
    with running(hello, gate) as server:
        for more, status in (("X-Guest: yes", 200), ("X-Guest: no", 401)):
            with closing(server.connect()) as client:
                client.sendall(head(size, more))
                client.sendall(b"x" * size)
                told, headers, body = answer_to(client)
            assert told == status
        assert headers["Content-Type"] == CONTENT_TYPE
        assert json.loads(body)["kind"] == "login"
        assert asked == [("yes", "127.0.0.1"), ("no", "127.0.0.1")]
        with closing(server.connect()) as client:
            client.sendall(head(OPEN_BYTES) + b"x" * OPEN_BYTES)
            assert answer_to(client)[0] == 200  # a small one is taken from everybody
        with closing(server.connect()) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            assert answer_to(client)[0] == 401  # nobody knows how large it will be


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(head(40 * LIMIT, "Expect: 100-continue"), 413, id="asks-before"),
        pytest.param(head(wire.DRAINED_BYTES + 1), 413, id="endless"),
        pytest.param(b"GET http://[ HTTP/1.1\r\n\r\n", 400, id="no-address"),
        pytest.param(b"\xff\xff\xff\r\n\r\n", 400, id="noise"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, id="no-number"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, id="negative"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400, id="no-such-number"),
        pytest.param((b"GET / HTTP/1.1\r\nX: " + b"x" * HEADER)[:HEADER], 431, id="long-header"),
        pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501, id="encoding"),
        pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, id="chunks"),
    ],
)
def test_what_cannot_be_taken_is_refused_clearly(request_: bytes, status: int) -> None:
    with running(hello) as server, closing(server.connect()) as client:
        client.sendall(request_)
        told, headers, body = answer_to(client)
    assert (told, headers["Content-Type"], json.loads(body)["status"]) == (status, CONTENT_TYPE, status)
    assert "Server" not in headers


def test_a_truncated_upload_never_reaches_the_app() -> None:
    asked: list[str] = []

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        asked.append(environ["REQUEST_METHOD"])
        return hello(environ, start)

    with running(app) as server:
        with closing(server.connect()) as client:
            client.sendall(head(3000) + b"x" * 2999)
        with closing(server.connect()) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert answer_to(client)[0] == 200
    assert asked == ["GET"]


def test_slow_uploads_hold_no_thread() -> None:
    with running(hello) as server:
        slow = [server.connect() for _ in range(10)]  # there are two threads
        for client in slow:
            client.sendall(head(3000) + b"x" * 1000)
        with closing(server.connect()) as client:
            client.sendall(head(5) + b"small")
            assert answer_to(client)[::2] == (200, b"5 bytes")
        for client in slow:
            client.sendall(b"x" * 2000)
            assert answer_to(client)[::2] == (200, b"3000 bytes")
            client.close()


def test_a_listener_that_leaves_frees_its_thread() -> None:
    left = threading.Event()

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/event-stream")])
        yield b"hello"
        while not environ["waitress.client_disconnected"]():
            left.wait(0.01)
        left.set()

    with running(app) as server:
        client = server.connect()
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(10)
        client.close()
        assert left.wait(PATIENCE)


def test_a_client_that_does_not_read_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    written, ended = threading.Event(), threading.Event()

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        try:
            while True:
                yield b"x" * 1_000_000
                written.set()
        finally:
            ended.set()

    with running(app, outbuf_high_watermark=1 << 20) as server, closing(server.connect()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert written.wait(PATIENCE)
        # As if a long time had passed.
        server.server.adj.channel_timeout = -1e9
        while not ended.wait(0.05):
            server.server.next_channel_cleanup = 0
            server.server.pull_trigger()
        assert ended.is_set()
