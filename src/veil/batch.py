"""Many pictures and videos in one go: which files, where results go, and doing them side by side."""

import glob
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from veil.errors import InputError, OutputError, UsageError, VeilError
from veil.files import WITHHELD

T = TypeVar("T")

MARK = ".veiled"
"""Ends the name, before its ending, of a result that lies beside its input."""

NOTICED_SECONDS = 0.5
"""How long Ctrl-C may stay unnoticed: if it comes just before Python begins to wait, the wait has to end first."""


@dataclass(frozen=True, slots=True)
class Task:
    """One picture or video to be worked on.

    Attributes:
        source: The picture or video.
        target: The file to be made of it.
    """

    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How the work on one picture ended: with a result, or with an error and no file."""

    task: Task
    result: T | None = None
    error: VeilError | None = None


class Ticks:
    """Counts the frames and pages that are done, for whoever watches. Safe for several threads."""

    def __init__(self) -> None:
        self.count = 0
        self._counting = threading.Lock()

    def counting(self, do: Callable[[Task, Callable[[], None]], T]) -> Callable[[Task, Callable[[], None]], T]:
        """Return a function for work() that does the same, and counts its steps."""

        def counted(task: Task, step: Callable[[], None]) -> T:
            def tick() -> None:
                with self._counting:
                    self.count += 1
                step()

            return do(task, tick)

        return counted


class Stopped(Exception):  # noqa: N818 - not an error: the user asked for it
    """Raised in the middle of a picture when the whole batch is to stop."""


def gather(
    inputs: Sequence[str],
    output: Path | None,
    *,
    name: Callable[[Path], str],
    beside: Callable[[Path], str],
    takes: Callable[[Path], bool],
) -> tuple[list[Task], list[Path]]:
    """Return what is to be done for inputs as a user names them.

    Without ``output`` every result goes beside its input. One file goes to ``output``, which is a folder if it has no
    ending. Several files, and those of a folder under the same names, go into the folder ``output``.

    Args:
        inputs: Files, folders and glob patterns.
        output: A file or folder.
        name: Gives a result's name for a picture, for results in another folder.
        beside: The same for results beside their inputs.
        takes: Whether a file in a folder is meant; named files are always taken.

    Returns:
        The tasks, and the files in folders that are not meant.

    Raises:
        UsageError: Two results would have the same name, or an input has none.
        OutputError: A result would replace an input.
    """
    paths = [path for text in inputs for path in _expand(text)]
    tasks: list[Task] = []
    left_out: list[Path] = []
    for path in paths:
        if path.is_dir():
            taken, others = _walk(path, output, takes)
            left_out += others
            inner = Path(path.resolve().name) if len(paths) > 1 else Path()
            places = [inner / source.relative_to(path).parent for source in taken]
        else:
            taken, places = [path], [Path()]
        for source, place in zip(taken, places, strict=True):
            if output is None:
                target = source.with_name(beside(source))
            elif paths == [source] and output.suffix and not output.is_dir():
                target = output
            else:
                target = output / place / name(source)
            tasks.append(Task(source, target))
    tasks = _apart(tasks)
    refuse_inputs([task.target for task in tasks], tasks)
    return tasks, left_out


def results(inputs: Sequence[str], takes: Callable[[Path], bool]) -> list[Path]:
    """Return the files that a user means who speaks of results; in folders, all that are taken and not hidden.

    Raises:
        UsageError: One has an empty name.
    """
    found: list[Path] = []
    for path in (path for text in inputs for path in _expand(text)):
        found += [each for each in _visible(path) if each.is_dir() or takes(each)] if path.is_dir() else [path]
    return found


def work(
    tasks: Sequence[Task],
    do: Callable[[Task, Callable[[], None]], T],
    *,
    workers: int,
    give_up: Callable[[], None] = lambda: None,
) -> Iterator[Outcome[T]]:
    """Do every task, several at a time, and yield how each ended, as they end.

    Args:
        tasks: What to do.
        do: Does one task; is given a function to call now and then, which raises Stopped once the batch is to stop.
        workers: How many are done at a time.
        give_up: Ends what a task may wait for long between two steps; called when the batch is to stop before its end.
    """
    stop = threading.Event()

    def step() -> None:
        if stop.is_set():
            raise Stopped

    def attempt(task: Task) -> Outcome[T]:
        step()
        try:
            return Outcome(task, result=do(task, step))
        except VeilError as error:
            return Outcome(task, error=error)
        except MemoryError:
            return Outcome(task, error=InputError("There is not enough memory for this file; nothing was written."))

    with ThreadPoolExecutor(workers) as pool:
        try:  # from the first thread on: an interrupt may come while the others are started
            waiting = {pool.submit(attempt, task) for task in tasks}
            while waiting:
                done, waiting = wait(waiting, timeout=NOTICED_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BaseException:
            stop.set()
            give_up()
            raise
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _expand(text: str) -> list[Path]:
    """Return the paths that an input stands for: the matches of a pattern, or itself."""
    if not text:  # a path made of it would be the folder one is in, with all below it
        raise UsageError(
            "The name of an input is empty; nothing was done. Name a file or folder, such as . for this one."
        )
    if Path(text).exists() or not glob.has_magic(text):
        return [Path(text)]
    matches = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
    return [Path(match) for match in matches or [text]]


def _walk(folder: Path, output: Path | None, takes: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """Return the files below a folder that are meant, and the others, such as earlier results; hidden ones are neither.

    What lies in the output folder is neither, too.
    """
    inside = output.resolve() if output is not None and output.resolve() != folder.resolve() else None
    pictures: list[Path] = []
    others: list[Path] = []
    for path in _visible(folder):
        is_output = inside is not None and path.resolve().is_relative_to(inside)
        if not is_output:
            taken = path.is_dir() or (takes(path) and not path.stem.endswith((MARK, WITHHELD)))
            (pictures if taken else others).append(path)
    return pictures, others


def _visible(folder: Path) -> list[Path]:
    """Return the files below a folder that are not hidden, in order of their names, and folders that cannot be read.

    Who works on one of these fails, and tells it by its name; what is in it would else be left out in silence.
    """
    found: list[Path] = []

    def note(error: OSError) -> None:
        found.append(Path(error.filename))

    for place, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [path for name in names if not name.startswith(".") and (path := Path(place, name)).is_file()]
    return sorted(found)


def _apart(tasks: Sequence[Task]) -> list[Task]:
    """Give results that would have the same name the input's whole name, and refuse what still collides."""
    wanted = Counter(task.target for task in tasks)
    apart = [
        replace(task, target=task.target.with_name(task.source.name + task.target.suffix))
        if wanted[task.target] > 1 and task.source.name != task.target.name
        else task
        for task in tasks
    ]
    again = [target for target, count in Counter(task.target for task in apart).items() if count > 1]
    if again:
        raise UsageError(
            f"Several inputs would be written to {again[0]}; nothing was done.\n"
            "Run Veil once for each of them, with another --output."
        )
    return apart


def refuse_inputs(targets: Sequence[Path], tasks: Sequence[Task]) -> None:
    """Refuse to write over the input of any task, by whatever name it is called.

    Raises:
        OutputError: A target is an input.
    """
    inputs = {_identity(task.source) for task in tasks}
    for target in targets:
        if target.exists() and _identity(target) in inputs:
            raise OutputError(
                f"The result would replace the input {target}; nothing was done.\n"
                "Choose another name or folder with --output."
            )


def _identity(path: Path) -> tuple[int, int] | Path:
    try:
        facts = path.stat()
    except OSError:
        return path
    return facts.st_dev, facts.st_ino
