import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import fakes
from tests.web.conftest import API, OWNER, Submit
from veil.jobs.studio import Studio
from veil.web import events
from veil.web.events import Hall, Seats, stream

PLACE = "/api/v1/events"


class Quiet:
    """A studio in which nothing happens; each wait takes all of its time."""

    def __init__(self, studio: Studio) -> None:
        self.now = 0.0
        self.token = "0"
        self.limits = studio.limits
        self.waited: list[float] = []

    def changes(self, owner: str, since: str | None, seconds: float) -> str:
        self.waited.append(seconds)
        if since == self.token:
            self.now += seconds
        return self.token

    def jobs(self, owner: str) -> list[Any]:
        return []


@pytest.fixture
def quiet(studio: Studio) -> Quiet:
    return Quiet(studio)


@pytest.fixture
def hall(quiet: Quiet) -> Hall:
    return Hall(clock=lambda: quiet.now, rest=lambda seconds: None)


def told(piece: bytes) -> dict[str, Any]:
    kind, data = piece.decode().removesuffix("\n\n").split("\n")
    assert kind == "event: photos"
    assert data.startswith("data: ")
    return dict(json.loads(data.removeprefix("data: ")))


def listen(quiet: Any, hall: Hall, gone: Any = lambda: False, owner: str = OWNER) -> Iterator[bytes]:
    return stream(quiet, owner, hall, gone)


def test_the_list_comes_at_once_and_after_each_change(studio: Studio, submit: Submit, client: FlaskClient) -> None:
    hall = Hall(rest=lambda seconds: None)
    pieces = stream(studio, OWNER, hall, lambda: False)
    assert next(pieces) == b"retry: 1000\n\n"
    assert told(next(pieces))["photos"] == []
    facts = submit(fakes.photo())
    photos: list[dict[str, Any]] = []
    while not photos or photos[0]["state"] != "review":
        photos = told(next(pieces))["photos"]
    assert photos == [client.get(f"{API}/{facts['id']}").json | {"expires": photos[0]["expires"]}]  # type: ignore[operator]
    client.delete(API)
    while photos:
        photos = told(next(pieces))["photos"]
    assert hall.seats.taken == 1
    pieces.close()  # type: ignore[attr-defined]
    assert hall.seats.taken == 0


def test_others_changes_are_not_told(studio: Studio, submit: Submit) -> None:
    submit(fakes.photo())
    with_nothing = stream(studio, "1" * 32, Hall(), lambda: False)
    next(with_nothing)
    assert told(next(with_nothing))["photos"] == []


def test_a_stream_beats_and_ends_in_time(quiet: Quiet, hall: Hall) -> None:
    pieces = list(listen(quiet, hall))
    assert pieces[2:] == [b":\n\n"] * 6
    assert (quiet.now, hall.seats.taken) == (events.LIFE_SECONDS, 0)
    assert max(quiet.waited) <= events.LOOK_SECONDS


def test_a_stream_ends_when_nobody_listens_any_more(quiet: Quiet, hall: Hall) -> None:
    assert len(list(listen(quiet, hall, gone=lambda: quiet.now >= 3))) == 2
    assert quiet.now == 3


def test_a_stream_ends_with_the_server(quiet: Quiet, hall: Hall) -> None:
    pieces = listen(quiet, hall)
    next(pieces)
    hall.closing.set()
    assert len(list(pieces)) == 1


def test_too_many_streams_become_polling(quiet: Quiet, hall: Hall) -> None:
    running = [listen(quiet, hall, owner=str(number)) for number in range(events.STREAMS)]
    for each in running:
        assert next(each) == b"retry: 1000\n\n"
    assert [piece[:6] for piece in listen(quiet, hall)] == [b"retry:", b"event:"]
    assert next(listen(quiet, hall)) == b"retry: 2000\n\n"
    running[0].close()  # type: ignore[attr-defined]
    assert next(listen(quiet, hall)) == b"retry: 1000\n\n"


def test_one_session_leaves_room_for_others(quiet: Quiet, hall: Hall) -> None:
    running = [listen(quiet, hall) for _ in range(events.STREAMS_A_SESSION)]
    for each in running:
        next(each)
    assert next(listen(quiet, hall)) == b"retry: 2000\n\n"
    assert next(listen(quiet, hall, owner="another")) == b"retry: 1000\n\n"


def test_seats_are_given_back_once() -> None:
    seats = Seats(total=1, each=1)
    with seats.seat("a") as first, seats.seat("a") as second, seats.seat("b") as third:
        assert (first, second, third, seats.taken) == (True, False, False, 1)
    assert seats.taken == 0


def test_lists_that_change_all_the_time_do_not_take_all_the_time(quiet: Quiet, studio: Studio) -> None:
    rests: list[float] = []

    class Busy(Quiet):
        def changes(self, owner: str, since: str | None, seconds: float) -> str:
            self.token = str(float(self.token) + 1)
            return self.token

        def jobs(self, owner: str) -> list[Any]:
            self.now += 0.5  # a long list
            return []

    busy = Busy(studio)
    pieces = listen(busy, Hall(clock=lambda: busy.now, rest=rests.append))
    for _ in range(6):
        next(pieces)
    assert rests == [0.5 * events.REST] * 3


def test_the_route(client: FlaskClient, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LIFE_SECONDS", 0.0)
    answer = client.get(PLACE)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"retry: 1000\n\nevent: photos\ndata: {")
    head = client.head(PLACE)
    assert (head.status_code, head.mimetype, head.data) == (200, "text/event-stream", b"")


def test_a_rest_ends_with_the_server() -> None:
    hall = Hall()
    hall.closing.set()
    hall.pause(3600)
