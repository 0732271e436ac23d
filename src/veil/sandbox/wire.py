"""Messages between a program and a process that reads a file for it: a short header in MessagePack, and arrays.

The program does not trust the process: what comes is checked against a type, nothing is ever unpickled, and arrays are
taken only up to the size that the program expects. Pixels go through the socket itself: that takes a tenth of the time
that fresh shared memory does, and none of it can be changed or cut short once it was looked at.
"""

import select
import socket
import struct
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

Empty = Callable[[Sequence[int], np.dtype[Any]], NDArray[Any]]
"""Gives an array of some shape and dtype, with anything in it."""

_PREFIX = struct.Struct("<I")
_MOST_HEADER = 1 << 26  # colour profiles of many pages are in it
_MOST_SIDES = 3


class BrokenError(Exception):
    """The other side is gone, or says what it should not."""


class LateError(Exception):
    """The other side has not answered in time."""


class _Header(msgspec.Struct, array_like=True):
    word: str
    body: msgspec.Raw
    arrays: list[tuple[list[int], str]]


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """What was said.

    Attributes:
        word: What it is about.
        arrays: Pixels or samples.
        file: A copy of a descriptor of the other side's; -1 if none came.
    """

    word: str
    arrays: list[NDArray[Any]]
    file: int
    _body: bytes

    def read(self, kind: type[T]) -> T:
        """Return what the message holds besides arrays.

        Raises:
            BrokenError: It is of another type.
        """
        try:
            return msgspec.msgpack.decode(self._body, type=kind, dec_hook=_decode)
        except (msgspec.MsgspecError, ValueError, TypeError, ArithmeticError) as error:
            raise BrokenError from error


class Connection:
    """One end of a socket between two processes."""

    def __init__(self, end: socket.socket, *, takes_files: bool = False) -> None:
        """Take one end.

        Args:
            end: The socket.
            takes_files: Descriptors that come are kept; otherwise the system throws them away.
        """
        self._end = end
        self._takes_files = takes_files
        # One that is dropped with what an error held goes, too, and so does the process at the other end.
        self._forgotten = weakref.finalize(self, end.close)

    @property
    def is_quiet(self) -> bool:
        """Whether the other side is there and has said nothing that was not received yet."""
        poll = select.poll()
        poll.register(self._end, select.POLLIN)
        return not poll.poll(0)

    def send(
        self, word: str, body: object = None, arrays: Sequence[NDArray[Any]] = (), file: int | None = None
    ) -> None:
        """Say something.

        Args:
            word: What it is about.
            body: Anything made of numbers, texts, fractions and the values of types.py.
            arrays: Whole or broken into rows; copied where rows are not side by side.
            file: A descriptor that the other side gets a copy of.

        Raises:
            BrokenError: The other side is gone.
        """
        whole = [np.ascontiguousarray(each) for each in arrays]
        raw = msgspec.Raw(msgspec.msgpack.encode(body, enc_hook=_encode))
        header = msgspec.msgpack.encode(_Header(word, raw, [(list(each.shape), each.dtype.str) for each in whole]))
        try:
            start = _PREFIX.pack(len(header))
            if file is None:
                self._end.sendall(start + header)
            else:
                socket.send_fds(self._end, [start], [file])
                self._end.sendall(header)
            for each in whole:
                self._end.sendall(_bytes_of(each))
        except TimeoutError as error:
            raise LateError from error
        except OSError as error:
            raise BrokenError from error

    def receive(self, most_bytes: int, seconds: float | None = None, empty: Empty = np.empty) -> Message:
        """Wait for a message.

        Args:
            most_bytes: How large its arrays may be together.
            seconds: How long to wait for all of it; None for ever.
            empty: Gives the memory for an array.

        Raises:
            BrokenError: The other side is gone, or the message is not one.
            LateError: It did not come in time.
        """
        end = None if seconds is None else time.monotonic() + seconds
        start, file = self._start() if self._takes_files else (self._take(_PREFIX.size, end), -1)
        (size,) = _PREFIX.unpack(start)
        if size > _MOST_HEADER:
            raise BrokenError
        try:
            header = msgspec.msgpack.decode(self._take(size, end), type=_Header)
        except msgspec.MsgspecError as error:
            raise BrokenError from error
        arrays: list[NDArray[Any]] = []
        for shape, name in header.arrays:
            dtype = _dtype(name)
            count = int(np.prod([*shape, dtype.itemsize], dtype=object))
            most_bytes -= count
            if len(shape) > _MOST_SIDES or min(shape, default=0) < 0 or most_bytes < 0:
                raise BrokenError
            array = empty(shape, dtype)
            self._fill(_bytes_of(array), end)
            arrays.append(array)
        return Message(header.word, arrays, file, bytes(header.body))

    def wait_at_most(self, seconds: float | None) -> None:
        """Say how long send() may wait each time that the other side does not listen."""
        self._end.settimeout(seconds)

    def close(self) -> None:
        """Close it, also while another thread waits; the other side sees that."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._forgotten()

    def _start(self) -> tuple[bytes, int]:
        """Return the beginning of a message, which is sent as one, and the descriptor that comes with it."""
        start, files, _, _ = socket.recv_fds(self._end, _PREFIX.size, 1)
        if len(start) != _PREFIX.size:
            raise BrokenError
        return start, files[0] if files else -1

    def _take(self, size: int, end: float | None) -> bytes:
        data = bytearray(size)
        self._fill(memoryview(data), end)
        return bytes(data)

    def _fill(self, space: memoryview, end: float | None) -> None:
        got = 0
        try:
            while got < len(space):
                if end is not None:
                    self._end.settimeout(max(end - time.monotonic(), 0.001))
                count = self._end.recv_into(space[got:], 0, socket.MSG_WAITALL if end is None else 0)
                if not count:
                    raise BrokenError
                got += count
        except TimeoutError as error:
            raise LateError from error
        except OSError as error:
            raise BrokenError from error


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _dtype(name: str) -> np.dtype[Any]:
    if name not in ("|u1", "<u2", "<f4"):
        raise BrokenError
    return np.dtype(name)


def _encode(value: object) -> object:
    if isinstance(value, Fraction):
        return value.numerator, value.denominator
    raise TypeError


def _decode(kind: type, value: Any) -> object:
    if kind is Fraction:
        numerator, denominator = msgspec.convert(value, tuple[int, int])
        return Fraction(numerator, denominator)
    return _refuse(kind)


def _refuse(kind: type) -> NoReturn:
    raise TypeError(f"{kind.__name__} is not sent")
