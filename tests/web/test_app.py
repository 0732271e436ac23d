import io
import logging
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import fakes
from tests.web.conftest import Submit, looked_at, studio
from veil.detect import Finder
from veil.jobs.desk import Desk, Limits
from veil.media.image import open_picture
from veil.types import Pixels
from veil.web.problems import CONTENT_TYPE

FACE = (slice(40, 80), slice(100, 130))
OTHER_FACE = (slice(120, 160), slice(20, 50))
DOUBT = (slice(20, 50), slice(220, 250))
BLUE = "style=solid&color=0000ff"


def pixels_of(answer: TestResponse) -> Pixels:
    assert answer.status_code == 200, answer.text
    with open_picture(answer.data) as picture:
        return next(iter(picture.frames())).pixels


def assert_problem(answer: TestResponse, status: int, kind: str) -> dict[str, Any]:
    assert (answer.status_code, answer.content_type) == (status, CONTENT_TYPE)
    assert isinstance(answer.json, dict)
    assert set(answer.json) == {"type", "title", "status", "detail", "kind"}
    assert (answer.json["status"], answer.json["kind"]) == (status, kind)
    return answer.json


def test_page_has_no_inline_script_or_style(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "人脸隐私卫士" in page
    assert page.count("<script") == page.count('<script type="module" src="/static/veil.js"></script>') == 1
    assert "<style" not in page
    assert " style=" not in page
    assert "://" not in page.replace("data-texts", "")


@pytest.mark.parametrize(
    ("accepts", "tag"),
    [("zh-CN,zh;q=0.9,en;q=0.5", "zh-Hans"), ("de,en;q=0.5", "en"), ("fr", "en"), ("", "en")],
)
def test_page_speaks_the_browsers_language(client: FlaskClient, accepts: str, tag: str) -> None:
    assert f'<html lang="{tag}">' in client.get("/", headers={"Accept-Language": accepts}).text


def test_language_can_be_switched_and_is_remembered(client: FlaskClient) -> None:
    answer = client.post("/language", data={"language": "zh"})
    assert (answer.status_code, answer.location) == (303, "/")
    assert '<html lang="zh-Hans">' in client.get("/", headers={"Accept-Language": "en"}).text
    client.post("/language", data={"language": "en"})
    assert '<html lang="en">' in client.get("/").text


def test_unknown_language_is_refused(client: FlaskClient) -> None:
    assert_problem(client.post("/language", data={"language": "../en"}), 400, "usage")


def test_facts_tell_what_was_found(submit: Submit) -> None:
    facts = submit(fakes.photo(FACE, OTHER_FACE, doubtful=(DOUBT,)), "?profile=fast")
    assert facts["phase"] == "ready"
    assert facts["picture"] | {"sha256": ""} == {
        "format": "png",
        "kind": "still",
        "width": 300,
        "height": 200,
        "frames": 1,
        "sha256": "",
    }
    assert (facts["covered"], facts["drawn"], facts["kept"], facts["suggested"]) == (2, 0, 0, 1)
    assert (facts["nothing_found"], facts["wants_review"], facts["extension"]) == (False, True, ".png")
    assert [(region["state"], region["score"], region["shape"]) for region in facts["regions"]] == [
        ("suggested", 0.3, "ellipse"),
        ("covered", 0.9, "ellipse"),
        ("covered", 0.9, "ellipse"),
    ]
    left, top, right, bottom = facts["regions"][1]["box"]
    assert 80 < left < 100 < 130 < right < 150
    assert 20 < top < 40 < 80 < bottom < 100


def test_nothing_found_is_said(submit: Submit) -> None:
    facts = submit(fakes.photo())
    assert (facts["nothing_found"], facts["wants_review"], facts["covered"]) == (True, True, 0)


def test_a_form_works_like_a_raw_body(client: FlaskClient, desk: Desk) -> None:
    form = {"photo": (io.BytesIO(fakes.photo(FACE)), "holiday in Rome.png")}
    answer = client.post("/photos", data=form)
    assert answer.status_code == 201
    photo_id = looked_at(answer, desk)
    assert (pixels_of(client.get(f"/photos/{photo_id}/result?{BLUE}"))[FACE] == (0, 0, 255)).all()


def test_a_form_without_the_file_is_refused(client: FlaskClient) -> None:
    form = {"picture": (io.BytesIO(b"x"), "x.png")}
    assert_problem(client.post("/photos", data=form), 400, "usage")


def test_previews_and_result(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    before = pixels_of(client.get(f"/photos/{facts['id']}/original")).astype(int)
    after = pixels_of(client.get(f"/photos/{facts['id']}/covered?{BLUE}")).astype(int)
    assert np.abs(before[60, 115] - fakes.MAGENTA).max() < 30
    assert np.abs(after[60, 115] - (0, 0, 255)).max() < 30
    answer = client.get(f"/photos/{facts['id']}/result?{BLUE}")
    assert (answer.mimetype, answer.headers["Content-Disposition"]) == ("image/png", "attachment")
    result = pixels_of(answer)
    assert (result[FACE] == (0, 0, 255)).all()
    assert (result[:30] == 200).all()


def test_style_changes_the_preview_without_looking_again(app: Flask, client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    path = f"/photos/{facts['id']}/covered"
    assert len({client.get(f"{path}?style={style}").data for style in ("veil", "solid", "mosaic", "gaussian")}) == 4


@pytest.mark.parametrize(
    ("format", "mimetype"),
    [
        ("jpeg", "image/jpeg"),
        ("webp", "image/webp"),
        ("tiff", "image/tiff"),
        ("bmp", "image/bmp"),
        ("heic", "image/heic"),
    ],
)
def test_result_keeps_the_format(client: FlaskClient, submit: Submit, format: str, mimetype: str) -> None:
    facts = submit(fakes.photo(FACE, format=format))
    answer = client.get(f"/photos/{facts['id']}/result?{BLUE}")
    assert answer.mimetype == mimetype
    with open_picture(answer.data) as picture:
        assert picture.facts.format == format


def test_head_makes_the_result(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    answer = client.head(f"/photos/{facts['id']}/result?{BLUE}")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.content_length == len(client.get(f"/photos/{facts['id']}/result?{BLUE}").data)


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("covered?style=invisible", "invisible"),
        ("covered?style=solid&color=red", "red"),
        ("covered?profile=fast", "profile"),
        ("covered?__class__=1", "__class__"),
        ("result?region=0,0,1,1", "region"),
        ("result?format=exe", "exe"),
    ],
)
def test_settings_that_do_not_exist_are_refused(client: FlaskClient, submit: Submit, path: str, detail: str) -> None:
    facts = submit(fakes.photo(FACE))
    assert detail in assert_problem(client.get(f"/photos/{facts['id']}/{path}"), 400, "usage")["detail"]


def test_submit_refuses_settings_of_covering(client: FlaskClient) -> None:
    assert_problem(client.post("/photos?style=veil", data=fakes.photo(FACE)), 400, "usage")
    assert_problem(client.post("/photos?profile=best", data=fakes.photo(FACE)), 400, "usage")
    assert client.get("/photos").json == {"photos": []}


@pytest.mark.parametrize(
    ("data", "status", "kind"),
    [
        pytest.param(b"", 415, "unsupported", id="empty"),
        pytest.param(b"hello", 415, "unsupported", id="text"),
        pytest.param(fakes.photo(FACE)[:300], 422, "damaged", id="cut-off"),
    ],
)
def test_not_a_picture(client: FlaskClient, submit: Submit, data: bytes, status: int, kind: str) -> None:
    facts = submit(data)
    assert facts["phase"] == "failed"
    assert (facts["problem"]["status"], facts["problem"]["kind"]) == (status, kind)
    assert "regions" not in facts
    for what in ("covered", "result"):
        assert_problem(client.get(f"/photos/{facts['id']}/{what}"), status, kind)


def test_too_large_a_file(client: FlaskClient, desk: Desk) -> None:
    assert_problem(client.post("/photos", data=b"x" * 200_001), 413, "too-large")
    assert_problem(client.post("/photos", data=b"x" * 4_000_000), 413, "too-large")
    form = {"photo": (io.BytesIO(b"x" * 200_001), "x.png")}
    assert_problem(client.post("/photos", data=form), 413, "too-large")
    assert desk._photos == {}


def test_a_full_desk(client: FlaskClient, desk: Desk) -> None:
    for _ in range(20):
        assert client.post("/photos", data=b"").status_code == 201
    assert_problem(client.post("/photos", data=b""), 503, "desk-full")


@pytest.mark.parametrize("photo_id", ["0" * 32, "..%2f..%2fetc%2fpasswd", "x", "%00", "original"])
@pytest.mark.parametrize("what", ["", "/original", "/covered", "/result"])
def test_unknown_photo(client: FlaskClient, photo_id: str, what: str) -> None:
    answer = client.get(f"/photos/{photo_id}{what}")
    assert answer.status_code == 404
    assert answer.content_type == CONTENT_TYPE


def test_another_session_sees_nothing(app: Flask, client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    stranger = app.test_client()
    for what in ("", "/original", "/covered", "/result"):
        assert_problem(stranger.get(f"/photos/{facts['id']}{what}"), 404, "no-such-photo")
    assert_problem(stranger.delete(f"/photos/{facts['id']}"), 404, "no-such-photo")
    assert stranger.get("/photos").json == {"photos": []}
    assert stranger.delete("/photos").status_code == 204
    assert_problem(stranger.post("/photos.zip", data={"id": facts["id"], "name": "a"}), 404, "no-such-photo")
    assert client.get("/photos").json == {"photos": [{"id": facts["id"], "phase": "ready"}]}


def test_delete(client: FlaskClient, submit: Submit, desk: Desk) -> None:
    kept, gone = submit(fakes.photo(FACE)), submit(fakes.photo(FACE))
    folder = desk._photos[gone["id"]].folder
    assert client.delete(f"/photos/{gone['id']}").status_code == 204
    assert not folder.exists()
    assert_problem(client.get(f"/photos/{gone['id']}"), 404, "no-such-photo")
    assert_problem(client.delete(f"/photos/{gone['id']}"), 404, "no-such-photo")
    assert client.get(f"/photos/{kept['id']}").status_code == 200
    assert client.delete("/photos").status_code == 204
    assert client.get("/photos").json == {"photos": []}


def test_zip_of_results(client: FlaskClient, submit: Submit) -> None:
    first, second = submit(fakes.photo(FACE)), submit(fakes.photo(OTHER_FACE, format="jpeg"))
    form = {"id": [first["id"], second["id"]], "name": ["a.veiled.png", "../../b.veiled.jpg"]}
    answer = client.post(f"/photos.zip?{BLUE}", data=form)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.namelist() == ["a.veiled.png", "b.veiled.jpg"]
        assert archive.testzip() is None
        assert archive.read("a.veiled.png") == client.get(f"/photos/{first['id']}/result?{BLUE}").data


def test_zip_with_a_failed_photo_is_not_started(client: FlaskClient, submit: Submit) -> None:
    good, bad = submit(fakes.photo(FACE)), submit(b"no picture")
    form = {"id": [good["id"], bad["id"]], "name": ["a.png", "b.png"]}
    assert_problem(client.post("/photos.zip", data=form), 415, "unsupported")
    assert_problem(client.post("/photos.zip", data={}), 400, "usage")


def test_not_ready_yet() -> None:
    paused = fakes.Paused()

    def load(profile: str, *, streams: int) -> Finder:
        return fakes.finder(paused)

    with Desk(load=load) as desk:
        client = studio(desk).test_client()
        answer = client.post("/photos", data=fakes.photo(FACE))
        assert answer.json is not None
        photo_id = answer.json["id"]
        assert paused.reached.wait(30)
        assert client.get(f"/photos/{photo_id}").json == {"id": photo_id, "phase": "looking"}
        assert_problem(client.get(f"/photos/{photo_id}/result"), 409, "not-ready")
        paused.go.set()


def test_a_failing_detector_gives_no_result() -> None:
    def load(profile: str, *, streams: int) -> Finder:
        return fakes.finder(fakes.Crashing())

    with Desk(load=load) as desk:
        client = studio(desk).test_client()
        photo_id = looked_at(client.post("/photos", data=fakes.photo(FACE)), desk)
        facts = client.get(f"/photos/{photo_id}").json
        assert facts is not None
        assert facts["problem"]["kind"] == "detector"
        assert_problem(client.get(f"/photos/{photo_id}/result"), 500, "detector")
        assert_problem(client.get(f"/photos/{photo_id}/covered"), 500, "detector")


def test_expired_photos_go_with_the_next_request() -> None:
    now = [0.0]

    def load(profile: str, *, streams: int) -> Finder:
        return fakes.finder()

    with Desk(load=load, clock=lambda: now[0], limits=Limits(keep_seconds=3600)) as desk:
        client = studio(desk).test_client()
        photo_id = looked_at(client.post("/photos", data=fakes.photo(FACE)), desk)
        folder = desk._photos[photo_id].folder
        now[0] = 3600.0
        client.get("/")
        assert not folder.exists()
        assert_problem(client.get(f"/photos/{photo_id}"), 404, "no-such-photo")


def test_names_of_uploads_are_neither_kept_nor_logged(
    client: FlaskClient, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    form = {"photo": (io.BytesIO(fakes.photo(FACE)), "Zaphod <script>.png")}
    photo_id = looked_at(client.post("/photos", data=form), desk)
    client.get(f"/photos/{photo_id}/result")
    client.post("/photos.zip", data={"id": photo_id, "name": "Zaphod.png"})
    kept = [file for file in desk._photos[photo_id].folder.rglob("*") if file.is_file()]
    assert len(kept) == 3
    assert not any("Zaphod" in file.name or b"Zaphod" in file.read_bytes() for file in kept)
    assert "Zaphod" not in caplog.text


def test_an_error_inside_is_told_without_its_message(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/crash")
    def crash() -> str:
        raise RuntimeError("secret of the photo")

    answer = client.get("/crash")
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert "secret" not in caplog.text
    assert "RuntimeError" in caplog.text
    caplog.clear()


def test_people_get_a_page_and_programs_get_json(client: FlaskClient) -> None:
    page = client.get("/nowhere", headers={"Accept": "text/html", "Accept-Language": "zh"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "操作没有成功" in page.text
    assert_problem(client.get("/nowhere"), 404, "not-found")
    assert_problem(client.put("/photos"), 405, "refused")


def test_static_files_are_served(client: FlaskClient) -> None:
    for name in ("veil.js", "veil.css", "logo.svg", "favicon.svg"):
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in answer.text
    assert client.get("/static/..%2fapp.py").status_code == 404
    assert not list(Path("src").rglob("web/static/*.map"))
