import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import fakes
from tests.web.conftest import API, OWNER, Submit, result_of
from tests.web.test_photos import FACE, OTHER_FACE, assert_problem
from veil.jobs.studio import Studio
from veil.web import archive

PLACE = "/api/v1/archive"
BLUE = "?style=solid&color=0000ff"


@pytest.fixture
def two(client: FlaskClient, submit: Submit, studio: Studio) -> list[str]:
    """Two photos whose blue results have been made."""
    ids = [submit(fakes.photo(FACE))["id"], submit(fakes.photo(OTHER_FACE, format="bmp"))["id"]]
    for photo_id in ids:
        assert result_of(client, studio, photo_id, BLUE).status_code == 200
    return ids


@pytest.mark.parametrize("as_form", [True, False])
def test_results_and_their_report(client: FlaskClient, two: list[str], as_form: bool) -> None:
    names = ["合影.veiled.png", "../../b.veiled.bmp"]
    if as_form:
        answer = client.post(f"{PLACE}{BLUE}", data={"id": two, "name": names})
    else:
        wanted = [{"id": photo_id, "name": name} for photo_id, name in zip(two, names, strict=True)]
        answer = client.post(f"{PLACE}{BLUE}", json={"photos": wanted})
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="veil.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["合影.veiled.png", "b.veiled.bmp", "report.json", "audit.jsonl", "audit.html"]
        files = [packed.read(name) for name in packed.namelist()[:2]]
        told = json.loads(packed.read("report.json"))
    assert files == [client.get(f"{API}/{photo_id}/result{BLUE}").data for photo_id in two]
    assert [each["output_sha256"] for each in told["pictures"]] == [hashlib.sha256(file).hexdigest() for file in files]
    assert [(each["style"], each["covered"]) for each in told["pictures"]] == [("solid", 1), ("solid", 1)]


def test_nothing_is_packed_while_some_are_not_ready(client: FlaskClient, two: list[str]) -> None:
    wanted = {"photos": [{"id": photo_id, "name": "x"} for photo_id in two]}
    detail = assert_problem(client.post(f"{PLACE}?style=mosaic", json=wanted), 409, "not-ready")
    assert "2 of 2" in detail


def test_a_failed_photo_is_not_left_out_silently(client: FlaskClient, two: list[str], submit: Submit) -> None:
    wanted = {"id": [two[0], submit(b"no picture")["id"]], "name": ["a.png", "b.png"]}
    assert_problem(client.post(f"{PLACE}{BLUE}", data=wanted), 415, "unsupported")


@pytest.mark.parametrize(
    "body",
    [
        {"data": {}},
        {"data": b"\xff", "content_type": "text/plain"},
        {"data": {"id": [OWNER], "name": []}},
        {"data": {"id": [OWNER], "name": ["x" * 1001]}},
        {"data": {"id": [OWNER] * 21, "name": ["x"] * 21}},
        {"json": {}},
        {"json": []},
        {"json": {"photos": []}},
        {"json": {"photos": {}}},
        {"json": {"photos": ["x"]}},
        {"json": {"photos": [{"id": OWNER}]}},
        {"json": {"photos": [{"id": OWNER, "name": 1}]}},
        {"json": {"photos": [{"id": OWNER, "name": "a", "more": ""}]}},
        {"json": {"photos": [], "more": 1}},
        {"data": b"{", "content_type": "application/json"},
    ],
)
def test_odd_selections_are_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    assert_problem(client.post(PLACE, **body), 400, "usage")


@pytest.mark.parametrize("photo_id", ["x", "", "../" + OWNER, OWNER, "\ud800"])
def test_unknown_photos(client: FlaskClient, photo_id: str) -> None:
    assert_problem(client.post(PLACE, json={"photos": [{"id": photo_id, "name": "a"}]}), 404, "no-such-photo")


def test_only_so_many_at_a_time(
    app: Flask, client: FlaskClient, two: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: dict[str, Any] = {"data": {"id": two, "name": ["a", "b"]}}
    open_ones = [client.post(f"{PLACE}{BLUE}", buffered=False, **wanted) for _ in range(archive.ARCHIVES)]
    answer = client.post(f"{PLACE}{BLUE}", **wanted)
    assert_problem(answer, 503, "busy")
    assert answer.headers["Retry-After"] == "5"
    open_ones[0].close()
    assert client.post(f"{PLACE}{BLUE}", **wanted).status_code == 200
    for each in open_ones:
        each.close()
    assert client.post(f"{PLACE}{BLUE}", **wanted).status_code == 200
