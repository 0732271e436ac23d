"""Nonsense made from the OpenAPI description: every answer is as described, and none is a crash."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests import fakes
from tests.jobs.films import filmed
from tests.jobs.loads import spotting
from tests.jobs.test_sounds import recorded
from tests.web.conftest import API, app_of, client_of, load, settled_job
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.options import Options
from veil.web.openapi import document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
FACE, DOUBT = (slice(40, 80), slice(100, 130)), (slice(20, 50), slice(220, 250))

everything = schemathesis.openapi.from_dict(json.loads(json.dumps(document(Options()))))
FILM_PATHS = "photo_id}/(video|times|frames|people|follow|plan)"
SOUND_PATHS = "photo_id}/(sound|hearing|trial|report)"
one_film = everything.include(path_regex=FILM_PATHS)
one_sound = everything.include(path_regex=SOUND_PATHS)
one_photo = everything.include(path_regex="photo_id").exclude(path_regex=FILM_PATHS).exclude(method="DELETE")

few = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    closing = threading.Event()
    closing.set()  # streams end after their first event
    folder: Path = tmp_path_factory.mktemp("fuzz")
    limits = Limits(upload_bytes=200_000, photos=20, free_bytes=0)
    with open_studio(folder, load=load, limits=limits, workers=1) as studio:
        app = app_of(studio, closing=closing)
        answer = client_of(app).post(API, data=fakes.photo(FACE, doubtful=(DOUBT,)))
        assert answer.json is not None
        settled_job(studio, answer.json["id"])
        yield app


@pytest.fixture(scope="module")
def film_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("fuzz-film")
    with open_studio(folder, load=spotting, limits=Limits(free_bytes=0), workers=1) as studio:
        app = app_of(studio)
        answer = client_of(app).post(API, data=filmed())
        assert answer.json is not None
        settled_job(studio, answer.json["id"])
        yield app


@pytest.fixture(scope="module")
def sound_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("fuzz-sound")
    with open_studio(folder, load=load, limits=Limits(free_bytes=0), workers=1) as studio:
        app = app_of(studio)
        answer = client_of(app).post(API, data=recorded())
        assert answer.json is not None
        settled_job(studio, answer.json["id"])
        yield app


@pytest.fixture(scope="module")
def plan(app: Flask) -> dict[str, Any]:
    return plan_of_one(app)


@pytest.fixture(scope="module")
def film_plan(film_app: Flask) -> dict[str, Any]:
    return plan_of_one(film_app)


def plan_of_one(app: Flask) -> dict[str, Any]:
    client = client_of(app)
    (photo,) = client.get(API).json["photos"]  # type: ignore[index]
    made: dict[str, Any] = client.get(f"{API}/{photo['id']}/plan").json  # type: ignore[assignment]
    return made | {"photo_id": photo["id"]}


@everything.parametrize()
@few
def test_nonsense(case: Any, app: Flask) -> None:
    case.call_and_validate(app=app, session=client_of(app, "1" * 32), base_url="http://localhost", checks=CHECKS)


@one_photo.parametrize()
@few
def test_nonsense_about_a_photo_that_is_there(case: Any, app: Flask, plan: dict[str, Any]) -> None:
    about(case, plan)
    case.call_and_validate(app=app, session=client_of(app), base_url="http://localhost", checks=CHECKS)


@one_film.parametrize()
@few
def test_nonsense_about_a_video_that_is_there(case: Any, film_app: Flask, film_plan: dict[str, Any]) -> None:
    about(case, film_plan)
    case.call_and_validate(app=film_app, session=client_of(film_app), base_url="http://localhost", checks=CHECKS)


@one_sound.parametrize()
@few
def test_nonsense_about_a_sound_file_that_is_there(case: Any, sound_app: Flask) -> None:
    client = client_of(sound_app)
    (sound,) = client.get(API).json["photos"]  # type: ignore[index]
    case.path_parameters = {**(case.path_parameters or {}), "photo_id": sound["id"]}
    case.call_and_validate(app=sound_app, session=client, base_url="http://localhost", checks=CHECKS)


def about(case: Any, plan: dict[str, Any]) -> None:
    """Make a case one about a photo that is there."""
    case.path_parameters = {**(case.path_parameters or {}), "photo_id": plan["photo_id"]}
    if isinstance(case.body, dict) and "regions" in case.body:
        case.body = {name: value for name, value in plan.items() if name != "photo_id"} | {
            "regions": case.body["regions"]
        }
        if case.method == "PUT":
            case.headers = {**(case.headers or {}), "If-Match": "*"}
