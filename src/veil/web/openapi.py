"""The OpenAPI 3.1 description of the REST interface: every route, what it takes, what it answers.

Settings and plans are described where they are defined; here they are only pointed to.
"""

from collections.abc import Iterable
from typing import Any

from veil import __version__
from veil.options import Options, Stage, settings
from veil.web.schemas import PHOTO_ID, Schema, record, ref, schemas, setting

Operation = dict[str, Any]

JSON = "application/json"
PROBLEM = "application/problem+json"
COVERING = (Stage.COVER,)
MAKING = (Stage.COVER, Stage.WRITE)
TAKING = (Stage.FIND, Stage.COVER, Stage.WRITE)

_PHOTO = "/api/v1/photos/{photo_id}"
REFUSALS = {
    400: "Not understood",
    401: "The token is missing or wrong",
    403: "Another host or site asked",
    404: "No such photo",
    409: "Not ready yet, or failed",
    410: "Deleted, because nobody looked at it for a long time",
    412: "The plan has been changed in the meantime",
    413: "Too large",
    415: "Not of a kind that is taken",
    422: "Cannot be read, or does not fit",
    428: "If-Match is missing",
    429: "Too many photos, or too many wrong tokens",
    500: "Looking for faces failed",
    503: "Busy",
    507: "No space left",
}
ANYWHERE = (400, 401, 403, 429)
"""Refusals of every request."""

_ANY_PHOTO = (404, 410)
_MADE_OF_IT = (*_ANY_PHOTO, 409, 413, 415, 422, 500)


