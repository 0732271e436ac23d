"""What the audit log says of photos, over REST: to whom they belong, and to nobody else."""

import io
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import fakes
from tests.web.conftest import API, Submit, client_of, load, result_of, settled_job
from tests.web.test_photos import DOUBT, FACE, OTHER_FACE, assert_problem, edited
from veil.audit import verify, verify_jobs
from veil.audit.checking import entries
from veil.errors import AuditError
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.jobs.studio import Studio

BLUE = "?style=solid&color=0000ff"
KINDS = ["", ".html"]


@pytest.fixture
def photo_id(client: FlaskClient, submit: Submit, studio: Studio) -> str:
    """A photo whose blue result has been made."""
    facts = submit(fakes.photo(FACE), BLUE)
    assert result_of(client, studio, facts["id"], BLUE).status_code == 200
    return str(facts["id"])


def log_of(studio: Studio) -> Path:
    return studio._store.log.path


def test_the_entry_of_a_result(client: FlaskClient, studio: Studio, photo_id: str) -> None:
    answer = client.get(f"{API}/{photo_id}/audit{BLUE}")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.data + b"\n" == log_of(studio).read_bytes()
    assert answer.json is not None
    assert (answer.json["job"]["id"], answer.json["told"]["options"]["style"]) == (photo_id, "solid")


@pytest.mark.parametrize(("language", "title"), [("en", "Redaction audit report"), ("zh", "遮盖审计报告")])
def test_the_entry_as_a_page_to_keep(client: FlaskClient, photo_id: str, language: str, title: str) -> None:
    answer = client.get(f"{API}/{photo_id}/audit.html{BLUE}", headers={"Accept-Language": language})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Content-Disposition"] == "attachment"
    assert title in answer.text and f">{photo_id}</dd>" in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_owners_see_their_own_alone(app: Flask, photo_id: str, kind: str) -> None:
    assert_problem(client_of(app, "1" * 32).get(f"{API}/{photo_id}/audit{kind}{BLUE}"), 404, "no-such-photo")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_told_of_what_was_not_made(client: FlaskClient, photo_id: str, kind: str) -> None:
    assert_problem(client.get(f"{API}/{photo_id}/audit{kind}?style=mosaic"), 409, "not-ready")
    assert_problem(client.get(f"{API}/{photo_id}/audit{kind}?style=x"), 400, "usage")
    client.delete(f"{API}/{photo_id}")
    assert_problem(client.get(f"{API}/{photo_id}/audit{kind}{BLUE}"), 404, "no-such-photo")


def test_the_reason_of_a_person_is_told(client: FlaskClient, studio: Studio, photo_id: str) -> None:
    plan, tag = edited(client, photo_id, reason="child")
    assert client.put(f"{API}/{photo_id}/plan", json=plan, headers={"If-Match": tag}).status_code == 200
    result_of(client, studio, photo_id, BLUE)
    told = [entry["told"]["regions"][0]["reason"] for entry in entries(log_of(studio))]
    assert told == [None, "child"]


def test_an_archive_holds_all_entries_of_its_photos(
    client: FlaskClient, submit: Submit, studio: Studio, photo_id: str, tmp_path: Path
) -> None:
    other = submit(fakes.photo(OTHER_FACE), BLUE)["id"]
    result_of(client, studio, other, BLUE)
    client.delete(f"{API}/{other}")
    third = submit(fakes.photo(FACE, doubtful=(DOUBT,)), BLUE)["id"]
    result_of(client, studio, third, BLUE)
    result_of(client, studio, photo_id, "?style=mosaic")
    wanted = {"photos": [{"id": third, "name": "b"}, {"id": photo_id, "name": "a"}]}
    answer = client.post(f"/api/v1/archive{BLUE}", json=wanted)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        excerpt = Path(packed.extract("audit.jsonl", tmp_path / "packed"))
        assert other not in packed.read("audit.html").decode()
    assert [entry["job"]["id"] for entry in entries(excerpt)] == [photo_id, third, photo_id]
    checked = verify_jobs(excerpt)
    assert checked.passed and (checked.entries, checked.jobs) == (3, 2)
    assert not verify(excerpt).passed
    assert verify(log_of(studio)).passed


def test_a_deletion_is_told_once_and_holds_the_hash_alone(client: FlaskClient, studio: Studio, photo_id: str) -> None:
    assert client.delete(f"{API}/{photo_id}").status_code == 204
    result, deletion = entries(log_of(studio))
    assert set(deletion["told"]) == {"kind", "ended", "input", "by_age"}
    assert deletion["told"]["input"] == {"sha256": result["told"]["input"]["sha256"]}
    assert deletion["told"]["by_age"] is False
    assert deletion["job"] == {"id": photo_id, "number": 2, "previous": result["hash"]}
    assert client.delete(f"{API}/{photo_id}").status_code == 404
    assert verify(log_of(studio)).entries == 2


@pytest.mark.parametrize("damage", ["changed", "not a log"])
def test_no_result_while_the_log_is_damaged(
    client: FlaskClient, submit: Submit, studio: Studio, photo_id: str, damage: str
) -> None:
    log = log_of(studio)
    log.write_bytes(log.read_bytes()[:-3] + b"x}\n" if damage == "changed" else b"not a log")
    before = log.read_bytes()
    assert_problem(result_of(client, studio, photo_id, "?style=mosaic"), 500, "audit")
    assert client.get(f"{API}/{photo_id}/audit{BLUE}").status_code == 200  # it was made before
    assert client.delete(f"{API}/{photo_id}").status_code == 204
    assert log.read_bytes() == before


def test_a_log_that_was_cut_within_a_line_goes_on(client: FlaskClient, studio: Studio, photo_id: str) -> None:
    log = log_of(studio)
    log.write_bytes(log.read_bytes()[:-40])
    assert result_of(client, studio, photo_id, "?style=mosaic").status_code == 200
    checked = verify(log)
    assert checked.passed and (checked.entries, checked.torn) == (1, (1,))


def test_an_archive_is_refused_while_the_log_cannot_be_read(
    client: FlaskClient, studio: Studio, photo_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise AuditError("The audit log cannot be read.")

    monkeypatch.setattr(studio._store.log, "entries_of", unreadable)
    wanted = {"photos": [{"id": photo_id, "name": "a"}]}
    assert_problem(client.post(f"/api/v1/archive{BLUE}", json=wanted), 500, "audit")


def test_two_servers_add_to_one_log(tmp_path: Path) -> None:
    limits = Limits(free_bytes=0)
    with (
        open_studio(tmp_path / "store", load=load, limits=limits) as first,
        open_studio(tmp_path / "store", load=load, limits=limits) as second,
    ):
        owner = "0" * 32
        jobs = []
        for number, studio in enumerate((first, second) * 3):
            corner = (slice(150, 170), slice(10 + 30 * number, 30 + 30 * number))
            jobs.append(studio.submit(owner, io.BytesIO(fakes.photo(FACE, corner)), studio.options)[0])
        for job in jobs:
            settled_job(first, job.id)
        for number, job in enumerate(jobs):
            while first.request_result(owner, job.id, job.options).path is None:
                first.changes(owner, first.changes(owner, None, 0), 1)
            (first, second)[number % 2].delete(owner, job.id)
        told = [(entry["job"]["id"], entry["told"]["kind"]) for entry in entries(log_of(first))]
        assert sorted(told) == sorted((job.id, kind) for job in jobs for kind in ("result", "deletion"))
        checked = verify(log_of(first))
        assert checked.passed and checked.jobs == len(jobs)
