import os
from pathlib import Path

import pytest

from veil.errors import OutputError, WithheldError
from veil.files import check_target, sweep, write_aside
from veil.types import SecondLook


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_the_file_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "result.jpg"
    with write_aside(target) as file:
        file.write(b"half")
        assert not target.exists()
        file.write(b" and half")
    assert target.read_bytes() == b"half and half"
    assert names(tmp_path) == ["new", "result.jpg"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_error_leaves_nothing(tmp_path: Path, overwrite: bool) -> None:
    target = tmp_path / "result.jpg"
    with pytest.raises(RuntimeError, match="midway"), write_aside(target, overwrite=overwrite) as file:
        file.write(b"half")
        raise RuntimeError("midway")
    assert names(tmp_path) == []


def test_an_error_leaves_the_existing_file(tmp_path: Path) -> None:
    target = tmp_path / "result.jpg"
    target.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), write_aside(target, overwrite=True) as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["result.jpg"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_withheld_replaces_nothing(tmp_path: Path, overwrite: bool) -> None:
    target = tmp_path / "result.jpg"
    for text in (b"one", b"two", b"three"):
        with pytest.raises(WithheldError), write_aside(target, overwrite=overwrite) as file:
            file.write(text)
            raise WithheldError("seen", SecondLook(1))
    assert names(tmp_path) == ["result.2.withheld.jpg", "result.3.withheld.jpg", "result.withheld.jpg"]
    assert [(tmp_path / name).read_bytes() for name in names(tmp_path)] == [b"two", b"three", b"one"]


def test_an_existing_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    target = tmp_path / "result.jpg"
    target.write_bytes(b"old")
    with pytest.raises(OutputError, match="exists and was left as it is"), write_aside(target):
        pytest.fail("the block must not run")
    assert target.read_bytes() == b"old"
    with write_aside(target, overwrite=True) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "result.jpg"
    with pytest.raises(OutputError, match="exists"), write_aside(target) as file:
        file.write(b"mine")
        target.write_bytes(b"theirs")
    assert target.read_bytes() == b"theirs"
    assert names(tmp_path) == ["result.jpg"]


@pytest.mark.parametrize("late", [False, True])
def test_without_hard_links_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool) -> None:
    def no_links(*_: object) -> None:
        raise OSError("no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    target = tmp_path / "result.jpg"
    if late:
        with pytest.raises(OutputError, match="exists"), write_aside(target) as file:
            target.write_bytes(b"theirs")
        assert target.read_bytes() == b"theirs"
    else:
        with write_aside(target) as file:
            file.write(b"mine")
        assert target.read_bytes() == b"mine"
    assert names(tmp_path) == ["result.jpg"]


def test_a_refusing_disk_is_told_with_the_name(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_bytes(b"")
    with pytest.raises(OutputError, match=r"result\.jpg could not be written"), write_aside(blocker / "result.jpg"):
        pytest.fail("the block must not run")
    assert names(tmp_path) == ["file"]


def test_a_full_disk_midway_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left"), write_aside(tmp_path / "result.jpg"):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_targets_are_checked_beforehand(tmp_path: Path) -> None:
    check_target(tmp_path / "free.jpg")
    with pytest.raises(OutputError, match="is a folder"):
        check_target(tmp_path, overwrite=True)
    dangling = tmp_path / "link.jpg"
    dangling.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="exists"):
        check_target(dangling)
    check_target(dangling, overwrite=True)


def test_the_file_can_be_read_back_and_sought(tmp_path: Path) -> None:
    with write_aside(tmp_path / "result.tif") as file:
        file.write(b"....data")
        file.seek(0)
        file.write(b"head")
        file.seek(0)
        assert file.read() == b"headdata"


def test_what_killed_programs_left_is_swept_and_what_is_being_written_stays(tmp_path: Path) -> None:
    left = tmp_path / ".veil-0123.part"
    left.write_bytes(b"half")
    (tmp_path / ".veil-0123.plan").touch()
    (tmp_path / "x.part").touch()
    with write_aside(tmp_path / "a.png") as stream:
        sweep(tmp_path)
        stream.write(b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".veil-0123.plan", "a.png", "x.part"]
    assert (tmp_path / "a.png").read_bytes() == b"whole"
    sweep(tmp_path / "nowhere")
