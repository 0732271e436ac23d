from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import fakes
from veil.detect import Finder
from veil.jobs.desk import Desk, Limits
from veil.web.app import create_app

Submit = Callable[..., dict[str, Any]]


class Client(FlaskClient):
    """Reads answers to their end and closes their files, as a browser does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})


def studio(desk: Desk) -> Flask:
    app = create_app(desk)
    app.test_client_class = Client
    return app


def load(profile: str, *, streams: int) -> Finder:
    return fakes.finder()


def looked_at(answer: TestResponse, desk: Desk) -> str:
    """Return the id of a photo that was handed in, once it has been looked at."""
    assert answer.json is not None
    photo_id: str = answer.json["id"]
    finding = desk._photos[photo_id].finding
    assert finding is not None
    finding.exception(timeout=30)
    return photo_id


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk(load=load, limits=Limits(upload_bytes=200_000, photos=20)) as desk:
        yield desk


@pytest.fixture
def app(desk: Desk) -> Flask:
    return studio(desk)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def submit(client: FlaskClient, desk: Desk) -> Submit:
    """Hands a photo in and returns its facts once it has been looked at."""

    def submit(data: bytes, query: str = "", by: FlaskClient = client) -> dict[str, Any]:
        answer = by.post(f"/photos{query}", data=data)
        assert answer.status_code == 201, answer.json
        photo_id = looked_at(answer, desk)
        facts = by.get(f"/photos/{photo_id}")
        assert facts.status_code == 200
        assert isinstance(facts.json, dict)
        return facts.json

    return submit
