"""Another voice in place of a speaker's: other pitch, formants and colour; the words stay.

It is meant to hide who spoke from people who listen; a trained program can still tell: docs/voice.md has figures.
"""

from random import Random

import numpy as np
from numpy.typing import NDArray

from veil.voice.limiter import limit
from veil.voice.manner import Manner, draw_voice, measure, replace_manner, vary
from veil.voice.resample import resample
from veil.voice.vocoder import RATE, put_together, take_apart

Samples = NDArray[np.float32]

_SILENCE = 0.02  # seconds; so long without anything at all is no gap within speech
_LEAST = 1e-12


class Disguise:
    """Says everything in a voice that was drawn for this track, and in a slightly different one for each turn.

    All channels get the same new sound, each as loud as the original was in it, so that none of the original is left.
    """

    def __init__(self, rate: int, random: Random) -> None:
        """Draw a voice.

        Args:
            rate: Samples a second.
            random: Must not be foreseeable: secrets.SystemRandom() for whatever leaves the machine.
        """
        self._rate = rate
        self._random = random
        # What noise is made of can be read from the result, so it must tell nothing of what was drawn.
        self._noise = np.random.default_rng(random.getrandbits(128))
        self._base = draw_voice(random)
        self._voice = self._base
        self._manner: Manner | None = None

    def begin(self) -> None:
        """Take another voice for a new turn."""
        self._voice = vary(self._base, self._random)
        self._manner = None

    def change(self, samples: Samples, start: int) -> Samples:
        """Return the same words in the drawn voice; arguments as Change says."""
        count = samples.shape[1]
        speech = take_apart(resample(_mixed(samples), self._rate, RATE))
        manner = measure(speech)
        self._manner = manner if self._manner is None else self._manner.joined(manner)
        made = put_together(replace_manner(speech, self._manner, self._voice), self._noise)
        single = resample(made, RATE, self._rate)[:count]
        single = np.pad(single, (0, count - len(single)))
        single[_silent(samples, self._rate)] = 0
        return limit(single * _loudness(samples, single)[:, None], self._rate)


def _mixed(samples: Samples) -> Samples:
    """Return all channels in one; where they would cancel each other, the loudest alone."""
    mixed: Samples = samples.mean(0)
    powers = (samples**2).mean(1)
    return samples[powers.argmax()] if (mixed**2).mean() < powers.max() / 8 else mixed


def _loudness(samples: Samples, single: Samples) -> Samples:
    """Return what the new sound is multiplied by in each channel, so that each is as loud as it was."""
    loudness: Samples = np.sqrt((samples**2).mean(1) / max(float((single**2).mean()), _LEAST)).astype(np.float32)
    return loudness


def _silent(samples: Samples, rate: int) -> NDArray[np.bool_]:
    """Return where there was no sound at all, in any channel, for some time."""
    nothing: NDArray[np.bool_] = ~np.any(samples, axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], nothing, [False]]).astype(np.int8))).reshape(-1, 2)
    for start, stop in edges[edges[:, 1] - edges[:, 0] < _SILENCE * rate]:
        nothing[start:stop] = False
    return nothing
