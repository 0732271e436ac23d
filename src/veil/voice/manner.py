"""The voice that somebody has, and one that nobody has: what of speech is taken away, and what is put in its place."""

from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from veil.voice.vocoder import BINS, HOP, RATE, SIZE, Speech

Samples = NDArray[np.float32]

_DB = np.log(10) / 10
"""One decibel of power, as a natural logarithm."""

_LOWEST, _HIGHEST = 95.0, 200.0  # Hz, from low men's voices to high women's
_MELODY = (0.5, 0.9)
_TRACT = (0.12, 0.20)
_BENT = 0.06
_KNOTS = np.array([0, 600, 1300, 2500, 4000, RATE / 2])  # Hz
_TILT = 2.0  # dB an octave, either way
_COLOUR = 5.0  # dB, either way
_TURN = 0.25  # how far voices of one file lie apart, beside those of different ones

_STEADY = 5  # moments; what trembles faster belongs to a speaker
_LOUD = 25 * _DB  # below the loudest that still counts as the voice
_RIPPLES = 21  # cepstral coefficients that colour is described by
_MOST_CHANGE = 18 * _DB  # more would lift hiss where a recording holds nothing
_MEMORY = 5.0  # seconds of speech before that count
_TRUST = 0.5  # seconds of speech after which half of what was measured is believed

