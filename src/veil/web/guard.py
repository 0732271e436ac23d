"""Who may ask: only pages of this studio, only those who know its token, each session for its own photos alone."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request
from werkzeug.exceptions import TooManyRequests, Unauthorized
from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response as AnyResponse

from veil.web.access import Access, Attempts

OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
SESSION_COOKIE = "veil_session"
PASS_COOKIE = "veil_pass"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_TO_ALL = frozenset({"static", "health", "login", "language"})
"""Endpoints without photos in them; the login page and what it needs."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; "
        "connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_PORT = re.compile(r":\d{1,5}$")
_SESSION = re.compile(r"[0-9a-f]{32}")


def guard(app: Flask, access: Access, attempts: Attempts, names: Iterable[str] = ()) -> None:
    """Make an app refuse strangers before any route is reached, and label every answer.

    Args:
        app: The app.
        access: Knows the token.
        attempts: Counts wrong tokens.
        names: Host names that lead here besides those of this computer.
    """
    known = OWN_NAMES | {name.lower() for name in names}

    @app.before_request
    def refuse_other_hosts() -> None:
        # A foreign name that points to this computer (DNS rebinding) would let its page read ours.
        if _PORT.sub("", request.host).lower() not in known:
            abort(
                403,
                "The studio does not answer to this host name; nothing was done. Open it as 127.0.0.1 or localhost, "
                "or let its administrator name the host with --public-name.",
            )

    app.before_request(_refuse_foreign_pages)
    app.before_request(_know_the_session)

    @app.before_request
    def refuse_strangers() -> AnyResponse | None:
        if not access.protected or request.endpoint in OPEN_TO_ALL:
            return None
        return _ask_for_token(access, attempts)

    app.after_request(_label)


def gate(access: Access, attempts: Attempts, proxy: str = "") -> Callable[[Mapping[str, str], str], bool]:
    """Return what tells, before a request has a session, whether its sender has shown the token.

    Args:
        access: Knows the token.
        attempts: Counts wrong tokens.
        proxy: Address of a trusted proxy; who asks through it is not known yet, so all of that is let in.
    """

    def admits(headers: Mapping[str, str], sender: str) -> bool:
        if not access.protected or sender == proxy:
            return True
        cookies = parse_cookie(headers.get("COOKIE", ""))
        if access.is_pass(cookies.get(PASS_COOKIE, ""), cookies.get(SESSION_COOKIE, "")):
            return True
        scheme, _, token = headers.get("AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or attempts.wait(sender):
            return False
        if access.is_token(token.strip()):
            return True
        attempts.failed(sender)
        return False

    return admits


def renew_session() -> str:
    """Give this browser a new session, whatever it had before, and return it."""
    g.owner, g.new_session = secrets.token_hex(16), True
    return str(g.owner)


def address() -> str:
    """Return the address that a request came from."""
    return request.remote_addr or ""


def refuse_for_now(attempts: Attempts) -> None:
    """Turn away an address that has shown too many wrong tokens.

    Raises:
        TooManyRequests: It has to wait.
    """
    seconds = attempts.wait(address())
    if seconds:
        raise TooManyRequests(
            f"Too many wrong tokens came from this address; nothing was done. Try again in {seconds} seconds.",
            retry_after=seconds,
        )


def _refuse_foreign_pages() -> AnyResponse | None:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = site not in (None, "same-origin", "none")
    if request.method in READING:
        if foreign and _is_navigation():
            return _come_in()
        refused = foreign
    else:
        # A form sends the origin "null" when pages have no referrer, as ours; then the browser's own word counts.
        own = origin is None or _is_own(origin) or (origin == "null" and site == "same-origin")
        refused = foreign or not own
    if refused:
        abort(403, "The request came from another site; nothing was done. Use the studio's own page.")
    return None


def _is_navigation() -> bool:
    return request.path == "/" and request.headers.get("Sec-Fetch-Mode") == "navigate"


def _come_in() -> AnyResponse:
    """Let a link on another site lead to the page.

    Such a request comes without our cookies, since they are strict. Answered as usual, it would be given a new session,
    and the photos of the old one would be lost. So the page is asked for once more, by ourselves.
    """
    return Response("", headers={"Refresh": "0; url=/"})


def _is_own(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme == request.scheme and parts.netloc.lower() == request.host.lower()


def _know_the_session() -> None:
    known = request.cookies.get(SESSION_COOKIE, "")
    if _SESSION.fullmatch(known):
        g.owner, g.new_session = known, False
    else:
        renew_session()


def _ask_for_token(access: Access, attempts: Attempts) -> AnyResponse | None:
    """Return nothing for those who have shown the token; send people to the login page."""
    if access.is_pass(request.cookies.get(PASS_COOKIE, ""), g.owner):
        return None
    shown = request.authorization
    if shown is not None and shown.type == "bearer":
        refuse_for_now(attempts)
        if access.is_token(shown.token or ""):
            return None
        attempts.failed(address())
    elif request.path in ("/", "/docs"):
        return redirect("/login", 303)
    raise Unauthorized(
        "This studio asks for its token; nothing was done. Log in on its page, or send the header "
        "'Authorization: Bearer TOKEN'."
    )


def _label(response: Response) -> Response:
    response.headers.update(HEADERS)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="veil"'
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        if g.get("new_session"):
            set_cookie(response, SESSION_COOKIE, g.owner)
    return response


def set_cookie(response: AnyResponse, name: str, value: str, *, seconds: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send; one given over TLS stays on TLS."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="Strict", secure=request.is_secure, path="/"
    )
