"""How the server speaks HTTP: waitress, with clear refusals and without listeners that stall.

Waitress takes whole requests before a thread sees them, and sends answers after the thread has left. That keeps slow
clients out of threads. Four things are added here: refusals are problem details, as everywhere; large bodies are kept
only for those whom a gate lets in, since strangers could fill the disk with them; a file that is refused is taken to
its end before, since most clients read no answer until then; and a client that reads nothing of an answer under way is
dropped, since its thread would wait for ever.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import Error

from veil.web.problems import CONTENT_TYPE, refusal

Gate = Callable[[Mapping[str, str], str], bool]
"""Tells from the headers of a request, by names as in WSGI without HTTP_, and its address whether to take its body."""

OPEN_BYTES = 1 << 16
"""Smaller bodies are taken from everybody: the form in which a token is shown is one."""

DRAINED_BYTES = 2_000_000_000
"""Larger files are cut off at once; whoever sends those may miss the reason."""


class NotAdmittedError(Error):
    """A stranger sends a large body."""

    code = 401
    reason = "Unauthorized"


class Parser(HTTPRequestParser):
    """Reads one request."""

    _unwanted = 0  # bytes of a refused body that are still to come

    def __init__(self, adjustments: Any, gate: Gate, address: str) -> None:
        super().__init__(adjustments)
        self._gate = gate
        self._address = address

    def received(self, data: bytes) -> int:
        """Take some bytes and return how many of them belong to this request."""
        if self._unwanted:
            taken = min(self._unwanted, len(data))
            self._unwanted -= taken
            self.completed = not self._unwanted
            return taken
        in_header = not self.headers_finished
        taken = super().received(data)
        if in_header and self.headers_finished and self.error is None and not self._is_welcome():
            self.error = NotAdmittedError("a large body from a stranger")
            self.completed = True
        if self.error is not None:
            self._refuse()
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # "GET http://[ HTTP/1.1" for one, which would be logged as a crash
            raise ParsingError("The address or a number in the header cannot be read") from error

    def _is_welcome(self) -> bool:
        is_small = self.content_length <= OPEN_BYTES and not self.chunked
        return is_small or self._gate(self.headers, self._address)

    def _refuse(self) -> None:
        waits = self.expect_continue  # and so has sent nothing of the body yet
        self.expect_continue = False
        if self.headers_finished and not (waits or self.chunked or self.body_bytes_received):
            self._unwanted = self.content_length if self.content_length <= DRAINED_BYTES else 0
            self.completed = not self._unwanted


class Refusal(ErrorTask):
    """Answers a request that waitress could not take."""

    def execute(self) -> None:
        """Write the answer and close the connection."""
        reason: Any = self.request.error  # type: ignore[attr-defined]  # the stubs take requests for errors
        body = json.dumps(refusal(reason.code, reason.reason)).encode()
        self.status = f"{reason.code} {reason.reason}"
        self.response_headers = [
            *self.response_headers,
            ("Content-Type", CONTENT_TYPE),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """One connection."""

    error_task_class = Refusal

    def parser_class(self, adjustments: Any) -> Parser:  # type: ignore[override]  # a class where it is inherited
        """Return what reads the next request."""
        server: Any = self.server
        return Parser(adjustments, server.gate, self.addr[0])


class Server(TcpWSGIServer):
    """Takes connections."""

    channel_class = Channel
    gate: Gate

    def maintenance(self, now: Any) -> None:
        """Close connections that have been idle for long, and those that do not read their answer."""
        super().maintenance(now)
        oldest = now - self.adj.channel_timeout
        channels: Any = self.active_channels
        for channel in list(channels.values()):
            if channel.total_outbufs_len and channel.last_activity < oldest:
                channel.handle_close()  # will_close would wait until the client can take something


def make_server(app: Any, listener: Any, adjustments: Any, gate: Gate) -> Any:
    """Return a server for an app on a socket that listens already; only a gate's guests may send large bodies."""
    about = (listener.family, listener.type, listener.proto, listener.getsockname())
    server = Server(app, _sock=listener, bind_socket=False, sockinfo=about, adj=adjustments)
    server.gate = gate
    return server
