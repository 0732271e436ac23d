"""The REST interface to pictures: small ones to look at, and finished ones to keep."""

from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, g, jsonify, request, send_file, url_for

from veil import plan as plans
from veil.errors import NoSuchPhotoError
from veil.jobs.results import Result
from veil.jobs.steps import Preview
from veil.jobs.studio import Studio
from veil.options import Stage
from veil.web.inputs import OF_RESULTS, chosen, json_text

VIDEO_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "ts": "video/mp2t",
}
SOUND_TYPES = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
}
ASK_AGAIN = {"Retry-After": "1"}  # seconds


def add_pictures(app: Flask, studio: Studio) -> None:
    """Add the routes of pictures."""
    _add_previews(app, studio)
    _add_results(app, studio)


def _add_previews(app: Flask, studio: Studio) -> None:
    @app.get("/api/v1/photos/<photo_id>/original")
    def original(photo_id: str) -> Response:
        return shown(studio.preview_original(g.owner, photo_id))

    @app.get("/api/v1/photos/<photo_id>/preview")
    def preview(photo_id: str) -> Response:
        options = chosen(studio.options, Stage.COVER)
        return shown(studio.preview(g.owner, photo_id, options))

    @app.post("/api/v1/photos/<photo_id>/preview")
    def preview_plan(photo_id: str) -> Response:
        options = chosen(studio.options, Stage.COVER)
        plan = plans.from_json(json_text())
        return shown(studio.preview(g.owner, photo_id, options, plan))


def _add_results(app: Flask, studio: Studio) -> None:
    def ask(photo_id: str) -> Result:
        result = studio.request_result(g.owner, photo_id, chosen(studio.options, *OF_RESULTS))
        if result.problem is not None:
            raise result.problem.error()
        return result

    @app.post("/api/v1/photos/<photo_id>/result")
    def make_result(photo_id: str) -> tuple[Response, int, dict[str, str]]:
        made = ask(photo_id)
        return making(made.progress) if made.path is None else ready(photo_id, made)

    @app.post("/api/v1/photos/<photo_id>/release")
    def release(photo_id: str) -> tuple[Response, int, dict[str, str]]:
        return ready(photo_id, studio.release(g.owner, photo_id, chosen(studio.options, *OF_RESULTS)))

    @app.get("/api/v1/photos/<photo_id>/result")
    def result(photo_id: str) -> Response | tuple[Response, int, dict[str, str]]:
        made = ask(photo_id)
        if made.path is None:
            return making(made.progress)
        try:
            response = _send(made.path, _mimetype(made.format))
        except NoSuchPhotoError:  # or only this file, since the plan has changed; then a new one is made
            return making(ask(photo_id).progress)
        # Without a name: the photo's own is known to the page alone, which names the download.
        response.headers["Content-Disposition"] = "attachment"
        return response

    @app.delete("/api/v1/photos/<photo_id>/result")
    def cancel_result(photo_id: str) -> tuple[str, int]:
        studio.cancel_result(g.owner, photo_id, chosen(studio.options, *OF_RESULTS))
        return "", 204


def shown(preview: Preview) -> Response:
    """Answer with a small picture."""
    return Response(preview.data, mimetype=f"image/{preview.format}")


def _mimetype(format: str) -> str:
    return {**VIDEO_TYPES, **SOUND_TYPES}.get(format, f"image/{format}")


def making(progress: tuple[int, int] | None) -> tuple[Response, int, dict[str, str]]:
    """Answer that something is being made, and how far that is: 0 of 0 frames where it is not known."""
    done, total = progress or (0, 0)
    return jsonify(state="making", done=done, total=total), 202, ASK_AGAIN


def ready(photo_id: str, made: Result) -> tuple[Response, int, dict[str, str]]:
    """Answer that a result can be fetched with the query of this request, and where."""
    query = urlencode(list(request.args.items(multi=True)))
    url = url_for("result", photo_id=photo_id) + (f"?{query}" if query else "")
    altered = None if made.altered is None else asdict(made.altered)
    told = {"altered": altered, "dropped": list(made.dropped)}
    return jsonify(state="ready", url=url, extension=made.extension, bytes=made.bytes, **told), 200, {}


def _send(path: Path, mimetype: str) -> Response:
    """Answer with a whole file, which stays whole even if it is deleted while it is sent.

    Raises:
        NoSuchPhotoError: It is gone.
    """
    try:
        return send_file(path, mimetype=mimetype, conditional=False, etag=False)
    except FileNotFoundError as error:
        raise NoSuchPhotoError("The file has been deleted. Hand it in again.") from error
