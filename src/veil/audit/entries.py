"""What an entry says of one finished result, or of one deleted file, as values that JSON can hold."""

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Any

from veil import __version__
from veil.audit.strength import CHANCE, MEASURED_AT, METHOD, STRENGTHS, UNCOVERED
from veil.options import Options, settings
from veil.types import Kind, Plan, Region, Report, SecondLook, Style

PROGRAMS = ("av", "numpy", "opencv-python-headless", "openvino", "pillow", "pillow-heif")
"""What shapes a result besides Veil."""

_UNSHOWN = frozenset({"region", "max_megapixels"})  # places; and what shapes no result
_ADJUSTABLE = frozenset({Style.MOSAIC, Style.GAUSSIAN})


@dataclass(frozen=True, slots=True)
class Extras:
    """What an entry holds only if it was asked for, since it may tell of people.

    Attributes:
        input_name: Name of the input, without its folder; empty for none.
        output_name: The same of the result.
        places: Whether to tell where each region is and in which frames, of those left visible too.
        note: Words of a person, such as the number of a case; empty for none.
    """

    input_name: str = ""
    output_name: str = ""
    places: bool = False
    note: str = ""


NO_EXTRAS = Extras()


def entry_of(
    report: Report,
    plan: Plan | None,
    options: Options,
    *,
    begun: float,
    ended: float,
    extras: Extras = NO_EXTRAS,
) -> dict[str, Any]:
    """Return what an entry says of one result.

    Args:
        report: What was done.
        plan: What was covered; None for a sound file.
        options: All settings.
        begun: When work on it began, or it was handed in, in seconds since 1970.
        ended: When the result was there, in seconds since 1970.
        extras: What else to tell.
    """
    told: dict[str, Any] = {
        "kind": "result",
        "begun": moment(begun),
        "ended": moment(ended),
        "input": _facts(report),
        "output": {"sha256": report.output_sha256},
        "outcome": _outcome(report.second_look, options),
        "counts": {name: getattr(report, name) for name in ("covered", "drawn", "kept", "suggested", "doubtful")},
        "nothing_found": report.nothing_found,
        "wants_review": report.wants_review,
        "regions": [_region(region, extras.places) for region in plan.regions] if plan else [],
        "options": _options(options),
        "dropped": list(report.dropped),
        "altered": asdict(report.altered) if report.altered else None,
        "software": dict(_software()),
        "profile": plan.profile if plan else None,
        "models": dict(plan.models) if plan else {},
        "strength": _strength(options) if plan else None,
        "second_look": _second_look(report.second_look, extras.places),
    }
    named = {"input_name": extras.input_name, "output_name": extras.output_name, "note": extras.note}
    return told | {name: _text(value) for name, value in named.items() if value}


def deletion(sha256: str, *, by_age: bool, when: float) -> dict[str, Any]:
    """Return what an entry says of a file that was deleted.

    Args:
        sha256: Hash of its file, as in the entries of its results.
        by_age: Whether it was deleted since nobody had looked at it for long, and not by somebody.
        when: In seconds since 1970.
    """
    return {"kind": "deletion", "ended": moment(when), "input": {"sha256": sha256}, "by_age": by_age}


def moment(seconds: float) -> str:
    """Return a time as text, such as 2026-01-31T23:59:59.123Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: str) -> str:
    """Return text without what UTF-8 cannot hold: names on a disk may be any bytes."""
    return value.encode("utf-8", "replace").decode()


def _facts(report: Report) -> dict[str, Any]:
    facts = asdict(report.picture)
    return {name: facts[name] for name in ("format", "kind", "sha256")} if facts["kind"] == Kind.SOUND else facts


def _region(region: Region, places: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "source": region.source,
        "score": region.score,
        "state": region.state,
        "shape": region.shape,
        "reason": region.reason,
        "doubtful": len(region.doubtful),
    }
    if places:
        told |= {"box": list(region.box), "frames": list(region.frames) if region.frames else None}
    return told


def _options(options: Options) -> dict[str, Any]:
    """Return the settings, of given areas only how many there are."""
    shown = {name: getattr(options, name) for name in settings() if name not in _UNSHOWN}
    return shown | {"color": list(options.color), "areas_given": len(options.region)}


@cache
def _software() -> tuple[tuple[str, str], ...]:
    return (("veil", __version__), ("python", platform.python_version()), *((n, metadata.version(n)) for n in PROGRAMS))


def _strength(options: Options) -> dict[str, Any]:
    """Return what was measured of the style; whether that stands for its strength here is told, too."""
    measured = STRENGTHS[options.style]
    return {
        "style": options.style,
        "keeps_nothing": measured.keeps_nothing,
        "named_from_whole": measured.whole,
        "named_from_area": measured.area,
        "named_uncovered": UNCOVERED.whole,
        "chance": CHANCE,
        "method": METHOD,
        "as_measured": options.style not in _ADJUSTABLE or options.strength == MEASURED_AT,
    }


def _outcome(look: SecondLook | None, options: Options) -> str:
    """Return what became of a result: it was given out, also though a face may show in it, or it was withheld."""
    if look is None or look.passed:
        return "given"
    return "released" if options.release else "withheld"


def _second_look(look: SecondLook | None, places: bool) -> dict[str, Any] | None:
    """Return what a second look said; of where it saw something, only how often unless places are asked for."""
    if look is None:
        return None
    first = {"passed": look.passed, "frames": look.frames, "found": len(look.places)}
    shown = [{"box": list(place.box), "frame": place.frame} for place in look.places]
    return first | ({"places": shown} if places else {})
