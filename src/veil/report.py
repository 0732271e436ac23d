"""What was done to a picture or video, as values, as JSON and in words.

Counts and sums: no names, no places, no pixels.
"""

from collections import Counter
from dataclasses import asdict
from typing import Any

from veil.types import Kind, Plan, Report, State, Tally

_COVERED = frozenset({State.COVERED, State.DRAWN})
VIDEO_ONLY = frozenset({"doubtful", "dropped"})


def report(plan: Plan, style: str, output_sha256: str | None = None, *, dropped: tuple[str, ...] = ()) -> Report:
    """Return the report on covering a picture or video by a plan.

    Args:
        plan: What was covered.
        style: How it was covered.
        output_sha256: Hash of the written file, in hexadecimal; None where no file was made.
        dropped: In plain words, what is not in the written file.
    """
    counts = asdict(tally(plan))
    return Report(plan.picture, style, dropped=dropped, output_sha256=output_sha256, **counts)


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


def to_dict(report: Report) -> dict[str, Any]:
    """Return a report as values that JSON can hold; what is said of videos only stands in reports on these only.

    Moments of doubt are told of animations, too.
    """
    first = {"picture": None, "style": report.style}
    values = {**first, **asdict(report), "nothing_found": report.nothing_found, "wants_review": report.wants_review}
    return {name: value for name, value in values.items() if name not in _unsaid(report.picture.kind)}


def _unsaid(kind: Kind) -> frozenset[str]:
    """Return what a report on something of a kind does not speak of."""
    match kind:
        case Kind.VIDEO:
            return frozenset()
        case Kind.ANIMATION:
            return VIDEO_ONLY - {"doubtful"}
    return VIDEO_ONLY


def in_words(report: Report) -> str:
    """Return what was found in one file, what was covered if another was made of it, and what that does not hold."""
    covered = report.covered + report.drawn
    words = f"{covered} {'area' if covered == 1 else 'areas'} {'covered' if report.output_sha256 else 'to cover'}"
    if report.nothing_found:
        words = "nothing found, please look"
    if report.suggested:
        words += f", {report.suggested} doubtful left visible, please look"
    if report.doubtful:
        words += f", covered without being seen {_times(report.doubtful)}, please look"
    return words + (f"; without {', '.join(report.dropped)}" if report.dropped else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
