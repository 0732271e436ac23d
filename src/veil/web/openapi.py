"""The OpenAPI 3.1 description of the REST interface: every route, what it takes, what it answers.

Settings and plans are described where they are defined; here they are only pointed to.
"""

from typing import Any

from veil import __version__
from veil.options import Options, Stage
from veil.web.operations import (
    ANY_PHOTO,
    ANYWHERE,
    COVERING,
    FILE,
    JSON,
    MADE_OF_IT,
    MAKING,
    NUMBER,
    PHOTO,
    SMALL_PICTURE,
    TAKING,
    answer,
    body_of,
    content,
    making,
    operation,
    photo_id,
    refusal,
    settings_of,
)
from veil.web.schemas import PHOTO_ID, record, ref, schemas


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
            "summary": "Find every face in photos and videos and cover it.",
            "description": (
                "Each session, told by a cookie, sees its own files alone: keep cookies between requests. Where a name "
                "says photo, any file is meant: a photo, a video or a sound file. "
                "A studio that is open to a network asks for its token as well."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": _studio()
        | _photos(options)
        | _plan(options)
        | _pictures(options)
        | _films(options)
        | _sounds(options)
        | _results(options),
        "components": {
            "schemas": schemas(),
            "responses": {str(code): refusal(code) for code in ANYWHERE},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _studio() -> dict[str, Any]:
    return {
        "/health": {"get": operation("health", "Tell that the server runs", {200: answer("Health", "It does")})},
        "/api/v1": {"get": operation("studio", "List limits and settings", {200: answer("Studio", "All of them")})},
        "/api/v1/openapi.json": {
            "get": operation("openapi", "Describe this interface", {200: content(JSON, {"type": "object"}, "This")})
        },
        "/api/v1/events": {
            "get": operation(
                "events",
                "Follow the files",
                {
                    200: content(
                        "text/event-stream",
                        {},
                        "Server-sent events: at once and after each change an event 'photos' with the list of files. "
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
    place = {"Location": {"schema": {"type": "string"}, "description": "Where the file is from now on."}}
    return {
        "/api/v1/photos": {
            "get": operation("list_photos", "List the files", {200: answer("Photos", "Doubtful ones first")}),
            "post": operation(
                "submit",
                "Hand in a photo, video or sound file",
                {
                    200: answer("Photo", "The same file with the same settings was handed in before")
                    | {"headers": place},
                    201: answer("Photo", "Taken") | {"headers": place},
                },
                refusals=(413, 429, 507),
                parameters=settings_of(options, TAKING),
                body=upload,
            ),
            "delete": operation("delete_all", "Delete all files", {204: {"description": "Gone"}}),
        },
        PHOTO: {
            "parameters": [photo_id()],
            "get": operation("photo", "Show what is known of a file", {200: answer("Photo", "It")}, refusals=ANY_PHOTO),
            "patch": operation(
                "change",
                "Say that a person has looked, or give the found regions another outline",
                {200: answer("Photo", "As it is now")},
                refusals=(*ANY_PHOTO, 409, 412, 413, 415, 422),
                body=body_of(JSON, ref("Change")),
            ),
            "delete": operation(
                "delete", "Delete a file, and stop work on it", {204: {"description": "Gone"}}, refusals=ANY_PHOTO
            ),
        },
    }


def _plan(options: Options) -> dict[str, Any]:
    tag = {"ETag": {"schema": {"type": "string"}, "description": "The plan's revision."}}
    matching = {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag of the plan that was changed.",
        "schema": {"type": "string"},
    }
    return {
        f"{PHOTO}/plan": {
            "parameters": [photo_id()],
            "get": operation(
                "plan",
                "Read what is to be covered",
                {200: answer("Plan", "The plan") | {"headers": tag}},
                refusals=MADE_OF_IT,
            ),
            "put": operation(
                "put_plan",
                "Change what is to be covered: only regions may differ",
                {200: answer("Photo", "Saved") | {"headers": tag}},
                refusals=(*MADE_OF_IT, 412, 428),
                parameters=[matching],
                body=body_of(JSON, ref("Plan")),
            ),
        },
        f"{PHOTO}/found": {
            "parameters": [photo_id()],
            "get": operation(
                "found",
                "Read what was found, as it was before any change",
                {200: answer("Plan", "The plan")},
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/report": {
            "parameters": [photo_id()],
            "get": operation(
                "report",
                "Read what is covered or altered, in numbers, with these settings or those it was handed in with",
                {200: answer("Report", "The report")},
                refusals=MADE_OF_IT,
                parameters=settings_of(options, MAKING),
            ),
        },
    }


def _pictures(options: Options) -> dict[str, Any]:
    return {
        f"{PHOTO}/original": {
            "parameters": [photo_id()],
            "get": operation("original", "Show the photo or video as it is, small", SMALL_PICTURE, refusals=MADE_OF_IT),
        },
        f"{PHOTO}/preview": {
            "parameters": [photo_id(), *settings_of(options, COVERING)],
            "get": operation("preview", "Show the covered photo or video, small", SMALL_PICTURE, refusals=MADE_OF_IT),
            "post": operation(
                "preview_plan",
                "Show the photo or video as an unsaved plan would cover it, small",
                SMALL_PICTURE,
                refusals=MADE_OF_IT,
                body=body_of(JSON, ref("Plan")),
            ),
        },
    }


def _films(options: Options) -> dict[str, Any]:
    index = {
        "name": "index",
        "in": "path",
        "required": True,
        "description": "Number of the frame, from 0.",
        "schema": NUMBER,
    }
    covered = {"name": "covered", "in": "query", "schema": {"enum": ["0", "1"], "default": "0"}}
    return {
        f"{PHOTO}/video": {
            "parameters": [photo_id()],
            "get": operation(
                "video",
                "Fetch a small copy of a video or animation, or a part of it: it is there before faces are found",
                {
                    200: content("video/mp4", FILE, "All of it"),
                    206: content("video/mp4", FILE, "The part that Range asks for, or the beginning of that"),
                    416: {"description": "It has no such part"},
                },
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/times": {
            "parameters": [photo_id()],
            "get": operation(
                "times",
                "Tell when each frame of a video or animation is shown",
                {200: answer("Times", "The times")},
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/people/{{track}}": {
            "parameters": [
                photo_id(),
                {
                    "name": "track",
                    "in": "path",
                    "required": True,
                    "description": "Number of a face that was followed, as in the plan.",
                    "schema": NUMBER,
                },
            ],
            "get": operation(
                "person",
                "Show a face that was followed through a video or animation, at its best moment",
                SMALL_PICTURE,
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/follow": {
            "parameters": [photo_id()],
            "post": operation(
                "follow",
                "Have an area that was drawn in one frame followed through the others; ask again for the region",
                {200: answer("Followed", "A region for the plan, which is not changed by this"), 202: making()},
                refusals=MADE_OF_IT,
                body=body_of(JSON, ref("Drawn")),
            ),
            "delete": operation(
                "cancel_follow",
                "Have an area no longer followed, or forget that it was",
                {204: {"description": "Forgotten"}},
                refusals=MADE_OF_IT,
                body=body_of(JSON, ref("Drawn")),
            ),
        },
        f"{PHOTO}/frames/{{index}}": {
            "parameters": [photo_id(), index, *settings_of(options, COVERING)],
            "get": operation(
                "frame",
                "Show one frame of a video or animation as it is, or as the saved plan covers it",
                SMALL_PICTURE,
                refusals=MADE_OF_IT,
                parameters=[covered],
            ),
            "post": operation(
                "frame_by_plan",
                "Show one frame of a video or animation as an unsaved plan would cover it",
                SMALL_PICTURE,
                refusals=MADE_OF_IT,
                body=body_of(JSON, ref("Plan")),
            ),
        },
    }


def _sounds(options: Options) -> dict[str, Any]:
    at = {
        "name": "at",
        "in": "query",
        "description": "Where it begins, in seconds. Around the first speech if not given.",
        "schema": {"type": "number", "minimum": 0, "maximum": 999_999},
    }
    parts = {"name": "which", "in": "path", "required": True, "schema": {"enum": ["before", "after"]}}
    key = {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}

    def sent(kind: str) -> dict[int, Any]:
        return {
            200: content(kind, FILE, "All of it"),
            206: content(kind, FILE, "The part that Range asks for, or the beginning of that"),
            416: {"description": "It has no such part"},
        }

    return {
        f"{PHOTO}/sound": {
            "parameters": [photo_id()],
            "get": operation(
                "sound",
                "Fetch a small copy of a sound file to listen to, or a part of it",
                sent("audio/mpeg"),
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/hearing": {
            "parameters": [photo_id()],
            "get": operation(
                "hearing",
                "Tell where speech was heard in a sound file, and how loud it is when",
                {200: answer("Hearing", "It")},
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/trial": {
            "parameters": [photo_id(), at, *settings_of(options, (Stage.WRITE,))],
            "post": operation(
                "try_out",
                "Have a few seconds of the sound of a video or sound file altered; ask again until they are there",
                {200: answer("Tried", "It can be listened to"), 202: making()},
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/trial/{{key}}/{{which}}": {
            "parameters": [photo_id(), key, parts],
            "get": operation(
                "heard", "Fetch a few seconds of sound as they are or would be", sent("audio/wav"), refusals=MADE_OF_IT
            ),
        },
    }


def _results(options: Options) -> dict[str, Any]:
    texts = {"type": "array", "items": {"type": "string"}}
    form = record(
        {"id": {"type": "array", "items": PHOTO_ID}, "name": texts, "query": texts},
        optional=("query",),
    )
    return {
        f"{PHOTO}/result": {
            "parameters": [photo_id(), *settings_of(options, MAKING)],
            "post": operation(
                "make_result",
                "Ask for the finished result",
                {200: answer("Ready", "It can be fetched"), 202: making()},
                refusals=MADE_OF_IT,
            ),
            "get": operation(
                "result",
                "Fetch the finished result",
                {
                    200: {
                        "description": "The result, in the file's own format or the one asked for",
                        "content": {f"{kind}/*": {"schema": FILE} for kind in ("image", "video", "audio")},
                    },
                    202: making(),
                },
                refusals=MADE_OF_IT,
            ),
            "delete": operation(
                "cancel_result",
                "Have a result not made that is being made; a finished one stays",
                {204: {"description": "It is not made any more"}},
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/release": {
            "parameters": [photo_id(), *settings_of(options, MAKING)],
            "post": operation(
                "release",
                "Say that a result may be fetched in which a second look saw a face; the audit log tells so",
                {200: answer("Ready", "It can be fetched")},
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/audit": {
            "parameters": [photo_id(), *settings_of(options, MAKING)],
            "get": operation(
                "audit",
                "Read what the audit log says of a result that has been made",
                {200: content(JSON, {"type": "object"}, "The entry, in the form that its hash stands for")},
                refusals=MADE_OF_IT,
            ),
        },
        f"{PHOTO}/audit.html": {
            "parameters": [photo_id(), *settings_of(options, MAKING)],
            "get": operation(
                "audit_page",
                "Fetch the same as a page to print",
                {200: content("text/html", {"type": "string"}, "The page, in the language of the studio's")},
                refusals=MADE_OF_IT,
            ),
        },
        "/api/v1/archive": {
            "post": operation(
                "archive",
                "Fetch many results as one ZIP file with a report and what the audit log says",
                {200: content("application/zip", FILE, "The archive")},
                refusals=(*MADE_OF_IT, 503),
                parameters=settings_of(options, MAKING),
                body=body_of(JSON, ref("Selection"))
                | body_of("application/x-www-form-urlencoded", form, JSON, ref("Selection")),
            )
        },
    }
