"""Running the studio on this computer."""

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

from waitress.server import create_server

from veil.errors import UsageError
from veil.jobs.desk import Desk
from veil.web.app import FORM_BYTES, create_app

HOST = "127.0.0.1"
PORT = 8000
THREADS = 8


def announce(address: str) -> None:
    """Say where the studio is."""
    print(
        f"Veil's studio is open at {address}\nPress Ctrl-C to close it; every photo in it is deleted then.", flush=True
    )


def serve(host: str = HOST, port: int = PORT, *, ready: Callable[[str], None] = announce) -> None:
    """Serve the studio until Ctrl-C or SIGTERM; every photo is deleted then.

    Args:
        host: 127.0.0.1.
        port: 0 to 65535; 0 takes a free one.
        ready: Called with the address once it can be opened.

    Raises:
        UsageError: The host is another one, or the port cannot be had.
    """
    if host != HOST:
        raise UsageError(
            f"The studio has no password yet, so it is served on {HOST} only, not on {host}; it was not started."
        )
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with _listening(host, port) as listener, Desk() as desk:
        server: Any = create_server(
            create_app(desk),
            sockets=[listener],
            threads=THREADS,
            ident=None,
            max_request_body_size=desk.limits.upload_bytes + FORM_BYTES,
        )
        signal.signal(signal.SIGTERM, _leave)
        ready(f"http://{host}:{server.effective_port}")
        try:
            server.run()
        finally:
            server.close()


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"Port {port} cannot be had ({error}); the studio was not started. Choose another with --port."
        ) from error


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
