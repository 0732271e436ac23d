import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from veil.detect.runtime import Input, Model, Tuning
from veil.errors import DetectorError
from veil.models import WEIGHTS

YUNET = WEIGHTS["yunet"]
TAKES = Input("NCHW", multiple=32, bgr=True)
BLAZEFACE_TAKES = Input("NHWC", multiple=None, mean=127.5, scale=127.5)
LOAD_AND_RUN = """
import numpy as np
from veil.detect.runtime import Input, Model
from veil.models import WEIGHTS
Model(WEIGHTS["yunet"], Input("NCHW", multiple=32, bgr=True)).run(np.zeros((64, 64, 3), np.uint8))
"""


def python(program: str, *before: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own, with warnings as errors."""
    command = [*before, sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.fixture(scope="module")
def yunet() -> Model:
    return Model(YUNET, TAKES, Tuning(streams=2))


def picture(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.model
def test_nothing_leaves_the_machine(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    assert strace, "strace is missing, and without it nobody sees what OpenVINO sends: apt install strace"
    trace = tmp_path / "trace"
    watch = [strace, "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace)]

    result = python(LOAD_AND_RUN, *watch)
    assert result.returncode == 0, result.stderr
    assert "AF_INET" not in trace.read_text()
    assert "sendmmsg" not in trace.read_text()

    # The watch itself works: it sees a call to this very machine.
    python("import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))", *watch)
    assert "AF_INET" in trace.read_text()


@pytest.mark.model
def test_openvino_cannot_import_its_reports() -> None:
    result = python(LOAD_AND_RUN + "import sys\nassert sys.modules['openvino_telemetry'] is None\n")
    assert result.returncode == 0, result.stderr


@pytest.mark.model
def test_reports_imported_alone_are_put_away() -> None:
    result = python(
        "import sys, types\nsys.modules['openvino_telemetry'] = types.ModuleType('openvino_telemetry')\n"
        + LOAD_AND_RUN
        + "assert sys.modules['openvino_telemetry'] is None\n"
    )
    assert result.returncode == 0, result.stderr


def test_an_openvino_that_may_have_reported_is_refused() -> None:
    result = python(
        "import sys, types\nfor name in ('openvino_telemetry', 'openvino'):\n"
        "    sys.modules[name] = types.ModuleType(name)\n" + LOAD_AND_RUN
    )
    assert result.returncode == 1
    assert "DetectorError: This program imported OpenVINO with its usage reports on" in result.stderr


def test_openvino_is_not_imported_before_a_model_is_loaded() -> None:
    result = python("import sys\nimport veil.detect.runtime\nassert 'openvino' not in sys.modules\n")
    assert result.returncode == 0, result.stderr


@pytest.mark.model
def test_signals_are_told_after_models_have_come_and_gone_in_any_order() -> None:
    program = (
        LOAD_AND_RUN.replace("Model(W", "first = Model(W").replace(".run(np", "\nfirst.run(np")
        + """
import signal
second = Model(WEIGHTS["yunet"], Input("NCHW", multiple=32, bgr=True))
del first
del second
signal.signal(signal.SIGTERM, lambda number, frame: print("told"))
signal.raise_signal(signal.SIGTERM)
"""
    )
    result = python(program)
    assert (result.returncode, result.stdout) == (0, "told\n"), result.stderr


@pytest.mark.model
def test_nothing_is_printed_and_no_file_is_written(tmp_path: Path) -> None:
    program = f"import os\nos.environ['HOME'] = os.environ['TMPDIR'] = {str(tmp_path)!r}\n" + LOAD_AND_RUN
    result = python(program, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    content = bytearray(YUNET.path.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(content)
    with pytest.raises(DetectorError, match=r"damaged\.onnx is damaged: its SHA-256"):
        Model(replace(YUNET, file=str(damaged)), TAKES)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match=r"cannot be read \(No such file or directory\)"):
        Model(replace(YUNET, file=str(tmp_path / "gone.onnx")), TAKES)


@pytest.mark.model
def test_what_openvino_cannot_read_is_an_error(tmp_path: Path) -> None:
    empty = tmp_path / "empty.onnx"
    empty.touch()
    sha256_of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(DetectorError, match="could not be loaded by OpenVINO"):
        Model(replace(YUNET, file=str(empty), sha256=sha256_of_nothing), TAKES)


@pytest.mark.model
def test_a_picture_that_the_network_cannot_take_is_an_error_and_the_model_lives_on() -> None:
    fixed = Model(WEIGHTS["blazeface-short"], BLAZEFACE_TAKES)
    for _ in range(2):  # a request that failed must come back, or the second call would wait for ever
        with pytest.raises(DetectorError, match="failed on a picture of 64 x 32 pixels"):
            fixed.run(picture(32, 64))
    assert fixed.run(picture(128, 128))["regressors"].shape == (896, 16)


@pytest.mark.model
def test_numbers_that_are_not_finite_are_an_error() -> None:
    overflowing = Model(WEIGHTS["blazeface-short"], replace(BLAZEFACE_TAKES, scale=1e-36))
    with pytest.raises(DetectorError, match="not finite"):
        overflowing.run(picture(128, 128))


@pytest.mark.model
def test_a_picture_is_padded_with_black_at_the_right_and_the_bottom(yunet: Model) -> None:
    small = picture(40, 70)
    padded = np.zeros((64, 96, 3), np.uint8)
    padded[:40, :70] = small
    expected = yunet.run(padded)
    for name, output in yunet.run(small).items():
        np.testing.assert_array_equal(output, expected[name])


@pytest.mark.model
def test_colours_are_turned_round_for_the_network(yunet: Model) -> None:
    as_it_is = Model(YUNET, replace(TAKES, bgr=False))
    turned = as_it_is.run(picture(64, 64)[:, :, ::-1])
    for name, output in yunet.run(picture(64, 64)).items():
        np.testing.assert_allclose(output, turned[name], rtol=1e-4, atol=1e-5)
    assert not np.allclose(as_it_is.run(picture(64, 64))["cls_8"], turned["cls_8"], rtol=1e-4, atol=1e-5)


@pytest.mark.model
def test_outputs_do_not_change_under_the_caller(yunet: Model) -> None:
    first = yunet.run(picture(64, 64))
    kept = {name: output.copy() for name, output in first.items()}
    for _ in range(4):
        yunet.run(picture(64, 96))
        yunet.run(picture(64, 64)[::-1])
    for name, output in first.items():
        np.testing.assert_array_equal(output, kept[name])


@pytest.mark.model
def test_more_threads_than_streams_get_the_same_answers(yunet: Model) -> None:
    sizes = [(64, 64), (96, 64), (64, 160), (33, 77)]
    alone = [yunet.run(picture(*size))["cls_8"] for size in sizes]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda index: yunet.run(picture(*sizes[index % 4]))["cls_8"], range(24)))
    for index, output in enumerate(together):
        np.testing.assert_array_equal(output, alone[index % 4])


@pytest.mark.model
def test_threads_that_begin_together_do_not_wait_for_each_other_for_ever() -> None:
    """OpenVINO 2026.4 hung here when the first inferences of a process ran side by side."""
    program = """
import sys, threading
sys.setswitchinterval(1e-7)
import numpy as np
from veil.detect.yunet import YuNet
from veil.detect.runtime import Tuning
detector = YuNet(tuning=Tuning(streams=4))
together = threading.Barrier(4)
def look():
    together.wait()
    detector.detect(np.zeros((32, 32, 3), np.uint8))
threads = [threading.Thread(target=look, daemon=True) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
print("hung" if any(thread.is_alive() for thread in threads) else "done", flush=True)
import os; os._exit(0)
"""
    assert python(program).stdout == "done\n"


@pytest.mark.model
def test_models_can_be_loaded_side_by_side_from_the_start() -> None:
    program = """
import sys, threading
sys.setswitchinterval(1e-7)
from veil.detect.centerface import CenterFace
from veil.detect.yunet import YuNet
together, loaded = threading.Barrier(4), []
def load(kind):
    together.wait()
    loaded.append(kind())
threads = [threading.Thread(target=load, args=(kind,), daemon=True) for kind in (CenterFace, YuNet) * 2]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
print(len(loaded), flush=True)
import os; os._exit(0)
"""
    assert python(program).stdout == "4\n"


@pytest.mark.model
def test_bf16_is_near_f32(yunet: Model) -> None:
    exact = yunet.run(picture(64, 64))["cls_8"]
    quick = Model(YUNET, TAKES, Tuning(precision="bf16")).run(picture(64, 64))["cls_8"]
    np.testing.assert_allclose(quick, exact, atol=0.1)


@pytest.mark.parametrize(("streams", "threads"), [(0, 0), (-1, 0), (1, -1)])
def test_tuning_refuses_numbers_that_would_wait_for_ever(streams: int, threads: int) -> None:
    with pytest.raises(ValueError, match="streams must be at least 1"):
        Tuning(streams=streams, threads=threads)
