"""A working day in seconds: it ends well when nothing grows, and tells what does."""

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.soak import command, server
from benchmarks.soak.watch import Sample, look

STEADY = Sample(0, 200, 12, 60, 100, 50)


@pytest.mark.model
def test_a_day_in_seconds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command.main(["--minutes", "0.03", "--people", "1", "--plot", str(tmp_path / "plot.svg")])
    said = capsys.readouterr().out
    assert "8 hours in 0.03 minutes" in said
    assert not [line for line in said.splitlines() if line.startswith("fault") and "grows" not in line]
    assert b"open files" in (tmp_path / "plot.svg").read_bytes()


@pytest.mark.parametrize(
    ("by", "name"),
    [({"memory_mb": 0.5}, "memory_mb"), ({"files": 1}, "files"), ({"threads": 1}, "threads"), ({"kept": 5}, "kept")],
)
def test_what_grows_is_told(by: dict[str, float], name: str) -> None:
    held = [replace(STEADY, **{key: getattr(STEADY, key) + each * n for key, each in by.items()}) for n in range(100)]
    assert command.growing(held) == [name]


def test_what_is_steady_or_kept_for_a_day_is_not_told() -> None:
    warming = [replace(STEADY, memory_mb=100 + 10 * number) for number in range(10)]
    steady = [replace(STEADY, memory_mb=200 + number % 7, notes=50 * number) for number in range(90)]
    assert command.growing([*warming, *steady]) == []


def test_a_fast_clock_runs_fast() -> None:
    times = iter([100.0, 101.0, 103.0])
    clock = server.fast(lambda: next(times), 32)
    assert [clock(), clock()] == [132.0, 196.0]


def test_what_lies_in_a_store_is_counted_apart(tmp_path: Path) -> None:
    for name in ("owners/a/b/original", "owners/a/c.expired", "cache/plan", "lock"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    sample = look(1, tmp_path, 0)
    assert (sample.kept, sample.notes) == (2, 2)
