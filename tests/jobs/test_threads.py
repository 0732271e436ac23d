import threading
from collections.abc import Iterator

import pytest

from tests.jobs.conftest import until
from veil.jobs.threads import ThreadQueue


class Work:
    """Waits until it may go on, and remembers what was done."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.go = threading.Event()

    def __call__(self, job_id: str) -> None:
        self.begun.append(job_id)
        assert self.go.wait(60)
        self.done.append(job_id)


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.go.set()


def test_so_many_are_worked_on_side_by_side(work: Work) -> None:
    queue = ThreadQueue(work, 2, threading.Event())
    for job_id in "abcd":
        queue.put(job_id)
    until(lambda: len(work.begun) == 2)
    work.go.set()
    until(lambda: sorted(work.done) == list("abcd"))
    queue.close()


def test_what_somebody_waits_for_goes_first_and_each_once(work: Work) -> None:
    queue = ThreadQueue(work, 1, threading.Event())
    queue.put("first")
    until(lambda: work.begun == ["first"])
    for job_id in ("a", "b", "a", "c"):
        queue.put(job_id)
    queue.put("c", soon=True)
    queue.put("d", soon=True)
    queue.put("c")
    work.go.set()
    until(lambda: len(work.done) == 5)
    assert work.done == ["first", "c", "d", "a", "b"]
    queue.close()


def test_a_photo_hinted_while_it_is_worked_on_has_its_turn_afterwards(work: Work) -> None:
    queue = ThreadQueue(work, 2, threading.Event())
    queue.put("a")
    until(lambda: work.begun == ["a"])
    queue.put("a", soon=True)
    queue.put("b")
    until(lambda: work.begun == ["a", "b"])
    work.go.set()
    until(lambda: sorted(work.done) == ["a", "a", "b"])
    queue.close()


def test_close_waits_for_the_work_under_way_and_begins_nothing(work: Work) -> None:
    stopping = threading.Event()
    queue = ThreadQueue(work, 1, stopping)
    queue.put("a")
    until(lambda: work.begun == ["a"])
    queue.put("b")
    closing = threading.Thread(target=queue.close)
    closing.start()
    assert stopping.wait(60)
    assert closing.is_alive()
    work.go.set()
    closing.join(60)
    assert (closing.is_alive(), work.done) == (False, ["a"])
