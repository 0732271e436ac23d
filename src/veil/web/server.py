"""Running the studio, on this computer or for an office."""

import logging
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from waitress.adjustments import Adjustments

from veil.errors import UsageError
from veil.jobs.studio import Studio
from veil.web.access import Access, Attempts
from veil.web.app import FORM_BYTES, create_app
from veil.web.archive import ARCHIVES
from veil.web.events import STREAMS
from veil.web.guard import gate
from veil.web.wire import make_server

HOST = "127.0.0.1"
PORT = 8000
SMALL_REQUESTS = 24
RECEIVED_AT_ONCE = 1 << 16
"""Bytes; eight times the usual, since most of what comes are files."""
THREADS = STREAMS + ARCHIVES + SMALL_REQUESTS
"""Streams and archives are counted and hold a thread each; so many are always left for all else, which is short."""

CONNECTIONS = 1000  # a browser opens up to six
IDLE_SECONDS = 60  # after which a connection is closed, also one whose answer nobody reads


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the studio is and who may come in.

    Attributes:
        host: Address to listen on.
        port: 0 to 65535; 0 takes a free one.
        token: What has to be shown; needed for all hosts but this computer.
        names: Host names that lead here besides the address, a reverse proxy's for instance.
        proxy: Address of a reverse proxy whose word on the client's address and on TLS counts; "" for none.
    """

    host: str = HOST
    port: int = PORT
    token: str | None = None
    names: Sequence[str] = ()
    proxy: str = ""

    def __post_init__(self) -> None:
        if self.token is None and not is_this_computer(self.host):
            raise UsageError(
                f"{self.host or 'An empty address'} may be reached from other computers, and everybody there could "
                "hand in files; the studio was not started.\n"
                "Give it a token: set VEIL_TOKEN, or name a file that holds it with --token-file."
            )

    @property
    def known_names(self) -> list[str]:
        """What requests may call the studio; "every address" is none that anybody should call it by."""
        everywhere = self.host in ("", "0.0.0.0", "::")
        return [*self.names, *([] if everywhere else [_written(self.host)])]


def is_this_computer(host: str) -> bool:
    """Return whether an address can be reached from this computer alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name could mean anything, and something else tomorrow
        return False


def serve(studio: Studio, doors: Doors, *, ready: Callable[[str], None]) -> None:
    """Serve a studio until Ctrl-C or SIGTERM.

    Args:
        studio: Does the work; whoever made it closes it.
        doors: Where, and for whom.
        ready: Called with the address once it can be opened.

    Raises:
        UsageError: The token is too simple, or the port cannot be had.
    """
    stopping = threading.Event()
    access = Access(doors.token, studio.seal)
    attempts = Attempts()
    app = create_app(studio, access=access, names=doors.known_names, closing=stopping, attempts=attempts)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with _listening(doors.host, doors.port) as listener:
        settings = _adjustments(doors, studio.limits.upload_bytes + FORM_BYTES)
        server = make_server(app, listener, settings, gate(access, attempts, doors.proxy))
        with closing(server), _leaving(stopping), large_requests_in(studio.scratch):
            ready(f"http://{_written(doors.host)}:{server.effective_port}")
            server.run()


def _written(host: str) -> str:
    """Return a host as it is written in addresses."""
    return f"[{host}]" if ":" in host else host


def _adjustments(doors: Doors, request_bytes: int) -> Adjustments:
    settings: dict[str, Any] = {
        "threads": THREADS,
        "ident": None,
        "max_request_body_size": request_bytes,
        "connection_limit": CONNECTIONS,
        "channel_timeout": IDLE_SECONDS,
        "recv_bytes": RECEIVED_AT_ONCE,
        "channel_request_lookahead": 1,  # goes on reading, so that a browser that leaves a stream is noticed
        "asyncore_use_poll": True,
    }
    if doors.proxy:
        settings |= {
            "trusted_proxy": doors.proxy,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
            "clear_untrusted_proxy_headers": True,
        }
    return Adjustments(sockets=[], **settings)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"Port {port} of {host} cannot be had ({error}); the studio was not started. Choose another with --port."
        ) from error


@contextmanager
def large_requests_in(folder: Path) -> Iterator[None]:
    """Have requests that are too large for memory lie in unnamed files in a folder, not in the system's.

    That may itself be memory, or a small disk; the store's disk is looked after.
    """
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _leaving(stopping: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the server, and the streams first, which would hold it up."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        stopping.set()
        raise SystemExit(0)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
