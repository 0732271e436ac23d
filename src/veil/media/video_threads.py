"""Work that runs beside other work: a source read ahead, and a sink that follows behind.

Both hand over a bounded number of items, so memory stays bounded. Both stop at once when either side ends early, and no
thread is left when they return.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class _Abandoned(BaseException):
    """Unwinds a sink whose feeder has failed. Not an Exception, so that no sink mistakes it for one of its own."""


class _Channel(Generic[T]):
    """A bounded queue between two threads that either side can close."""

    def __init__(self, depth: int) -> None:
        self._items: deque[T] = deque()
        self._depth = depth
        self._changed = threading.Condition()
        self._ended = False  # nothing more will be put
        self._closed = False  # nothing more will be taken
        self._error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Hand an item over, waiting for room; False if the other side has gone."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._depth or self._closed)
            if not self._closed:
                self._items.append(item)
                self._changed.notify_all()
            return not self._closed

    def end(self, error: BaseException | None = None) -> None:
        """Say that nothing more will come, or why; an error is met after what has been put."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def abandon(self) -> None:
        """Throw away what has been put, and unwind the side that takes."""
        with self._changed:
            self._items.clear()
        self.end(_Abandoned())

    def close(self) -> None:
        """Say that nothing more will be taken."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended or self._closed)
                if self._items:
                    item = self._items.popleft()
                    self._changed.notify_all()
                elif self._error is not None:
                    raise self._error
                else:
                    return
            yield item


def ahead(source: Generator[T, None, None], depth: int) -> Generator[T, None, None]:
    """Yield what ``source`` yields, worked out in a thread that keeps up to ``depth`` items ready.

    The source runs wholly in that thread, its clean-up too. What it raises is raised here, after the items before it.
    """
    channel: _Channel[T] = _Channel(depth)

    def work() -> None:
        try:
            with closing(source):
                for item in source:
                    if not channel.put(item):
                        return
                    del item  # or a frame would be held while the next is waited for
        except BaseException as error:  # whatever it is, it belongs to the other thread
            channel.end(error)
        else:
            channel.end()

    thread = threading.Thread(target=work, name="veil-ahead", daemon=True)
    try:
        thread.start()
        yield from channel
    finally:
        channel.close()
        _join(thread)


@contextmanager
def behind(consume: Callable[[Iterator[T]], None], depth: int) -> Iterator[Callable[[T], None]]:
    """Run ``consume`` in a thread, over the items that the block hands in; up to ``depth`` of them wait.

    When the block ends, what was handed in is consumed to the end. When it raises, ``consume`` is unwound at its next
    item. What ``consume`` raises is raised in the block, at the next item handed in or at its end.

    Yields:
        A function that hands one item in.
    """
    channel: _Channel[T] = _Channel(depth)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            consume(iter(channel))
        except _Abandoned:
            pass
        except BaseException as error:  # whatever it is, it belongs to the other thread
            failures.append(error)
        finally:
            channel.close()

    def put(item: T) -> None:
        if not channel.put(item):
            thread.join()
            raise failures[0] if failures else RuntimeError("the sink ended before its items did")

    thread = threading.Thread(target=work, name="veil-behind", daemon=True)
    try:
        thread.start()
        yield put
    except BaseException:
        channel.abandon()
        _join(thread)
        raise
    channel.end()
    thread.join()
    if failures:
        raise failures[0]


def _join(thread: threading.Thread) -> None:
    """Wait for the end of a thread, unless an interrupt came before it was there; it then ends by itself."""
    if thread.is_alive():
        thread.join()
