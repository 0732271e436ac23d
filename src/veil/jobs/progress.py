"""How far the work on a picture with many frames is, and whether it should go on."""

import math
import threading
import time
from collections.abc import Callable

from veil.errors import StoppedError
from veil.jobs.folder import JobFolder, no_such_photo

EVERY_SECONDS = 0.3


class Stopped(Exception):  # noqa: N818 - not an error: the server closes, and the work goes on when it is opened again
    """Stops the work on a photo."""


class Superseded(Exception):  # noqa: N818 - not an error: something else is wanted by now
    """Stops one part of the work on a photo."""


class Progress:
    """Counts frames and tells those who listen, now and then. One photo's work calls step() after each frame.

    Args:
        folder: The photo's.
        stopping: Set when the process is to end.
        seconds: How long the work may take.
        each: One frame may take so long, and the whole as long as it goes on.
        check: Called now and then; raises what stops all of the work.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self,
        folder: JobFolder,
        stopping: threading.Event,
        seconds: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        *,
        each: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._stopping = stopping
        self._clock = clock
        self._done = 0
        self._total = 0
        self._told = clock()
        self._seconds = seconds
        self._latest = self._told + seconds
        self._each = each
        self._check = check

    def expect(self, frames: int) -> None:
        """Say that so many frames are to come, or fewer than was said; of a single one nothing is told."""
        self._total += frames

    def step(self, check: Callable[[], None] = lambda: None) -> None:
        """Count one frame.

        Args:
            check: Called now and then; may raise to stop this part of the work.

        Raises:
            NoSuchPhotoError: The photo was deleted meanwhile.
            Stopped: The process is to end.
            StoppedError: The work takes too long.
        """
        self.go_on()
        self._done += 1
        now = self._clock()
        if self._each:
            self._latest = now + self._seconds
        if now - self._told >= EVERY_SECONDS:
            self._told = now
            self._check()
            check()
            if self._total > self._done:
                self._folder.note_progress(self._done, self._total)

    def go_on(self) -> None:
        """Stop the work if nobody wants it any more. Errors as for step()."""
        if self._folder.is_gone():
            raise no_such_photo()
        if self._stopping.is_set():
            raise Stopped
        if self._clock() > self._latest:
            raise StoppedError(
                "Working on this file took too long, so it was given up; nothing was made of it. Hand in a "
                "smaller or shorter one, or use a faster profile."
            )
