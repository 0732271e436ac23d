"""Costs are those of the command alone; a command that did nothing is no measurement."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.speed import Cost, enlarged, median, run_once, table, take_turns
from PIL import Image


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code, "{input}", "{output}"]


COPY = "import sys, pathlib, shutil; pathlib.Path(sys.argv[2]).parent.mkdir(exist_ok=True); shutil.copy(*sys.argv[1:])"
BESIDE = "import sys, pathlib as p; p.Path(sys.argv[1], 'made').write_text('x')"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a photo.bin"
    path.write_bytes(b"photo")
    return path


def test_memory_is_that_of_the_command(source: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from benchmarks.speed import run_once;"
        "print(run_once(sys.argv[2:], Path(sys.argv[1])).peak_mb)"
    )  # in a process of its own: this one may be larger than the command
    hoarder = python(f"held = b'x' * 300_000_000; {COPY}")
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", code, source, *hoarder], cwd=root, capture_output=True, check=True)
    assert 300 < float(said.stdout) < 340


def test_cost_is_counted(source: Path) -> None:
    cost = run_once(python(COPY), source)
    assert cost.wall_s > 0 and cost.processor_s > 0 and cost.files == 1


def test_each_run_gets_a_fresh_copy_of_a_folder(source: Path) -> None:
    for _ in range(2):
        assert run_once(python(BESIDE), source.parent).files == 1
    assert [path.name for path in source.parent.iterdir()] == [source.name]


@pytest.mark.parametrize("code", ["raise SystemExit('out of luck')", "print('nothing to do')"])
def test_failure_is_no_measurement(code: str, source: Path) -> None:
    with pytest.raises(SystemExit, match=r"luck|nothing to do"):
        run_once(python(code), source)


def test_programs_take_turns(source: Path, tmp_path: Path) -> None:
    log = shlex.quote(str(tmp_path / "log"))
    commands = {name: ["sh", "-c", f"echo {name} >> {log}; cp '{{input}}' '{{input}}2'"] for name in ("one", "two")}
    assert set(take_turns(commands, source, 2)) == {"one", "two"}
    assert (tmp_path / "log").read_text().split() == ["one", "two"] * 2


def test_median_is_taken_of_each_figure() -> None:
    assert median([Cost(1, 9, 5, 3), Cost(2, 8, 4, 3), Cost(30, 7, 6, 3)]) == Cost(2, 8, 5, 3)


def test_table_shows_ratios_to_the_peer() -> None:
    peer, own = table({"peer": Cost(2, 4, 200, 5), "veil fast": Cost(1, 5, 250, 5)}).splitlines()[1:]
    assert peer.split() == ["peer", "2.00", "(1.00x)", "4.00", "(1.00x)", "200", "(1.00x)", "5"]
    assert own.split() == ["veil", "fast", "1.00", "(0.50x)", "5.00", "(1.25x)", "250", "(1.25x)", "5"]


def test_enlarged_photo_has_so_many_pixels(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "small.png")
    with Image.open(enlarged(tmp_path / "small.png", 1.0, tmp_path)) as image:
        assert image.width * image.height == pytest.approx(1e6, rel=0.01)
        assert image.format == "JPEG"
