"""The parts that descriptions of requests are made of."""

from collections.abc import Iterable
from typing import Any

from veil.options import Options, Stage, settings
from veil.web.inputs import OF_RESULTS
from veil.web.schemas import PHOTO_ID, Schema, ref, setting

Operation = dict[str, Any]

JSON = "application/json"
PROBLEM = "application/problem+json"
COVERING = (Stage.COVER,)
MAKING = OF_RESULTS
TAKING = (Stage.FIND, *OF_RESULTS)

PHOTO = "/api/v1/photos/{photo_id}"
REFUSALS = {
    400: "Not understood",
    401: "The token is missing or wrong",
    403: "Another host or site asked",
    404: "No such file",
    409: "Not ready yet, or failed",
    410: "Deleted, because nobody looked at it for a long time",
    412: "The plan has been changed in the meantime",
    413: "Too large",
    415: "Not of a kind that is taken",
    422: "Cannot be read, or does not fit",
    428: "If-Match is missing",
    429: "Too many files, or too many wrong tokens",
    500: "Looking for faces failed",
    503: "Busy",
    507: "No space left",
}
ANYWHERE = (400, 401, 403, 429)
"""Refusals of every request."""

ANY_PHOTO = (404, 410)
MADE_OF_IT = (*ANY_PHOTO, 409, 413, 415, 422, 500)

NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
FILE: Schema = {"type": "string", "format": "binary"}
SMALL_PICTURE = {
    200: {
        "description": "A small picture",
        "content": {f"image/{kind}": {"schema": FILE} for kind in ("jpeg", "webp")},
    }
}


def operation(
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
    own = {code: refusal(code) for code in refusals}
    described: Operation = {
        "operationId": name,
        "summary": summary,
        "responses": {str(code): answer for code, answer in sorted((anywhere | own | answers).items())},
    }
    if parameters:
        described["parameters"] = parameters
    if body:
        described["requestBody"] = body
    return described


def content(kind: str, schema: Schema, about: str) -> dict[str, Any]:
    """Return an answer of one media type."""
    return {"description": about, "content": {kind: {"schema": schema}}}


def refusal(code: int) -> dict[str, Any]:
    """Return an answer that is a problem."""
    return content(PROBLEM, ref("Problem"), REFUSALS[code])


def answer(name: str, about: str) -> dict[str, Any]:
    """Return an answer that is JSON, by the name of its schema."""
    return content(JSON, ref(name), about)


def body_of(*kinds: Any) -> dict[str, Any]:
    """Return a request body from media types and their schemas, in turn."""
    return {
        "required": True,
        "content": {kind: {"schema": schema} for kind, schema in zip(kinds[::2], kinds[1::2], strict=True)},
    }


def photo_id() -> dict[str, Any]:
    """Return the parameter that names a photo."""
    return {"name": "photo_id", "in": "path", "required": True, "schema": PHOTO_ID}


def settings_of(options: Options, stages: Iterable[Stage]) -> list[dict[str, Any]]:
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


def making() -> dict[str, Any]:
    """Return the answer that something is being made."""
    return answer("Making", "Being made; ask again") | {
        "headers": {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
    }