def document(options: Options) -> dict[str, Any]:
    """Return the description.

    Args:
        options: The server's settings, told as defaults.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Veil",
            "version": __version__,
            "summary": "Find every face in photos and cover it.",
            "description": (
                "Each session, told by a cookie, sees its own photos alone: keep cookies between requests. "
                "A studio that is open to a network asks for its token as well."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": _studio() | _photos(options) | _plan() | _pictures(options) | _films(options) | _results(options),
        "components": {
            "schemas": schemas(),
            "responses": {str(code): _refusal(code) for code in ANYWHERE},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _studio() -> dict[str, Any]:
    return {
        "/health": {"get": _operation("health", "Tell that the server runs", {200: _json("Health", "It does")})},
        "/api/v1": {"get": _operation("studio", "List limits and settings", {200: _json("Studio", "All of them")})},
        "/api/v1/openapi.json": {
            "get": _operation("openapi", "Describe this interface", {200: _content(JSON, {"type": "object"}, "This")})
        },
        "/api/v1/events": {
            "get": _operation(
                "events",
                "Follow the photos",
                {
                    200: _content(
                        "text/event-stream",
                        {},
                        "Server-sent events: at once and after each change an event 'photos' with the list of photos. "
                        "A stream ends after a minute; with too many open, after one event. Clients come back.",
                    )
                },
            )
        },
    }


def _photos(options: Options) -> dict[str, Any]:
    upload = {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {"schema": record({"photo": {"type": "string", "format": "binary"}})},
        },
    }
    place = {"Location": {"schema": {"type": "string"}, "description": "Where the photo is from now on."}}
    return {
        "/api/v1/photos": {
            "get": _operation("list_photos", "List the photos", {200: _json("Photos", "Doubtful ones first")}),
            "post": _operation(
                "submit",
                "Hand in a photo",
                {
                    200: _json("Photo", "The same file with the same settings was handed in before")
                    | {"headers": place},
                    201: _json("Photo", "Taken") | {"headers": place},
                },
                refusals=(413, 429, 507),
                parameters=_settings(options, TAKING),
                body=upload,
            ),
            "delete": _operation("delete_all", "Delete all photos", {204: {"description": "Gone"}}),
        },
        _PHOTO: {
            "parameters": [_photo_id()],
            "get": _operation(
                "photo", "Show what is known of a photo", {200: _json("Photo", "It")}, refusals=_ANY_PHOTO
            ),
            "patch": _operation(
                "change",
                "Say that a person has looked, or give the found regions another outline",
                {200: _json("Photo", "As it is now")},
                refusals=(*_ANY_PHOTO, 409, 412, 413, 415, 422),
                body=_body(JSON, ref("Change")),
            ),
            "delete": _operation(
                "delete", "Delete a photo, and stop work on it", {204: {"description": "Gone"}}, refusals=_ANY_PHOTO
            ),
        },
    }


def _plan() -> dict[str, Any]:
    tag = {"ETag": {"schema": {"type": "string"}, "description": "The plan's revision."}}
    matching = {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag of the plan that was changed.",
        "schema": {"type": "string"},
    }
    return {
        f"{_PHOTO}/plan": {
            "parameters": [_photo_id()],
            "get": _operation(
                "plan",
                "Read what is to be covered",
                {200: _json("Plan", "The plan") | {"headers": tag}},
                refusals=_MADE_OF_IT,
            ),
            "put": _operation(
                "put_plan",
                "Change what is to be covered: only regions may differ",
                {200: _json("Photo", "Saved") | {"headers": tag}},
                refusals=(*_MADE_OF_IT, 412, 428),
                parameters=[matching],
                body=_body(JSON, ref("Plan")),
            ),
        },
        f"{_PHOTO}/found": {
            "parameters": [_photo_id()],
            "get": _operation(
                "found",
                "Read what was found, as it was before any change",
                {200: _json("Plan", "The plan")},
                refusals=_MADE_OF_IT,
            ),
        },
        f"{_PHOTO}/report": {
            "parameters": [_photo_id()],
            "get": _operation(
                "report", "Read what is covered, in numbers", {200: _json("Report", "The report")}, refusals=_MADE_OF_IT
            ),
        },
    }


def _pictures(options: Options) -> dict[str, Any]:
    return {
        f"{_PHOTO}/original": {
            "parameters": [_photo_id()],
            "get": _operation("original", "Show the photo as it is, small", _SMALL_PICTURE, refusals=_MADE_OF_IT),
        },
        f"{_PHOTO}/preview": {
            "parameters": [_photo_id(), *_settings(options, COVERING)],
            "get": _operation("preview", "Show the covered photo, small", _SMALL_PICTURE, refusals=_MADE_OF_IT),
            "post": _operation(
                "preview_plan",
                "Show the photo as an unsaved plan would cover it, small",
                _SMALL_PICTURE,
                refusals=_MADE_OF_IT,
                body=_body(JSON, ref("Plan")),
            ),
        },
    }


def _films(options: Options) -> dict[str, Any]:
    index = {
        "name": "index",
        "in": "path",
        "required": True,
        "description": "Number of the frame, from 0.",
        "schema": _NUMBER,
    }
    covered = {"name": "covered", "in": "query", "schema": {"enum": ["0", "1"], "default": "0"}}
    return {
        f"{_PHOTO}/video": {
            "parameters": [_photo_id()],
            "get": _operation(
                "video",
                "Fetch a small copy of a video to look at, or a part of it: it is there before faces are found",
                {
                    200: _content("video/mp4", _FILE, "All of it"),
                    206: _content("video/mp4", _FILE, "The part that Range asks for, or the beginning of that"),
                    416: {"description": "It has no such part"},
                },
                refusals=_MADE_OF_IT,
            ),
        },
        f"{_PHOTO}/times": {
            "parameters": [_photo_id()],
            "get": _operation(
                "times",
                "Tell when each frame of a video is shown",
                {200: _json("Times", "The times")},
                refusals=_MADE_OF_IT,
            ),
        },
        f"{_PHOTO}/people/{{track}}": {
            "parameters": [
                _photo_id(),
                {
                    "name": "track",
                    "in": "path",
                    "required": True,
                    "description": "Number of a face that was followed, as in the plan.",
                    "schema": _NUMBER,
                },
            ],
            "get": _operation(
                "person",
                "Show a face that was followed through a video, at its best moment",
                _SMALL_PICTURE,
                refusals=_MADE_OF_IT,
            ),
        },
        f"{_PHOTO}/follow": {
            "parameters": [_photo_id()],
            "post": _operation(
                "follow",
                "Have an area that was drawn in one frame followed through the others; ask again for the region",
                {200: _json("Followed", "A region for the plan, which is not changed by this"), 202: _making()},
                refusals=_MADE_OF_IT,
                body=_body(JSON, ref("Drawn")),
            ),
            "delete": _operation(
                "cancel_follow",
                "Have an area no longer followed, or forget that it was",
                {204: {"description": "Forgotten"}},
                refusals=_MADE_OF_IT,
                body=_body(JSON, ref("Drawn")),
            ),
        },
        f"{_PHOTO}/frames/{{index}}": {
            "parameters": [_photo_id(), index, *_settings(options, COVERING)],
            "get": _operation(
                "frame",
                "Show one frame of a video as it is, or as the saved plan covers it",
                _SMALL_PICTURE,
                refusals=_MADE_OF_IT,
                parameters=[covered],
            ),
            "post": _operation(
                "frame_by_plan",
                "Show one frame of a video as an unsaved plan would cover it",
                _SMALL_PICTURE,
                refusals=_MADE_OF_IT,
                body=_body(JSON, ref("Plan")),
            ),
        },
    }


def _making() -> dict[str, Any]:
    return _json("Making", "Being made; ask again") | {
        "headers": {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
    }


def _results(options: Options) -> dict[str, Any]:
    form = record({"id": {"type": "array", "items": PHOTO_ID}, "name": {"type": "array", "items": {"type": "string"}}})
    return {
        f"{_PHOTO}/result": {
            "parameters": [_photo_id(), *_settings(options, MAKING)],
            "post": _operation(
                "make_result",
                "Ask for the covered photo at full size",
                {200: _json("Ready", "It can be fetched"), 202: _making()},
                refusals=_MADE_OF_IT,
            ),
            "get": _operation(
                "result",
                "Fetch the covered photo at full size",
                {
                    200: _content("image/*", _FILE, "The file, in the photo's own format or the one asked for"),
                    202: _making(),
                },
                refusals=_MADE_OF_IT,
            ),
            "delete": _operation(
                "cancel_result",
                "Have a result not made that is being made; a finished one stays",
                {204: {"description": "It is not made any more"}},
                refusals=_MADE_OF_IT,
            ),
        },
        "/api/v1/archive": {
            "post": _operation(
                "archive",
                "Fetch many covered photos as one ZIP file with a report",
                {200: _content("application/zip", _FILE, "The archive")},
                refusals=(*_MADE_OF_IT, 503),
                parameters=_settings(options, MAKING),
                body=_body(JSON, ref("Selection"))
                | _body("application/x-www-form-urlencoded", form, JSON, ref("Selection")),
            )
        },
    }


_NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_FILE: Schema = {"type": "string", "format": "binary"}
_SMALL_PICTURE = {
    200: {
        "description": "A small picture",
        "content": {f"image/{kind}": {"schema": _FILE} for kind in ("jpeg", "webp")},
    }
}


def _operation(
    name: str,
    summary: str,
    answers: dict[int, Any],
    *,
    refusals: Iterable[int] = (),
    parameters: list[Any] | None = None,
    body: Any = None,
) -> Operation:
    """Return one operation; each may also be refused for what every request has in common."""
    anywhere = {code: {"$ref": f"#/components/responses/{code}"} for code in ANYWHERE}
    own = {code: _refusal(code) for code in refusals}
    operation: Operation = {
        "operationId": name,
        "summary": summary,
        "responses": {str(code): answer for code, answer in sorted((anywhere | own | answers).items())},
    }
    if parameters:
        operation["parameters"] = parameters
    if body:
        operation["requestBody"] = body
    return operation


def _content(kind: str, schema: Schema, about: str) -> dict[str, Any]:
    return {"description": about, "content": {kind: {"schema": schema}}}


def _refusal(code: int) -> dict[str, Any]:
    return _content(PROBLEM, ref("Problem"), REFUSALS[code])


def _json(name: str, about: str) -> dict[str, Any]:
    return _content(JSON, ref(name), about)


def _body(*kinds: Any) -> dict[str, Any]:
    """Return a request body from media types and their schemas, in turn."""
    return {
        "required": True,
        "content": {kind: {"schema": schema} for kind, schema in zip(kinds[::2], kinds[1::2], strict=True)},
    }


def _photo_id() -> dict[str, Any]:
    return {"name": "photo_id", "in": "path", "required": True, "schema": PHOTO_ID}


def _settings(options: Options, stages: Iterable[Stage]) -> list[dict[str, Any]]:
    """Return the settings of some stages as parameters in the query."""
    return [
        {
            "name": name,
            "in": "query",
            "description": about.help,
            "schema": setting(about, getattr(options, name)),
        }
        for name, about in settings().items()
        if about.stage in stages
    ]
