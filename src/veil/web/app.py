"""The studio as a WSGI app: guards before, routes behind them. It does no work itself; that is the jobs' part."""

import threading
from collections.abc import Iterable

from flask import Flask
from jinja2 import StrictUndefined

from veil.jobs.studio import Studio
from veil.web.access import Access, Attempts
from veil.web.archive import add_archive
from veil.web.events import Hall, add_events
from veil.web.films import add_films
from veil.web.guard import guard
from veil.web.login import add_login
from veil.web.pages import add_pages
from veil.web.photos import add_photos
from veil.web.pictures import add_pictures
from veil.web.sounds import add_sounds

FORM_BYTES = 1 << 20  # what a form adds around an upload


def create_app(
    studio: Studio,
    *,
    access: Access | None = None,
    names: Iterable[str] = (),
    closing: threading.Event | None = None,
    attempts: Attempts | None = None,
) -> Flask:
    """Return the studio as a WSGI app.

    Args:
        studio: Takes the photos; whoever made it closes it.
        access: Knows the token; everybody may enter if not given, which is for this computer alone.
        names: Host names that lead here besides those of this computer.
        closing: Set when the server stops, so that streams end.
        attempts: Counts wrong tokens.
    """
    access = access or Access(None, studio.seal)
    attempts = attempts or Attempts()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = studio.limits.upload_bytes + FORM_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_BYTES
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    guard(app, access, attempts, names)
    add_pages(app, studio, access)
    add_login(app, studio, access, attempts)
    add_photos(app, studio)
    add_pictures(app, studio)
    add_films(app, studio)
    add_sounds(app, studio)
    add_archive(app, studio)
    add_events(app, studio, Hall(closing=closing or threading.Event()))
    return app
