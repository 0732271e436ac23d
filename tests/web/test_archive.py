import io
import zipfile
from pathlib import Path

import pytest

from veil.web import archive


def test_members_come_back_whole_and_in_order(tmp_path: Path) -> None:
    contents = {"one.jpg": b"1" * 700_000, "two.jpg": b"", "three.png": bytes(range(256))}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    pieces = list(archive.stream((name, tmp_path / name) for name in contents))
    assert len(pieces) > 3
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == contents


def test_a_missing_file_leaves_an_archive_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    pieces: list[bytes] = []
    with pytest.raises(FileNotFoundError):
        pieces.extend(archive.stream([("a", tmp_path / "a"), ("b", tmp_path / "b")]))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"a")
    names = ["a.veiled.jpg", "A.veiled.jpg", "x/a.veiled.jpg", "b"]
    data = b"".join(archive.stream((name, file) for name in names))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.namelist() == ["a.veiled.jpg", "A (2).veiled.jpg", "a (3).veiled.jpg", "b"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("party.veiled.jpg", "party.veiled.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.png", "a.png"),
        ("..", "photo"),
        ("", "photo"),
        ("a\x00b\nc.png", "a_b_c.png"),
        ('<img src="x">.png', "_img src=_x__.png"),
        ("合影 1.veiled.jpg", "合影 1.veiled.jpg"),
        (".hidden", "hidden"),
    ],
)
def test_safe_names(name: str, safe: str) -> None:
    assert archive.safe(name) == safe


def test_long_names_keep_their_ending() -> None:
    assert archive.safe("x" * 500 + ".veiled.jpg").endswith("x.veiled.jpg")
    assert len(archive.safe("x" * 500 + ".veiled.jpg")) == 200
