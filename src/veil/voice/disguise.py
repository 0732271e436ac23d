"""Another voice: pitch, formants and colour of a speaker replaced by drawn ones; the words stay.

It hides who spoke from people who listen, not from a trained program: see docs/voice.md for figures.
"""

from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from veil.voice.vocoder import BINS, RATE, SIZE, Speech

Samples = NDArray[np.float32]

LOWEST_VOICE, HIGHEST_VOICE = 95.0, 200.0  # Hz, between low men and high women
_LEAST_WARP, _MOST_WARP = 0.06, 0.16
_KNOTS = np.array([0, 600, 1300, 2500, 4000, RATE / 2])  # Hz
_TILT = 2.0  # dB an octave, either way
_COLOUR = 3.0  # dB
_MOST_CHANGE = 12 * np.log(10) / 10  # more would lift hiss where a recording holds nothing
_STEADY = 5  # moments; a voice trembles faster than that
_LOUD = 25  # dB below the loudest that still count as the voice

# Byrne et al. 1994, "An international comparison of long-term average speech spectra", JASA 96, table II: both sexes,
# dB in third-octave bands.
_AVERAGE_HZ = (100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000)
_AVERAGE_DB = (54.4, 57.7, 56.8, 60.2, 60.3, 59.0, 62.1, 62.1, 60.5, 56.8, 53.7, 53.0, 52.0, 48.7, 48.1, 46.8, 45.6, 44.5, 44.3, 43.7)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that nobody has. It must not be written down anywhere: who knows it can undo part of the disguise.

    Attributes:
        pitch: Its usual pitch in Hz.
        melody: How far the pitch moves, beside the speaker's own.
        warp: By what each of _KNOTS is multiplied: below 1 for a longer vocal tract.
        colour: dB that are added at each of _KNOTS.
    """

    pitch: float
    melody: float
    warp: tuple[float, ...]
    colour: tuple[float, ...]


def draw_voice(random: Random) -> Voice:
    """Return a new voice.

    Args:
        random: Must not be foreseeable: secrets.SystemRandom() for everything that leaves the machine.
    """
    octaves = np.log2(HIGHEST_VOICE / LOWEST_VOICE)
    side = random.choice((-1, 1))
    tract = side * random.uniform(_LEAST_WARP, _MOST_WARP)
    tilt = random.uniform(-_TILT, _TILT)
    return Voice(
        pitch=LOWEST_VOICE * 2 ** random.uniform(0, octaves),
        melody=random.uniform(0.5, 0.9),
        warp=tuple(1 + tract + random.uniform(-0.04, 0.04) for _ in _KNOTS),
        colour=tuple(tilt * np.log2(max(knot, 150) / 1000) + random.uniform(-_COLOUR, _COLOUR) for knot in _KNOTS),
    )


def disguised(speech: Speech, voice: Voice) -> Speech:
    """Return speech as if another voice had said it."""
    return Speech(_pitch(speech.pitch, voice), speech.likeness, _spectrum(speech, voice), speech.count)


def _pitch(pitch: Samples, voice: Voice) -> Samples:
    """Return the melody around another height, without the trembling that belongs to a speaker."""
    voiced = pitch > 0
    if not voiced.any():
        return pitch
    octaves = np.log2(pitch[voiced])
    moved = np.zeros(len(pitch), np.float32)
    moved[voiced] = (octaves - np.median(octaves)) * voice.melody
    bell = np.exp(-0.5 * (np.arange(-3 * _STEADY, 3 * _STEADY + 1) / _STEADY) ** 2)
    weight = np.convolve(voiced, bell, "same")
    smooth = np.convolve(moved, bell, "same") / np.maximum(weight, 1e-9)
    return np.where(voiced, np.clip(voice.pitch * 2**smooth, 50, 500), 0).astype(np.float32)


def _spectrum(speech: Speech, voice: Voice) -> Samples:
    """Return the spectra with other formants, and another colour in place of the speaker's own."""
    frequency = np.linspace(0, RATE / 2, BINS)
    stretched = np.interp(frequency, _KNOTS * np.array(voice.warp), _KNOTS)
    stretched = np.minimum(stretched, RATE / 2) * ((BINS - 1) / (RATE / 2))
    left = np.minimum(stretched.astype(int), BINS - 2)
    share = (stretched - left).astype(np.float32)
    warped = speech.spectrum[:, left] * (1 - share) + speech.spectrum[:, left + 1] * share
    own = _colour(warped, speech)
    other = np.interp(frequency, _AVERAGE_HZ, np.array(_AVERAGE_DB) - 10 * np.log10(_AVERAGE_HZ))
    other = (other + np.interp(frequency, _KNOTS, voice.colour)) * (np.log(10) / 10)
    other += np.median(own - other)
    changed = warped + np.clip(other - own, -_MOST_CHANGE, _MOST_CHANGE).astype(np.float32)
    return changed + (_level(speech.spectrum) - _level(changed))


def _colour(spectrum: Samples, speech: Speech) -> Samples:
    """Return the smooth average spectrum of what is loud."""
    level = _level(spectrum)[:, 0]
    loud = (level > level.max() - _LOUD * np.log(10) / 10) & ((speech.pitch > 0) | True)
    cepstrum = np.fft.irfft(spectrum[loud].mean(0))
    cepstrum[13 : SIZE - 12] = 0
    average: Samples = np.fft.rfft(cepstrum).real.astype(np.float32)
    return average


def _level(spectrum: Samples) -> Samples:
    """Return the logarithm of the power of each moment, shape (moments, 1)."""
    level: Samples = np.log(np.exp(spectrum).mean(1, keepdims=True))
    return level
