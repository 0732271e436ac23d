"""The curve is drawn whatever was measured."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from benchmarks.recall.drawing import plot
from benchmarks.recall.faces import Face
from benchmarks.recall.judge import Verdict
from benchmarks.recall.looks import sweep
from benchmarks.recall.results import Result
from matplotlib.figure import Figure
from PIL import Image

from tests.benchmarks.recall.samples import FACE, sweepable
from veil.options import Options


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """The figures that were saved."""
    figures: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *arguments: object, **more: object) -> None:
        figures.append(figure)
        save(figure, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", keep)
    yield figures


def measured(hits: int, faces: int, spilled: int) -> Result:
    face = Face(FACE)
    return Result([Verdict(((face, True),) * hits + ((face, False),) * (faces - hits), spilled, 1000)])


def own_curve() -> Result:
    return Result((), curve=sweep([sweepable()], [(1e9, 0.4)], Options(grow=1.0, shape="box")))


def test_curves_rings_and_points_lie_where_they_were_measured(tmp_path: Path, drawn: list[Figure]) -> None:
    plot({"fast": own_curve(), "deface": measured(1, 4, 20), "seed": measured(1, 2, 0)}, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as image:
        assert image.size == (1200, 750) and np.asarray(image.convert("L")).mean() > 230
    (axes,) = drawn[0].axes
    curve, ring, *points = (list(map(tuple, np.asarray(line.get_xydata()).tolist())) for line in axes.lines)
    assert len(curve) == 12 and curve[0] == (0.01, 1.0) and curve[-1] == (0.0, 0.0)
    assert ring == [(0.01, 0.5)] and points == [[(0.02, 0.25)], [(0.0, 0.5)]]
    assert [text.get_text() for text in axes.texts[:3]] == ["fast", "deface", "seed"]
    assert axes.get_xlim()[0] == 0 and axes.get_ylim()[0] == 0


def test_axes_are_in_percent(tmp_path: Path, drawn: list[Figure]) -> None:
    plot({"fast": own_curve(), "deface": measured(3, 4, 120)}, tmp_path / "plot.svg")
    (axes,) = drawn[0].axes
    assert [label.get_text() for label in axes.get_xticklabels()][:4] == ["0 %", "0.1 %", "0.5 %", "1 %"]
    assert "100 %" in [label.get_text() for label in axes.get_yticklabels()]


def test_only_what_is_high_is_shown_enlarged(tmp_path: Path, drawn: list[Figure]) -> None:
    plot({"deface": measured(93, 100, 1), "blurry": measured(78, 100, 1)}, tmp_path / "plot.png")
    assert drawn[0].axes[0].get_ylim() == pytest.approx((0.7, 1.06))


def test_without_faces_nothing_is_drawn_into_the_axes(tmp_path: Path, drawn: list[Figure]) -> None:
    plot({"deface": measured(0, 0, 1)}, tmp_path / "plot.png")
    assert len(drawn[0].axes[0].lines) == 0
