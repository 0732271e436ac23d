"""How the server speaks HTTP: waitress, with clear refusals and without listeners that stall.

Waitress takes whole requests before a thread sees them, and sends answers after the thread has left. That keeps slow
clients out of threads. Three things are added here: refusals are problem details, as everywhere; a file that is too
large is taken to its end before it is refused, since most clients read no answer before; and a client that reads
nothing of an answer under way is dropped, since its thread would wait for ever.
"""

import json
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from veil.web.problems import CONTENT_TYPE, refusal

DRAINED_BYTES = 2_000_000_000
"""Larger files are cut off at once; whoever sends those may miss the reason."""


class Parser(HTTPRequestParser):
    """Reads one request."""

    _unwanted = 0  # bytes of a refused body that are still to come

    def received(self, data: bytes) -> int:
        """Take some bytes and return how many of them belong to this request."""
        if self._unwanted:
            taken = min(self._unwanted, len(data))
            self._unwanted -= taken
            self.completed = not self._unwanted
            return taken
        taken = super().received(data)
        if self.error is not None:
            self._refuse()
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # "GET http://[ HTTP/1.1" for one, which would be logged as a crash
            raise ParsingError("The address or a number in the header cannot be read") from error

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

    parser_class = Parser
    error_task_class = Refusal


class Server(TcpWSGIServer):
    """Takes connections."""

    channel_class = Channel

    def maintenance(self, now: Any) -> None:
        """Close connections that have been idle for long, and those that do not read their answer."""
        super().maintenance(now)
        oldest = now - self.adj.channel_timeout
        channels: Any = self.active_channels
        for channel in list(channels.values()):
            if channel.total_outbufs_len and channel.last_activity < oldest:
                channel.handle_close()  # will_close would wait until the client can take something


def make_server(app: Any, listener: Any, adjustments: Any) -> Any:
    """Return a server for an app on a socket that listens already."""
    about = (listener.family, listener.type, listener.proto, listener.getsockname())
    return Server(app, _sock=listener, bind_socket=False, sockinfo=about, adj=adjustments)
