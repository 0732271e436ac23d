"""Threads that work beside others: in order, bounded, honest about errors, and gone at the end."""

import threading
from collections.abc import Generator, Iterator

import pytest

from veil.media.video_threads import ahead, behind


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


class Source:
    """Numbers from 0, with a note of how far it has come and whether it was cleaned up."""

    def __init__(self, stop: int, error: BaseException | None = None) -> None:
        self.made = 0
        self.cleaned = False
        self.thread: threading.Thread | None = None
        self._stop, self._error = stop, error

    def __iter__(self) -> Generator[int, None, None]:
        self.thread = threading.current_thread()
        try:
            for number in range(self._stop):
                self.made = number + 1
                yield number
            if self._error:
                raise self._error
        finally:
            self.cleaned = threading.current_thread() is self.thread


def test_ahead_yields_everything_in_order_from_another_thread() -> None:
    source = Source(1000)
    assert list(ahead(iter(source), 3)) == list(range(1000))
    assert source.cleaned and source.thread is not threading.current_thread()


def test_ahead_runs_no_further_than_its_depth() -> None:
    source = Source(1000)
    for number in ahead(iter(source), 3):
        assert source.made <= number + 1 + 3 + 1


def test_ahead_tells_of_an_error_after_what_came_before_it() -> None:
    source, seen = Source(5, ValueError("broken")), []
    with pytest.raises(ValueError, match="broken"):
        for number in ahead(iter(source), 2):
            seen.append(number)
    assert seen == list(range(5)) and source.cleaned


def test_ahead_stops_when_nobody_wants_more() -> None:
    source = Source(10**9)
    numbers = ahead(iter(source), 2)
    assert next(numbers) == 0
    numbers.close()
    assert source.cleaned and source.made < 10


def test_ahead_stops_when_its_reader_fails() -> None:
    source = Source(10**9)
    with pytest.raises(KeyboardInterrupt):
        for number in ahead(iter(source), 2):
            if number == 3:
                raise KeyboardInterrupt
    assert source.cleaned


def test_ahead_starts_no_thread_before_it_is_read() -> None:
    numbers = ahead(iter(Source(3)), 2)
    assert not [thread for thread in threading.enumerate() if thread.name == "veil-ahead"]
    numbers.close()


def test_behind_consumes_everything_in_order() -> None:
    got: list[int] = []
    with behind(got.extend, 2) as put:
        for number in range(100):
            put(number)
    assert got == list(range(100))


def test_behind_lets_the_feeder_run_no_further_than_its_depth() -> None:
    taken, most = 0, 0

    def consume(items: Iterator[int]) -> None:
        nonlocal taken, most
        for number in items:
            taken = number + 1

    with behind(consume, 3) as put:
        for number in range(500):
            most = max(most, number - taken)
            put(number)
    assert most <= 3 + 1


@pytest.mark.parametrize("fails_at", [0, 3, 99])
def test_behind_tells_its_feeder_of_an_error(fails_at: int) -> None:
    def consume(items: Iterator[int]) -> None:
        for number in items:
            if number == fails_at:
                raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), behind(consume, 2) as put:
        for number in range(100):
            put(number)


def test_behind_unwinds_the_sink_when_its_feeder_fails() -> None:
    ended: list[str] = []

    def consume(items: Iterator[int]) -> None:
        try:
            for _ in items:
                pass
            ended.append("well")
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    with pytest.raises(KeyboardInterrupt), behind(consume, 2) as put:
        put(1)
        raise KeyboardInterrupt
    assert ended == ["_Abandoned"]


def test_behind_notices_a_sink_that_ends_early() -> None:
    with pytest.raises(RuntimeError, match="ended before"), behind(lambda items: None, 2) as put:
        for number in range(100):
            put(number)


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Ctrl-C come when a thread has just been started."""
    start = threading.Thread.start

    def start_and_raise(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start_and_raise)


@pytest.mark.usefixtures("interrupted")
def test_ahead_leaves_no_thread_when_it_is_interrupted_as_it_begins() -> None:
    source = Source(1000)
    with pytest.raises(KeyboardInterrupt):
        next(ahead(iter(source), 3))
    assert source.made <= 4


@pytest.mark.usefixtures("interrupted")
def test_behind_leaves_no_thread_when_it_is_interrupted_as_it_begins() -> None:
    seen: list[int] = []

    def consume(items: Iterator[int]) -> None:
        seen.extend(items)

    with pytest.raises(KeyboardInterrupt), behind(consume, 3):
        raise AssertionError("nothing can be handed in")
    assert not seen
