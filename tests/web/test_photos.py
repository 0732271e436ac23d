import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import fakes
from tests.web.conftest import API, OWNER, Submit, app_of, client_of, result_of, settled_job
from veil import plan as plans
from veil.detect import Finder
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.jobs.studio import Studio
from veil.types import Shape
from veil.web.inputs import JSON_BYTES
from veil.web.problems import CONTENT_TYPE

FACE = (slice(40, 80), slice(100, 130))
OTHER_FACE = (slice(120, 160), slice(20, 50))
DOUBT = (slice(20, 50), slice(220, 250))
STRANGE_IDS = ["0" * 32, "0" * 31, "A" * 32, "..%2f..%2fetc%2fpasswd", "x", "%00", "%ff%fe", "..", "plan"]


def assert_problem(answer: TestResponse, status: int, kind: str) -> str:
    assert (answer.status_code, answer.content_type) == (status, CONTENT_TYPE), answer.text
    assert isinstance(answer.json, dict)
    assert set(answer.json) == {"type", "title", "status", "detail", "kind"}
    assert (answer.json["status"], answer.json["kind"]) == (status, kind)
    return str(answer.json["detail"])


def edited(client: FlaskClient, photo_id: str, **changes: Any) -> tuple[dict[str, Any], str]:
    """Return the plan of a photo with its first region changed, and the tag to save it with."""
    answer = client.get(f"{API}/{photo_id}/plan")
    assert answer.json is not None
    plan: dict[str, Any] = answer.json
    plan["regions"][0] |= changes
    return plan, answer.headers["ETag"]


def test_the_studio_tells_its_limits_and_settings(client: FlaskClient) -> None:
    told = client.get("/api/v1").json
    assert told is not None
    assert told["limits"] == {"upload_bytes": 200_000, "photos": 20, "keep_seconds": 3600, "max_megapixels": 200}
    assert told["styles"] == ["veil", "gaussian", "mosaic", "solid"]
    assert told["shapes"] == ["ellipse", "box"]
    style = next(each for each in told["settings"] if each["name"] == "style")
    assert (style["stage"], style["default"], style["choices"]) == ("cover", "veil", told["styles"])
    assert "max_megapixels" not in [each["name"] for each in told["settings"]]


def test_what_is_told_of_a_photo(submit: Submit, client: FlaskClient) -> None:
    facts = submit(fakes.photo(FACE, OTHER_FACE, doubtful=(DOUBT,)), "?profile=fast&style=solid&color=0000ff")
    assert set(facts) == {
        *("id", "kind", "seconds", "video", "sound", "heard_nothing", "state", "created", "expires"),
        *("progress", "looked", "revision", "nothing_found", "wants_review", "second_look"),
        *("counts", "doubt", "picture", "extension", "options", "problem"),
    }
    assert facts["state"] == "review"
    assert facts["counts"] == {"covered": 2, "drawn": 0, "kept": 0, "suggested": 1, "doubtful": 0}
    assert (facts["kind"], facts["seconds"], facts["video"]) == ("still", None, None)
    assert (facts["doubt"], facts["looked"], facts["progress"], facts["problem"]) == (0.3, False, None, None)
    assert (facts["nothing_found"], facts["wants_review"], facts["extension"]) == (False, True, ".png")
    assert facts["picture"] == {"format": "png", "kind": "still", "width": 300, "height": 200, "frames": 1}
    assert facts["expires"] - facts["created"] >= 3600
    assert facts["options"]["profile"] == "fast"
    assert facts["options"]["color"] == [0, 0, 255]
    listed = client.get(API).json
    assert listed is not None
    assert [photo["id"] for photo in listed["photos"]] == [facts["id"]]


def test_nothing_found_is_said(submit: Submit) -> None:
    facts = submit(fakes.photo())
    assert (facts["nothing_found"], facts["wants_review"], facts["state"]) == (True, True, "review")


def test_doubtful_photos_come_first(submit: Submit, client: FlaskClient) -> None:
    sure = submit(fakes.photo(FACE))
    failed = submit(b"no picture")
    doubtful = submit(fakes.photo(FACE, doubtful=(DOUBT,)))
    listed = client.get(API).json
    assert listed is not None
    assert [photo["id"] for photo in listed["photos"]] == [doubtful["id"], failed["id"], sure["id"]]


