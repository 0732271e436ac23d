"""The process that all others are forked from: it has loaded what decodes, and never reads a file.

It ends with the program that started it, whatever ends that, and the processes end with it. Closing the socket to one
of them ends that one.
"""

import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise

import msgspec

from veil import memory
from veil.sandbox.fences import Bounds, Fences
from veil.sandbox.wire import Connection

DONE = b"done"
"""The answer to an order."""

MOST_ORDER = 1 << 16
"""Bytes of an order."""

_MOST_DESCRIPTORS = 1 << 20


class Order(msgspec.Struct):
    """One process that is wanted.

    Attributes:
        module: Has the function serve(connection), which the process is to run.
        loaded: Names of other modules to be loaded before the fences close.
        bounds: How much it may use.
    """

    module: str
    loaded: tuple[str, ...]
    bounds: Bounds


class Greeting(msgspec.Struct):
    """What is said first.

    Attributes:
        missing: The fences that the system does not offer.
    """

    missing: tuple[str, ...]


@dataclass(slots=True)
class _Child:
    pid: int
    ended: int  # a descriptor that can be read once the process has ended
    talk: socket.socket  # tells when whoever talks to it hangs up


def serve(control: socket.socket, modules: Sequence[str]) -> None:
    """Fork a process for each order, until whoever orders is gone.

    Args:
        control: Where orders come from, each with one end of a socket.
        modules: To be loaded at once.
    """
    fences = Fences()
    _load(modules)
    control.send(msgspec.json.encode(Greeting(fences.missing)))
    poll = select.poll()
    poll.register(control, select.POLLIN)
    children: dict[int, _Child] = {}  # by both of their descriptors
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == control.fileno():
                data, files, _, _ = socket.recv_fds(control, MOST_ORDER, 1)
                if not data:
                    for pid in {child.pid for child in children.values()}:
                        os.kill(pid, signal.SIGKILL)
                        os.waitpid(pid, 0)
                    return
                child = _fork(msgspec.json.decode(data, type=Order), socket.socket(fileno=files[0]), fences)
                control.send(DONE)
                for each, events in ((child.ended, select.POLLIN), (child.talk.fileno(), 0)):
                    children[each] = child
                    poll.register(each, events)
            elif descriptor in children:
                child = children[descriptor]
                if descriptor == child.ended:
                    os.waitpid(child.pid, 0)
                    for each in (child.ended, child.talk.fileno()):
                        if children.pop(each, None):
                            poll.unregister(each)
                    os.close(child.ended)
                    child.talk.close()
                else:
                    os.kill(child.pid, signal.SIGKILL)  # not buried yet, so the number is still its own
                    poll.unregister(descriptor)
                    del children[descriptor]


def _load(modules: Sequence[str]) -> None:
    """Load modules, and leave room in the heap behind what they hold."""
    if any(name not in sys.modules for name in modules):
        for name in modules:
            import_module(name)
        memory.make_room()


def _fork(order: Order, talk: socket.socket, fences: Fences) -> _Child:
    _load((order.module, *order.loaded))
    gc.freeze()  # or the first collection in each process would copy all that it looks at
    pid = os.fork()
    if not pid:
        _run(order, talk, fences)
    return _Child(pid, os.pidfd_open(pid), talk)


def _run(order: Order, talk: socket.socket, fences: Fences) -> None:
    """Do what an order wants in this process, and end it."""
    try:
        close_all_but(talk.fileno(), *fences.descriptors)
        fences.close_around(order.bounds)
        import_module(order.module).serve(Connection(talk, takes_files=True))
    finally:
        os._exit(0)


def close_all_but(*kept: int) -> None:
    """Close all descriptors from 3 on but some."""
    for low, high in pairwise([2, *sorted(kept), _MOST_DESCRIPTORS]):
        os.closerange(low + 1, high)


def fork_here(control: socket.socket, modules: Sequence[str]) -> int:
    """Fork this process, which has one thread and holds nothing secret, into one that serves; return its number.

    It saves the half second of processor time that a new interpreter takes to load the codecs.
    """
    pid = os.fork()
    if not pid:
        try:
            os.setsid()  # Ctrl-C goes to the program, which ends this one
            nothing = os.open(os.devnull, os.O_RDWR)
            for standard in range(3):
                os.dup2(nothing, standard)
            os.chdir("/")
            close_all_but(control.fileno())
            serve(control, modules)
        finally:
            os._exit(0)
    return pid


def main() -> None:
    """Serve the socket whose number is the first argument."""
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])


if __name__ == "__main__":
    main()
