"""The measurements of videos on short painted ones: they end well when all is well, and tell when it is not."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.studio import load
from benchmarks.video import flicker, kill, memory, speed

from tests.footage import Actor, Film, shoot, spotter
from tests.media.clips import ffprobe, make_clip
from veil import pipeline
from veil.media.video import open_video
from veil.options import Options


@pytest.mark.model
def test_programs_are_timed_beside_ffmpeg(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(tmp_path / "clip.mp4")
    (tmp_path / "notes.txt").touch()
    assert speed.measure(tmp_path, ["fast"], None, 1) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [["clip", "ffmpeg"], ["clip", "fast"]]
    assert lines[2].count("(1.00x)") == 2


HOLDS = """
import subprocess, sys
held = b"x" * 50_000_000
child = "held = b'x' * 70_000_000; print(flush=True); input()"
if sys.argv[1] == "with child":
    subprocess.Popen([sys.executable, "-c", child])
else:
    print(flush=True)
input()
"""


@pytest.mark.parametrize(("how", "least_mb"), [("alone", 50), ("with child", 120)])
def test_memory_is_that_of_all_processes_together(how: str, least_mb: float) -> None:
    command = [sys.executable, "-c", HOLDS, how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # all is held now
        held_mb = load.family_mb(process.pid)
        process.communicate(b"\n\n")
    assert least_mb < held_mb < least_mb + 40


def test_memory_of_a_command_that_fails_is_not_told() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        memory.most_held_mb([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.model
def test_memory_is_that_of_a_long_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert memory.measure(make_clip(tmp_path / "clip.mp4"), "fast", 0.02, 96) == 0
    assert capsys.readouterr().out.startswith("0.02 minutes, 96 rows, fast: ")


def test_a_video_is_scaled_and_repeated(tmp_path: Path) -> None:
    longer = memory.lengthened(make_clip(tmp_path / "clip.mp4"), 0.05, 96, tmp_path)
    (stream,) = ffprobe(longer, "-show_streams")["streams"]
    assert (stream["width"], stream["height"]) == (128, 96)
    assert float(stream["duration"]) == pytest.approx(3, abs=0.1)


@pytest.mark.model
def test_a_killed_run_leaves_nothing_and_is_told_otherwise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kill.measure(make_clip(tmp_path / "clip.mp4"), "fast", 1) == 0
    assert "1 times kill -9" in capsys.readouterr().out
    target = tmp_path / "out" / "safe.mp4"
    target.parent.mkdir()
    assert kill._faults(target, "") == ["there is no result"]
    target.write_bytes(b"half")
    (target.parent / ".veil-1.part").touch()
    assert kill._faults(target, "") == ["the result is another one than without a kill", ".veil-1.part was left"]


def test_a_still_scene_does_not_flicker_and_a_moving_one_does(tmp_path: Path) -> None:
    means = []
    for number, by in enumerate([(0, 0), (3, 1)]):
        source = shoot(Film([Actor(0, 8, 80, 60, by=by)], 8), tmp_path / f"{number}.mp4")
        with open_video(source) as video:
            plan = pipeline.find(video, spotter(), Options())
            changes = flicker.changes(video, plan, Options())
        assert changes.shape == (7, 2)
        means.append(np.mean(changes[:, 0]))
    assert means[0] == 0 < means[1]