def test_the_same_file_twice_is_one_photo(client: FlaskClient, submit: Submit) -> None:
    data = fakes.photo(FACE)
    first = client.post(API, data=data)
    again = client.post(API, data=data)
    other = client.post(f"{API}?profile=fast", data=data)
    assert [answer.status_code for answer in (first, again, other)] == [201, 200, 201]
    assert first.json is not None and again.json is not None and other.json is not None
    assert first.json["id"] == again.json["id"] != other.json["id"]
    assert first.headers["Location"] == again.headers["Location"] == f"{API}/{first.json['id']}"


def test_a_form_works_like_a_raw_body(client: FlaskClient) -> None:
    data = fakes.photo(FACE)
    first = client.post(API, data={"photo": (io.BytesIO(data), "holiday in Rome.png")})
    again = client.post(API, data=data, content_type="application/x-www-form-urlencoded")
    assert (first.status_code, again.status_code) == (201, 200)


@pytest.mark.parametrize(
    "request_",
    [
        {"data": {"picture": (io.BytesIO(b"x"), "x.png")}},
        {"data": {"photo": "only text"}, "content_type": "multipart/form-data"},
        {"data": b"x", "content_type": "multipart/form-data"},
        {"data": b"--x\r\n\r\n", "content_type": "multipart/form-data; boundary=x"},
    ],
)
def test_a_form_without_the_file_is_refused(client: FlaskClient, request_: dict[str, Any]) -> None:
    assert_problem(client.post(API, **request_), 400, "usage")


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("style=invisible", "invisible"),
        ("style=solid&color=red", "red"),
        ("grow=nan", "grow"),
        ("grow=1e999", "grow"),
        ("quality=1" + "0" * 400, "quality"),
        ("quality=1" + "0" * 5000, "quality"),
        ("region=1,2,3", "1,2,3"),
        ("region=nan,0,1,1", "nan"),
        ("boxes=perhaps", "perhaps"),
        ("format=exe", "exe"),
        ("profile=fast&profile=thorough", "2 times"),
        ("max_megapixels=4000", "max_megapixels"),
        ("__class__=1", "__class__"),
        ("%ff=%00", "setting"),
        ("profile=", "profile"),
        ("shape=polygon", "polygon"),
    ],
)
def test_settings_that_do_not_exist_are_refused(client: FlaskClient, query: str, detail: str) -> None:
    assert detail in assert_problem(client.post(f"{API}?{query}", data=fakes.photo(FACE)), 400, "usage")
    assert client.get(API).json["photos"] == []  # type: ignore[index]


def test_a_region_may_be_given_several_times(submit: Submit) -> None:
    facts = submit(fakes.photo(FACE), "?region=0,0,10,10&region=20,20,40,40")
    assert facts["counts"]["drawn"] == 2


@pytest.mark.parametrize(
    ("data", "status", "kind"),
    [
        pytest.param(b"", 415, "unsupported", id="empty"),
        pytest.param(b"hello", 415, "unsupported", id="text"),
        pytest.param(b"PK\x03\x04" + b"\0" * 1000, 415, "unsupported", id="zip"),
        pytest.param(fakes.photo(FACE)[:300], 422, "damaged", id="cut-off"),
    ],
)
def test_not_a_picture(client: FlaskClient, submit: Submit, data: bytes, status: int, kind: str) -> None:
    facts = submit(data)
    assert facts["state"] == "failed"
    assert (facts["problem"]["status"], facts["problem"]["kind"]) == (status, kind)
    for what in ("plan", "found", "original", "preview", "result", "report"):
        assert_problem(client.get(f"{API}/{facts['id']}/{what}"), status, kind)
    assert_problem(client.post(f"{API}/{facts['id']}/result"), status, kind)


def test_too_large_a_file(client: FlaskClient) -> None:
    for size in (200_001, 4_000_000):
        assert_problem(client.post(API, data=b"x" * size), 413, "too-large")
    form = {"photo": (io.BytesIO(b"x" * 200_001), "x.png")}
    assert_problem(client.post(API, data=form), 413, "too-large")
    assert client.get(API).json["photos"] == []  # type: ignore[index]


