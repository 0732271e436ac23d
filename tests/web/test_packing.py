import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from veil.audit import entry_of
from veil.options import Options
from veil.report import to_dict
from veil.types import Facts, Kind, Report
from veil.web import packing

REPORT = Report(Facts("png", Kind.STILL, 3, 2, 1, "0" * 64), "veil", covered=1, drawn=0, kept=0, suggested=0)

TOLD = entry_of(REPORT, None, Options(), begun=0, ended=1)
ENTRY = {"veil_audit": 1, "number": 1, "previous": "0" * 64, "told": TOLD, "hash": "1" * 64}


def members(named: Iterable[tuple[str, Path]]) -> list[packing.Member]:
    return [packing.Member(name, path, REPORT) for name, path in named]


def test_members_come_back_whole_and_in_order(tmp_path: Path) -> None:
    contents = {"one.jpg": b"1" * 700_000, "two.jpg": b"", "three.png": bytes(range(256))}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    pieces = list(packing.stream(members((name, tmp_path / name) for name in contents), [ENTRY], "en"))
    assert len(pieces) > 3
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as packed:
        assert packed.namelist() == [*contents, "report.json", "audit.jsonl", "audit.html"]
        assert {name: packed.read(name) for name in contents} == contents
        told = json.loads(packed.read("report.json"))
        entries = packed.read("audit.jsonl").splitlines()
        assert [json.loads(entry) for entry in entries] == [ENTRY]
        assert b"one.jpg" not in packed.read("audit.html")
    assert (told["veil_report"], told["failed"]) == (1, 0)
    sums = [hashlib.sha256(content).hexdigest() for content in contents.values()]
    assert told["pictures"] == [to_dict(REPORT) | {"output_sha256": one} for one in sums]
    assert "one.jpg" not in json.dumps(told)


def test_a_missing_file_leaves_an_archive_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    pieces: list[bytes] = []
    with pytest.raises(FileNotFoundError):
        pieces.extend(packing.stream(members([("a", tmp_path / "a"), ("b", tmp_path / "b")]), [ENTRY], "en"))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"a")
    names = ["a.veiled.jpg", "A.veiled.jpg", "x/a.veiled.jpg", "report.json", "b"]
    data = b"".join(packing.stream(members((name, file) for name in names), [ENTRY], "en"))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.namelist() == [
            "a.veiled.jpg",
            "A (2).veiled.jpg",
            "a (3).veiled.jpg",
            "report (2).json",
            "b",
            "report.json",
            "audit.jsonl",
            "audit.html",
        ]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("party.veiled.jpg", "party.veiled.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.png", "a.png"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\nc.png", "a_b_c.png"),
        ('<img src="x">.png', "_img src=_x__.png"),
        ("合影 1.veiled.jpg", "合影 1.veiled.jpg"),
        (".hidden", "hidden"),
        ("half a pair \ud83d.png", "half a pair _.png"),
    ],
)
def test_safe_names(name: str, safe: str) -> None:
    assert packing.safe(name) == safe


def test_long_names_keep_their_ending() -> None:
    assert packing.safe("x" * 500 + ".veiled.jpg").endswith("x.veiled.jpg")
    assert len(packing.safe("x" * 500 + ".veiled.jpg")) == 200


def test_the_archive_never_lies_whole_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"1" * 3_000_000)
    assert max(map(len, packing.stream(members([("a", file)] * 3), [ENTRY], "en"))) < 2 * packing.CHUNK_BYTES


def test_files_of_more_than_four_gigabytes_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"1" * 100)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 50)
    data = b"".join(packing.stream(members([("a", file)]), [ENTRY], "en"))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.read("a") == b"1" * 100
