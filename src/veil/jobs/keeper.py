"""The keeper: has lost hints repeated and old photos deleted, for as long as the server runs."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from veil.errors import VeilError
from veil.jobs.queue import Queue
from veil.jobs.store import Store
from veil.jobs.sweep import Sweeper

TICK_SECONDS = 2.0
SWEEP_SECONDS = 30.0
FIRST_WAIT_SECONDS = 20.0
LONGEST_WAIT_SECONDS = 320.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Hint:
    """When a photo was last said to want work, and how long to wait before saying so again."""

    given: float
    wait: float


class Keeper:
    """Repeats hints whose photos nobody works on, and sweeps.

    A photo whose worker died is hinted at the next tick; one that nobody has begun may only be waiting in line, so
    its hint is repeated after 20 seconds at first and ever more seldom later. Several keepers may share a store.

    Args:
        store: What is kept.
        queue: Where hints go.
        sweeper: Sweeps the store.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self, store: Store, queue: Queue, sweeper: Sweeper, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._queue = queue
        self._sweeper = sweeper
        self._clock = clock
        self._hints: dict[str, _Hint] | None = None
        self._swept = float("-inf")
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="veil-keeper", daemon=True)

    def start(self) -> None:
        """Begin; the first tick hints all that a killed server left unfinished."""
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def tick(self) -> None:
        """Repeat the hints that are due, and sweep if that is."""
        now = self._clock()
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            self._sweeper.sweep()
        self._repeat_hints(now)

    def _repeat_hints(self, now: float) -> None:
        # None: just started, so that nobody here has hinted anything; later, what is new has just been hinted.
        known = self._hints
        self._hints = {}
        for job_id, begun in self._store.unfinished():
            hint = (known or {}).get(job_id)
            if hint is None and known is not None and not begun:
                hint = _Hint(now, FIRST_WAIT_SECONDS)
            elif hint is None:
                hint = _Hint(now, FIRST_WAIT_SECONDS)
                self._queue.put(job_id)
            elif begun or now - hint.given >= hint.wait:
                hint = _Hint(now, min(2 * hint.wait, LONGEST_WAIT_SECONDS))
                self._queue.put(job_id)
            self._hints[job_id] = hint

    def _run(self) -> None:
        while True:
            try:
                self.tick()
            except (OSError, VeilError) as error:  # a full disk or a network share that is away: it may come back
                log.warning("the store could not be looked after: %s", type(error).__name__)
            if self._closed.wait(TICK_SECONDS):
                return
