"""How much a process that reads or writes a file may use."""

import math
import os
from dataclasses import dataclass

from veil.sandbox.fences import Bounds

MOST_VIDEO_BYTES, MOST_VIDEO_TIMES = 1 << 35, 64
"""A video or sound file that is written may have so many bytes, and so many times those of its original more."""

_LEAST_MEMORY, _RESERVED_BYTES = 2 << 30, 4 << 30
_LEAST_FILE_BYTES = 1 << 26
_BYTES_A_PIXEL = 16
_MEGAPIXEL = 1_000_000
_PICTURE_STEPS = 3  # it is opened, decoded, written
_DAY, _BYTES_A_DAY = 86_400, 100_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a process may use that reads a file.

    Attributes:
        memory_bytes: Address space; None for half of the machine's memory, and what programs reserve and never touch.
        seconds: How long it may take for each step, the opening or one frame for instance...
        megapixel_seconds: ...and so much longer for each million pixels of the file's frames.
        processor_seconds: Processor time for all that it does, which ends one that answers in time for ever, too. None
            for what the steps of all its pictures may take on every processor; for a video or a sound file, a day and
            another for each 100 MB.
    """

    memory_bytes: int | None = None
    seconds: float = 60.0
    megapixel_seconds: float = 3.0
    processor_seconds: int | None = None

    def patience(self, pixels: int) -> float:
        """Return how many seconds a step may take for a file with so many pixels."""
        return self.seconds + pixels / _MEGAPIXEL * self.megapixel_seconds

    def of_pictures(self, max_pixels: int, files: int) -> Bounds:
        """Return the bounds of a process for so many pictures, one after the other."""
        steps = _PICTURE_STEPS * files * (os.cpu_count() or 1)
        return self._bounds(self.patience(max_pixels) * steps, max_pixels * _BYTES_A_PIXEL)

    def of_moving(self, size: int) -> Bounds:
        """Return the bounds of a process for a video or sound file of so many bytes."""
        return self._bounds(_DAY * (1 + size / _BYTES_A_DAY), MOST_VIDEO_BYTES + MOST_VIDEO_TIMES * size)

    def _bounds(self, processor_seconds: float, file_bytes: int) -> Bounds:
        seconds = self.processor_seconds or math.ceil(processor_seconds)
        return Bounds(self.memory_bytes or _usual_memory(), seconds, file_bytes + _LEAST_FILE_BYTES)


def _usual_memory() -> int:
    return max(_LEAST_MEMORY, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2) + _RESERVED_BYTES
