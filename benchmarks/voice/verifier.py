"""What programs know a speaker by: numbers worked out from a recording."""

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.voice.speakers import RATE
from veil.voice.vocoder import take_apart

Samples = NDArray[np.float32]
Vector = NDArray[np.float64]

_BANDS = 40


class Verifier:
    """Resemblyzer: a network trained on thousands of speakers (Wan et al. 2018), with weights in its package."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from resemblyzer import VoiceEncoder
        self._encoder: Any = VoiceEncoder("cpu", verbose=False)

    def know(self, samples: Samples) -> Vector:
        """Return 256 numbers of length 1; those of one speaker point the same way."""
        level = np.sqrt((samples**2).mean()) + 1e-9
        vector: Vector = self._encoder.embed_utterance((samples * min(1 / level * 10**-1.5, 1e3)).astype(np.float32))
        return vector / (np.linalg.norm(vector) + 1e-9)


def statistics(samples: Samples) -> Vector:
    """Return plain numbers of a voice: mean and spread of its spectrum in bands, and of its pitch."""
    speech = take_apart(samples)
    level = speech.spectrum.mean(1)
    loud = speech.spectrum[level >= np.median(level)]
    frequency = np.linspace(0, RATE / 2, loud.shape[1])
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 1400), _BANDS + 1) / 2595) - 1)  # mel
    bands = np.stack([loud[:, (frequency >= low) & (frequency <= high)].mean(1) for low, high in pairwise(edges)])
    octaves = np.log2(speech.pitch[speech.pitch > 0]) if (speech.pitch > 0).any() else np.zeros(1)
    pitch = [octaves.mean() * 4, octaves.std() * 4, (speech.pitch > 0).mean()]
    return np.concatenate([bands.mean(1) - bands.mean(), bands.std(1), pitch]).astype(np.float64)
