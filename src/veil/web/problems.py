"""Errors as answers: problem details (RFC 9457) for programs, a kind that the page has a sentence for."""

import logging
from typing import Any

from werkzeug.exceptions import HTTPException

from veil import errors
from veil.errors import VeilError

CONTENT_TYPE = "application/problem+json"
_TYPE = "urn:veil:problem:"

_KINDS: dict[type[VeilError], tuple[str, str]] = {
    errors.NoSuchPhotoError: ("no-such-photo", "No such file"),
    errors.ExpiredError: ("expired", "Deleted after a long time"),
    errors.HeldBackError: ("held-back", "Held back"),
    errors.ConflictError: ("conflict", "Changed in the meantime"),
    errors.QuotaError: ("quota", "Too many files"),
    errors.NoSpaceError: ("no-space", "No space left"),
    errors.StoppedError: ("stopped", "Given up"),
    errors.JobError: ("not-ready", "Not ready yet"),
    errors.TooLargeError: ("too-large", "Too large"),
    errors.UnsupportedError: ("unsupported", "Not a file that Veil reads"),
    errors.InputError: ("damaged", "Damaged file"),
    errors.UsageError: ("usage", "Not understood"),
    errors.OutputError: ("output", "The result cannot be written"),
    errors.PlanError: ("plan", "The plan does not fit"),
    errors.DetectorError: ("detector", "Looking for faces failed"),
    errors.AuditError: ("audit", "The audit log cannot be read or written"),
}
_HTTP_KINDS = {
    401: "login",
    404: "not-found",
    413: "too-large",
    428: "conflict",
    429: "wait",
    503: "busy",
}
_INTERNAL = ("internal", "Something went wrong")
_REFUSED = "refused"

KINDS = frozenset({kind for kind, _ in _KINDS.values()} | set(_HTTP_KINDS.values()) | {_INTERNAL[0], _REFUSED})
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
        return _details(*_INTERNAL, 500, "Something went wrong inside Veil; nothing was made of the file.")
    kind, title = next((_KINDS[one] for one in type(error).__mro__ if one in _KINDS), _INTERNAL)
    return _details(kind, title, error.http_status, str(error))


def refusal(status: int, title: str, detail: str = "") -> dict[str, Any]:
    """Return problem details for a request that was refused before any photo was thought of."""
    if status == 413:
        detail = "The request is larger than the limit; nothing of it was kept."
    return _details(_HTTP_KINDS.get(status, _REFUSED), title, status, detail or f"{title}; nothing was done.")


def _http(error: HTTPException) -> dict[str, Any]:
    return refusal(error.code or 500, error.name, error.description or "")


def _details(kind: str, title: str, status: int, detail: str) -> dict[str, Any]:
    # Half a character pair, as JSON may hold, cannot be written into a page.
    readable = detail.encode("utf-8", "replace").decode()
    return {"type": _TYPE + kind, "title": title, "status": status, "detail": readable, "kind": kind}
