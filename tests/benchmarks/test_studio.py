"""The measurements of the studio on few photos: they end well when all is well, and tell when it is not."""

import hashlib
import os
from pathlib import Path

import pytest
from benchmarks.studio import kill, load, overhead
from benchmarks.studio.client import Client
from benchmarks.studio.photos import painted

pytestmark = pytest.mark.model


def test_photos_are_painted_anew_each_time() -> None:
    assert len({painted(number, 0.1) for number in range(3)}) == 3
    assert painted(1, 0.1) == painted(1, 0.1)


def test_clients_all_get_their_results(capsys: pytest.CaptureFixture[str]) -> None:
    assert load.measure(3, 0.1, "fast") == 0
    said = capsys.readouterr().out
    assert "failed: 0" in said
    assert "small requests beside" in said


def test_both_ways_are_timed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        (tmp_path / f"{number}.jpg").write_bytes(painted(number, 0.1))
    assert overhead.measure(tmp_path, "fast", 1) == 0
    assert capsys.readouterr().out.startswith("2 photos, profile fast")


def test_nothing_is_lost_when_the_studio_is_killed(capsys: pytest.CaptureFixture[str]) -> None:
    assert kill.measure(4, 1, "fast", celery=False) == 0
    assert "4 photos, 1 times kill -9, queue threads: 0 faults" in capsys.readouterr().out


def test_lost_and_changed_photos_are_told(tmp_path: Path) -> None:
    photo: dict[str, object] = {"id": "a", "state": "done", "problem": None}

    class Answers(Client):
        def photos(self) -> list[dict[str, object]]:
            return [photo]

        def result(self, photo_id: str, query: str = "") -> bytes:
            return b"covered"

    (tmp_path / "original").touch()
    right = hashlib.sha256(b"covered").hexdigest()
    assert kill._faults(Answers(0), {0: "a"}, [right], tmp_path) == []
    assert kill._faults(Answers(0), {0: "a"}, ["other"], tmp_path) == ["photo 0 has another result than by veil run"]
    assert "photo 1 is lost" in kill._faults(Answers(0), {0: "a", 1: "b"}, [right, right], tmp_path)


def test_memory_is_that_of_a_process_and_its_children() -> None:
    assert os.getpid() in load.family(os.getppid())
    assert load.held_mb(os.getpid()) > 10
