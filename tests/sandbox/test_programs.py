"""The command line and the studio live on when a file crashes its process."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import veil
from tests.fakes import finder, photo
from tests.footage import spotter
from tests.jobs import loads
from tests.jobs.conftest import BOX, ME, until
from tests.media.clips import make_clip
from tests.sandbox.hostile import MARK
from veil import cli, detect
from veil.jobs.job import JobState
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.sandbox.box import SERVED_BY, Sandbox

FACE = (slice(40, 80), slice(100, 130))
GREEN = ["--style", "solid", "--color", "00ff00"]


@pytest.fixture(autouse=True)
def served_by_hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SERVED_BY, "picture", "tests.sandbox.hostile")


def test_the_others_of_a_batch_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "load", lambda profile, streams: finder())
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.png").write_bytes(photo(FACE))
    for number, deed in enumerate((b"abort:", b"quit:", b"socket:")):
        (folder / f"hostile{number}.png").write_bytes(photo(FACE) + MARK + deed)
    ended = CliRunner().invoke(cli.main, ["run", str(folder), "-o", str(tmp_path / "out"), "--json", *GREEN])
    entries = {Path(entry["input"]).name: entry for entry in json.loads(ended.stdout)}
    assert ended.exit_code == 1
    assert {name for name, entry in entries.items() if entry["status"] == "done"} == {f"{n}.png" for n in range(4)}
    assert "crashed the process" in entries["hostile0.png"]["error"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{n}.png" for n in range(4)]


def test_the_studio_fails_one_photo_and_takes_the_next(tmp_path: Path) -> None:
    with open_studio(tmp_path / "store", limits=Limits(free_bytes=0), load=loads.painted) as studio:
        bad, _ = studio.submit(ME, io.BytesIO(photo(FACE) + MARK + b"abort:"), BOX)
        good, _ = studio.submit(ME, io.BytesIO(photo(FACE)), BOX)
        until(lambda: not any(job.wants_work for job in studio.jobs(ME)))
        failed = studio.job(ME, bad.id)
        assert failed.state is JobState.FAILED
        assert failed.problem is not None and "crashed the process" in failed.problem.detail
        assert studio.job(ME, good.id).state is JobState.DONE
        assert studio.preview_original(ME, good.id).data


def test_a_file_that_could_be_sound_alone_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a process of its own each time."""
    monkeypatch.setattr(detect, "load", lambda profile, streams: spotter())
    asked: list[Path] = []
    ask = Sandbox.holds_sound_alone

    def noted(box: Sandbox, path: Path) -> bool:
        asked.append(path)
        return ask(box, path)

    monkeypatch.setattr(Sandbox, "holds_sound_alone", noted)
    source, target = make_clip(tmp_path / "film.mp4"), tmp_path / "safe.mp4"
    assert CliRunner().invoke(cli.main, ["run", str(source), "-o", str(target)]).exit_code == 0
    assert asked == [source]
    with Sandbox() as sandbox:
        veil.anonymise(source, output=tmp_path / "again.mp4", finder=spotter(), sandbox=sandbox)
    assert asked == [source, source]
