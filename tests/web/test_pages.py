import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import veil.web
from tests.web.conftest import API
from tests.web.test_photos import assert_problem


@pytest.mark.parametrize("path", ["/", "/docs", "/nowhere"])
def test_pages_have_no_inline_script_or_style(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers={"Accept": "text/html"}).text
    assert "人脸隐私卫士" in page
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert "https://" not in page and "http://" not in page.replace("data-texts", "")
    assert page.count("<script") == page.count('<script type="module" src="/static/')


@pytest.mark.parametrize(
    ("accepts", "tag"),
    [("zh-CN,zh;q=0.9,en;q=0.5", "zh-Hans"), ("de,en;q=0.5", "en"), ("fr", "en"), ("", "en"), ("\xff;q=x", "en")],
)
@pytest.mark.parametrize("path", ["/", "/docs", "/nowhere"])
def test_pages_speak_the_browsers_language(client: FlaskClient, path: str, accepts: str, tag: str) -> None:
    headers = {"Accept-Language": accepts, "Accept": "text/html"}
    assert f'<html lang="{tag}">' in client.get(path, headers=headers).text


def test_language_can_be_switched_and_is_remembered(client: FlaskClient) -> None:
    answer = client.post("/language", data={"language": "zh"})
    assert (answer.status_code, answer.location) == (303, "/")
    assert '<html lang="zh-Hans">' in client.get("/", headers={"Accept-Language": "en"}).text
    client.post("/language", data={"language": "en"})
    assert '<html lang="en">' in client.get("/").text


def test_unknown_language_is_refused(client: FlaskClient) -> None:
    assert_problem(client.post("/language", data={"language": "../en"}), 400, "usage")


def test_the_interface_is_described_for_people(client: FlaskClient) -> None:
    page = client.get("/docs").text
    described = client.get("/api/v1/openapi.json").json
    assert described is not None
    for path, item in described["paths"].items():
        for method in item:
            assert method == "parameters" or f"<code>{method.upper()} {path}</code>" in page
    assert "One of veil, gaussian, mosaic, solid. If not given: veil." in " ".join(page.split())


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
    assert_problem(client.put(API), 405, "refused")


def test_health(client: FlaskClient) -> None:
    assert client.get("/health").json == {"status": "ok"}


def test_static_files_are_served_and_hold_no_address(client: FlaskClient) -> None:
    folder = Path(veil.web.__file__).parent / "static"
    for file in (each for each in folder.rglob("*") if each.is_file()):
        answer = client.get(f"/static/{file.relative_to(folder)}")
        assert answer.status_code == 200
        assert "http://" not in answer.text.replace("http://www.w3.org/", "")
        assert "https://" not in answer.text
        assert file.suffix != ".map"
    for path in ("..%2fapp.py", "../app.py", "%2e%2e/app.py", "nothing.css"):
        assert client.get(f"/static/{path}").status_code == 404


def test_what_people_type_cannot_break_a_page(client: FlaskClient) -> None:
    answer = client.get("/api/v1/photos?x=1", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    answer = client.post("/language", data={"language": "<script>"}, headers={"Accept": "text/html"})
    assert "<script>" not in answer.text and "&lt;script&gt;" in answer.text
    assert json.loads(client.post("/language", data={"language": '"\n'}).text)["kind"] == "usage"
