"""Coverage against over-redaction as a picture: curves for profiles, single points for rivals."""

from collections.abc import Mapping, Sequence
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.recall.judge import coverage, over_redaction
from benchmarks.recall.looks import FACTORS, Point
from benchmarks.recall.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#24292f"
QUIET = "#6e7781"
PROFILE_COLOURS = ("#e08214", "#2166ac", "#1b7837")
RIVAL_MARKERS = ("s", "D", "^")
TICKS = (0, 0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1)

TITLE = "Faces covered against pixels covered needlessly"
LEGEND = (
    f"Rings: Veil's profiles. Curves: the same with thresholds times {FACTORS[0]:g} (right) to {FACTORS[-1]:g} (left)."
)


def plot(results: Mapping[str, Result], target: Path) -> None:
    """Draw a curve for each profile, with a ring at its own thresholds, and a point for each rival.

    Args:
        results: By profile or rival.
        target: A .png or .svg.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained", facecolor="white")
    axes = figure.subplots()
    colours, markers = iter(PROFILE_COLOURS), iter(RIVAL_MARKERS)
    drawn: list[Point] = []
    for name, each in results.items():
        points = each.curve or [_point(each)]
        if isnan(points[0].coverage):
            continue  # there is no labelled face
        if each.curve:
            _draw_curve(axes, name, points, next(colours))
        else:
            _draw_rival(axes, name, points[0], next(markers))
        drawn += points
    _dress(axes, lowest=min((each.coverage for each in drawn), default=0))
    figure.savefig(target, dpi=150)


def _point(result: Result) -> Point:
    """Return the figures of something that has no thresholds to be moved."""
    hits, faces = coverage(result.verdicts)["all"]
    return Point(1, hits / faces if faces else nan, over_redaction(result.verdicts))


def _draw_curve(axes: "Axes", name: str, points: Sequence[Point], colour: str) -> None:
    axes.plot(
        [each.over for each in points],
        [each.coverage for each in points],
        color=colour,
        linewidth=2,
        marker=".",
        markersize=5,
    )
    own = points[FACTORS.index(1.0)]
    place = (own.over, own.coverage)
    axes.plot(*place, marker="o", markersize=12, markeredgewidth=2, color=colour, fillstyle="none")
    _write(axes, name, place, (-9, 8), colour)


def _draw_rival(axes: "Axes", name: str, point: Point, marker: str) -> None:
    place = (point.over, point.coverage)
    axes.plot(*place, marker=marker, markersize=8, color=QUIET, linestyle="none")
    _write(axes, name, place, (9, -4), INK)


def _write(axes: "Axes", name: str, place: tuple[float, float], offset: tuple[int, int], colour: str) -> None:
    """Write a name beside its point, so many points across and up, readable where it crosses a curve."""
    from matplotlib.patheffects import withStroke

    axes.annotate(
        name,
        place,
        offset,
        textcoords="offset points",
        horizontalalignment="right" if offset[0] < 0 else "left",
        color=colour,
        fontsize=12,
        path_effects=[withStroke(linewidth=3, foreground="white")],
        zorder=5,
    )


def _dress(axes: "Axes", lowest: float) -> None:
    """Give the axes their scales, ticks and words.

    Args:
        axes: With all curves and points drawn.
        lowest: The least coverage among them.
    """
    from matplotlib.ticker import FixedLocator, PercentFormatter

    # Most of what is drawn lies under 1 %, and 0 must have its place, too.
    axes.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
    axes.set_xlim(left=0)
    axes.set_ylim(max(0, np.floor(10 * lowest - 0.3) / 10), 1.06)
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_major_formatter(lambda share, position: f"{100 * share:g} %")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_title(TITLE, loc="left", pad=30, fontsize=14, fontweight="bold", color=INK)
    axes.annotate(
        LEGEND, (0, 1), (0, 11), xycoords="axes fraction", textcoords="offset points", fontsize=10.5, color=QUIET
    )
    axes.set_xlabel("pixels covered needlessly", color=INK, fontsize=11)
    axes.set_ylabel("labelled faces covered", color=INK, fontsize=11)
    axes.grid(color="#d8dee4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelcolor=INK, labelsize=10.5, length=0, pad=8)
    for side in axes.spines.values():
        side.set_visible(False)
