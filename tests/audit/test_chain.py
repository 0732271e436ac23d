import json
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from veil.audit import Log, verify
from veil.audit.chain import FIRST, canonical
from veil.audit.checking import Wrong, entries
from veil.audit.signing import make_key, read_key, read_public_key
from veil.errors import AuditError, UsageError

FEW = 4


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of a few short entries."""
    path = tmp_path / "audit.jsonl"
    fill(path)
    return path


def fill(path: Path, count: int = FEW, name: str = "x") -> None:
    log = Log(path)
    for number in range(count):
        log.append({name: number})


def test_entries_follow_each_other(log: Path) -> None:
    lines = log.read_bytes().splitlines()
    held = [json.loads(line) for line in lines]
    assert [entry["number"] for entry in held] == [1, 2, 3, 4]
    assert [entry["previous"] for entry in held] == [FIRST, *(entry["hash"] for entry in held[:-1])]
    assert lines == [canonical(entry) for entry in held]
    checked = verify(log)
    assert checked.passed and (checked.entries, checked.head) == (FEW, held[-1]["hash"])
    assert list(entries(log)) == held
    assert log.stat().st_mode & 0o777 == 0o600


def short(log: Path) -> bytes:
    return b"".join(log.read_bytes().splitlines(keepends=True)[:2])


def test_every_changed_byte_is_found(log: Path, tmp_path: Path) -> None:
    good = short(log)
    changed = tmp_path / "changed"
    for place in range(len(good)):
        for other in {good[place] ^ 1, ord("\n")} - {good[place]}:
            changed.write_bytes(good[:place] + bytes([other]) + good[place + 1 :])
            checked = verify(changed)
            assert not checked.passed, (place, other)
            assert checked.line == good[:place].count(b"\n") + 1, (place, other)


def test_every_removed_or_added_byte_is_found(log: Path, tmp_path: Path) -> None:
    good = short(log)
    changed = tmp_path / "changed"
    for place in range(len(good)):
        changed.write_bytes(good[:place] + good[place + 1 :])
        assert not verify(changed).passed, place
        changed.write_bytes(good[:place] + b" " + good[place:])
        assert not verify(changed).passed, place


def test_a_log_that_ends_within_a_line_is_found(log: Path, tmp_path: Path) -> None:
    good = short(log)
    ends = {place for place in range(len(good)) if good[:place].endswith(b"\n")} | {0}
    for place in set(range(len(good))) - ends:
        (tmp_path / "cut").write_bytes(good[:place])
        assert not verify(tmp_path / "cut").passed, place


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (lambda lines: lines[1:], 1),
        (lambda lines: lines[:1] + lines[2:], 2),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [*lines[:2], b"\n", *lines[2:]], 3),
        (lambda lines: [*lines, b"{}\n"], 5),
    ],
    ids=["first removed", "removed", "swapped", "doubled", "blank", "added"],
)
def test_the_first_wrong_line_is_named(log: Path, edit: Callable[[list[bytes]], list[bytes]], line: int) -> None:
    log.write_bytes(b"".join(edit(log.read_bytes().splitlines(keepends=True))))
    checked = verify(log)
    assert not checked.passed
    assert checked.line == line
    assert checked.entries == line - 1


def test_entries_of_another_log_do_not_fit(log: Path, tmp_path: Path) -> None:
    fill(tmp_path / "other", name="y")
    lines, others = (path.read_bytes().splitlines(keepends=True) for path in (log, tmp_path / "other"))
    log.write_bytes(b"".join([*lines[:2], *others[2:]]))
    assert verify(log).line == 3


def test_removing_the_last_entries_shows_only_by_the_head(log: Path) -> None:
    head = verify(log).head
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    checked = verify(log)
    assert checked.passed
    assert checked.head != head


@pytest.mark.parametrize("left", [1, 9, 50, 150])
def test_a_torn_line_is_told_and_the_chain_goes_on(log: Path, left: int) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]) + lines[-1][:left])
    torn = verify(log)
    assert not torn.passed
    assert torn.line == FEW
    entry = json.loads(Log(log).append({"after": True}))
    assert (entry["number"], entry["torn"]["bytes"]) == (FEW, left)
    checked = verify(log)
    assert checked.passed
    assert checked.torn == (FEW,)
    assert [each["told"] for each in entries(log)][-1] == {"after": True}


def test_a_torn_line_stays_as_it_was_found(log: Path) -> None:
    log.write_bytes(log.read_bytes() + b'{"hash":"')
    Log(log).append({})
    good = log.read_bytes()
    log.write_bytes(good.replace(b'{"hash":"\n', b'{"hash":\n'))
    assert verify(log).line == FEW + 1
    log.write_bytes(good.replace(b'{"hash":"\n', b""))
    assert verify(log).line == FEW + 1


def test_two_torn_lines_in_a_row(log: Path) -> None:
    log.write_bytes(log.read_bytes() + b'{"ha\n{"hash')
    Log(log).append({})
    assert verify(log).torn == (FEW + 1, FEW + 2)


def test_a_first_line_may_be_torn(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{"hash":"00')
    assert json.loads(Log(path).append({}))["number"] == 1
    assert verify(path).torn == (1,)


def test_an_entry_that_lacks_only_its_end_is_kept(log: Path) -> None:
    log.write_bytes(log.read_bytes().removesuffix(b"\n"))
    assert not verify(log).passed
    assert json.loads(Log(log).append({}))["number"] == FEW + 1
    assert verify(log).passed


def test_nothing_is_added_to_a_changed_end(log: Path) -> None:
    changed = log.read_bytes()[:-3] + b"x}\n"
    log.write_bytes(changed)
    with pytest.raises(AuditError, match="changed"):
        Log(log).append({})
    assert log.read_bytes() == changed


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0 a picture", b"[]\n", b"\0\0\0\0"])
def test_other_files_are_left_alone(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(AuditError, match="another file"):
        Log(path).append({})
    assert path.read_bytes() == data


def test_long_entries(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for _ in range(3):
        Log(path).append({"x": "y" * 100_000})
    assert verify(path).entries == 3


def test_two_processes_add_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    spawning = multiprocessing.get_context("spawn")
    other = spawning.Process(target=fill, args=(path, 20))
    other.start()
    fill(path, 20)
    other.join()
    checked = verify(path)
    assert checked.passed and checked.entries == 40


def test_a_full_disk_leaves_the_log_as_it_was(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = log.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AuditError, match="No space left"):
        Log(log).append({})
    assert log.read_bytes() == before


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(AuditError):
        Log(tmp_path).append({})
    with pytest.raises(AuditError):
        verify(tmp_path)
    with pytest.raises(AuditError):
        verify(tmp_path / "missing")


def test_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    assert verify(tmp_path / "log").passed
    assert json.loads(Log(tmp_path / "log").append({}))["number"] == 1


class TestSignatures:
    @pytest.fixture
    def key(self, tmp_path: Path) -> Path:
        make_key(tmp_path / "key")
        return tmp_path / "key"

    @pytest.fixture
    def signed(self, tmp_path: Path, key: Path) -> Path:
        path = tmp_path / "signed"
        for number in range(3):
            Log(path, read_key(key)).append({"x": number})
        return path

    def test_right(self, signed: Path, key: Path) -> None:
        checked = verify(signed, read_public_key(key.with_name("key.pub")))
        assert checked.passed and checked.signed == 3
        assert verify(signed).signed == 0

    def test_every_changed_byte_of_a_signature_is_found(self, signed: Path, key: Path) -> None:
        public = read_public_key(key.with_name("key.pub"))
        good = signed.read_bytes()
        at = good.index(b'"signature":"') + len(b'"signature":"')
        for place in range(at, at + 128):
            signed.write_bytes(good[:place] + (b"0" if good[place] != ord("0") else b"1") + good[place + 1 :])
            assert verify(signed, public).line == 1

    def test_another_key(self, signed: Path, tmp_path: Path) -> None:
        checked = verify(signed, read_public_key(make_key(tmp_path / "other")))
        assert (checked.line, checked.problem) == (1, Wrong.UNSIGNED)

    def test_a_chain_written_anew_without_the_key(self, signed: Path, key: Path, tmp_path: Path) -> None:
        lines = signed.read_bytes().splitlines(keepends=True)
        signed.write_bytes(b"".join(lines[:2]))
        Log(signed).append({"x": "forged"})
        assert verify(signed).passed
        assert verify(signed, read_public_key(key.with_name("key.pub"))).line == 3

    def test_keys_are_private(self, key: Path) -> None:
        assert key.stat().st_mode & 0o777 == 0o600
        key.chmod(0o640)
        with pytest.raises(UsageError, match="chmod 600"):
            read_key(key)

    def test_keys_are_not_replaced(self, key: Path) -> None:
        before = key.read_bytes()
        with pytest.raises(UsageError, match="exists"):
            make_key(key)
        key.with_name("key.pub").unlink()
        with pytest.raises(UsageError, match="exists"):
            make_key(key)
        assert key.read_bytes() == before
        assert not key.with_name("key.pub").exists()

    def test_what_is_no_key(self, tmp_path: Path, key: Path) -> None:
        (tmp_path / "junk").write_text("junk")
        (tmp_path / "junk").chmod(0o600)
        for path in (tmp_path / "junk", tmp_path / "missing", key.with_name("key.pub")):
            with pytest.raises(UsageError):
                read_key(path)
        for path in (tmp_path / "junk", tmp_path / "missing", key):
            with pytest.raises(UsageError):
                read_public_key(path)


def test_a_log_goes_on_where_another_program_left_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    mine, other = Log(path), Log(path)
    for number, log in enumerate([mine, mine, other, mine, other, other], 1):
        assert json.loads(log.append({"x": number}))["number"] == number
    assert verify(path).passed
