"""The program where it may not write, or there is no room: one sentence, nothing left, the input as it was."""

import os
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests import fakes
from tests.media import sounds

PROGRAM = """
import resource, sys
from tests import fakes
from veil import cli, detect
detect.load = lambda profile, streams=1: fakes.finder()
if room := int(sys.argv[1]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
cli.main(sys.argv[2:])
"""
NOISE = np.random.default_rng(0).normal(0, 0.1, (1, 24_000)).astype(np.float32)


def may_not_overrule() -> list[str]:
    """Return what to put before a command so that folders that are read-only are so for the system's root, too."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    assert setpriv, "setpriv is missing; it comes with util-linux"
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]


def veil(*arguments: object, room: int = 0) -> subprocess.CompletedProcess[str]:
    command = [*may_not_overrule(), sys.executable, "-c", PROGRAM, str(room), *map(str, arguments)]
    return subprocess.run(command, check=False, cwd=Path(__file__).parents[1], capture_output=True, text=True)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a photo of a painted face, a video with sound, and a sound file."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "photo.png").write_bytes(fakes.photo((slice(40, 80), slice(100, 130))))
    sounds.film(folder / "film.mp4", {Fraction(0): NOISE}, codec="aac", frames=10)
    sounds.save(folder / "talk.wav", NOISE, sounds.shape(24_000, 1))
    return folder


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_that_is_read_only_is_told_for_every_kind_of_file(files: Path, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    safe.mkdir(0o555)
    before = held(files)
    ended = veil("run", files, "-o", safe, "--voice", "beep", "--json")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.count("could not be written (Permission denied)") == 3
    assert list(safe.iterdir()) == [] and held(files) == before


def test_a_disk_that_is_full_is_told_and_the_others_go_on(files: Path, tmp_path: Path) -> None:
    """With videos that are begun it is tried in test_cli_video, with pictures in test_files."""
    ended = veil("run", files, "-o", tmp_path / "safe", "--voice", "beep", "--json", room=4000)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.count("could not be written (File too large)") == 2
    assert list(held(tmp_path / "safe")) == ["photo.png"]  # a painted one is small


def test_a_report_and_plans_for_a_read_only_folder_are_told(files: Path, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    safe.mkdir(0o555)
    found = veil("find", files / "photo.png", "-o", safe / "plan.json")
    reported = veil("run", files / "photo.png", "-o", tmp_path / "out.png", "--report", safe / "report.json")
    for ended in (found, reported):
        assert ended.returncode == 1 and "could not be written (Permission denied)" in ended.stderr
        assert "Traceback" not in ended.stderr
    assert list(safe.iterdir()) == []
