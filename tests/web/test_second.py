"""The second look over HTTP: what is told of it, that nothing held back is sent, and releasing it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests import fakes
from tests.jobs.loads import painted, silent
from tests.web.conftest import API, OWNER, app_of, client_of, settled_job, wait_until
from tests.web.test_photos import FACE, assert_problem
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.jobs.studio import Studio

AGAIN = "?style=solid&verify=true"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A studio whose first look sees nothing, and the second all that is painted."""
    with open_studio(
        tmp_path / "store", load=silent, load_second=painted, limits=Limits(upload_bytes=200_000, free_bytes=0)
    ) as studio:
        yield studio


@pytest.fixture
def client(studio: Studio) -> FlaskClient:
    return client_of(app_of(studio))


@pytest.fixture
def place(client: FlaskClient, studio: Studio) -> str:
    """Where a photo is whose result is held back."""
    taken = client.post(f"{API}{AGAIN}", data=fakes.photo(FACE)).json
    assert taken is not None
    settled_job(studio, taken["id"])
    wait_until(studio, lambda: studio.job(OWNER, taken["id"]).look is not None)
    return f"{API}/{taken['id']}"


def test_what_is_seen_is_told(client: FlaskClient, place: str) -> None:
    told = client.get(place).json
    assert told is not None
    box = [FACE[1].start, FACE[0].start, FACE[1].stop, FACE[0].stop]
    assert told["second_look"] == {
        "state": "held-back",
        "frames": 1,
        "places": [{"box": box, "score": fakes.SURE, "frame": 0, "time": None}],
    }
    assert (told["state"], told["options"]["verify"]) == ("review", True)
    report = client.get(f"{place}/report{AGAIN}").json
    assert report is not None and report["second_look"] == {"passed": False, "frames": 1, "places": 1}


@pytest.mark.parametrize("query", [AGAIN, "?style=solid"])
def test_what_is_held_back_is_not_sent(client: FlaskClient, place: str, query: str) -> None:
    for ask in (client.post, client.get):
        assert_problem(ask(f"{place}/result{query}"), 409, "held-back")
    packing = {"photos": [{"id": place.rsplit("/", 1)[1], "name": "a.png", "query": query[1:]}]}
    assert_problem(client.post("/api/v1/archive", json=packing), 409, "held-back")


def test_once_it_is_released_it_is_sent(client: FlaskClient, place: str) -> None:
    assert_problem(client.post(f"{place}/release?style=veil"), 409, "not-ready")
    ready = client.post(f"{place}/release{AGAIN}").json
    assert ready is not None and ready["url"] == f"{place}/result{AGAIN}"
    assert client.get(ready["url"]).status_code == 200
    told, entry = client.get(place).json, client.get(f"{place}/audit{AGAIN}").json
    assert told is not None and told["second_look"]["state"] == "released"
    assert entry is not None and entry["told"]["outcome"] == "released"
    assert "released all the same" in client.get(f"{place}/audit.html{AGAIN}").text


def test_a_result_cannot_be_asked_for_as_released(client: FlaskClient, place: str) -> None:
    assert_problem(client.post(f"{place}/result{AGAIN}&release=true"), 400, "usage")
