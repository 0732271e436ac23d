import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from veil.jobs.private import private_folder

HOUR = 3600.0
HOLD = """
from veil.jobs.private import private_folder
with private_folder(3600) as path:
    (path / "photo").write_bytes(b"face")
    print(path, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def killed_server() -> Path:
    server = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    left = Path(server.stdout.readline().strip())
    server.kill()
    server.communicate()
    assert (left / "photo").exists()
    return left


def test_it_is_private_and_gone_at_the_end() -> None:
    with private_folder(HOUR) as path:
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "photo").write_bytes(b"face")
    assert not path.exists()


def test_servers_side_by_side_have_folders_of_their_own() -> None:
    with private_folder(HOUR) as one, private_folder(HOUR) as other:
        assert one != other


def test_what_a_killed_server_left_is_taken_over() -> None:
    with private_folder(HOUR) as living:
        left = killed_server()
        with private_folder(HOUR) as path:
            assert path == left
            assert (path / "photo").read_bytes() == b"face"
        assert not left.exists()
        assert living.exists()


def test_of_several_the_last_is_taken_over_and_old_ones_are_deleted() -> None:
    with ExitStack() as holding:
        folders = []
        for age in (2 * HOUR, 60, 10):
            path = holding.enter_context(private_folder(HOUR))
            folders.append((path, path.stat().st_mtime - age))
    old, older, newest = (Path(path) for path, _ in folders)
    for path, used in folders:
        path.mkdir()
        (path / "photo").touch()
        os.utime(path, (used, used))
    with private_folder(HOUR) as path:
        assert path == newest
        assert not old.exists()
        assert older.exists()


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    for name in ("elsewhere", "veil-studi"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo").touch()
    (tmp_path / "veil-studio-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "veil-studio-file").touch()
    with private_folder(HOUR):
        pass
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    photos = {"elsewhere", "elsewhere/photo", "veil-studi", "veil-studi/photo"}
    assert left == photos | {"veil-studio-link", "veil-studio-file"}


def test_a_folder_of_another_user_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "veil-studio-other"
    theirs.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: theirs.stat().st_uid + 1)
    with private_folder(HOUR):
        assert not any(theirs.iterdir())
    assert theirs.exists()