def test_too_many_photos(client: FlaskClient) -> None:
    for number in range(20):
        assert client.post(API, data=b"%d" % number).status_code == 201
    assert_problem(client.post(API, data=b"one more"), 429, "quota")


@pytest.mark.parametrize("photo_id", STRANGE_IDS)
@pytest.mark.parametrize("what", ["", "/plan", "/found", "/original", "/preview", "/result", "/report"])
def test_unknown_photos(client: FlaskClient, photo_id: str, what: str) -> None:
    for method in ("GET", "HEAD"):
        answer = client.open(f"{API}/{photo_id}{what}", method=method)
        assert (answer.status_code, answer.content_type) == (404, CONTENT_TYPE)


def test_another_session_sees_nothing(app: Flask, submit: Submit, client: FlaskClient) -> None:
    facts = submit(fakes.photo(FACE))
    place, stranger = f"{API}/{facts['id']}", client_of(app, "1" * 32)
    plan, tag = edited(client, facts["id"])
    for what in ("", "/plan", "/found", "/original", "/preview", "/result", "/report"):
        assert_problem(stranger.get(f"{place}{what}"), 404, "no-such-photo")
    for answer in (
        stranger.delete(place),
        stranger.patch(place, json={"looked": True}),
        stranger.put(f"{place}/plan", json=plan, headers={"If-Match": tag}),
        stranger.post(f"{place}/preview", json=plan),
        stranger.post(f"{place}/result"),
        stranger.post("/api/v1/archive", json={"photos": [{"id": facts["id"], "name": "a"}]}),
    ):
        assert_problem(answer, 404, "no-such-photo")
    assert stranger.delete(API).status_code == 204
    assert stranger.get(API).json["photos"] == []  # type: ignore[index]
    assert client.get(place).status_code == 200


def test_delete(client: FlaskClient, submit: Submit) -> None:
    kept, gone = submit(fakes.photo(FACE)), submit(fakes.photo(OTHER_FACE))
    assert client.delete(f"{API}/{gone['id']}").status_code == 204
    for answer in (client.get(f"{API}/{gone['id']}"), client.delete(f"{API}/{gone['id']}")):
        assert_problem(answer, 404, "no-such-photo")
    assert client.get(f"{API}/{kept['id']}").status_code == 200
    assert client.delete(API).status_code == 204
    assert client.get(API).json["photos"] == []  # type: ignore[index]


def test_saying_that_one_has_looked(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo())
    for looked, state in ((True, "done"), (False, "review")):
        answer = client.patch(f"{API}/{facts['id']}", json={"looked": looked})
        assert answer.json is not None
        assert (answer.status_code, answer.json["looked"], answer.json["state"]) == (200, looked, state)


def test_another_outline_for_what_was_found(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    answer = client.patch(f"{API}/{facts['id']}", json={"shape": "box", "grow": 1, "area": "face"})
    assert answer.json is not None
    assert answer.json["revision"] != facts["revision"]
    plan, _ = edited(client, facts["id"])
    assert (plan["regions"][0]["shape"], plan["regions"][0]["box"]) == ("box", [100, 40, 130, 80])
    assert {name: answer.json["options"][name] for name in ("shape", "grow", "area")} == {
        "shape": "box",
        "grow": 1,
        "area": "face",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b'{"looked": NaN}',
        b'{"looked": 1}',
        b'{"looked": null}',
        b'{"grow": NaN}',
        b'{"grow": 1e999}',
        b'{"grow": true}',
        b'{"grow": "2"}',
        b'{"grow": 1' + b"0" * 400 + b"}",
        b'{"grow": 1' + b"0" * 5000 + b"}",
        b'{"shape": "star"}',
        b'{"shape": "polygon"}',
        b'{"shape": ["box"]}',
        b'{"area": "\\ud800"}',
        b'{"style": "veil"}',
        b'{"\\ud800": 1}',
        b"[" * 100_000,
    ],
)
def test_odd_changes_are_refused(client: FlaskClient, submit: Submit, body: bytes) -> None:
    facts = submit(fakes.photo(FACE))
    answer = client.patch(f"{API}/{facts['id']}", data=body, content_type="application/json")
    assert_problem(answer, 400, "usage")
    page = {"Accept": "text/html"}
    answer = client.patch(f"{API}/{facts['id']}", data=body, content_type="application/json", headers=page)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert client.get(f"{API}/{facts['id']}").json["revision"] == facts["revision"]  # type: ignore[index]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_only_json_is_taken_for_json(client: FlaskClient, submit: Submit, content_type: str) -> None:
    place = f"{API}/{submit(fakes.photo(FACE))['id']}"
    plan, tag = edited(client, place.rsplit("/", 1)[1])
    text = json.dumps(plan)
    for answer in (
        client.patch(place, data=b'{"looked": true}', content_type=content_type),
        client.put(f"{place}/plan", data=text, content_type=content_type, headers={"If-Match": tag}),
        client.post(f"{place}/preview", data=text, content_type=content_type),
    ):
        assert_problem(answer, 415, "refused")


