"""What was done to a picture or video, as values, as JSON and in words.

Counts and sums: no names, no places, no pixels.
"""

from collections import Counter
from dataclasses import asdict
from typing import Any

from veil.types import Altered, Facts, Kind, Place, Plan, Report, SecondLook, State, Tally, Voice

_COVERED = frozenset({State.COVERED, State.DRAWN})
VIDEO_ONLY = frozenset({"doubtful", "dropped", "altered"})
OF_PICTURES = frozenset({"style", "covered", "drawn", "kept", "suggested", "doubtful"})


def report(
    plan: Plan,
    style: str,
    output_sha256: str | None = None,
    *,
    dropped: tuple[str, ...] = (),
    altered: Altered | None = None,
) -> Report:
    """Return the report on covering a picture or video by a plan.

    Args:
        plan: What was covered.
        style: How it was covered.
        output_sha256: Hash of the written file, in hexadecimal; None where no file was made.
        dropped: In plain words, what is not in the written file.
        altered: What was done to the sound.
    """
    counts = asdict(tally(plan))
    return Report(plan.picture, style, dropped=dropped, output_sha256=output_sha256, altered=altered, **counts)


def tally(plan: Plan) -> Tally:
    """Return what a plan holds, counted."""
    counts = Counter(region.state for region in plan.regions)
    return Tally(
        covered=counts[State.COVERED],
        drawn=counts[State.DRAWN],
        kept=counts[State.KEPT],
        suggested=counts[State.SUGGESTED],
        doubtful=sum(len(region.doubtful) for region in plan.regions if region.state in _COVERED),
    )


def sound_report(
    facts: Facts, output_sha256: str | None = None, *, dropped: tuple[str, ...], altered: Altered
) -> Report:
    """Return the report on altering a sound file; arguments as for report()."""
    return Report(facts, "", dropped=dropped, output_sha256=output_sha256, altered=altered)


def to_dict(report: Report) -> dict[str, Any]:
    """Return a report as values that JSON can hold; what is said of videos only stands in reports on these only.

    Moments of doubt are told of animations, too.
    """
    first = {"picture": None, "style": report.style}
    values = {**first, **asdict(report), "nothing_found": report.nothing_found, "wants_review": report.wants_review}
    look = report.second_look
    values.pop("second_look")
    if look is not None:
        values["second_look"] = {"passed": look.passed, "frames": look.frames, "places": len(look.places)}
    if report.picture.kind is Kind.SOUND:
        values["picture"] = {name: values["picture"][name] for name in ("format", "kind", "sha256")}
    return {name: value for name, value in values.items() if name not in _unsaid(report.picture.kind)}


def look_to_dict(look: SecondLook) -> dict[str, Any]:
    """Return what a second look told as values that JSON can hold, with the places: they are to be covered still."""
    return {"passed": look.passed, "frames": look.frames, "places": [asdict(each) for each in look.places]}


def _unsaid(kind: Kind) -> frozenset[str]:
    """Return what a report on something of a kind does not speak of."""
    match kind:
        case Kind.VIDEO:
            return frozenset()
        case Kind.SOUND:
            return OF_PICTURES
        case Kind.ANIMATION:
            return VIDEO_ONLY - {"doubtful"}
    return VIDEO_ONLY


def in_words(report: Report) -> str:
    """Return what was found in one file, what was covered if another was made of it, and what that does not hold."""
    if report.picture.kind is Kind.SOUND:
        return (_of_sound(report.altered) or "no speech heard, please listen") + _without(report)
    covered = report.covered + report.drawn
    words = f"{covered} {'area' if covered == 1 else 'areas'} {'covered' if report.output_sha256 else 'to cover'}"
    if report.nothing_found:
        words = "nothing found, please look"
    if report.suggested:
        words += f", {report.suggested} doubtful left visible, please look"
    if report.doubtful:
        words += f", covered without being seen {_times(report.doubtful)}, please look"
    if report.altered:
        words += f", {_of_sound(report.altered) or 'no speech heard, please listen'}"
    if report.second_look is not None:
        words += f", second look: {look_in_words(report.second_look)}"
    return words + _without(report)


def look_in_words(look: SecondLook) -> str:
    """Return what a second look told."""
    if look.passed:
        return "passed"
    return f"a face may still show at {len(look.places)} {'place' if len(look.places) == 1 else 'places'}, please look"


def place_in_words(place: Place) -> str:
    """Return where a face may still show: left, top, right and bottom in whole pixels, and when."""
    sides = ",".join(f"{side:.0f}" for side in place.box)
    when = f" at {place.time:.2f} s" if place.time is not None else f" on page {place.frame + 1}" if place.frame else ""
    return f"{sides}{when}"


def _without(report: Report) -> str:
    return f"; without {', '.join(report.dropped)}" if report.dropped else ""


def _of_sound(altered: Altered | None) -> str:
    """Return what was done to voices; nothing if there were none."""
    if altered is None or not altered.stretches:
        return ""
    done = {Voice.BEEP: "covered with a tone", Voice.DISGUISE: "disguised"}.get(Voice(altered.voice), "silenced")
    return f"voices {done} {_times(altered.stretches)}, for {altered.seconds:.1f} s together"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
