"""Hiding against understanding, as a picture."""

from collections.abc import Mapping
from math import isnan
from pathlib import Path

from benchmarks.voice.results import Result

INK, QUIET = "#24292f", "#6e7781"
ATTACKERS = {"ignorant": "#1b7837", "lazy": "#e08214", "trained": "#b2182b"}


def plot(results: Mapping[str, Result], target: Path) -> None:
    """Draw each mode as three points, one an attacker: mistakes of the attacker over wrong words.

    Args:
        results: By mode; those without a word error rate are left out.
        target: A .png or .svg.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained", facecolor="white")
    axes = figure.subplots()
    shown = {name: one for name, one in results.items() if not isnan(one.words)}
    for attacker, colour in ATTACKERS.items():
        errors = [getattr(one, attacker) * 100 for one in shown.values()]
        axes.scatter([one.words * 100 for one in shown.values()], errors, color=colour, label=attacker, zorder=3)
    for number, (name, one) in enumerate(sorted(shown.items(), key=lambda each: each[1].words)):
        top = (one.words * 100, max(one.ignorant, one.lazy, one.trained) * 100)
        above = (0, 8 + number % 2 * 14)  # names of neighbours do not meet
        axes.annotate(name, top, above, textcoords="offset points", ha="center", color=INK)
    axes.axhline(50, color=QUIET, linewidth=0.8, linestyle="--")
    axes.set_xlabel("wrong words, %")
    axes.set_ylabel("attacker's equal error rate, % (50: as good as a coin)")
    axes.set_ylim(-2, 58)
    axes.set_xlim(0, 115 * max((one.words for one in shown.values()), default=0.5))
    axes.set_title("Who spoke against what was said", color=INK)
    axes.legend(title="attacker", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=150)
