import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import fakes
from veil.web.guard import SESSION_COOKIE

ORIGIN = "http://localhost"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "10.0.0.5", ""]
)
@pytest.mark.parametrize("path", ["/", "/photos", "/static/veil.js"])
def test_other_hosts_are_refused(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 403
    assert "Veil" not in answer.text.replace("urn:veil", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8000"])
def test_own_hosts_are_served(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "https://localhost"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/photos"),
        ("DELETE", "/photos"),
        ("DELETE", "/photos/1"),
        ("POST", "/language"),
        ("POST", "/photos.zip"),
    ],
)
def test_foreign_pages_change_nothing(client: FlaskClient, headers: dict[str, str], method: str, path: str) -> None:
    assert client.open(path, method=method, headers=headers, data=b"").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ORIGIN},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_the_page_itself_and_programs_may_change_things(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/photos", headers=headers, data=fakes.photo()).status_code == 201


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_foreign_pages_read_nothing_but_may_link_here(client: FlaskClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    assert client.get("/photos", headers=headers).status_code == 403
    assert client.get("/static/veil.js", headers=headers).status_code == 403
    assert client.get("/", headers=headers).status_code == 403
    assert client.get("/", headers=headers | {"Sec-Fetch-Mode": "navigate"}).status_code == 200
    assert client.get("/photos", headers=headers | {"Sec-Fetch-Mode": "navigate"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/photos", "/photos/1", "/nowhere", "/static/veil.css"])
def test_every_answer_is_labelled(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_session_cookie_is_for_this_page_alone(app: Flask) -> None:
    answer = app.test_client().get("/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert app.test_client().get("/").headers["Set-Cookie"] != cookie


def test_session_is_kept(client: FlaskClient) -> None:
    client.get("/")
    assert "Set-Cookie" not in client.get("/").headers


@pytest.mark.parametrize("value", ["", "guess", "0" * 31, "Z" * 32, "0" * 33])
def test_a_session_that_we_did_not_give_is_replaced(client: FlaskClient, value: str) -> None:
    client.set_cookie(SESSION_COOKIE, value)
    assert SESSION_COOKIE in client.get("/").headers["Set-Cookie"]