def test_a_plan_is_changed(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE, OTHER_FACE))
    place = f"{API}/{facts['id']}"
    plan, tag = edited(client, facts["id"], state="kept")
    assert tag == f'"{facts["revision"]}"'
    answer = client.put(f"{place}/plan", json=plan, headers={"If-Match": tag})
    assert answer.json is not None
    assert (answer.status_code, answer.json["counts"]["kept"]) == (200, 1)
    assert answer.headers["ETag"] == f'"{answer.json["revision"]}"' != tag
    assert client.get(f"{place}/plan").json == plan
    found = client.get(f"{place}/found").json
    assert found is not None
    assert [region["state"] for region in found["regions"]] == ["covered", "covered"]
    report = client.get(f"{place}/report").json
    assert report is not None
    assert (report["kept"], report["covered"], report["picture"]) == (1, 1, plan["picture"])


def test_a_polygon_can_be_drawn(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    plan, tag = edited(
        client, facts["id"], box=[10, 10, 50, 60], shape=Shape.POLYGON, outline=[[10, 10], [50, 10], [30, 60]],
        state="drawn", score=None, source="user", face=None, points=[],
    )  # fmt: skip
    answer = client.put(f"{API}/{facts['id']}/plan", json=plan, headers={"If-Match": tag})
    assert answer.json is not None, answer.text
    assert answer.json["counts"]["drawn"] == 1


def test_nobody_undoes_anothers_change(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    place = f"{API}/{facts['id']}/plan"
    plan, tag = edited(client, facts["id"], state="kept")
    assert_problem(client.put(place, json=plan), 428, "conflict")
    for stale in ('"other"', f"W/{tag}", "", "nonsense", '"\xff"'):
        assert_problem(client.put(place, json=plan, headers={"If-Match": stale}), 412, "conflict")
    assert client.put(place, json=plan, headers={"If-Match": f'"other", {tag}'}).status_code == 200
    assert_problem(client.put(place, json=plan, headers={"If-Match": tag}), 412, "conflict")
    assert client.put(place, json=plan, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"box": [0, 0, 0, 0]},
        {"box": [0, 0, 1e9, 1]},
        {"box": ["0", 0, 1, 1]},
        {"state": "bare"},
        {"score": 2},
        {"source": "<script>"},
        {"shape": "polygon"},
        {"frames": [0, 2]},
        {"more": 1},
    ],
)
def test_plans_that_do_not_hold_are_refused(client: FlaskClient, submit: Submit, changes: dict[str, Any]) -> None:
    facts = submit(fakes.photo(FACE))
    plan, tag = edited(client, facts["id"], **changes)
    place = f"{API}/{facts['id']}"
    assert_problem(client.put(f"{place}/plan", json=plan, headers={"If-Match": tag}), 422, "plan")
    assert_problem(client.post(f"{place}/preview", json=plan), 422, "plan")


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "{}", '{"regions": NaN}', "\x00", "[" * 100_000, "9" * 5000])
def test_what_is_no_plan_is_refused(client: FlaskClient, submit: Submit, text: str) -> None:
    place = f"{API}/{submit(fakes.photo(FACE))['id']}"
    sent: dict[str, Any] = {"data": text, "content_type": "application/json", "headers": {"If-Match": "*"}}
    assert_problem(client.put(f"{place}/plan", **sent), 422, "plan")
    assert_problem(client.post(f"{place}/preview", **sent), 422, "plan")


