"""The chain that the entries of each job have among themselves."""

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from veil.audit import Log, chain, new_job, verify, verify_jobs
from veil.audit.chain import FIRST, canonical, hash_of
from veil.audit.checking import Wrong
from veil.audit.signing import make_key, read_key, read_public_key

RED, BLUE, GREEN = "a" * 32, "b" * 32, "c" * 32
Lines = list[bytes]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of two jobs that took turns, and of an entry of no job."""
    path = tmp_path / "audit.jsonl"
    for number, job in enumerate((RED, BLUE, None, RED, BLUE, RED)):
        Log(path).append({"x": number}, job)
    return path


@pytest.fixture
def reds(log: Path, tmp_path: Path) -> Path:
    """The entries of one of the jobs."""
    path = tmp_path / "red.jsonl"
    path.write_bytes(b"".join(canonical(entry) + b"\n" for entry in Log(log).entries_of({RED})))
    return path


def fill(path: Path, job: str, count: int) -> None:
    for number in range(count):
        Log(path).append({"x": number}, job)


def test_entries_of_a_job_follow_each_other(reds: Path) -> None:
    held = [json.loads(line) for line in reds.read_bytes().splitlines()]
    assert [entry["number"] for entry in held] == [1, 4, 6]
    assert [entry["job"] for entry in held] == [
        {"id": RED, "number": number, "previous": before}
        for number, before in enumerate((FIRST, held[0]["hash"], held[1]["hash"]), 1)
    ]


def test_a_log_with_jobs_is_whole(log: Path) -> None:
    checked = verify(log)
    assert checked.passed and checked.whole
    assert (checked.entries, checked.jobs) == (6, 2)


def test_the_entries_of_a_job_can_be_checked_alone(reds: Path) -> None:
    checked = verify_jobs(reds)
    assert checked.passed and not checked.whole
    assert (checked.entries, checked.jobs) == (3, 1)
    assert verify(reds).problem is Wrong.ORDER


def test_entries_of_several_jobs(log: Path, tmp_path: Path) -> None:
    some = tmp_path / "some"
    some.write_bytes(b"".join(canonical(entry) + b"\n" for entry in Log(log).entries_of({RED, BLUE})))
    assert (verify_jobs(some).entries, verify_jobs(some).jobs) == (5, 2)


@pytest.mark.parametrize(
    ("edit", "line", "problem"),
    [
        (lambda lines: lines[1:], 1, Wrong.JOB),
        (lambda lines: [lines[0], lines[2]], 2, Wrong.JOB),
        (lambda lines: [lines[0], lines[2], lines[1]], 2, Wrong.JOB),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 2, Wrong.ORDER),
        (lambda lines: [lines[0], b"\n", *lines[1:]], 2, Wrong.UNFINISHED),
        (lambda lines: [lines[0], lines[1][:-1]], 2, Wrong.UNFINISHED),
    ],
    ids=["first removed", "removed", "swapped", "doubled", "blank", "cut"],
)
def test_the_first_wrong_line_is_named(reds: Path, edit: Callable[[Lines], Lines], line: int, problem: Wrong) -> None:
    reds.write_bytes(b"".join(edit(reds.read_bytes().splitlines(keepends=True))))
    checked = verify_jobs(reds)
    assert (checked.line, checked.problem, checked.entries) == (line, problem, line - 1)


def test_every_changed_byte_is_found(reds: Path) -> None:
    good = reds.read_bytes()
    for place in range(len(good)):
        reds.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert not verify_jobs(reds).passed, place


def test_an_entry_that_was_written_anew_does_not_fit(reds: Path) -> None:
    lines = reds.read_bytes().splitlines(keepends=True)
    forged = json.loads(lines[1]) | {"told": {"x": "other"}}
    forged["hash"] = hash_of(forged)
    reds.write_bytes(b"".join([lines[0], canonical(forged) + b"\n", lines[2]]))
    assert (verify_jobs(reds).line, verify_jobs(reds).problem) == (3, Wrong.JOB)


def test_jobs_are_checked_in_a_whole_log_too(tmp_path: Path) -> None:
    path = tmp_path / "log"
    entry = json.loads(Log(path).append({}, RED))
    entry["job"]["number"] = 2
    entry["hash"] = hash_of(entry)
    path.write_bytes(canonical(entry) + b"\n")
    assert verify(path).problem is Wrong.JOB


def test_entries_of_no_job_are_in_no_excerpt(log: Path) -> None:
    checked = verify_jobs(log)
    assert (checked.line, checked.problem) == (3, Wrong.NO_JOB)


def test_signatures_of_a_job(tmp_path: Path) -> None:
    path, key = tmp_path / "log", tmp_path / "key"
    public = read_public_key(make_key(key))
    for job in (RED, BLUE, RED):
        Log(path, read_key(key)).append({}, job)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    assert verify_jobs(path, public).signed == 2
    Log(path).append({}, RED)
    assert verify_jobs(path, public).problem is Wrong.UNSIGNED


def test_a_job_goes_on_after_a_line_that_was_never_finished(log: Path) -> None:
    line = log.read_bytes().splitlines(keepends=True)[-1]
    log.write_bytes(log.read_bytes() + line[:200])
    entry = json.loads(Log(log).append({}, RED))
    assert entry["job"]["number"] == 4
    assert verify(log).passed


def test_what_an_entry_tells_is_not_taken_for_its_job(tmp_path: Path) -> None:
    path = tmp_path / "log"
    Log(path).append({"note": f'","job":{{"id":"{RED}"', "job": {"id": RED}})
    assert json.loads(Log(path).append({}, RED))["job"]["number"] == 1
    assert len(list(Log(path).entries_of({RED}))) == 1


@pytest.mark.parametrize("job", ["", "x", RED[1:], RED.upper(), f"{RED}\n"])
def test_odd_jobs_are_refused(tmp_path: Path, job: str) -> None:
    with pytest.raises(ValueError, match="32"):
        Log(tmp_path / "log").append({}, job)
    assert not (tmp_path / "log").exists()


def test_a_log_that_is_not_there_has_no_entries(tmp_path: Path) -> None:
    assert list(Log(tmp_path / "log").entries_of({RED})) == []


def test_two_processes_add_to_one_job_at_once(tmp_path: Path) -> None:
    path, job = tmp_path / "log", new_job()
    other = multiprocessing.get_context("spawn").Process(target=fill, args=(path, job, 20))
    other.start()
    fill(path, job, 20)
    other.join()
    checked = verify(path)
    assert checked.passed and (checked.entries, checked.jobs) == (40, 1)


def test_two_writers_in_turn_know_of_each_others_jobs(tmp_path: Path) -> None:
    path = tmp_path / "log"
    one, other = Log(path), Log(path)
    placed = [
        json.loads(log.append({}, job))["job"]["number"]
        for log, job in (
            *((one, RED), (one, BLUE), (other, GREEN), (one, GREEN)),
            *((one, RED), (other, BLUE), (other, RED), (one, BLUE)),
        )
    ]
    assert placed == [1, 1, 1, 2, 2, 2, 3, 3]
    assert verify(path).passed


def test_a_log_is_not_searched_for_each_new_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path / "log")
    for job in (RED, BLUE):
        log.append({}, job)
    searched: list[str] = []
    monkeypatch.setattr(chain, "_last_of", lambda file, job: searched.append(job))
    for other in (new_job(), new_job(), None, new_job(), BLUE):
        log.append({}, other)
    assert searched == [BLUE]


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_log_that_was_cut_short_is_looked_at_anew(tmp_path: Path, left: int) -> None:
    path = tmp_path / "log"
    log = Log(path)
    for job in (RED, BLUE, GREEN):
        log.append({}, job)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    assert json.loads(log.append({}, GREEN))["job"]["number"] == 1
    assert verify(path).passed
