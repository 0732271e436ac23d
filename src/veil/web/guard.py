"""Who may ask: only pages of this studio on this computer, each browser session for its own photos alone."""

import re
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request

OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
SESSION_COOKIE = "veil_session"
READING = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
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


def guard(app: Flask) -> None:
    """Make an app refuse strangers before any route is reached, and label every answer."""
    app.before_request(_refuse_other_hosts)
    app.before_request(_refuse_foreign_pages)
    app.before_request(_know_the_session)
    app.after_request(_label)


def _refuse_other_hosts() -> None:
    # A foreign name that points to this computer (DNS rebinding) would let its page read ours.
    if _PORT.sub("", request.host).lower() not in OWN_NAMES:
        abort(403, "The studio answers only to 127.0.0.1 and localhost; nothing was done. Open it under that address.")


def _refuse_foreign_pages() -> None:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = site not in (None, "same-origin", "none")
    if request.method in READING:
        # Anybody may link to the page; photos are for the page alone.
        refused = foreign and not _is_navigation()
    else:
        # A form sends the origin "null" when pages have no referrer, as ours; then the browser's own word counts.
        own = origin is None or _is_own(origin) or (origin == "null" and site == "same-origin")
        refused = foreign or not own
    if refused:
        abort(403, "The request came from another site; nothing was done. Use the studio's own page.")


def _is_navigation() -> bool:
    return request.path == "/" and request.headers.get("Sec-Fetch-Mode") == "navigate"


def _is_own(origin: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme == request.scheme and parts.netloc.lower() == request.host.lower()


def _know_the_session() -> None:
    known = request.cookies.get(SESSION_COOKIE, "")
    g.new_session = not _SESSION.fullmatch(known)
    g.owner = secrets.token_hex(16) if g.new_session else known


def _label(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        if g.get("new_session"):
            response.set_cookie(SESSION_COOKIE, g.owner, httponly=True, samesite="Strict")
    return response
