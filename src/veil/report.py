"""What was done to a picture, as values and as JSON: counts and sums, no names, no places, no pixels."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from veil.types import Plan, Report, State


def report(plan: Plan, style: str, output_sha256: str | None = None) -> Report:
    """Return the report on covering a picture by a plan.

    Args:
        plan: What was covered.
        style: How it was covered.
        output_sha256: Hash of the written file, in hexadecimal; None where no file was made.
    """
    counts = Counter(region.state for region in plan.regions)
    return Report(
        picture=plan.picture,
        style=style,
        covered=counts[State.COVERED],
        drawn=counts[State.DRAWN],
        kept=counts[State.KEPT],
        suggested=counts[State.SUGGESTED],
        output_sha256=output_sha256,
    )


def to_dict(report: Report) -> dict[str, Any]:
    """Return a report as values that JSON can hold."""
    return {**asdict(report), "nothing_found": report.nothing_found, "wants_review": report.wants_review}
