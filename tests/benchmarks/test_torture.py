"""Damaged files through the whole command line; the same on painted files as the measurement does on others."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from benchmarks.torture import command
from benchmarks.torture.cases import AS_IT_IS, Case, Sort, cases, content
from benchmarks.torture.mutations import MUTATIONS
from benchmarks.torture.run import Limits, Worker, try_one

from tests.media import clips, painted, sounds

WELL = {"code": 0, "said": "", "unreadable": "", "seconds": 0.1, "peak_mb": 100.0}
PICTURES = {"JPEG": "jpg", "PNG": "png", "GIF": "gif", "WEBP": "webp", "TIFF": "tif", "BMP": "bmp", "HEIF": "heic"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of many formats, one of them broken."""
    folder = tmp_path / "files"
    folder.mkdir()
    for format, ending in PICTURES.items():
        (folder / f"picture.{ending}").write_bytes(painted.file_of(painted.smooth(), format))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    clips.make_clip(folder / "clip.mp4", times=clips.EVEN[:4], sounds=[clips.Sound()])
    clips.make_clip(folder / "clip.mkv", times=clips.EVEN[:4])
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 4000)).astype(np.float32)
    sounds.save(folder / "talk.wav", noise, sounds.shape(16_000, 1))
    sounds.save(folder / "talk.flac", noise, sounds.shape(16_000, 1))
    return folder


@pytest.mark.model
def test_damaged_files_are_done_or_refused_and_leave_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(folder), "--mutations", "150", "--processes", "1"]) == 0
    every = capsys.readouterr().out.splitlines()[-1].split()
    assert every[:2] == ["all", str(len(list(folder.iterdir())) + 150)]
    done, refused, faults = map(int, every[2:5])
    assert done > 30 and refused > 30 and faults == 0


def test_the_same_seed_makes_the_same_damage(folder: Path) -> None:
    def made(seed: int) -> list[tuple[Case, bytes]]:
        tried = cases([folder], 40, seed, 1_000_000)
        others = sorted(folder.iterdir())
        return [(case, content(case, seed, others)) for case in tried]

    assert made(1) == made(1)
    assert made(1) != made(2)
    plain = [(case, data) for case, data in made(1) if case.damage == AS_IT_IS]
    assert all(case.source.read_bytes() == data for case, data in plain)
    assert {case.source for case, _ in plain} == set(folder.iterdir())


@pytest.mark.parametrize("name", MUTATIONS)
def test_damage_damages(name: str) -> None:
    data, other = Random(0).randbytes(500), Random(1).randbytes(500)
    damaged = [MUTATIONS[name](data, Random(seed), other) for seed in range(20)]
    assert sum(each != data for each in damaged) > 15
    assert isinstance(MUTATIONS[name](b"x", Random(0), other), bytes)


@pytest.mark.parametrize(
    ("answer", "leaves", "fault"),
    [
        (WELL, ["out/result.png"], ""),
        ({**WELL, "code": 1, "said": "veil: in.png: The picture is damaged.\n"}, [], ""),
        (WELL, [], "there is no result"),
        (WELL, ["out/result.png", "out/.veil-1.part"], "files were left: .veil-1.part"),
        ({**WELL, "code": 1, "said": "veil: damaged"}, ["out/result.png"], "files were left: result.png"),
        ({**WELL, "code": 1}, [], "failed without a word"),
        ({**WELL, "code": 70, "said": "veil: in.png"}, [], "exit code 70"),
        ({**WELL, "code": 1, "said": "Traceback (most recent call last)"}, [], "unforeseen"),
        ({**WELL, "code": 1, "said": "veil: Veil has a bug that shows"}, [], "unforeseen"),
        ({**WELL, "said": "[h264 @ 0x1] error"}, ["out/result.png"], "printed"),
        ({**WELL, "unreadable": "OSError: cut"}, ["out/result.png"], "cannot be read: OSError"),
        ({**WELL, "peak_mb": 9e9}, ["out/result.png"], "held 9000000000 MB"),
        ("not done after 60 s", [], "not done after 60 s"),
    ],
)
def test_faults_are_told(tmp_path: Path, answer: dict[str, Any] | str, leaves: list[str], fault: str) -> None:
    case = Case(0, Sort.PICTURE, tmp_path / "a.png", AS_IT_IS, ".png", ())

    def ask(order: dict[str, Any], seconds: float) -> dict[str, Any] | str:
        for name in leaves:
            (Path(order["target"]).parents[1] / name).touch()
        return answer

    outcome = try_one(case, b"x", ask, Limits(), "fast")
    assert outcome.done is (not isinstance(answer, str) and answer["code"] == 0)
    assert len(outcome.faults) == bool(fault)
    assert all(fault in told for told in outcome.faults)


def test_a_process_that_hangs_or_dies_is_told_and_another_one_goes_on(tmp_path: Path) -> None:
    worker = Worker()
    order = {"words": ["run", str(tmp_path / "none.png"), "-o", str(tmp_path / "out.png")], "target": "out.png"}
    assert isinstance(worker.ask(order, 60), dict)
    assert worker._process is not None
    worker._process.kill()
    worker._process.wait()
    assert worker.ask(order, 60) == "the process ended with -9"
    assert worker.ask(order, 0.0001) == "not done after 0.0001 s"
    answer = worker.ask(order, 60)
    worker.close()
    assert isinstance(answer, dict) and answer["code"] == 1
