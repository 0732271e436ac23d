"""One video at a time: each takes far more memory and time than a photo, and photos should not wait behind several."""

import threading
from collections import deque


class Turns:
    """Lets one piece of work of a process begin and remembers what else wanted to. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._busy = False
        self._waiting: deque[str] = deque()

    def begin(self, job_id: str, *, soon: bool = False) -> bool:
        """Take the turn; or say that somebody else has it, who will find the id with next().

        Args:
            job_id: Whose turn it is to be.
            soon: It goes before others that wait.
        """
        with self._changing:
            if not self._busy:
                self._busy = True
                return True
            if job_id not in self._waiting:
                (self._waiting.appendleft if soon else self._waiting.append)(job_id)
            return False

    def end(self) -> None:
        """Give the turn back. Whoever had it asks for next() then."""
        with self._changing:
            self._busy = False

    def next(self) -> str | None:
        """Return who has waited longest and is not waiting any more; None if the turn is taken or nobody waits."""
        with self._changing:
            return self._waiting.popleft() if self._waiting and not self._busy else None
