"""The REST interface to what only videos and animations have: a small copy to look at, times and single frames."""

import json
from pathlib import Path

from flask import Flask, Response, g, jsonify, request, send_file
from werkzeug.datastructures import Range

from veil import plan as plans
from veil.errors import NoSuchPhotoError, UsageError
from veil.jobs.studio import Studio
from veil.options import Stage
from veil.types import Box
from veil.web.inputs import chosen, json_object, json_text
from veil.web.pictures import making, shown

COVERED = "covered"
PART_BYTES = 1 << 21
"""The most that a request for a part of a file is given. A browser that has enough for now stops reading, and a thread
of the server would wait until it goes on."""


def add_films(app: Flask, studio: Studio) -> None:
    """Add the routes of videos and animations."""

    @app.get("/api/v1/photos/<photo_id>/video")
    def video(photo_id: str) -> Response:
        return send_parts(studio.screening(g.owner, photo_id), "video/mp4")

    @app.get("/api/v1/photos/<photo_id>/times")
    def times(photo_id: str) -> Response:
        return jsonify(times=studio.times(g.owner, photo_id))

    @app.get("/api/v1/photos/<photo_id>/frames/<int:index>")
    def frame(photo_id: str, index: int) -> Response:
        options = chosen(studio.options, Stage.COVER, besides=frozenset({COVERED}))
        return shown(studio.frame(g.owner, photo_id, index, options if _is_to_be_covered() else None))

    @app.post("/api/v1/photos/<photo_id>/frames/<int:index>")
    def frame_by_plan(photo_id: str, index: int) -> Response:
        options = chosen(studio.options, Stage.COVER)
        return shown(studio.frame(g.owner, photo_id, index, options, plans.from_json(json_text())))

    @app.get("/api/v1/photos/<photo_id>/people/<int:track>")
    def person(photo_id: str, track: int) -> Response:
        return shown(studio.face(g.owner, photo_id, track))

    @app.post("/api/v1/photos/<photo_id>/follow")
    def follow(photo_id: str) -> Response | tuple[Response, int, dict[str, str]]:
        followed = studio.follow(g.owner, photo_id, *_drawn())
        if followed.problem is not None:
            raise followed.problem.error()
        if followed.plan is None:
            return making(followed.progress)
        (region,) = json.loads(plans.to_json(followed.plan))["regions"]
        return jsonify(state="ready", region=region)

    @app.delete("/api/v1/photos/<photo_id>/follow")
    def cancel_follow(photo_id: str) -> tuple[str, int]:
        studio.cancel_follow(g.owner, photo_id, *_drawn())
        return "", 204


def _drawn() -> tuple[int, Box, str]:
    """Return the frame, the area and its outline in the body.

    Raises:
        UsageError: They are not there, or are something else.
    """
    wanted = json_object({"frame": int, "box": list, "shape": str})
    sides = wanted.get("box", [])
    if set(wanted) != {"frame", "box", "shape"} or isinstance(wanted["frame"], bool):
        raise UsageError("The body needs a frame, a box and a shape, and nothing else; nothing was done.")
    if len(sides) != 4 or not all(isinstance(side, int | float) and not isinstance(side, bool) for side in sides):
        raise UsageError("The box is not four numbers: left, top, right, bottom; nothing was done.")
    return wanted["frame"], Box(*sides), wanted["shape"]


def _is_to_be_covered() -> bool:
    text = request.args.get(COVERED, "0")
    if text not in ("0", "1"):
        raise UsageError(f"{COVERED}: {text!r} is neither 0 nor 1; nothing was done.")
    return text == "1"


def send_parts(path: Path, mimetype: str) -> Response:
    """Answer with a file, or with the part that was asked for; it stays whole even if it is deleted while it is sent.

    Raises:
        NoSuchPhotoError: It is gone.
    """
    try:
        size = path.stat().st_size
        _shorten(size)
        response = send_file(path, mimetype=mimetype, conditional=True)
    except FileNotFoundError as error:
        raise NoSuchPhotoError("The file has been deleted. Hand it in again.") from error
    return response


def _shorten(size: int) -> None:
    """Make the request one for fewer bytes if it asks for many of them; browsers ask for the rest later."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return
    wanted = asked.range_for_length(size)
    if wanted is not None and wanted[1] - wanted[0] > PART_BYTES:
        request.environ["HTTP_RANGE"] = Range("bytes", [(wanted[0], wanted[0] + PART_BYTES)]).to_header()
