import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import fakes
from tests.web.conftest import API, OWNER, app_of, client_of
from veil.jobs.studio import Studio
from veil.web.access import FAILURES, Access, Attempts
from veil.web.guard import PASS_COOKIE, SESSION_COOKIE, gate

ORIGIN = "http://localhost"
TOKEN = "a-token-that-is-long-enough"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "10.0.0.5",
        "",
        "a b",
        "[",
        "127.0.0.1:x",
        "127.0.0.1:81:82",
        "http://127.0.0.1",
        "127.0.0.1/..",
        "\xff",
        "127.0.0.1@evil.example",
        "127.0.0.1.",
    ],
)
@pytest.mark.parametrize("path", ["/", API, "/health", "/static/veil.css"])
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
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", API),
        ("DELETE", API),
        ("DELETE", f"{API}/{OWNER}"),
        ("PATCH", f"{API}/{OWNER}"),
        ("PUT", f"{API}/{OWNER}/plan"),
        ("POST", f"{API}/{OWNER}/preview"),
        ("POST", f"{API}/{OWNER}/result"),
        ("POST", "/api/v1/archive"),
        ("POST", "/language"),
        ("POST", "/login"),
        ("POST", "/logout"),
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
    assert client.post(API, headers=headers, data=fakes.photo()).status_code == 201


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_foreign_pages_read_nothing_but_may_link_here(client: FlaskClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    navigates = headers | {"Sec-Fetch-Mode": "navigate"}
    for path in (API, "/static/veil.css", "/", "/api/v1/events", "/docs"):
        assert client.get(path, headers=headers).status_code == 403
    assert client.get(API, headers=navigates).status_code == 403
    assert client.get("/", headers=navigates).status_code == 200


def test_a_link_from_elsewhere_keeps_the_session(app: Flask) -> None:
    """Browsers send no strict cookies with it, so it looks like a stranger's first visit."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = app.test_client().get("/", headers=headers)
    assert (answer.status_code, answer.text, answer.headers["Refresh"]) == (200, "", "0; url=/")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/", API, f"{API}/1", "/nowhere", "/health", "/docs", "/static/veil.css"])
def test_every_answer_is_labelled(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob:",
        "media-src": "'self'",
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


def test_named_hosts_are_served_too(studio: Studio) -> None:
    client = client_of(app_of(studio, names=["Veil.Office.example", "10.0.0.5"]))
    for host in ("veil.office.example", "VEIL.office.example:8443", "10.0.0.5:8000", "127.0.0.1"):
        assert client.get("/health", headers={"Host": host}).status_code == 200
    for host in ("office.example", "10.0.0.6", "x.veil.office.example"):
        assert client.get("/health", headers={"Host": host}).status_code == 403


def test_cookies_stay_on_tls_where_they_were_given(app: Flask) -> None:
    assert "; Secure" in app.test_client().get("/", base_url="https://localhost").headers["Set-Cookie"]
    assert "; Secure" not in app.test_client().get("/").headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("shown", "welcome"),
    [
        ({}, False),
        ({"AUTHORIZATION": f"Bearer {TOKEN}"}, True),
        ({"AUTHORIZATION": f"bearer {TOKEN}"}, True),
        ({"AUTHORIZATION": f"Basic {TOKEN}"}, False),
        ({"AUTHORIZATION": "Bearer wrong"}, False),
        ({"COOKIE": f"{SESSION_COOKIE}={OWNER}; {PASS_COOKIE}=PASS"}, True),
        ({"COOKIE": f"{SESSION_COOKIE}={'ef' * 16}; {PASS_COOKIE}=PASS"}, False),
        ({"COOKIE": f"{PASS_COOKIE}=PASS"}, False),
    ],
)
def test_the_gate_knows_who_has_shown_the_token(studio: Studio, shown: dict[str, str], welcome: bool) -> None:
    access = Access(TOKEN, studio.seal)
    headers = {name: text.replace("PASS", access.make_pass(OWNER)) for name, text in shown.items()}
    assert gate(access, Attempts())(headers, "10.0.0.5") == welcome


def test_the_gate_lets_nobody_try_many_tokens(studio: Studio) -> None:
    admits = gate(Access(TOKEN, studio.seal), Attempts(lambda: 0.0))
    for number in range(FAILURES):
        assert not admits({"AUTHORIZATION": f"Bearer wrong{number}"}, "10.0.0.5")
    assert not admits({"AUTHORIZATION": f"Bearer {TOKEN}"}, "10.0.0.5")
    assert admits({"AUTHORIZATION": f"Bearer {TOKEN}"}, "10.0.0.6")


def test_the_gate_is_open_without_a_token_and_to_the_proxy(studio: Studio) -> None:
    assert gate(Access(None, studio.seal), Attempts())({}, "10.0.0.5")
    assert gate(Access(TOKEN, studio.seal), Attempts(), "10.0.0.1")({}, "10.0.0.1")
