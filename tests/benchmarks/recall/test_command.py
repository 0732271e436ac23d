"""The command measures what it is asked for, refuses the rest before any work, and leaves nothing lying about."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.recall.altered import ALTERATIONS
from benchmarks.recall.command import main
from benchmarks.recall.misses import TILE
from PIL import Image

from tests import fakes
from tests.benchmarks.recall.samples import LIKE_BLURRY, LIKE_DEFACE, LIKE_VEIL, labelled, painted, program

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with one face that is found and one that is not; no temporary files may be left."""
    monkeypatch.setattr("benchmarks.recall.command.load", lambda profile: fakes.finder())
    monkeypatch.setattr("benchmarks.recall.command.load_seed", fakes.Painted)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    folder = tmp_path / "data"
    folder.mkdir()
    painted(folder, (slice(50, 90), slice(100, 130)))
    yield labelled(folder, [100, 50, 30, 40], [200, 20, 20, 20])
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Stand-ins for the programs, by name; that of Veil is used."""
    codes = {"deface": LIKE_DEFACE, "blurry": LIKE_BLURRY, "veil": LIKE_VEIL}
    made = {name: program(tmp_path, code, name=name) for name, code in codes.items()}
    monkeypatch.setattr("benchmarks.recall.command.veil_path", lambda: made["veil"])
    return made


def printed(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_command_prints_a_row_for_each_profile(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(data)]) == 0
    rows = printed(capsys)
    assert [row[:3] for row in rows[2:5]] == [[profile, "50.0", "%"] for profile in ("fast", "balanced", "thorough")]
    # One of two faces is found, and nothing else.
    assert rows[5:] == [[], ["precision", "all"]] + [
        [profile, "50.0", "%"] for profile in ("fast", "balanced", "thorough")
    ]
    assert sorted(path.name for path in data.iterdir()) == ["gt.json", "images"]


def test_command_puts_rivals_into_the_same_table(
    data: Path, programs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    rivals = [f"--rival={name}={programs[name]}" for name in ("deface", "blurry")]
    assert main([str(data), "--profile", "fast", *rivals, "--rival", "seed"]) == 0
    rows = printed(capsys)
    assert [row[:3] for row in rows[2:6]] == [[name, "50.0", "%"] for name in ("fast", "deface", "blurry", "seed")]
    times = {row[0]: [each == "-" for each in row[-2:]] for row in rows[2:6]}
    assert times == {"fast": [False, False], "deface": [True, False], "blurry": [True, False], "seed": [False, True]}


def test_command_without_rival_programs_runs_none(
    data: Path, programs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    programs["veil"].unlink()
    assert main([str(data), "--profile", "fast", "--rival", "seed"]) == 0
    assert "whole command" not in capsys.readouterr().out


def test_command_tells_of_unusable_results(
    data: Path, programs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    idle = program(tmp_path, "", name="idle")
    assert main([str(data), "--profile", "fast", "--rival", f"deface={idle}"]) == 0
    out = capsys.readouterr().out
    assert "deface: 1 of 1 results are missing" in out and "deface        0.0 %" in out


def test_failing_rival_ends_the_measurement_before_the_models(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.recall.command.load", lambda profile: pytest.fail("It went on all the same."))
    failing = program(tmp_path, "raise SystemExit('no such model')", name="failing")
    with pytest.raises(SystemExit, match=r"failing ended with exit code 1 and said 'no such model'; nothing was"):
        main([str(data), "--rival", f"blurry={failing}"])


def test_command_alters_the_pictures_only_when_asked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(data), "--profile", "fast"]) == 0
    assert "turned" not in capsys.readouterr().out
    assert main([str(data), "--profile", "fast", "--altered"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6 + 3 + 1 + len(ALTERATIONS)
    assert lines[-1].split() == ["halved", "1", "|", "100.0", "%", "0.0", "0.000", "%"]


def test_command_writes_json(data: Path, programs: dict[str, Path]) -> None:
    target = data / "figures.json"
    arguments = ["--profile", "fast", "--rival", f"deface={programs['deface']}", "--altered", "--json", str(target)]
    assert main([str(data), *arguments]) == 0
    text = target.read_text()
    content = json.loads(text)
    assert list(content["results"]) == ["fast", "deface"]
    fast, deface = content["results"].values()
    assert fast["coverage"]["all"] == deface["coverage"]["all"] == {"faces": 2, "covered": 1, "share": 0.5}
    assert len(fast["curve"]) == 12 and len(fast["altered"]) == 10 and fast["whole_command_seconds_a_picture"] > 0
    assert fast["average_precision"]["all"] == 0.5
    assert str(data) not in text and "photo" not in text


def test_command_draws_only_when_asked(data: Path) -> None:
    assert main([str(data), "--plot", str(data / "p.png"), "--rival", "seed"]) == 0
    with Image.open(data / "p.png") as image:
        assert image.format == "PNG"


def test_command_writes_misses_only_when_asked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = data / "misses.png"
    assert main([str(data), "--profile", "fast", "--misses", str(target)]) == 0
    assert "shows 1 of the uncovered faces" in capsys.readouterr().out
    with Image.open(target) as image:
        assert image.size == (TILE, TILE)


def test_command_writes_no_misses_where_there_are_none(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled(data, [100, 50, 30, 40])
    assert main([str(data), "--profile", "fast", "--misses", str(data / "misses.png")]) == 0
    assert "No face was missed" in capsys.readouterr().out and not (data / "misses.png").exists()


def test_command_stops_at_once_if_a_picture_is_missing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = json.loads((data / "gt.json").read_text())
    (data / "gt.json").write_text(json.dumps([*entries, entries[0] | {"image": "images/lost.png"}]))
    assert main([str(data), "--limit", "1"]) == 0
    monkeypatch.setattr("benchmarks.recall.command.load", lambda profile: pytest.fail("It began all the same."))
    with pytest.raises(SystemExit, match=r"lost\.png"):
        main([str(data)])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--limit", "0"],
        ["--misses", "m.png"],
        ["--profile", "fast", "--misses", "m.jpg"],
        ["--profile", "fast", "--misses", "nowhere/m.png"],
        ["--plot", "nowhere/p.png"],
        ["--plot", "p.txt"],
        ["--json", "nowhere/f.json"],
        ["--profile", "best"],
        ["--rival", "deface"],
        ["--rival", "other=/bin/true"],
        ["--rival", "seed=/bin/true"],
        ["--rival", "deface=/nowhere/deface"],
    ],
)
def test_wrong_options_are_refused_before_any_work(arguments: list[str], data: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main([str(data), *arguments])
    assert caught.value.code == 2


def test_plot_without_matplotlib_is_refused_before_any_work(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.recall.command.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as caught:
        main([str(data), "--plot", str(data / "p.png")])
    assert caught.value.code == 2 and not (data / "p.png").exists()


def test_help_says_that_misses_show_faces(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "SHOWS FACES" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("start", [["benchmarks/recall"], ["-m", "benchmarks.recall"]], ids=["folder", "module"])
def test_command_starts_from_its_folder(start: list[str], tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, *start, tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "holds neither gt.json nor" in done.stderr


def test_ended_from_outside_it_deletes_its_copies(tmp_path: Path) -> None:
    """The rival tells Veil's measurement to end, once the copies are there, and waits to be ended itself."""
    painted(tmp_path)
    labelled(tmp_path)
    (tmp_path / "scratch").mkdir()
    code = (
        "import os, signal\n"
        f"assert len(list(Path({str(tmp_path / 'scratch')!r}).iterdir())) == 2\n"
        "os.kill(os.getppid(), signal.SIGTERM)\nsignal.pause()"
    )
    command = [sys.executable, "benchmarks/recall", str(tmp_path), "--rival", f"deface={program(tmp_path, code)}"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path / "scratch")}, capture_output=True, text=True
    )
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    assert list((tmp_path / "scratch").iterdir()) == []
