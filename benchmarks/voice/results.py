"""What was measured, as tables and JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured of one mode. Error rates are means over the sexes.

    Attributes:
        ignorant: Equal error rate of an attacker who enrols original voices.
        lazy: The same who enrols altered voices.
        trained: The same who has also learned from altered voices of other speakers; the best of several.
        recognised: Share of speakers recognised by the trained attacker when 1 in 100 strangers is taken for them.
        words: Word error rate; NaN where no recogniser listened.
        speed: How many seconds of sound are altered in a second of processor time.
    """

    ignorant: float
    lazy: float
    trained: float
    recognised: float
    words: float
    speed: float


HEADINGS = ("mode", "ignorant", "lazy", "trained", "recognised at 1 %", "wrong words", "times real time")


def table(results: Mapping[str, Result]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    for name, one in results.items():
        shares = (one.ignorant, one.lazy, one.trained, one.recognised, one.words)
        speed = "-" if one.speed > 1000 else f"{one.speed:.0f}"
        lines.append("| " + " | ".join([name, *map(_percent, shares), speed]) + " |")
    return "\n".join(lines)


def as_json(results: Mapping[str, Result]) -> dict[str, Any]:
    """Return values that JSON can hold."""
    return {
        name: {key: None if isnan(value) else round(value, 4) for key, value in asdict(one).items()}
        for name, one in results.items()
    }


def _percent(share: float) -> str:
    return "-" if isnan(share) else f"{share:.1%}".replace("%", " %")
