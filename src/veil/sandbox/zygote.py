"""The process that all others are forked from, one for each file: it has loaded what decodes, and never reads a file.

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

from veil.sandbox.fences import Bounds, Fences
from veil.sandbox.wire import Connection

MOST_ORDER = 1 << 16
"""Bytes of an order."""

_MOST_DESCRIPTORS = 1 << 20


class Order(msgspec.Struct):
    """One process that is wanted.

    Attributes:
        module: Has the function serve(connection, file), which the process is to run.
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
        control: Where orders come from, each with two descriptors: one end of a socket, and the file.
        modules: To be loaded at once.
    """
    fences = Fences()
    for name in modules:
        import_module(name)
    control.send(msgspec.json.encode(Greeting(fences.missing)))
    poll = select.poll()
    poll.register(control, select.POLLIN)
    children: dict[int, _Child] = {}  # by both of their descriptors
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == control.fileno():
                data, files, _, _ = socket.recv_fds(control, MOST_ORDER, 2)
                if not data:
                    return
                child = _fork(msgspec.json.decode(data, type=Order), files, fences)
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


def _fork(order: Order, files: Sequence[int], fences: Fences) -> _Child:
    for name in (order.module, *order.loaded):
        import_module(name)
    talk, file = socket.socket(fileno=files[0]), files[1]
    gc.freeze()  # or the first collection in each process would copy all that it looks at
    pid = os.fork()
    if not pid:
        _run(order, talk, file, fences)
    os.close(file)
    return _Child(pid, os.pidfd_open(pid), talk)


def _run(order: Order, talk: socket.socket, file: int, fences: Fences) -> None:
    """Serve one file in this process and end it."""
    try:
        kept = sorted({2, talk.fileno(), file, *fences.descriptors})
        for low, high in pairwise([*kept, _MOST_DESCRIPTORS]):
            os.closerange(low + 1, high)
        fences.close_around(order.bounds)
        import_module(order.module).serve(Connection(talk, takes_files=True), file)
    finally:
        os._exit(1)


def main() -> None:
    """Serve the socket whose number is the first argument."""
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])


if __name__ == "__main__":
    main()
