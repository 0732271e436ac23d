import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from veil.errors import NoSpaceError
from veil.jobs import disk

HOLD = """
import sys
from pathlib import Path
from veil.jobs.disk import try_lock
try_lock(Path(sys.argv[1]))
print("held", flush=True)
input()
"""


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    target = tmp_path / "record"
    disk.write_whole(target, b"old")
    disk.write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "record"
    disk.write_whole(target, b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpaceError, match="full"):
        disk.write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_disk_that_may_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(NoSpaceError, match="cannot be written to"):
        disk.write_whole(tmp_path / "file", b"new")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_where_the_folder_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        disk.write_whole(tmp_path / "gone" / "record", b"new")
    assert not list(tmp_path.iterdir())


def test_a_lock_is_held_until_its_process_dies(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    assert disk.try_lock(lock) is None
    holder.kill()
    holder.communicate()
    descriptor = disk.try_lock(lock)
    assert descriptor is not None
    assert disk.try_lock(lock) is None, "also within one process"
    os.close(descriptor)


def test_a_folder_is_out_of_sight_at_once(tmp_path: Path) -> None:
    trash, folder = tmp_path / "trash", tmp_path / "photo"
    disk.make_folder(trash)
    disk.make_folder(folder)
    disk.make_folder(folder)  # there already
    (folder / "original").write_bytes(b"face")
    doomed = disk.take_away(folder, trash)
    assert not folder.exists()
    disk.empty(doomed)
    assert not list(trash.iterdir())
    with pytest.raises(FileNotFoundError):
        disk.take_away(folder, trash)
