"""What the processes that read files have in common: they do what is asked, one thing after the other, and tell errors.

Everything here runs behind the fences.
"""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from veil.errors import OutputError, VeilError
from veil.sandbox.wire import BrokenError, Connection, Message

MOST_BYTES = 1 << 40
"""Of what comes from the program, which is trusted."""

Ask = Callable[[Message, "Caller"], None]


class Caller:
    """Whoever asks, while one thing is done for it. Safe to use from several threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asking = threading.Lock()
        self.give = connection.send

    def items(self, number: int) -> Generator[Message, None, None]:
        """Yield the items of one of the sequences that were promised with what is asked."""
        while True:
            with self._asking:
                self._connection.send("want", number)
                message = self._connection.receive(MOST_BYTES)
            if message.word == "end":
                return
            yield message


def answer(connection: Connection, asks: Mapping[str, Ask]) -> None:
    """Do what is asked until nobody is there any more.

    Args:
        connection: Where it is asked.
        asks: What can be asked; each gives its answer itself.
    """
    while True:
        try:
            message = connection.receive(MOST_BYTES)
        except BrokenError:
            return
        try:
            asks[message.word](message, Caller(connection))
        except BrokenError:
            return
        except VeilError as error:
            connection.send("error", (type(error).__name__, str(error)))
        except MemoryError:
            connection.send("error", (MemoryError.__name__, ""))
        except Exception as error:  # told to the program, which knows what to do with what nobody foresaw
            connection.send("error", (Exception.__name__, _place_of(error)))


@contextmanager
def writable(message: Message) -> Iterator[BinaryIO]:
    """Give the file that came with a message, for writing and reading.

    Raises:
        OutputError: The disk refused something, which may show only when the file is closed.
    """
    try:
        with open(message.file, "r+b") as file:  # noqa: PTH123 - a descriptor
            yield file
    except (VeilError, BrokenError):
        raise
    except OSError as error:
        raise OutputError(
            f"The result could not be written ({error.strerror or error}); nothing was made. "
            "Check that the disk has space and can be written to."
        ) from error


def _place_of(error: Exception) -> str:
    """Return the type and the place of an error, which tell enough: its message could hold something of the file."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" at {place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
    return f"{type(error).__name__}{where}"
