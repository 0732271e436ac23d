"""What people read: the page itself, the description of the REST interface, and errors."""

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from veil import __version__
from veil.errors import UsageError
from veil.jobs.studio import Studio
from veil.types import Area, Profile, Style
from veil.web import openapi
from veil.web.access import Access
from veil.web.guard import PASS_COOKIE, set_cookie
from veil.web.problems import CONTENT_TYPE, problem
from veil.web.schemas import OUTLINES
from veil.web.texts import LANGUAGES
from veil.web.words import LANGUAGE_COOKIE, words

LANGUAGE_SECONDS = 365 * 24 * 3600


def add_pages(app: Flask, studio: Studio, access: Access) -> None:
    """Add the page, its languages, the description of the interface, and the answers to errors."""

    @app.context_processor
    def signed_in() -> dict[str, bool]:
        owner = g.get("owner", "")
        return {"signed_in": bool(owner) and access.is_pass(request.cookies.get(PASS_COOKIE, ""), owner)}

    @app.get("/")
    def page() -> str:
        return render_template(
            "page.html",
            limits=studio.limits,
            defaults=studio.options,
            styles=Style,
            profiles=Profile,
            shapes=OUTLINES,
            areas=Area,
            version=__version__,
            **words(),
        )

    @app.post("/language")
    def language() -> AnyResponse:
        chosen = request.form.get("language", "")
        if chosen not in LANGUAGES:
            raise UsageError(f"There is no language {chosen!r} here; nothing was changed.")
        response = redirect("/", 303)
        set_cookie(response, LANGUAGE_COOKIE, chosen, seconds=LANGUAGE_SECONDS)
        return response

    @app.get("/docs")
    def docs() -> str:
        return render_template("docs.html", api=openapi.document(studio.options), **words())

    @app.get("/api/v1/openapi.json")
    def described() -> Response:
        return jsonify(openapi.document(studio.options))

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok")

    app.register_error_handler(Exception, _answer_error)


def _answer_error(error: Exception) -> AnyResponse:
    if isinstance(error, HTTPException) and isinstance(error.response, AnyResponse):
        return error.response
    details = problem(error)
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        response = make_response(render_template("error.html", problem=details, **words()))
    else:
        response = jsonify(details)
        response.content_type = CONTENT_TYPE
    response.status_code = details["status"]
    if isinstance(error, HTTPException):
        for name in ("Allow", "Retry-After"):
            for value in dict(error.get_headers()).get(name, "").splitlines():
                response.headers[name] = value
    return response
