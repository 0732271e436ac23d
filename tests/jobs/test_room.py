import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from veil.jobs.room import Room

HOLD = """
from veil.jobs.room import Room
room = Room()
(room.path / "photo").write_bytes(b"face")
print(room.path, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_room_is_private_and_gone_when_closed() -> None:
    room = Room()
    assert room.path.stat().st_mode & 0o777 == 0o700
    (room.path / "photo").write_bytes(b"face")
    room.close()
    assert not room.path.exists()


def test_what_a_killed_server_left_is_deleted_by_the_next() -> None:
    server = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout and server.stdin
    left = Path(server.stdout.readline().strip())
    other = Room()
    assert (left / "photo").exists(), "a living server's photos must stay"
    server.send_signal(signal.SIGKILL)
    server.communicate()
    assert (left / "photo").exists()
    Room().close()
    assert not left.exists()
    assert other.path.exists()
    other.close()


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    for name in ("elsewhere", "veil-studi"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo").touch()
    (tmp_path / "veil-studio-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "veil-studio-file").touch()
    Room().close()
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    photos = {"elsewhere", "elsewhere/photo", "veil-studi", "veil-studi/photo"}
    assert left == photos | {"veil-studio-link", "veil-studio-file"}


def test_a_room_of_another_user_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "veil-studio-other"
    room.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: room.stat().st_uid + 1)
    Room().close()
    assert room.exists()
