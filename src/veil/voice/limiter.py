"""Keeping sound from being cut off where it is too loud."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

CEILING = 0.98
_STEP = 0.001  # seconds
_AHEAD = 5  # steps in which it becomes quieter before, and louder again after, what is too loud


def limit(samples: Samples, rate: int) -> Samples:
    """Return sound, shape (channels, n), nowhere louder than CEILING; what is far from a peak stays as it was."""
    peak = np.abs(samples).max(0, initial=0)
    if peak.max(initial=0) <= CEILING:
        return samples
    step = max(1, int(_STEP * rate))
    steps = np.pad(peak, (0, -len(peak) % step)).reshape(-1, step).max(1)
    allowed = np.minimum(1, CEILING / np.maximum(steps, CEILING))
    padded = np.pad(allowed, _AHEAD, constant_values=1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AHEAD + 1)
    # A step's own limit holds in it and its neighbours; the further away, the less of it is asked for.
    share = np.clip((_AHEAD + 1 - np.abs(np.arange(-_AHEAD, _AHEAD + 1))) / _AHEAD, 0, 1)
    gain = 1 - ((1 - windows) * share).max(1)
    middles = (np.arange(len(gain)) + 0.5) * step
    limited: Samples = (samples * np.interp(np.arange(samples.shape[1]), middles, gain)).astype(np.float32)
    return limited
