"""What a request holds, read strictly: settings from the query, JSON from the body. All that is odd is an error."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from veil.errors import UsageError
from veil.options import Options, Stage, parse, settings

JSON_BYTES = 16_000_000
"""Largest JSON body: a plan with 300,000 key frames needs four fifths."""

SMALL_JSON_BYTES = 2_000_000
"""Largest JSON body that is no plan."""

LONGEST_VALUE = 200
"""Characters of a setting; a number of more digits than computers calculate with is no setting."""

LONGEST_QUERY = 2000
"""Characters of a query within a body."""

OF_RESULTS = (Stage.COVER, Stage.WRITE, Stage.CHECK)
"""The stages whose settings say what a result is to be, and whether it is looked at again."""

_PHOTO = re.compile(r"[0-9a-f]{32}")


def is_photo_id(text: str) -> bool:
    """Return whether a photo could have this id."""
    return _PHOTO.fullmatch(text) is not None


def chosen(defaults: Options, *stages: Stage, besides: frozenset[str] = frozenset()) -> Options:
    """Return the settings given in the query, over those of the server.

    Args:
        defaults: The server's settings.
        stages: Settings of other stages do not belong there.
        besides: Names that the query may hold for other reasons.

    Raises:
        UsageError: A setting is unknown here, given twice, or has a value that is not allowed.
    """
    return _parsed(request.args.lists(), defaults, stages, besides)


def chosen_in(query: str, defaults: Options) -> Options:
    """Return the settings of a result in a query that is text. As chosen()."""
    if len(query) > LONGEST_QUERY:
        raise UsageError(f"A query has more than {LONGEST_QUERY} characters; nothing was done.")
    return _parsed(parse_qs(query, keep_blank_values=True).items(), defaults, OF_RESULTS, frozenset())


def _parsed(
    asked: Iterable[tuple[str, list[str]]], defaults: Options, stages: Collection[Stage], besides: frozenset[str]
) -> Options:
    known = settings()
    texts: dict[str, str | list[str]] = {}
    for name, values in asked:
        if name in besides:
            continue
        if name not in known or known[name].stage not in stages:
            raise UsageError(f"There is no setting called {name!r} here; nothing was done.")
        if any(len(value) > LONGEST_VALUE for value in values):
            raise UsageError(f"{name}: the value has more than {LONGEST_VALUE} characters; nothing was done.")
        if known[name].repeats:
            texts[name] = values
        elif len(values) > 1:
            raise UsageError(f"The setting {name!r} is given {len(values)} times; nothing was done.")
        else:
            texts[name] = values[0]
    return parse(texts, defaults)


def json_text(most: int = JSON_BYTES) -> bytes:
    """Return the body of a request that has to be JSON.

    Args:
        most: The most bytes that it may have.

    Raises:
        UnsupportedMediaType: It calls itself something else. Foreign pages cannot send JSON without asking first.
        RequestEntityTooLarge: It is longer.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("The body has to be JSON, with Content-Type: application/json; nothing was done.")
    request.max_content_length = most
    return request.get_data()


def json_object(fields: Mapping[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """Return the JSON object in the body.

    Args:
        fields: The types that each field may have; others are not allowed.

    Raises:
        UsageError: The body is not such an object.
    """
    try:
        data = json.loads(json_text(SMALL_JSON_BYTES), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError("The body is not valid JSON; nothing was done.") from error
    if not isinstance(data, dict):
        raise UsageError("The body is not a JSON object; nothing was done.")
    for name, value in data.items():
        if name not in fields:
            raise UsageError(f"There is no field called {name!r} here; nothing was done.")
        if not isinstance(value, fields[name]):
            raise UsageError(f"The field {name!r} has a value of the wrong type; nothing was done.")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")
