"""Changing the number of samples a second, through the spectrum of a whole stretch of sound."""

from math import gcd

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_EDGE = 0.02
"""Seconds of silence added to both ends, since the spectrum of a stretch goes round in a circle."""


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """Return the same sound with another number of samples a second; nothing is shifted in time.

    Args:
        samples: Shape (..., n), float32.
        rate: Its samples a second.
        wanted: Those of the result.

    Returns:
        Shape (..., ceil(n * wanted / rate)), float32. What neither rate can hold is left out.
    """
    count = samples.shape[-1]
    if rate == wanted or not count:
        return samples
    unit, units = rate // gcd(rate, wanted), wanted // gcd(rate, wanted)
    edge = -(-int(_EDGE * rate) // unit)
    blocks = _quick(-(-count // unit) + 2 * edge)
    padded = np.zeros((*samples.shape[:-1], blocks * unit), np.float32)
    padded[..., edge * unit : edge * unit + count] = samples
    spectrum = np.fft.rfft(padded)
    kept = spectrum[..., : min(blocks * unit, blocks * units) // 2 + 1]
    changed = np.fft.irfft(kept, blocks * units) * (units / unit)
    stop = edge * units + -(-count * units // unit)
    return np.ascontiguousarray(changed[..., edge * units : stop], np.float32)


def _quick(count: int) -> int:
    """Return the next number from ``count`` on with no prime factor above 5, for which spectra are quick."""
    best = 1 << (count - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            least = three << max(0, (-(-count // three) - 1).bit_length())
            best = min(best, least)
            three *= 3
        five *= 5
    return best
