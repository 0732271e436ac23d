"""A tone, or nothing, in place of speech: nothing of what was said or who said it is left."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_PITCH = 1000  # Hz
_LEVEL = 0.1  # -20 dB


class Beep:
    """The tone that television puts over words, equally loud whoever spoke and how loud."""

    def __init__(self, rate: int) -> None:
        self._rate = rate

    def begin(self) -> None:
        """Every stretch gets the same tone."""

    def change(self, samples: Samples, start: int) -> Samples:
        """Return the tone in every channel; arguments as Change says."""
        channels, count = samples.shape
        turns = (np.arange(start, start + count) * _PITCH % self._rate) / self._rate
        tone = _LEVEL * np.sin(2 * np.pi * turns)
        return np.repeat(tone.astype(np.float32)[None], channels, 0)


class Silence:
    """Nothing at all."""

    def begin(self) -> None:
        """Every stretch is alike."""

    def change(self, samples: Samples, start: int) -> Samples:
        """Return silence; arguments as Change says."""
        return np.zeros_like(samples)
