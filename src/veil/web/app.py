"""The studio's routes. They do no work themselves: photos go to the desk and come back from it."""

from pathlib import Path
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request, send_file
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from veil import report as reports
from veil.errors import NoSuchPhotoError, UsageError
from veil.jobs.desk import Desk, Status
from veil.options import Options, Stage, parse, settings
from veil.types import Profile, Region, Style
from veil.web import archive
from veil.web.guard import guard
from veil.web.problems import CONTENT_TYPE, problem
from veil.web.texts import LANGUAGES, TEXTS

LANGUAGE_COOKIE = "veil_language"
LANGUAGE_SECONDS = 365 * 24 * 3600
FORM_BYTES = 1 << 20  # what a form adds around an upload


def create_app(desk: Desk) -> Flask:
    """Return the studio as a WSGI app.

    Args:
        desk: Takes the photos; whoever made it closes it.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = desk.limits.upload_bytes + FORM_BYTES
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    guard(app)
    app.register_error_handler(Exception, _answer_error)
    _add_page(app, desk)
    _add_photos(app, desk)
    _add_pictures(app, desk)
    return app


def _add_page(app: Flask, desk: Desk) -> None:
    @app.get("/")
    def page() -> str:
        return render_template(
            "page.html", limits=desk.limits, defaults=desk.options, styles=Style, profiles=Profile, **_words()
        )

    @app.post("/language")
    def language() -> AnyResponse:
        chosen = request.form.get("language", "")
        if chosen not in LANGUAGES:
            raise UsageError(f"There is no language {chosen!r} here; nothing was changed.")
        response = redirect("/", 303)
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=LANGUAGE_SECONDS, httponly=True, samesite="Strict")
        return response


def _add_photos(app: Flask, desk: Desk) -> None:
    @app.before_request
    def sweep() -> None:
        desk.sweep()

    @app.post("/photos")
    def submit() -> tuple[Response, int]:
        options = parse(_chosen(Stage.FIND), desk.options)
        if request.mimetype == "multipart/form-data":
            file = request.files.get("photo")
            if file is None:
                raise UsageError("The form has no file called 'photo'; nothing was taken.")
            upload = file.stream
        else:
            upload = request.stream
        photo_id = desk.submit(g.owner, upload, options)
        return jsonify(_facts(desk.status(g.owner, photo_id))), 201

    @app.get("/photos")
    def photos() -> Response:
        phases = desk.phases(g.owner)
        return jsonify(photos=[{"id": photo_id, "phase": phase} for photo_id, phase in phases.items()])

    @app.delete("/photos")
    def delete_all() -> tuple[str, int]:
        desk.delete_all(g.owner)
        return "", 204

    @app.get("/photos/<photo_id>")
    def facts(photo_id: str) -> Response:
        return jsonify(_facts(desk.status(g.owner, photo_id)))

    @app.delete("/photos/<photo_id>")
    def delete(photo_id: str) -> tuple[str, int]:
        desk.delete(g.owner, photo_id)
        return "", 204


def _add_pictures(app: Flask, desk: Desk) -> None:
    @app.get("/photos/<photo_id>/original")
    def original(photo_id: str) -> Response:
        return _send(desk.preview_original(g.owner, photo_id), "webp")

    @app.get("/photos/<photo_id>/covered")
    def covered(photo_id: str) -> Response:
        options = parse(_chosen(Stage.COVER), desk.options)
        return _send(desk.preview_covered(g.owner, photo_id, options), "webp")

    @app.get("/photos/<photo_id>/result")
    def result(photo_id: str) -> Response:
        options = parse(_chosen(Stage.COVER, Stage.WRITE), desk.options)
        path, format_name = desk.result(g.owner, photo_id, options)
        response = _send(path, format_name)
        # Without a name: the photo's own is known to the page alone, which names the download.
        response.headers["Content-Disposition"] = "attachment"
        return response

    @app.post("/photos.zip")
    def results() -> Response:
        options = parse(_chosen(Stage.COVER, Stage.WRITE), desk.options)
        wanted = list(zip(request.form.getlist("name"), request.form.getlist("id"), strict=False))
        if not wanted:
            raise UsageError("No photo was named; nothing was packed.")
        members = [(name, desk.result(g.owner, photo_id, options)[0]) for name, photo_id in wanted]
        return Response(
            archive.stream(members),
            mimetype="application/zip",
            headers={"Content-Disposition": 'attachment; filename="veil.zip"'},
        )


def _chosen(*stages: Stage) -> dict[str, str]:
    """Return the settings given in the query; those of other stages do not belong there."""
    known = settings()
    for name in request.args:
        if name not in known or known[name].stage not in stages:
            raise UsageError(f"There is no setting called {name!r} here; nothing was done.")
    return request.args.to_dict()


def _send(path: Path, format_name: str) -> Response:
    mimetype = f"image/{format_name}"
    try:
        if request.method == "HEAD":  # nobody would close the file
            return Response(mimetype=mimetype, headers={"Content-Length": str(path.stat().st_size)})
        return send_file(path, mimetype=mimetype, conditional=False, etag=False)
    except FileNotFoundError as error:
        raise NoSuchPhotoError("The photo has been deleted. Hand it in again.") from error


def _facts(status: Status) -> dict[str, Any]:
    """Return what the page needs to know of a photo."""
    facts: dict[str, Any] = {"id": status.id, "phase": status.phase}
    if status.error is not None:
        facts["problem"] = problem(status.error)
    if status.plan is not None:
        report = reports.to_dict(reports.report(status.plan, Options.style))
        told = ("picture", "covered", "drawn", "kept", "suggested", "nothing_found", "wants_review")
        facts |= {name: report[name] for name in told}
        facts["extension"] = status.extension
        facts["regions"] = [_region(region) for region in status.plan.regions]
    return facts


def _region(region: Region) -> dict[str, Any]:
    return {
        "box": region.box,
        "shape": region.shape,
        "state": region.state,
        "score": region.score,
        "frames": region.frames,
    }


def _answer_error(error: Exception) -> AnyResponse:
    if isinstance(error, HTTPException) and isinstance(error.response, AnyResponse):
        return error.response
    details = problem(error)
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        response = make_response(render_template("error.html", problem=details, **_words()))
    else:
        response = jsonify(details)
        response.content_type = CONTENT_TYPE
    response.status_code = details["status"]
    return response


def _words() -> dict[str, Any]:
    """Return the texts in the language that was chosen here, or else that the browser prefers."""
    language = request.cookies.get(LANGUAGE_COOKIE, "")
    if language not in LANGUAGES:
        language = request.accept_languages.best_match(list(LANGUAGES), "en")
    texts = TEXTS[language]
    return {"language": language, "languages": LANGUAGES, "texts": texts, "t": texts.__getitem__}
