"""Server-sent events: the list of a session's photos, at once and after each change."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, g, request

from veil.jobs.studio import Studio
from veil.web.answers import listing

STREAMS = 24  # each holds a thread of the server
STREAMS_A_SESSION = 3  # a browser opens six connections to one server; some must stay free
LIFE_SECONDS = 60.0
HEARTBEAT_SECONDS = 10.0
LOOK_SECONDS = 1.0  # the longest time without a look at whether somebody still listens
REST = 20  # making a list takes at most one part in so many of the time
AGAIN_MS, LATER_MS = 1000, 2000


class Seats:
    """Counts those who listen. Safe to use from several threads."""

    def __init__(self, total: int = STREAMS, each: int = STREAMS_A_SESSION) -> None:
        self._total = total
        self._each = each
        self._taken: Counter[str] = Counter()
        self._changing = threading.Lock()

    @property
    def taken(self) -> int:
        """How many seats are taken."""
        with self._changing:
            return self._taken.total()

    @contextmanager
    def seat(self, owner: str) -> Iterator[bool]:
        """Take a seat for a session if one is free, and tell whether it was."""
        with self._changing:
            seated = self._taken.total() < self._total and self._taken[owner] < self._each
            self._taken[owner] += seated
        try:
            yield seated
        finally:
            with self._changing:
                self._taken[owner] -= seated
                if not self._taken[owner]:
                    del self._taken[owner]


@dataclass(frozen=True, slots=True)
class Hall:
    """Where streams are told: what they need from around them, so that tests can move its time.

    Attributes:
        seats: Who listens already.
        closing: Set once the server stops.
        clock: Seconds that only ever grow.
        rest: Waits so many seconds, or less when the server stops.
    """

    seats: Seats = field(default_factory=Seats)
    closing: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.monotonic
    rest: Callable[[float], object] | None = None

    def pause(self, seconds: float) -> None:
        """Wait, so that lists which change all the time do not take all the time."""
        (self.rest or self.closing.wait)(seconds)


def add_events(app: Flask, studio: Studio, hall: Hall) -> None:
    """Add the route of the stream."""

    @app.get("/api/v1/events")
    def events() -> Response:
        gone: Callable[[], bool] = request.environ.get("waitress.client_disconnected", lambda: False)
        told = stream(studio, g.owner, hall, gone) if request.method == "GET" else None
        # X-Accel-Buffering: a reverse proxy should pass each event on at once.
        return Response(told, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


def stream(studio: Studio, owner: str, hall: Hall, gone: Callable[[], bool]) -> Iterator[bytes]:
    """Yield events until the stream has lived long enough, nobody listens any more, or the server stops.

    Without a free seat it ends after the first event: the browser comes back by itself, which amounts to polling.

    Args:
        studio: Where the photos are.
        owner: Whose.
        hall: Seats, time and the end.
        gone: Whether the listener has left.
    """
    with hall.seats.seat(owner) as seated:
        yield b"retry: %d\n\n" % (AGAIN_MS if seated else LATER_MS)
        known = studio.changes(owner, None, 0)
        yield _event(studio, owner)
        born = spoken = hall.clock()
        while seated and not hall.closing.is_set() and not gone() and hall.clock() - born < LIFE_SECONDS:
            token = studio.changes(owner, known, LOOK_SECONDS)
            now = hall.clock()
            if token != known:
                known = token  # asked for before the list is made: a change in between is told again, never missed
                yield _event(studio, owner)
                spoken = hall.clock()
                hall.pause(REST * (spoken - now))
            elif now - spoken >= HEARTBEAT_SECONDS:
                spoken = now
                yield b":\n\n"


def _event(studio: Studio, owner: str) -> bytes:
    return b"event: photos\ndata: " + json.dumps(listing(studio, owner)).encode() + b"\n\n"
