"""What was measured of one profile or rival, as tables and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any

from benchmarks.recall.faces import SETS
from benchmarks.recall.judge import Verdict, coverage, over_redaction
from benchmarks.recall.looks import Point
from benchmarks.recall.robustness import LEAST_HEIGHT, Comparison


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured of one profile or rival.

    Attributes:
        verdicts: How well each picture is covered, in order.
        precision: Average precision by set, 0 to 1, nan for sets without faces; empty where no scores are known.
        seconds: A picture, to decode it and find the faces with the models loaded; None for a program of its own.
        command_seconds: A picture, for the whole command; None where it was not run.
        unusable: How many results of a program were missing, damaged or of another size.
        curve: Coverage and over-redaction with other thresholds.
        altered: What altering the pictures does, by the name of the alteration.
    """

    verdicts: Sequence[Verdict]
    precision: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    command_seconds: float | None = None
    unusable: int = 0
    curve: Sequence[Point] = ()
    altered: Mapping[str, Comparison] = field(default_factory=dict)


def tables(results: Mapping[str, Result]) -> str:
    """Return all figures as text.

    Args:
        results: Of the same pictures, by profile or rival.
    """
    parts = [coverage_table(results), *_notes(results)]
    if any(each.precision for each in results.values()):
        parts += ["", precision_table(results)]
    if any(each.altered for each in results.values()):
        parts += ["", robustness_table(results)]
    return "\n".join(parts)


def coverage_table(results: Mapping[str, Result]) -> str:
    """Return coverage, over-redaction and times as text, a row for each profile or rival."""
    counts = {name: coverage(each.verdicts) for name, each in results.items()}
    faces = {name: total for name, (_, total) in next(iter(counts.values())).items() if total or name not in SETS}
    commands = any(each.command_seconds is not None for each in results.values())
    lines = [
        f"{'coverage':<10}" + "".join(f" {name:>8}" for name in faces) + f" {'over-redaction':>15} {'s a picture':>12}",
        f"{'faces':<10}" + "".join(f" {total:>8}" for total in faces.values()),
    ]
    lines[0] += f" {'whole command':>14}" * commands
    for name, each in results.items():
        cells = [
            f" {percent(hits / total if total else None):>8}" for hits, total in (counts[name][on] for on in faces)
        ]
        times = f" {_seconds(each.seconds):>12}" + f" {_seconds(each.command_seconds):>14}" * commands
        lines.append(f"{name:<10}{''.join(cells)} {percent(over_redaction(each.verdicts), 3):>15}{times}")
    return "\n".join(lines)


def _notes(results: Mapping[str, Result]) -> list[str]:
    """Return a line for each rival that left pictures out."""
    return [
        f"{name}: {each.unusable} of {len(each.verdicts)} results are missing, damaged or of another size; "
        "all faces in them count as missed."
        for name, each in results.items()
        if each.unusable
    ]


def precision_table(results: Mapping[str, Result]) -> str:
    """Return average precision as text, a row for each profile; sets without faces are left out."""
    rows = {name: each.precision for name, each in results.items() if each.precision}
    sets = [name for name, value in next(iter(rows.values())).items() if name not in SETS or not isnan(value)]
    lines = [f"{'precision':<10}" + "".join(f" {name:>8}" for name in sets)]
    lines += [
        f"{profile:<10}" + "".join(f" {percent(values[name]):>8}" for name in sets) for profile, values in rows.items()
    ]
    return "\n".join(lines)


def robustness_table(results: Mapping[str, Result]) -> str:
    """Return what altering the pictures does as text, a row for each alteration."""
    rows = {name: each.altered for name, each in results.items() if each.altered}
    lines = [
        f"{'':<16} {'':>8}" + "".join(f" | {profile:<26}" for profile in rows),
        f"{f'{LEAST_HEIGHT} px and more':<16} {'faces':>8}" + f" | {'covered':>8} {'lost':>6} {'over':>10}" * len(rows),
    ]
    for alteration, first in next(iter(rows.values())).items():
        cells = [
            f" | {percent(each.coverage):>8} {_lost(each):>6} {percent(each.over, 3):>10}"
            for each in (own[alteration] for own in rows.values())
        ]
        lines.append(f"{alteration:<16} {first.faces:>8}{''.join(cells)}")
    return "\n".join(line.rstrip() for line in lines)


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share of 1 in percent, or a dash where there is none."""
    return "-" if share is None or isnan(share) else f"{100 * share:.{digits}f} %"


def _lost(each: Comparison) -> str:
    """Return how many points of coverage are lost; a gain has a minus."""
    # Adding 0 makes 0 of -0.
    return f"{round(100 * (each.plain - each.coverage), 1) + 0.0:.1f}" if each.faces else "-"


def _seconds(amount: float | None) -> str:
    return "-" if amount is None else f"{amount:.2f}"


def as_json(results: Mapping[str, Result]) -> str:
    """Return all figures as JSON: shares of 1, seconds, and null where there is no figure."""
    pictures = len(next(iter(results.values())).verdicts)
    content = {"pictures": pictures, "results": {name: _figures(each) for name, each in results.items()}}
    return json.dumps(_without_nan(content), indent=2, allow_nan=False) + "\n"


def _figures(result: Result) -> dict[str, Any]:
    return {
        "coverage": {
            name: {"faces": total, "covered": hits, "share": hits / total if total else None}
            for name, (hits, total) in coverage(result.verdicts).items()
        },
        "over_redaction": over_redaction(result.verdicts),
        "average_precision": dict(result.precision),
        "seconds_a_picture": result.seconds,
        "whole_command_seconds_a_picture": result.command_seconds,
        "unusable_results": result.unusable,
        "curve": [
            {"thresholds_times": each.factor, "coverage": each.coverage, "over_redaction": each.over}
            for each in result.curve
        ],
        "altered": {
            name: {
                "faces": each.faces,
                "coverage": each.coverage,
                "coverage_as_they_are": each.plain,
                "over_redaction": each.over,
            }
            for name, each in result.altered.items()
        },
    }


def _without_nan(value: Any) -> Any:
    """Return a value for JSON, which knows no nan, with None for each."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and isnan(value) else value
