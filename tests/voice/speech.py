"""Made-up speech: nobody has said it. Vowels with moving formants, a melody, and hissing between them."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE = 16_000
VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (570, 840, 2410),
    (530, 1840, 2480),
    (300, 870, 2240),
    (660, 1720, 2410),
)
"""Formants in Hz of the vowels in "father", "see", "law", "bed", "who" and "bad" (Peterson and Barney 1952)."""


def babble(seconds: float, *, pitch: float = 120, tract: float = 1.0, seed: int = 0) -> Samples:
    """Return made-up speech at RATE, shape (n,).

    Args:
        seconds: How long.
        pitch: Usual pitch in Hz.
        tract: What formants are multiplied by: above 1 for a shorter vocal tract.
        seed: Which syllables.
    """
    random = np.random.default_rng(seed)
    count = int(seconds * RATE)
    said: list[Samples] = []
    while sum(map(len, said)) < count:
        said += [_hiss(random), _vowel(random, pitch, tract)]
    sound = np.concatenate(said)[:count]
    loud: Samples = (0.3 * sound / np.abs(sound).max()).astype(np.float32)
    return loud


def _vowel(random: np.random.Generator, pitch: float, tract: float) -> Samples:
    count = int(random.uniform(0.12, 0.25) * RATE)
    at = np.arange(count) / RATE
    melody = pitch * 2 ** (random.uniform(-0.15, 0.15) + random.uniform(-1, 1) * at)
    phase = np.cumsum(melody) / RATE
    first, last = (np.array(VOWELS[index]) * tract for index in random.integers(0, len(VOWELS), 2))
    sound = np.zeros(count)
    for number in range(1, int(5000 / pitch)):
        height = melody * number
        level = np.zeros(count)
        for before, after, width in zip(first, last, (80, 100, 140), strict=True):
            middle = before + (after - before) * at / at[-1]
            level += 1 / (1 + ((height - middle) / width) ** 2)
        sound += level / number**0.5 * np.cos(2 * np.pi * number * phase)
    return (sound * np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 320)).astype(np.float32)


def _hiss(random: np.random.Generator) -> Samples:
    count = int(random.uniform(0.04, 0.09) * RATE)
    noise = np.diff(random.standard_normal(count + 1)) * 0.3
    return (noise * np.hanning(count)).astype(np.float32)