# Byrne et al. 1994, "An international comparison of long-term average speech spectra", JASA 96: both sexes, dB in
# third-octave bands.
_AVERAGE = {
    100: 54.4, 125: 57.7, 160: 56.8, 200: 60.2, 250: 60.3, 315: 59.0, 400: 62.1, 500: 62.1, 630: 60.5, 800: 56.8,
    1000: 53.7, 1250: 53.0, 1600: 52.0, 2000: 48.7, 2500: 48.1, 3150: 46.8, 4000: 45.6, 5000: 44.5, 6300: 44.3,
    8000: 43.7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manner:
    """What is measured of a speaker, to be taken away.

    Attributes:
        octave: The usual pitch, as the logarithm to base 2 of Hz.
        colour: The smooth average spectrum, as Speech.spectrum says it; shape (BINS,).
        seconds: How much speech it was measured from.
    """

    octave: float
    colour: Samples
    seconds: float

    def joined(self, other: "Manner") -> "Manner":
        """Return what this and what was said next say together; of long ago little counts, for others may speak now."""
        total = min(self.seconds, _MEMORY) + other.seconds
        share = other.seconds / total if total else 0.5
        return Manner(
            self.octave + share * (other.octave - self.octave),
            self.colour + np.float32(share) * (other.colour - self.colour),
            total,
        )


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that nobody has. It must not be written down anywhere: who knows it can undo part of the disguise.

    Attributes:
        octave: Its usual pitch, as the logarithm to base 2 of Hz.
        melody: How far the pitch moves, beside the speaker's own.
        warp: By what each of _KNOTS is multiplied: below 1 for a longer vocal tract.
        colour: dB that are added at each of _KNOTS.
    """

    octave: float
    melody: float
    warp: NDArray[np.float64]
    colour: NDArray[np.float64]


def draw_voice(random: Random) -> Voice:
    """Return a new voice.

    Args:
        random: Must not be foreseeable: secrets.SystemRandom() for whatever leaves the machine.
    """
    tract = random.choice((-1, 1)) * random.uniform(*_TRACT)
    tilt = random.uniform(-_TILT, _TILT)
    return Voice(
        octave=random.uniform(np.log2(_LOWEST), np.log2(_HIGHEST)),
        melody=random.uniform(*_MELODY),
        warp=np.array([1 + tract + random.uniform(-_BENT, _BENT) for _ in _KNOTS]),
        colour=np.array([tilt * np.log2(max(at, 150) / 1000) + random.uniform(-_COLOUR, _COLOUR) for at in _KNOTS]),
    )


def vary(voice: Voice, random: Random) -> Voice:
    """Return a voice near another, for the next turn in the same file: the voice alone should not link them."""
    spread = np.log2(_HIGHEST / _LOWEST) * _TURN / 2
    return Voice(
        octave=voice.octave + random.uniform(-spread, spread),
        melody=random.uniform(*_MELODY),
        warp=voice.warp + np.array([random.uniform(-_BENT, _BENT) for _ in _KNOTS]),
        colour=voice.colour + np.array([random.uniform(-_COLOUR, _COLOUR) for _ in _KNOTS]) / 2,
    )


def measure(speech: Speech) -> Manner:
    """Return the manner of speech."""
    level = _level(speech.spectrum)[:, 0]
    loud = level > level.max() - _LOUD
    cepstrum = np.fft.irfft(speech.spectrum[loud].mean(0))
    cepstrum[_RIPPLES : SIZE - _RIPPLES + 1] = 0
    colour = np.fft.rfft(cepstrum).real.astype(np.float32)
    voiced = speech.pitch > 0
    octave = float(np.median(np.log2(speech.pitch[voiced]))) if voiced.any() else float(np.log2(150))
    return Manner(octave, colour, float(loud.sum()) * HOP / RATE)


def replace_manner(speech: Speech, manner: Manner, voice: Voice) -> Speech:
    """Return speech as if another voice had said it."""
    pitch = _pitch(speech.pitch, manner, voice)
    return Speech(pitch, speech.likeness, _spectrum(speech, manner, voice), speech.count)


def _pitch(pitch: Samples, manner: Manner, voice: Voice) -> Samples:
    """Return the melody around another height, without the trembling that belongs to a speaker."""
    voiced = pitch > 0
    if not voiced.any():
        return pitch
    moved = np.zeros(len(pitch))
    moved[voiced] = (np.log2(pitch[voiced]) - manner.octave) * voice.melody
    bell = np.exp(-0.5 * (np.arange(-3 * _STEADY, 3 * _STEADY + 1) / _STEADY) ** 2)
    padding = 3 * _STEADY
    weight = np.convolve(np.pad(voiced.astype(float), padding), bell, "valid")
    smooth = np.convolve(np.pad(moved, padding), bell, "valid") / np.maximum(weight, 1e-9)
    return np.where(voiced, np.clip(2 ** (voice.octave + smooth), 50, 500), 0).astype(np.float32)


def _spectrum(speech: Speech, manner: Manner, voice: Voice) -> Samples:
    """Return the spectra with other formants, and another colour in place of the speaker's own."""
    frequency = np.linspace(0, RATE / 2, BINS)
    place = np.interp(frequency, _KNOTS * voice.warp, _KNOTS) * ((BINS - 1) / (RATE / 2))
    left = np.minimum(place.astype(int), BINS - 2)
    share = (place - left).astype(np.float32)

    def warped(spectrum: Samples) -> Samples:
        between: Samples = spectrum[..., left] * (1 - share) + spectrum[..., left + 1] * share
        return between

    usual = np.interp(frequency, list(_AVERAGE), [db - 10 * np.log10(hz) for hz, db in _AVERAGE.items()]) * _DB
    own = warped(manner.colour)
    lacking = usual - own
    lacking -= np.median(lacking)
    trust = manner.seconds / (manner.seconds + _TRUST)
    change = lacking * trust + np.interp(frequency, _KNOTS, voice.colour) * _DB
    changed = warped(speech.spectrum) + np.clip(change, -_MOST_CHANGE, _MOST_CHANGE).astype(np.float32)
    levelled: Samples = changed + (_level(speech.spectrum) - _level(changed))
    return levelled


def _level(spectrum: Samples) -> Samples:
    """Return the logarithm of the power of each moment, shape (moments, 1)."""
    level: Samples = np.log(np.exp(spectrum).mean(1, keepdims=True))
    return level
