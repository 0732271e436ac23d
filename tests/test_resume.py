"""What outlives a run that was killed, and what does not. That a killed run is gone on with: test_cli_video.py."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.footage import Actor, Film, Spotting, shoot, spotter
from veil import pipeline, resume
from veil.errors import OutputError, UsageError
from veil.files import write_aside
from veil.media.video import open_video
from veil.options import Options
from veil.types import Report

QUICK = Options(preset="ultrafast")


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    return shoot(Film([Actor(0, 12, 8, 20, by=(3, 1))], 12), tmp_path / "walk.mp4")


def run(source: Path, step: Callable[[], None] = lambda: None, options: Options = QUICK, **more: Any) -> Report:
    target = source.with_name("walk.veiled.mp4")
    finder = more.get("finder", spotter())
    with (
        open_video(source) as video,
        write_aside(target) as stream,
        resume.planned(video, finder, options, step, target=target) as plan,
    ):
        report = pipeline.cover(video, plan, stream, options, step)
        step()  # as by a second look at the result
        return report


def plans_in(folder: Path) -> list[Path]:
    return list(folder.glob(".*.plan"))


def test_the_plan_is_there_from_the_search_until_the_result_is(walk: Path) -> None:
    there: list[bool] = []
    report = run(walk, lambda: there.append(bool(plans_in(walk.parent))))
    assert there == [False] * 12 + [True] * 12 + [True] and report.covered == 1
    assert sorted(path.name for path in walk.parent.iterdir()) == ["walk.mp4", "walk.veiled.mp4"]


def test_the_plan_tells_no_name_and_its_own_name_neither(walk: Path) -> None:
    def step() -> None:
        for path in plans_in(walk.parent):
            assert b"walk" not in path.read_bytes() and "walk" not in path.name

    run(walk, step)


@pytest.mark.parametrize("after", [5, 18, 25])
def test_a_run_that_stops_leaves_nothing(after: int, walk: Path) -> None:
    steps: list[int] = []

    def step() -> None:
        steps.append(1)
        if len(steps) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(walk, step)
    assert [path.name for path in walk.parent.iterdir()] == ["walk.mp4"]


def test_what_cannot_be_written_is_refused_before_anybody_looks(walk: Path) -> None:
    detector = Spotting()
    with pytest.raises(UsageError):
        run(walk, options=Options(format="mov", codec="vp9"), finder=spotter(detector))
    assert not detector.looks


def test_a_result_that_has_appeared_meanwhile_is_left_as_it_is(walk: Path) -> None:
    target = walk.with_name("walk.veiled.mp4")

    def step() -> None:
        target.write_bytes(b"older")

    with pytest.raises(OutputError, match="exists"):
        run(walk, step)
    assert target.read_bytes() == b"older" and not plans_in(walk.parent)