def test_a_plan_of_another_picture_is_refused(client: FlaskClient, submit: Submit) -> None:
    first, second = submit(fakes.photo(FACE)), submit(fakes.photo(OTHER_FACE))
    plan, _ = edited(client, first["id"])
    place = f"{API}/{second['id']}"
    assert_problem(client.put(f"{place}/plan", json=plan, headers={"If-Match": "*"}), 422, "plan")
    assert_problem(client.post(f"{place}/preview", json=plan), 422, "plan")


def test_a_plan_that_is_far_too_long_is_refused(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    plan, tag = edited(client, facts["id"])
    plan["regions"] *= 2001
    answer = client.put(f"{API}/{facts['id']}/plan", json=plan, headers={"If-Match": tag})
    assert_problem(answer, 422, "plan")
    padded = json.dumps(plan) + " " * JSON_BYTES
    answer = client.put(
        f"{API}/{facts['id']}/plan", data=padded, content_type="application/json", headers={"If-Match": tag}
    )
    assert_problem(answer, 413, "too-large")


def test_not_ready_yet(tmp_path: Path) -> None:
    paused = fakes.Paused()

    def load(profile: str, *, streams: int) -> Finder:
        return fakes.finder(paused)

    with open_studio(tmp_path, load=load, limits=Limits(free_bytes=0)) as studio:
        client = client_of(app_of(studio))
        answer = client.post(API, data=fakes.photo(FACE))
        assert answer.json is not None
        photo_id = answer.json["id"]
        assert paused.reached.wait(30)
        place = f"{API}/{photo_id}"
        assert client.get(place).json["state"] == "running"  # type: ignore[index]
        for what in ("plan", "found", "preview", "report"):
            assert_problem(client.get(f"{place}/{what}"), 409, "not-ready")
        assert_problem(client.patch(place, json={"grow": 2}), 409, "not-ready")
        answer = client.get(f"{place}/result")
        assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")
        assert answer.json == {"state": "making", "done": 0, "total": 0}
        paused.go.set()
        assert settled_job(studio, photo_id).picture is not None


def test_a_failing_detector_gives_no_result(tmp_path: Path) -> None:
    def load(profile: str, *, streams: int) -> Finder:
        return fakes.finder(fakes.Crashing())

    with open_studio(tmp_path, load=load, limits=Limits(free_bytes=0)) as studio:
        client = client_of(app_of(studio))
        photo_id = client.post(API, data=fakes.photo(FACE)).json["id"]  # type: ignore[index]
        settled_job(studio, photo_id)
        assert client.get(f"{API}/{photo_id}").json["problem"]["kind"] == "detector"  # type: ignore[index]
        for what in ("result", "preview", "plan"):
            assert_problem(client.get(f"{API}/{photo_id}/{what}"), 500, "detector")


def test_names_of_uploads_are_neither_kept_nor_logged(
    client: FlaskClient, studio: Studio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    form = {"photo": (io.BytesIO(fakes.photo(FACE)), "Zaphod <script>.png")}
    answer = client.post(API, data=form)
    photo_id = answer.json["id"]  # type: ignore[index]
    settled_job(studio, photo_id)
    result_of(client, studio, photo_id)
    answer = client.post("/api/v1/archive", json={"photos": [{"id": photo_id, "name": "Zaphod.png"}]})
    assert answer.status_code == 200
    assert not any("Zaphod" in value for value in answer.headers.values())
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(kept) > 3
    assert not any("Zaphod" in str(file) or b"Zaphod" in file.read_bytes() for file in kept)
    assert OWNER not in "".join(map(str, kept))
    assert "Zaphod" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", API, {"GET", "HEAD", "POST", "DELETE", "OPTIONS"}),
        ("POST", f"{API}/{OWNER}", {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}),
        ("GET", "/api/v1/archive", {"POST", "OPTIONS"}),
        ("TRACE", "/", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/api/v1", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_wrong_methods(client: FlaskClient, method: str, path: str, allowed: set[str]) -> None:
    answer = client.open(path, method=method)
    assert_problem(answer, 405, "refused")
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_the_plan_is_the_one_that_the_library_reads(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    plan = plans.from_json(client.get(f"{API}/{facts['id']}/plan").data)
    assert plans.digest(plan) == facts["revision"]
