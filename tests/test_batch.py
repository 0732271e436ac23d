import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from traceback import walk_stack
from typing import Any

import pytest

from veil.batch import Outcome, Stopped, Task, Ticks, gather, results, work
from veil.errors import InputError, OutputError, UsageError


def same_name(path: Path) -> str:
    return path.name


def marked(path: Path) -> str:
    return f"{path.stem}.veiled{path.suffix}"


def is_picture(path: Path) -> bool:
    return path.suffix in (".jpg", ".png")


def tasks(*inputs: Path | str, output: Path | None = None, name: Callable[[Path], str] = same_name) -> dict[str, Path]:
    """What is to be done, as source name -> target."""
    found, _ = gather([str(each) for each in inputs], output, name=name, beside=marked, takes=is_picture)
    return {task.source.name: task.target for task in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in/a.jpg", "in/b/c.png", "in/b/notes.txt", "in/.hidden/d.jpg", "in/.e.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "in"


def test_one_file_goes_beside_itself(folder: Path) -> None:
    assert tasks(folder / "a.jpg") == {"a.jpg": folder / "a.veiled.jpg"}


def test_one_file_goes_to_the_name_given(folder: Path) -> None:
    assert tasks(folder / "a.jpg", output=folder / "x.png") == {"a.jpg": folder / "x.png"}


@pytest.mark.parametrize("exists", [True, False])
def test_an_output_without_an_ending_is_a_folder(folder: Path, exists: bool) -> None:
    out = folder.parent / "out"
    if exists:
        out.mkdir()
    assert tasks(folder / "a.jpg", output=out) == {"a.jpg": out / "a.jpg"}


def test_a_folder_is_mirrored_without_hidden_files_and_what_is_no_picture_is_told(folder: Path) -> None:
    out = folder.parent / "out"
    assert tasks(folder, output=out) == {"a.jpg": out / "a.jpg", "c.png": out / "b" / "c.png"}
    assert gather([str(folder)], out, name=same_name, beside=marked, takes=is_picture)[1] == [
        folder / "b" / "notes.txt"
    ]


def test_files_of_a_folder_go_beside_themselves_and_earlier_results_are_not_taken(folder: Path) -> None:
    (folder / "b" / "c.veiled.png").write_bytes(b"result")
    assert tasks(folder) == {"a.jpg": folder / "a.veiled.jpg", "c.png": folder / "b" / "c.veiled.png"}
    _, left_out = gather([str(folder)], None, name=same_name, beside=marked, takes=is_picture)
    assert left_out == [folder / "b" / "c.veiled.png", folder / "b" / "notes.txt"]


def test_results_inside_the_folder_are_not_taken_again(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "a.jpg").write_bytes(b"result")
    found, _ = gather([str(folder)], folder / "out", name=same_name, beside=marked, takes=is_picture)
    assert [task.source for task in found] == [folder / "a.jpg", folder / "b" / "c.png"]


def test_several_inputs_go_into_one_folder(folder: Path) -> None:
    out = folder.parent / "out.d"
    assert tasks(folder / "a.jpg", folder / "b", output=out) == {"a.jpg": out / "a.jpg", "c.png": out / "b" / "c.png"}


def test_patterns(folder: Path) -> None:
    assert tasks(f"{folder}/**/*.png") == {"c.png": folder / "b" / "c.veiled.png"}


def test_an_input_that_does_not_exist_is_kept_to_fail_by_name(folder: Path) -> None:
    assert tasks(folder / "missing.jpg", f"{folder}/*.gif").keys() == {"missing.jpg", "*.gif"}


def test_a_folder_that_cannot_be_read_is_a_task_that_fails_rather_than_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests may be allowed to read everything."""
    list_folder = os.scandir

    def refusing(path: Any) -> Any:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert set(tasks(folder, output=folder.parent / "out")) == {"a.jpg", "b"}
    assert results([str(folder)], is_picture) == [folder / "a.jpg", folder / "b"]


def test_an_empty_name_is_not_the_folder_one_is_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match="name of an input is empty; nothing was done"):
        tasks(folder / "a.jpg", "")
    with pytest.raises(UsageError, match="name of an input is empty"):
        results([""], lambda path: True)


def test_a_file_named_like_a_pattern_is_that_file(folder: Path) -> None:
    (folder / "a[1].jpg").write_bytes(b"")
    assert tasks(folder / "a[1].jpg").keys() == {"a[1].jpg"}


def test_results_of_one_name_are_kept_apart(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"")
    found = tasks(folder, output=folder.parent / "out", name=lambda path: path.with_suffix(".png").name)
    assert {target.name for target in found.values()} == {"a.jpg.png", "a.png", "c.png"}


def test_inputs_of_one_name_are_refused(folder: Path) -> None:
    (folder / "b" / "a.jpg").write_bytes(b"")
    with pytest.raises(UsageError, match="Several inputs would be written to"):
        tasks(folder / "a.jpg", folder / "b" / "a.jpg", output=folder.parent / "out")


def test_an_input_is_never_a_target_whatever_it_is_called(folder: Path) -> None:
    (folder / "link.jpg").hardlink_to(folder / "a.jpg")
    for output in (folder / "a.jpg", folder / ".." / "in" / "a.jpg", folder / "link.jpg", folder):
        with pytest.raises(OutputError, match="would replace the input"):
            tasks(folder / "a.jpg", output=output)
    with pytest.raises(OutputError, match="would replace the input"):
        tasks(folder, output=folder)


def test_work_keeps_going_past_failures() -> None:
    def do(task: Task, step: Callable[[], None]) -> str:
        if task.source.name == "bad":
            raise InputError("It is damaged.")
        if task.source.name == "huge":
            raise MemoryError
        return task.source.name.upper()

    todo = [Task(Path(name), Path(name)) for name in ("a", "bad", "huge", "b")]
    ended = {outcome.task.source.name: outcome for outcome in work(todo, do, workers=2)}
    assert (ended["a"].result, ended["b"].result) == ("A", "B")
    assert str(ended["bad"].error) == "It is damaged."
    assert "not enough memory" in str(ended["huge"].error)


def test_a_bug_is_not_hidden() -> None:
    def do(task: Task, step: Callable[[], None]) -> str:
        raise TypeError("a bug")

    with pytest.raises(TypeError, match="a bug"):
        list(work([Task(Path("a"), Path("a"))], do, workers=1))


def test_leaving_early_stops_what_runs_and_starts_nothing_more() -> None:
    running, seen = threading.Event(), []

    def do(task: Task, step: Callable[[], None]) -> str:
        seen.append(task.source.name)
        if task.source.name == "first":
            return "done"
        running.set()
        try:
            while True:
                step()
        except Stopped:
            seen.append("stopped")
            raise

    todo = [Task(Path(name), Path(name)) for name in ("first", "endless", "never")]
    outcomes = work(todo, do, workers=1)
    assert next(outcomes) == Outcome(todo[0], result="done")
    assert running.wait(30)
    outcomes.close()  # type: ignore[attr-defined]  # what a for loop does when it is left by an exception
    assert seen == ["first", "endless", "stopped"]


def test_an_interrupt_that_does_not_wake_the_main_thread_is_noticed() -> None:
    """As one that comes just before it begins to wait."""
    main = threading.main_thread().ident
    assert main is not None

    def waits() -> bool:  # for a task to end, not for a thread to start
        codes = [frame.f_code for frame, _ in walk_stack(sys._current_frames()[main])]
        return codes[0] is threading.Condition.wait.__code__ and wait.__code__ in codes

    def do(task: Task, step: Callable[[], None]) -> str:
        while not waits():
            step()
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        while True:
            step()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have their background jobs ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            list(work([Task(Path("a"), Path("b"))], do, workers=1))
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_while_the_threads_are_started_stops_those_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    started, stopped, over = threading.Event(), threading.Event(), threading.Event()

    def do(task: Task, step: Callable[[], None]) -> str:
        started.set()
        try:
            while not over.wait(0.001):
                step()
            return "never stopped"
        except Stopped:
            stopped.set()
            raise

    submit = ThreadPoolExecutor.submit

    def interrupted(pool: ThreadPoolExecutor, *args: Any) -> Any:
        submit(pool, *args)
        assert started.wait(30)
        pool._threads.clear()  # type: ignore[attr-defined]  # as when it comes before the pool has noted the thread
        raise KeyboardInterrupt

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(work([Task(Path("a"), Path("b"))], do, workers=1))
    try:
        assert stopped.wait(10)
    finally:
        over.set()


def test_the_steps_of_all_threads_are_counted() -> None:
    ticks = Ticks()

    def do(task: Task, step: Callable[[], None]) -> int:
        for _ in range(50):
            step()
        return 50

    jobs = [Task(Path(str(number)), Path("out")) for number in range(8)]
    assert sum(outcome.result or 0 for outcome in work(jobs, ticks.counting(do), workers=4)) == ticks.count == 400
