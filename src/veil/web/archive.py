"""The REST interface to many finished pictures at once."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import ServiceUnavailable

from veil.errors import JobError, NoSuchPhotoError, UsageError
from veil.jobs.studio import Studio
from veil.options import Options
from veil.web import packing
from veil.web.inputs import OF_RESULTS, chosen, chosen_in, is_photo_id, json_object
from veil.web.words import words

ARCHIVES = 8  # at a time; each holds a thread while it is sent
LONGEST_NAME = 1000  # characters; packing.safe() cuts further

_Wanted = tuple[str, str, str]
"""An id, a name, and settings of its own as a query."""


def add_archive(app: Flask, studio: Studio) -> None:
    """Add the route of archives."""
    places = threading.BoundedSemaphore(ARCHIVES)

    @app.post("/api/v1/archive")
    def archive() -> Response:
        options = chosen(studio.options, *OF_RESULTS)
        wanted = _wanted(studio.limits.photos)
        members = _members(studio, wanted, options)
        entries = studio.entries(g.owner, {photo_id for photo_id, _, _ in wanted})
        if not places.acquire(blocking=False):
            raise ServiceUnavailable(
                "Other archives are being packed; nothing was done. Try again in a moment.", retry_after=5
            )
        response = Response(packing.stream(members, entries, words()["language"]), mimetype="application/zip")
        response.headers["Content-Disposition"] = 'attachment; filename="veil.zip"'
        response.call_on_close(_once(places.release))  # also if the client leaves
        return response


def _members(studio: Studio, wanted: list[_Wanted], defaults: Options) -> list[packing.Member]:
    """Return what to pack; all results must be there, since an archive that has begun cannot wait."""
    members, missing = [], 0
    for photo_id, name, query in wanted:
        options = chosen_in(query, defaults)
        result = studio.request_result(g.owner, photo_id, options)
        if result.problem is not None:
            raise result.problem.error()
        if result.path is None:
            missing += 1
        else:
            report = studio.report(g.owner, photo_id, options)
            members.append(packing.Member(name, result.path, report))
    if missing:
        raise JobError(
            f"{missing} of {len(wanted)} files are still being worked on; nothing was packed. Ask again soon."
        )
    return members


def _wanted(limit: int) -> list[_Wanted]:
    """Return the ids, names and settings in the body, a form or JSON."""
    if request.mimetype == "application/json":
        pairs = [_pair(each) for each in json_object({"photos": list}).get("photos", [])]
    else:
        ids, names = request.form.getlist("id"), request.form.getlist("name")
        if len(ids) != len(names):
            raise UsageError(f"There are {len(ids)} ids and {len(names)} names; nothing was packed.")
        queries = request.form.getlist("query") or [""] * len(ids)
        if len(ids) != len(queries):
            raise UsageError(f"There are {len(ids)} ids and {len(queries)} queries; nothing was packed.")
        pairs = list(zip(ids, names, queries, strict=True))
    if not pairs:
        raise UsageError("No file was named; nothing was packed.")
    if len(pairs) > limit:
        raise UsageError(f"{len(pairs)} files are named, and at most {limit} can be packed; nothing was packed.")
    for photo_id, name, _ in pairs:
        if not is_photo_id(photo_id):
            raise NoSuchPhotoError("There is no file with one of these ids; nothing was packed.")
        if len(name) > LONGEST_NAME:
            raise UsageError(f"A name has more than {LONGEST_NAME} characters; nothing was packed.")
    return pairs


def _pair(entry: Any) -> _Wanted:
    if not (
        isinstance(entry, dict)
        and {"id", "name"} <= set(entry) <= {"id", "name", "query"}
        and all(isinstance(x, str) for x in entry.values())
    ):
        raise UsageError(
            "Each file has to be an object with an 'id', a 'name' and perhaps a 'query', all text; nothing was packed."
        )
    return entry["id"], entry["name"], entry.get("query", "")


def _once(act: Callable[[], None]) -> Callable[[], None]:
    """Return a function that acts the first time it is called, and never again."""
    acts = [act]
    return lambda: acts.pop()() if acts else None
