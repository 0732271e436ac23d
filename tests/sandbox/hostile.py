"""Reads pictures as usual, behind the same fences, until one with a word in it does what a hostile file would."""

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from veil.errors import InputError
from veil.media.image import open_picture
from veil.sandbox import serve_picture
from veil.sandbox.wire import Connection

MARK = b"hostile:"


def word(data: bytes) -> tuple[str, str] | None:
    """What a file asks for, and with what."""
    if MARK not in data:
        return None
    name, _, what = data.split(MARK)[1].decode().partition(":")
    return name, what


def _crash(what: str) -> None:
    ctypes.string_at(0)


def _hang(what: str) -> NoReturn:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def _bomb(what: str) -> NoReturn:
    held = []
    while True:
        held.append(bytearray(1 << 26))


def _write(what: str) -> None:
    Path(what).write_text("here I was")


def _read(what: str) -> None:
    Path(what).read_bytes()


def _connect(what: str) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("127.0.0.1", int(what)))


def _execute(what: str) -> None:
    subprocess.run(["/bin/sh", "-c", f"echo > {what}"], check=True)


def _kill(what: str) -> None:
    os.kill(int(what), signal.SIGKILL)


def _quit(what: str) -> NoReturn:
    os._exit(0)


DEEDS: dict[str, Callable[[str], Any]] = {
    "abort": lambda what: os.abort(),
    "crash": _crash,
    "quit": _quit,
    "hang": _hang,
    "bomb": _bomb,
    "write": _write,
    "read": _read,
    "connect": _connect,
    "socket": lambda what: socket.socketpair(),
    "execute": _execute,
    "kill": _kill,
    "fork": lambda what: os.fork() or os._exit(0),
    "trace": lambda what: _no(ctypes.CDLL(None).ptrace(16, os.getppid(), None, None)),
}


def _no(answer: int) -> None:
    if answer < 0:
        raise PermissionError


def _open(data: bytes, **settings: Any) -> Any:
    wanted = word(data)
    if wanted is not None:
        try:
            DEEDS[wanted[0]](wanted[1])
        except PermissionError as error:
            raise InputError("It was not allowed.") from error
        raise InputError("It was done!")
    return open_picture(data, **settings)


def serve(connection: Connection) -> None:
    vars(serve_picture)["open_picture"] = _open
    serve_picture.serve(connection)
