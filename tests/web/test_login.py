from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import fakes
from tests.web.conftest import API, OWNER, app_of, client_of
from veil.jobs.studio import Studio
from veil.web import access
from veil.web.access import Access, Attempts
from veil.web.guard import PASS_COOKIE, SESSION_COOKIE

TOKEN = "a-token-of-the-office"
WRONG = "not-the-token-at-all"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def app(studio: Studio, now: list[float]) -> Flask:
    return app_of(studio, access=Access(TOKEN, studio.seal), attempts=Attempts(lambda: now[0]))


@pytest.fixture
def people(app: Flask) -> Iterator[FlaskClient]:
    """A browser that asks for pages."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    yield client


def cookie(client: FlaskClient, name: str) -> str | None:
    found = client.get_cookie(name)
    return None if found is None else found.value


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", API),
        ("POST", API),
        ("DELETE", API),
        ("GET", f"{API}/{OWNER}"),
        ("GET", f"{API}/{OWNER}/result"),
        ("POST", "/api/v1/archive"),
        ("GET", "/api/v1"),
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1/openapi.json"),
        ("POST", "/logout"),
        ("GET", "/nowhere"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {WRONG}"},
        {"Authorization": "Bearer \xfc\xff"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Cookie": f"{PASS_COOKIE}={TOKEN}"},
    ],
)
def test_strangers_get_nothing(client: FlaskClient, method: str, path: str, headers: dict[str, str]) -> None:
    answer = client.open(path, method=method, headers=headers)
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["kind"] == "login"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="veil"'


def test_what_the_login_page_needs_is_open(client: FlaskClient) -> None:
    for path in ("/login", "/health", "/static/veil.css"):
        assert client.get(path).status_code == 200
    assert client.post("/language", data={"language": "zh"}).status_code == 303


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_people_are_led_to_the_login_page(people: FlaskClient, path: str) -> None:
    answer = people.get(path)
    assert (answer.status_code, answer.location) == (303, "/login")


def test_programs_show_the_token(client: FlaskClient) -> None:
    assert client.get(API, headers=BEARER).status_code == 200
    assert client.post(API, headers=BEARER, data=fakes.photo()).status_code == 201


def test_people_log_in_and_out(people: FlaskClient, studio: Studio) -> None:
    form = people.get("/login").text
    assert '<input type="password" name="token"' in form and 'action="/logout"' not in form
    answer = people.post("/login", data={"token": f" {TOKEN}\n"})
    assert (answer.status_code, answer.location) == (303, "/")
    for given in answer.headers.getlist("Set-Cookie"):
        assert "; HttpOnly" in given and "; SameSite=Strict" in given and TOKEN not in given
    session = cookie(people, SESSION_COOKIE)
    assert session is not None
    assert 'action="/logout"' in people.get("/").text
    assert people.post(API, data=fakes.photo()).status_code == 201
    assert len(studio.jobs(session)) == 1
    answer = people.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert cookie(people, PASS_COOKIE) is None
    assert cookie(people, SESSION_COOKIE) is None
    assert studio.jobs(session) == []
    assert people.get("/").location == "/login"


def test_logging_in_begins_a_new_session(app: Flask) -> None:
    planted = client_of(app)
    planted.post("/login", data={"token": TOKEN})
    assert cookie(planted, SESSION_COOKIE) != OWNER


def test_a_pass_does_not_fit_another_session(app: Flask) -> None:
    client = app.test_client()
    client.post("/login", data={"token": TOKEN})
    thief = client_of(app)
    thief.set_cookie(PASS_COOKIE, cookie(client, PASS_COOKIE) or "")
    assert thief.get(API).status_code == 401


@pytest.mark.parametrize("form", [{}, {"token": ""}, {"token": WRONG}, {"token": "ü"}, {"other": TOKEN}])
def test_a_wrong_token_opens_nothing(people: FlaskClient, form: dict[str, str]) -> None:
    answer = people.post("/login", data=form)
    assert answer.status_code == 403
    assert "That is not the token" in answer.text
    assert cookie(people, PASS_COOKIE) is None


def test_guessing_is_slowed_down(app: Flask, people: FlaskClient, now: list[float]) -> None:
    for _ in range(access.FAILURES - 1):
        assert people.post("/login", data={"token": WRONG}).status_code == 403
    assert people.get(API, headers={"Authorization": f"Bearer {WRONG}"}).status_code == 401
    answer = people.post("/login", data={"token": TOKEN})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert "Too many wrong tokens" in answer.text
    answer = app.test_client().get(API, headers=BEARER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert answer.json is not None
    assert answer.json["kind"] == "wait"
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "10.0.0.2"
    assert elsewhere.get(API, headers=BEARER).status_code == 200
    now[0] = access.FAILURE_SECONDS
    assert people.post("/login", data={"token": TOKEN}).status_code == 303


def test_those_inside_stay_inside_while_others_guess(people: FlaskClient) -> None:
    people.post("/login", data={"token": TOKEN})
    for _ in range(access.FAILURES):
        people.post("/login", data={"token": WRONG})
    assert people.get(API).status_code == 200


def test_a_studio_without_a_token_has_no_login(studio: Studio) -> None:
    client = client_of(app_of(studio))
    assert 'action="/logout"' not in client.get("/").text
    for answer in (client.get("/login"), client.post("/login", data={"token": "None"}), client.post("/logout")):
        assert (answer.status_code, answer.location) == (303, "/")


def test_the_token_is_never_logged(people: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    people.post("/login", data={"token": WRONG})
    people.post("/login", data={"token": TOKEN})
    people.get(API, headers=BEARER)
    assert TOKEN not in caplog.text
    assert WRONG not in caplog.text
