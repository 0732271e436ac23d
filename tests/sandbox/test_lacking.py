"""On a system without some fences, the others still hold, files are still read, and what is missing is told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.fakes import finder, photo
from veil import cli, detect
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.sandbox.box import Sandbox

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has these fences")

FILTER, LANDLOCK = "a filter of system calls (libseccomp was not found)", "Landlock (the system does not offer it)"


def tried(lacks: str, folder: Path, *deeds: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.sandbox.lacking", lacks, str(folder), *deeds]
    ended = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2], timeout=120)
    assert ended.returncode == 0, ended.stderr.decode()
    told: dict[str, Any] = json.loads(ended.stdout)
    assert told.pop("shape") == [200, 300, 3]
    return told


def test_landlock_alone_keeps_a_file_from_files_and_other_processes(tmp_path: Path) -> None:
    told = tried("seccomp", tmp_path, "write", "read", "execute", "kill", "trace")
    missing = told.pop("missing")
    if LANDLOCK in missing or "being kept from other processes" in missing:
        pytest.skip("this system's Landlock is too old")
    assert missing[0] == FILTER
    assert set(told.values()) == {"refused"}


def test_the_filter_alone_keeps_a_file_from_everything(tmp_path: Path) -> None:
    told = tried("landlock", tmp_path, "socket", "connect", "write", "read", "execute", "fork", "kill", "trace")
    if FILTER in told["missing"]:
        pytest.skip("this system has no libseccomp")
    assert told.pop("missing") == [LANDLOCK]
    assert set(told.values()) == {"refused"}


def test_without_both_all_that_is_open_is_told(tmp_path: Path) -> None:
    told = tried("seccomp,landlock,namespaces", tmp_path, "socket", "connect", "write", "read", "fork")
    assert told.pop("missing") == [
        FILTER,
        "being cut off from the network",
        LANDLOCK,
        "being kept from other files",
        "being kept from other processes",
    ]
    assert set(told.values()) == {"done"}  # or this test would say nothing of the others


def test_without_both_the_network_is_left_where_the_system_lets_us(tmp_path: Path) -> None:
    told = tried("seccomp,landlock", tmp_path, "connect")
    if "being cut off from the network" in told["missing"]:
        pytest.skip("this system lets nobody leave the network")
    assert told["connect"] != "done"


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sandbox, "missing", (LANDLOCK,))
    for name in ("load", "load_second"):
        monkeypatch.setattr(detect, name, lambda profile, streams: finder())


@pytest.mark.usefixtures("lacking")
def test_commands_tell_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(photo())
    for words in (["find", "a.png"], ["check", "a.png"]):
        ended = CliRunner().invoke(cli.main, [words[0], str(tmp_path / words[1])])
        assert f"does not offer all fences: {LANDLOCK}." in ended.stderr
        assert "all fences" not in ended.stdout


@pytest.mark.usefixtures("lacking")
def test_the_studio_tells_in_its_log_what_is_missing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_studio(tmp_path / "store", limits=Limits(free_bytes=0)):
        pass
    assert f"missing: {LANDLOCK}" in caplog.text
