"""kill -9 before each single step of all that is done in a store: see killing.py."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.killing import SCENES


@pytest.mark.parametrize("what", SCENES)
def test_a_process_may_be_killed_at_any_moment(what: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.jobs.killing", what, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 20
