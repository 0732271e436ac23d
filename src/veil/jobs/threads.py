"""Workers inside the server: threads, which need no set-up. The heavy parts of the work let other threads run."""

import threading
from collections.abc import Callable


class ThreadQueue:
    """Brings hints to threads of this process. A photo waits once, however often it is hinted, and has one thread.

    Args:
        work: Does what a photo wants; never fails.
        workers: How many photos are worked on side by side.
        stopping: Set by close(), for the work under way.
    """

    def __init__(self, work: Callable[[str], None], workers: int, stopping: threading.Event) -> None:
        self._work = work
        self._stopping = stopping
        self._changed = threading.Condition()
        self._soon: dict[str, None] = {}  # in order, each once
        self._later: dict[str, None] = {}
        self._busy: set[str] = set()
        self._threads = [
            threading.Thread(target=self._run, name=f"veil-work-{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, job_id: str, *, soon: bool = False) -> None:
        """Say that a photo wants work. As Queue.put()."""
        with self._changed:
            if soon:
                self._later.pop(job_id, None)
                self._soon[job_id] = None
            elif job_id not in self._soon:
                self._later[job_id] = None
            self._changed.notify()

    def close(self) -> None:
        """Stop; the work under way ends at its next step."""
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (job_id := self._next()) is not None:
            try:
                self._work(job_id)
            finally:
                with self._changed:
                    self._busy.remove(job_id)
                    self._changed.notify()  # it may have been hinted again meanwhile

    def _next(self) -> str | None:
        """Wait for a photo that no other thread works on; None once this is closed."""
        with self._changed:
            while not self._stopping.is_set():
                for waiting in (self._soon, self._later):
                    job_id = next((each for each in waiting if each not in self._busy), None)
                    if job_id is not None:
                        del waiting[job_id]
                        self._busy.add(job_id)
                        return job_id
                self._changed.wait()
        return None
