"""Errors as answers: problem details (RFC 9457) for programs, a kind that the page has a sentence for."""

import logging
from typing import Any

from werkzeug.exceptions import HTTPException

from veil.errors import (
    DeskFullError,
    DetectorError,
    InputError,
    JobError,
    NoSuchPhotoError,
    OutputError,
    PlanError,
    TooLargeError,
    UnsupportedError,
    UsageError,
    VeilError,
)

CONTENT_TYPE = "application/problem+json"
_TYPE = "urn:veil:problem:"

_KINDS: dict[type[VeilError], tuple[str, str]] = {
    NoSuchPhotoError: ("no-such-photo", "No such photo"),
    DeskFullError: ("desk-full", "Too many photos"),
    JobError: ("not-ready", "Not ready yet"),
    TooLargeError: ("too-large", "Too large"),
    UnsupportedError: ("unsupported", "Not a picture Veil reads"),
    InputError: ("damaged", "Damaged picture"),
    UsageError: ("usage", "Not understood"),
    OutputError: ("output", "The result cannot be written"),
    PlanError: ("plan", "The plan does not fit"),
    DetectorError: ("detector", "Looking for faces failed"),
}
_INTERNAL = ("internal", "Something went wrong")
_NOT_FOUND, _REFUSED = "not-found", "refused"

KINDS = frozenset({kind for kind, _ in _KINDS.values()} | {_INTERNAL[0], _NOT_FOUND, _REFUSED})
"""Every kind of problem that the studio answers with; texts.py has a sentence for each."""

log = logging.getLogger(__name__)


def problem(error: BaseException) -> dict[str, Any]:
    """Return an error as problem details: type, title, status, detail, and its kind as the page calls it."""
    if isinstance(error, HTTPException):
        return _http(error)
    if not isinstance(error, VeilError):
        # The type and the place tell enough; a message could hold something of the photo.
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "an unknown place"
        log.error("%s at %s", type(error).__name__, where)
        return _details(*_INTERNAL, 500, "Something went wrong inside Veil; nothing was made of the photo.")
    kind, title = next((_KINDS[one] for one in type(error).__mro__ if one in _KINDS), _INTERNAL)
    return _details(kind, title, error.http_status, str(error))


def _http(error: HTTPException) -> dict[str, Any]:
    status = error.code or 500
    if status == 413:
        return _details(*_KINDS[TooLargeError], status, "The file is larger than the limit; it was not taken.")
    kind = _NOT_FOUND if status == 404 else _REFUSED
    return _details(kind, error.name, status, error.description or error.name)


def _details(kind: str, title: str, status: int, detail: str) -> dict[str, Any]:
    return {"type": _TYPE + kind, "title": title, "status": status, "detail": detail, "kind": kind}
