"""One process that reads a file, as the program sees it, and one file, for which there may be several."""

import io
import os
import shutil
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from veil import errors
from veil.errors import InputError, VeilError, plain
from veil.sandbox.wire import BrokenError, Connection, Empty, LateError, Message

T = TypeVar("T")

Item = tuple[object, Sequence[NDArray[Any]]]
"""What a message holds: its body, and its arrays."""

_ERRORS = {kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type)}
_MOST_TEXT = 1000


class UnforeseenError(Exception):
    """Something that nobody foresaw went wrong behind the fences."""


class Child:
    """A process that reads or writes files and does what it is asked, one thing after the other.

    Whatever it does instead becomes an InputError; it is of no more use then, and has to be closed.
    """

    def __init__(self, connection: Connection, seconds: float, loaded: frozenset[str]) -> None:
        """Take a process that has just been forked.

        Args:
            connection: To it.
            seconds: How long it may take for each answer.
            loaded: What it has loaded besides what all have.

        Attributes:
            files: How many files it has been used for.
        """
        self.files = 0
        self.seconds = seconds
        self.loaded = loaded
        self._connection = connection

    @property
    def is_ready(self) -> bool:
        """Whether it waits for something to be asked: the system may have ended it when memory ran out."""
        return self._connection.is_quiet

    def ask(
        self,
        word: str,
        body: object,
        answer: type[T],
        *,
        inputs: Sequence[Iterable[Item]] = (),
        file: int | None = None,
    ) -> T:
        """Have something done and return the answer.

        Args:
            word: What.
            body: What belongs to it.
            answer: Type of the answer.
            inputs: Sequences of which the process takes one item after the other, while it does it.
            file: A descriptor that it gets a copy of.

        Raises:
            InputError: It crashed, took too long, or did what it should not.
            VeilError: It says so.
        """
        sources = [iter(each) for each in inputs]
        with telling():
            self._send(word, body, file=file)
            while (message := self._receive(0)).word == "want":
                number = message.read(int)
                if not 0 <= number < len(sources):
                    raise BrokenError
                item = next(sources[number], None)
                if item is None:
                    self._send("end")
                else:
                    self._send("item", *item)
            if message.word != "result":
                raise BrokenError
            return message.read(answer)

    def stream(
        self, word: str, body: object, most_bytes: int, empty: Empty = np.empty
    ) -> Generator[Message, None, None]:
        """Have something done and yield what it gives; it has to be read to the end before anything else is asked.

        Args:
            word: What.
            body: What belongs to it.
            most_bytes: How large the arrays of one item may be together.
            empty: Gives the memory for them.

        Raises:
            VeilError: As for ask().
        """
        with telling():
            self._send(word, body)
            while (message := self._receive(most_bytes, empty)).word == "item":
                yield message
            if message.word != "end":
                raise BrokenError

    def close(self) -> None:
        """End the process."""
        self._connection.close()

    def _send(
        self, word: str, body: object = None, arrays: Sequence[NDArray[Any]] = (), file: int | None = None
    ) -> None:
        self._connection.wait_at_most(self.seconds)
        self._connection.send(word, body, arrays, file)

    def _receive(self, most_bytes: int, empty: Empty = np.empty) -> Message:
        message = self._connection.receive(most_bytes, self.seconds, empty)
        if message.word == "error":
            name, text = message.read(tuple[str, str])
            raise _error(name, text)
        return message


@contextmanager
def telling() -> Iterator[None]:
    """Raise InputError where the process in the block does not do what it should."""
    try:
        yield
    except BrokenError as error:
        raise InputError(
            "Reading or writing this file crashed the process that was set apart for it, which damaged files and "
            "files made to do harm can cause; nothing was made from it. Try another copy of the file."
        ) from error
    except LateError as error:
        raise InputError(
            "Reading or writing this file took far longer than such a file should, so it was given up; "
            "nothing was made from it. Try another copy of the file."
        ) from error


def _error(name: str, text: str) -> Exception:
    """Return the error that a process tells of; its words are not trusted to be plain text."""
    words = plain(text[:_MOST_TEXT])
    if name == MemoryError.__name__:
        return MemoryError()
    kind = _ERRORS.get(name)
    return kind(words) if kind is not None and issubclass(kind, VeilError) else UnforeseenError(words)


class Readers:
    """The processes that serve one file: one while one thing is done, more while several are. Safe for several threads.

    Closing it lets go of them.
    """

    def __init__(self, take: Callable[[frozenset[str]], Child], give_back: Callable[[Child], None]) -> None:
        """Begin without any.

        Args:
            take: Gives one that is ready for the file, with some modules loaded.
            give_back: Takes one that has nothing left to do.
        """
        self._take_new = take
        self._give_back = give_back
        self._changing = threading.Lock()
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._closed = False

    @contextmanager
    def one(self, *loaded: str) -> Iterator[Child]:
        """Give a process for the length of the block; one that is not done with what it was asked is ended.

        Args:
            loaded: Modules that it needs.

        Raises:
            UsageError: The file has been closed.
        """
        child = self._take(frozenset(loaded))
        try:
            yield child
        except BaseException:
            with self._changing:
                self._busy.discard(child)
            child.close()
            raise
        with self._changing:
            kept = child in self._busy
            if kept:
                self._busy.discard(child)
                self._idle.append(child)

    def close(self) -> None:
        """Let go of all processes; those that are at work are ended."""
        with self._changing:
            self._closed = True
            idle, busy = self._idle, self._busy
            self._idle, self._busy = [], set()
        for child in busy:
            child.close()
        for child in idle:
            self._give_back(child)

    def _take(self, loaded: frozenset[str]) -> Child:
        with self._changing:
            if self._closed:
                raise errors.UsageError("The file has been closed; open it again to read it.")
            for child in self._idle:
                if child.loaded >= loaded:
                    self._idle.remove(child)
                    self._busy.add(child)
                    return child
        child = self._take_new(loaded)
        with self._changing:
            self._busy.add(child)
        return child


@contextmanager
def descriptor_of(stream: BinaryIO) -> Iterator[int]:
    """Give a descriptor of an empty file; what is in it at the end of the block is in the stream.

    The file is opened anew for it: a lock on the stream, which says that this program lives, is not handed on.
    """
    try:
        own = stream.fileno()
    except io.UnsupportedOperation:
        with os.fdopen(os.memfd_create("veil"), "w+b") as file:
            yield file.fileno()
            file.seek(0)
            shutil.copyfileobj(file, stream)
        return
    with Path(f"/proc/self/fd/{own}").open("r+b") as file:
        yield file.fileno()
