from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import fakes
from veil.detect import Finder
from veil.jobs.job import UNFINISHED, Job
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.jobs.studio import Studio
from veil.web.app import create_app
from veil.web.guard import SESSION_COOKIE

Submit = Callable[..., dict[str, Any]]
API = "/api/v1/photos"
OWNER = "0" * 32
"""The session that clients of these tests have."""

PATIENCE = 30.0  # seconds until something that should happen is taken for lost


class Client(FlaskClient):
    """Reads answers to their end and closes their files, as a browser does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})


def app_of(studio: Studio, **more: Any) -> Flask:
    app = create_app(studio, **more)
    app.test_client_class = Client
    return app


def client_of(app: Flask, owner: str = OWNER) -> FlaskClient:
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, owner)
    return client


def load(profile: str, *, streams: int) -> Finder:
    return fakes.finder()


def wait_until(studio: Studio, settled: Callable[[], bool], owner: str = OWNER) -> None:
    """Wait, from change to change, until something is so."""
    token = studio.changes(owner, None, 0)
    while not settled():
        before, token = token, studio.changes(owner, token, PATIENCE)
        assert token != before or settled(), "nothing has happened for long"


def settled_job(studio: Studio, photo_id: str, owner: str = OWNER) -> Job:
    """Return a photo once it has been looked at."""
    wait_until(studio, lambda: studio.job(owner, photo_id).state not in UNFINISHED, owner)
    return studio.job(owner, photo_id)


def result_of(client: FlaskClient, studio: Studio, photo_id: str, query: str = "") -> TestResponse:
    """Return the answer with a photo's result, once it has been made."""
    answers: list[TestResponse] = []

    def made() -> bool:
        answers.append(client.get(f"{API}/{photo_id}/result{query}"))
        return answers[-1].status_code != 202

    wait_until(studio, made)
    return answers[-1]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    limits = Limits(upload_bytes=200_000, photos=20, free_bytes=0)
    with open_studio(tmp_path / "store", load=load, limits=limits) as studio:
        yield studio


@pytest.fixture
def app(studio: Studio) -> Flask:
    return app_of(studio)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return client_of(app)


@pytest.fixture
def submit(client: FlaskClient, studio: Studio) -> Submit:
    """Hands a photo in and returns what is known of it once it has been looked at."""

    def submit(data: bytes, query: str = "") -> dict[str, Any]:
        answer = client.post(f"{API}{query}", data=data)
        assert answer.status_code in (200, 201), answer.json
        assert answer.json is not None
        settled_job(studio, answer.json["id"])
        facts = client.get(f"{API}/{answer.json['id']}")
        assert facts.status_code == 200
        assert isinstance(facts.json, dict)
        return facts.json

    return submit
