"""What is done to voices: Veil's modes, and others beside them to compare with."""

from collections.abc import Callable
from random import Random

import numpy as np
from numpy.typing import NDArray

from benchmarks.voice.speakers import RATE
from veil.voice.beep import Beep
from veil.voice.disguise import Disguise
from veil.voice.resample import resample
from veil.voice.vocoder import put_together, take_apart

Samples = NDArray[np.float32]
Alter = Callable[[Samples], Samples]


def modes(random: Random) -> dict[str, Alter]:
    """Return every mode by name; each call of one draws anew.

    Args:
        random: Where disguises come from. Veil itself takes the operating system's randomness.
    """

    def disguise(samples: Samples) -> Samples:
        one = Disguise(RATE, random)
        one.begin()
        changed: Samples = one.change(samples[None], 0)[0]
        return changed

    def resynthesised(samples: Samples) -> Samples:
        return put_together(take_apart(samples), np.random.default_rng(random.getrandbits(64)))

    def beep(samples: Samples) -> Samples:
        changed: Samples = Beep(RATE).change(samples[None], 0)[0]
        return changed

    def chipmunk(samples: Samples) -> Samples:
        """Pitch and formants up by a quarter, at the old pace: what simple voice changers do, always alike."""
        faster = resample(samples, RATE, RATE * 4 // 5)
        return _at_pace(faster, len(samples))

    return {
        "keep": lambda samples: samples,
        "resynthesised": resynthesised,
        "pitch up by a quarter": chipmunk,
        "disguise": disguise,
        "beep": beep,
    }


def _at_pace(samples: Samples, count: int) -> Samples:
    """Return sound made longer or shorter without another pitch: stretches laid where they fit best (WSOLA)."""
    length, hop, reach = 640, 320, 160
    window = np.hanning(length).astype(np.float32)
    padded = np.pad(samples, (length, 2 * length))
    made = np.zeros(count + 2 * length, np.float32)
    place = length
    for start in range(0, count, hop):
        wanted = length + int(start * len(samples) / count)
        first = max(0, wanted - reach)
        target = padded[place : place + length]
        around = np.lib.stride_tricks.sliding_window_view(padded[first : wanted + reach + length], length)
        place = min(first + int((around @ target).argmax()), len(padded) - length - hop)
        made[start : start + length] += window * padded[place : place + length]
        place += hop
    return made[:count]
