"""The shapes of what the REST interface takes and gives, as JSON Schema for its OpenAPI description."""

import json
from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from typing import Any

from veil.jobs.job import JobState
from veil.options import Options, Setting, Stage, parse_color, parse_region, settings
from veil.report import OF_PICTURES, VIDEO_ONLY
from veil.types import Area, Kind, Profile, Shape, Style, Tally, Voice
from veil.web.problems import KINDS

Schema = dict[str, Any]

PHOTO_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
REVISION: Schema = {"type": "string", "description": "Changes with every change of the plan."}
COUNT: Schema = {"type": "integer", "minimum": 0}
MOMENT: Schema = {"type": "number", "description": "Seconds since 1970, UTC."}
OUTLINES = [str(shape) for shape in Shape if str(shape) in settings()["shape"].choices]


def ref(name: str) -> Schema:
    """Return a pointer to one of schemas()."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    """Return a schema that allows null too."""
    return {"anyOf": [schema, {"type": "null"}]}


def record(fields: Mapping[str, Schema], *, optional: tuple[str, ...] = (), about: str = "") -> Schema:
    """Return the schema of an object with these fields and no others."""
    described = {"description": about} if about else {}
    return described | {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in fields if name not in optional],
        "properties": dict(fields),
    }


def listed(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def setting(about: Setting, default: Any) -> Schema:
    """Return the schema of a setting as text in a query."""
    if about.repeats:
        return {"type": "array", "items": {"type": "string", "pattern": _PATTERNS[about.parse]}}
    if about.choices:
        return {"type": "string", "enum": [str(choice) for choice in about.choices], "default": str(default)}
    if about.parse is bool:
        return {"type": "boolean", "default": default}
    if about.parse in (int, float):
        kind = "integer" if about.parse is int else "number"
        return {"type": kind, "minimum": about.low, "maximum": about.high, "default": default}
    if about.parse in _PATTERNS:
        return {"type": "string", "pattern": _PATTERNS[about.parse]}
    return {"type": "string", "default": default}


_NUMBER = r"-?\d{1,6}(\.\d{1,4})?"
_TIME = r"(\d{1,4}:[0-5]?\d:[0-5]?\d|\d{1,2}:[0-5]?\d|\d{1,6})(\.\d{1,3})?"
_PATTERNS: dict[Any, str] = {
    parse_color: "^#?[0-9a-fA-F]{6}$",
    parse_region: f"^{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}(@(({_TIME})?-({_TIME})?|{_TIME},follow))?$",
}


def schemas() -> dict[str, Schema]:
    """Return every schema by name."""
    return _plan() | {
        "Problem": _problem(),
        "Photo": _photo(),
        "Video": _video(),
        "Sound": _sound(),
        "Hearing": record(
            {
                "stretches": listed({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
                "peaks": listed({"type": "number", "minimum": 0, "maximum": 1}),
            },
            about="Where speech is, from and to in seconds; and how loud each of so many equal parts is.",
        ),
        "Tried": record(
            {
                "state": {"const": "ready"},
                "start": {"type": "number", "description": "Where it begins, in seconds."},
                "stretches": COUNT | {"description": "In how many stretches something was altered in it."},
                "before": {"type": "string", "description": "Where to fetch it as it is."},
                "after": {"type": "string", "description": "Where to fetch it as it would be."},
            },
            about="A few seconds of sound.",
        ),
        "SecondLook": _second_look(),
        "Photos": record({"photos": listed(ref("Photo")), "revision": REVISION}, about="Doubtful ones come first."),
        "Times": record({"times": listed({"type": "number"})}, about="Seconds, one a frame; the first is 0."),
        "Change": record(
            {
                "looked": {"type": "boolean", "description": "A person has looked at the file and is content."},
                "shape": {"enum": OUTLINES},
                "grow": _bounded("grow"),
                "area": {"enum": list(Area)},
            },
            optional=("looked", "shape", "grow", "area"),
            about="shape, grow and area give every found region its outline anew.",
        ),
        "Ready": record(
            {
                "state": {"const": "ready"},
                "url": {"type": "string"},
                "extension": {"type": "string"},
                "bytes": COUNT,
                "altered": nullable(_altered()),
                "dropped": listed({"type": "string", "description": "What the file holds and its result does not."}),
            }
        ),
        "Making": record(
            {"state": {"const": "making"}, "done": COUNT, "total": COUNT},
            about="How many frames are done, and how many there are; 0 of 0 where that is not known.",
        ),
        "Drawn": record(
            {
                "frame": COUNT,
                "box": ref("plan-box"),
                "shape": {"enum": OUTLINES},
            },
            about="An area that a person drew in one frame.",
        ),
        "Followed": record({"state": {"const": "ready"}, "region": ref("plan-region")}),
        "Selection": record(
            {
                "photos": {
                    "type": "array",
                    "minItems": 1,
                    "items": record(
                        {
                            "id": PHOTO_ID,
                            "name": {"type": "string", "maxLength": 1000},
                            "query": {
                                "type": "string",
                                "maxLength": 2000,
                                "description": "Settings of its own, as in a query, over those of the request.",
                            },
                        },
                        optional=("query",),
                    ),
                }
            },
            about="What to pack, and the name of each in the archive.",
        ),
        "Report": _report(),
        "Studio": _studio(),
        "Health": record({"status": {"const": "ok"}}),
    }


def _plan() -> dict[str, Schema]:
    """Return the schema of plans as it is kept beside plan.py, with its parts among the other schemas."""
    text = resources.files("veil").joinpath("plan.schema.json").read_text("utf-8")
    plan = json.loads(text.replace('"#/$defs/', '"#/components/schemas/plan-'))
    del plan["$schema"]
    parts = plan.pop("$defs")
    return {"Plan": plan} | {f"plan-{name}": part for name, part in parts.items()}


def _problem() -> Schema:
    return record(
        {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What happened, what is safe, what to do."},
            "kind": {"enum": sorted(KINDS)},
        },
        about="Problem details after RFC 9457.",
    )


def _picture() -> dict[str, Schema]:
    side = {"type": "integer", "minimum": 1}
    return {
        "width": side,
        "height": side,
        "format": {"type": "string"},
        "frames": side,
        "kind": {"enum": list(Kind)},
    }


def _counts() -> dict[str, Schema]:
    return {field.name: COUNT for field in fields(Tally)}


def _video() -> Schema:
    side = {"type": "integer", "minimum": 1}
    return record(
        {
            "width": side | {"description": "Of its upright frames, as in plans."},
            "height": side,
            "frames": COUNT | {"description": "0 until they have been counted."},
            "sound": COUNT | {"description": "How many sound tracks it has."},
            "subtitles": COUNT,
            "screening": {"type": "boolean", "description": "Whether a small copy can be looked at."},
        },
        about="What is known of a video or animation before its faces have been looked for.",
    )


def _sound() -> Schema:
    return record(
        {
            "format": {"type": "string"},
            "rate": COUNT | {"description": "Samples a second."},
            "channels": COUNT,
            "stretches": COUNT | {"description": "In how many stretches of time speech was heard."},
            "spoken": {"type": "number", "description": "How long they are together, in seconds."},
        },
        about="What is known of a sound file that has been listened to.",
    )


def _altered() -> Schema:
    return record(
        {"voice": {"enum": list(Voice)}, "stretches": COUNT, "seconds": {"type": "number"}},
        about="What was done to sound; without a stretch, no speech was heard, and all is as it was.",
    )


def _second_look() -> Schema:
    place = record(
        {
            "box": ref("plan-box"),
            "score": {"type": "number", "description": "How sure the second look is, 0 to 1."},
            "frame": COUNT | {"description": "Of a face that shows for a while, where it is seen best."},
            "time": nullable({"type": "number", "description": "When that frame is shown, in seconds."}),
        },
        about="Where a face may still show, in pixels of the result.",
    )
    return record(
        {
            "state": {
                "enum": ["passed", "held-back", "released"],
                "description": "passed: no face was seen that is neither covered nor kept on purpose. held-back: one "
                "may show, and the result can be fetched only once it is released.",
            },
            "frames": COUNT | {"description": "How many were looked at."},
            "places": listed(place),
        },
        about="What a second look at a finished result told: one that is held back, or else the latest.",
    )


def _photo() -> Schema:
    return record(
        {
            "id": PHOTO_ID,
            "state": {"enum": list(JobState)},
            "kind": nullable({"enum": list(Kind)}),
            "seconds": nullable({"type": "number", "description": "How long a video, animation or sound file is."}),
            "video": nullable(ref("Video")),
            "sound": nullable(ref("Sound")),
            "created": MOMENT,
            "expires": MOMENT | {"description": "When it is deleted unless somebody looks at it before."},
            "progress": nullable(record({"done": COUNT, "total": COUNT})),
            "looked": {"type": "boolean"},
            "revision": REVISION,
            "nothing_found": {"type": "boolean"},
            "heard_nothing": {
                "type": "boolean",
                "description": "No speech was heard where some was to be altered: it would be as it was. Listen.",
            },
            "wants_review": {"type": "boolean"},
            "second_look": nullable(ref("SecondLook")),
            "counts": record(_counts()),
            "doubt": {"type": "number", "description": "The highest score that nobody has decided on; 0 for none."},
            "picture": nullable(record(_picture())),
            "extension": {"type": "string", "description": "Ending of a result's name; empty until it is known."},
            "options": {"type": "object", "description": "The settings it was handed in with."},
            "problem": nullable(ref("Problem")),
        }
    )


def _report() -> Schema:
    return record(
        {
            "picture": record(_picture() | {"sha256": {"type": "string"}}, optional=("width", "height", "frames")),
            "style": {"enum": list(Style)},
            **_counts(),
            "dropped": listed({"type": "string"}),
            "altered": nullable(_altered()),
            "output_sha256": nullable({"type": "string"}),
            "second_look": record({"passed": {"type": "boolean"}, "frames": COUNT, "places": COUNT}),
            "nothing_found": {"type": "boolean"},
            "wants_review": {"type": "boolean"},
        },
        optional=("second_look", *VIDEO_ONLY, *OF_PICTURES),
        about="What was done, without names, places or pixels. Reports on sound files speak of sound alone.",
    )


def _studio() -> Schema:
    number = {"type": "number"}
    return record(
        {
            "version": {"type": "string"},
            "limits": record(
                {"upload_bytes": COUNT, "photos": COUNT, "keep_seconds": number, "max_megapixels": number}
            ),
            "profiles": listed({"enum": list(Profile)}),
            "styles": listed({"enum": list(Style)}),
            "shapes": listed({"enum": OUTLINES}),
            "areas": listed({"enum": list(Area)}),
            "settings": listed(
                record(
                    {
                        "name": {"type": "string"},
                        "stage": {"enum": list(Stage)},
                        "help": {"type": "string"},
                        "default": {},
                        "choices": listed({"type": "string"}),
                        "low": nullable(number),
                        "high": nullable(number),
                    }
                )
            ),
        }
    )


def _bounded(name: str) -> Schema:
    about = settings()[name]
    return setting(about, getattr(Options(), name))
