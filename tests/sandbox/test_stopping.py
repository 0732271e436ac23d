"""Ctrl-C in the middle of a folder, while files are read and written behind the fences."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import photo
from tests.jobs.conftest import until
from tests.sandbox.hostile import MARK
from tests.sandbox.processes import alive, below

RUN = """
import functools, signal, sys
from tests.fakes import finder
from tests.sandbox.test_box import HOSTILE
from veil import cli, detect
from veil.sandbox import box
from veil.sandbox.limits import Limits
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have their background jobs ignore it
box.Sandbox = functools.partial(box.Sandbox, Limits(seconds=1e6), served_by=HOSTILE)
detect.load = lambda profile, streams: finder()
cli.main(sys.argv[1:])
"""


@pytest.mark.parametrize("hangs", [True, False])
def test_it_ends_at_once_with_one_sentence_and_leaves_nothing(hangs: bool, tmp_path: Path) -> None:
    """Also when a file hangs, whose process would be waited for."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in range(60):
        (source / f"{number:03}.png").write_bytes(photo())
    if hangs:
        (source / "020.png").write_bytes(photo() + MARK + b"hang:")
    command = [sys.executable, "-c", RUN, "run", str(source), "-o", str(target), "--profile", "balanced"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root, text=True) as running:
        try:
            until(lambda: len(list(target.glob("*.png"))) >= (59 if hangs else 5))
            family = below(running.pid)
            running.send_signal(signal.SIGINT)
            out, told = running.communicate(timeout=60)
        finally:
            running.kill()
    assert family
    assert (running.returncode, out) == (130, "")
    assert told == "veil: stopped; finished results were kept and nothing is left half-written.\n"
    assert not any(alive(number) for number in family)
    assert {path.suffix for path in target.iterdir()} == {".png"} and not list(target.glob(".*"))
    assert {path.name for path in source.iterdir()} >= {path.name for path in target.iterdir()}
