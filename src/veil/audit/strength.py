"""How well each style hides a face, as benchmarks/leakage.py measured it; docs/styles.md holds the same figures."""

from collections.abc import Mapping
from dataclasses import dataclass

from veil.types import Style

CHANCE = 2.5
"""How many per cent somebody who guesses among the 40 people of the test names right."""

METHOD = "benchmarks/leakage.py, AT&T faces, 40 people, strength 1"
MEASURED_AT = 1.0
"""The setting ``strength`` for which the figures stand."""


@dataclass(frozen=True, slots=True)
class Strength:
    """What a trained program could tell in spite of a style.

    Attributes:
        whole: How many per cent of the people it named right from the whole covered picture.
        area: The same from the covered area alone.
        keeps_nothing: Whether the covered area holds nothing of the face, by construction.
    """

    whole: float
    area: float
    keeps_nothing: bool


UNCOVERED = Strength(94.3, 93.5, keeps_nothing=False)

STRENGTHS: Mapping[str, Strength] = {
    Style.VEIL: Strength(76.4, 70.8, keeps_nothing=True),
    Style.SOLID: Strength(80.2, 2.5, keeps_nothing=True),
    Style.MOSAIC: Strength(93.4, 92.7, keeps_nothing=False),
    Style.GAUSSIAN: Strength(94.3, 94.0, keeps_nothing=False),
}
