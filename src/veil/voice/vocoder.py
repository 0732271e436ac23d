"""A voice taken apart into pitch and spectrum, and put together again from them alone.

As in WORLD (Morise, Yokomori and Ozawa 2016): no sample of the original is handed on, only how high, how loud and with
which spectrum it was said, hundreds of times a second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veil.voice.pitch import find_pitch

Samples = NDArray[np.float32]

RATE = 16_000
"""Samples a second of what is taken apart."""

HOP = 80
"""Samples from one moment to the next: 5 ms."""

SIZE = 1024
"""Samples that a spectrum is worked out from."""

BINS = SIZE // 2 + 1

_UNVOICED = 500.0  # Hz; stands for the pitch where there is none, so that short sounds stay short
_LIFTER = 0.09  # CheapTrick's -q1
_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class Speech:
    """Speech taken apart, one row for each moment.

    Attributes:
        pitch: Hz, 0 where there is no voice; shape (moments,).
        likeness: How regular the voice is, 0 to 1; shape (moments,).
        spectrum: Natural logarithm of the power at 0 Hz to half of RATE; shape (moments, BINS).
        count: How many samples it is of.
    """

    pitch: Samples
    likeness: Samples
    spectrum: Samples
    count: int


def take_apart(samples: Samples) -> Speech:
    """Return speech, shape (n,), float32 at RATE, as pitch and spectrum."""
    pitch, likeness = find_pitch(samples, RATE, HOP)
    return Speech(pitch, likeness, _spectrum(samples, pitch), len(samples))


def _spectrum(samples: Samples, pitch: Samples) -> Samples:
    """Return the spectrum without the ripple that the pitch leaves in it: CheapTrick (Morise 2015)."""
    height = np.where(pitch > 0, pitch, _UNVOICED).astype(np.float32)[:, None]
    padded = np.pad(samples, (SIZE // 2, SIZE))
    frames = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[: len(pitch) * HOP : HOP]
    at = np.arange(-SIZE // 2, SIZE // 2, dtype=np.float32) * (height / (1.5 * RATE))
    window = np.where(np.abs(at) < 1, 0.5 + 0.5 * np.cos(np.pi * at), 0)
    window /= np.sqrt((window**2).sum(1, keepdims=True))
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    smooth = np.log(_smoothed(power, height * (2 / 3)) + _FLOOR)
    cepstrum = np.fft.irfft(smooth)[:, :BINS]
    beat = np.arange(BINS, dtype=np.float32) * (height / RATE)
    lifter = np.sinc(beat) * (1 + 2 * _LIFTER - 2 * _LIFTER * np.cos(2 * np.pi * beat))
    return _from_cepstrum(cepstrum * lifter)


def _smoothed(power: NDArray[np.float64], width: Samples) -> NDArray[np.float64]:
    """Return power averaged over ``width`` Hz around each frequency; shapes (moments, BINS) and (moments, 1)."""
    reach = BINS - 1
    mirrored = np.concatenate([power[:, reach:0:-1], power, power[:, -2::-1]], 1)
    total = np.pad(np.cumsum(mirrored, 1), ((0, 0), (1, 0)))
    half = width / 2 * (SIZE / RATE)
    middle = np.arange(BINS) + reach + 0.5
    smoothed: NDArray[np.float64] = (_between(total, middle + half) - _between(total, middle - half)) / (2 * half)
    return smoothed


def _between(rows: NDArray[np.float64], places: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return values between the columns of each row, at places of shape (rows, n)."""
    left = places.astype(int)
    share = places - left
    below, above = np.take_along_axis(rows, left, 1), np.take_along_axis(rows, left + 1, 1)
    values: NDArray[np.float64] = below + share * (above - below)
    return values


def _from_cepstrum(cepstrum: NDArray[np.floating]) -> Samples:
    """Return the even function of frequency with a cepstrum of shape (..., BINS)."""
    folded = cepstrum.copy()
    folded[..., 1:-1] *= 2
    values: Samples = np.fft.rfft(folded, SIZE).real.astype(np.float32)
    return values


def put_together(speech: Speech, random: np.random.Generator) -> Samples:
    """Return sound, shape (count,), float32 at RATE, made of pulses and noise with the spectrum of ``speech``.

    Args:
        speech: What is to be heard.
        random: Makes the noise.
    """
    noisy = _noisy_share(speech)
    sound = np.zeros(speech.count + 2 * SIZE, np.float32)
    _add_pulses(sound, speech, 1 - noisy)
    _add_noise(sound, speech, noisy, random)
    return sound[SIZE // 2 : SIZE // 2 + speech.count]


def _noisy_share(speech: Speech) -> Samples:
    """Return how much of the power is noise, 0 to 1, shape (moments, BINS): all of it where there is no voice.

    Of every voice the upper part is noisier than the lower, and the more, the less regular the voice is. How much
    breath there is in a voice belongs to the speaker, so nothing finer is kept.
    """
    frequency = np.linspace(0, RATE / 2, BINS, dtype=np.float32)
    turning = (1500 + 4000 * np.clip((speech.likeness - 0.5) / 0.45, 0, 1))[:, None]
    share: Samples = 0.02 + 0.98 / (1 + np.exp((turning - frequency) / 700))
    share[speech.pitch <= 0] = 1
    return share


def _add_pulses(sound: Samples, speech: Speech, share: Samples) -> None:
    """Add one response for each period of the voice."""
    voiced = speech.pitch > 0
    if not voiced.any():
        return
    moments = np.arange(len(voiced)) * HOP
    heard = np.interp(np.arange(speech.count), moments[voiced], speech.pitch[voiced])  # steady across gaps
    phase = np.cumsum(heard / RATE)
    places = np.flatnonzero(np.diff(np.floor(phase)) > 0)
    whole = np.floor(phase[places + 1])
    late = (whole - phase[places]) / (phase[places + 1] - phase[places])  # share of a sample
    row = np.minimum(np.rint(places / HOP).astype(int), len(voiced) - 1)
    keep = voiced[row]
    places, late, row = places[keep], late[keep], row[keep]
    if not len(places):
        return
    level = speech.spectrum[row] + np.log(share[row] + _FLOOR) + np.log(RATE / heard[places])[:, None]
    turn = np.exp(-2j * np.pi * np.arange(BINS) / SIZE * late[:, None])
    responses = np.fft.irfft(_minimum_phase(level / 2) * turn).astype(np.float32)
    for place, response in zip(places.tolist(), responses, strict=True):
        sound[place + SIZE // 2 : place + SIZE // 2 + SIZE] += response


def _minimum_phase(amplitude: Samples) -> NDArray[np.complexfloating]:
    """Return the spectrum with a given logarithm of the amplitude whose sound comes as early as can be."""
    cepstrum = np.fft.irfft(amplitude)
    cepstrum[:, 1 : SIZE // 2] *= 2
    cepstrum[:, SIZE // 2 + 1 :] = 0
    return np.exp(np.fft.rfft(cepstrum))


def _add_noise(sound: Samples, speech: Speech, share: Samples, random: np.random.Generator) -> None:
    """Add noise, in stretches of four moments that fade into each other."""
    count = len(speech.pitch)
    length = 4 * HOP
    noise = random.standard_normal(count * HOP + length, np.float32)
    stretches = np.lib.stride_tricks.sliding_window_view(noise, length)[: count * HOP : HOP]
    fade = 0.25 - 0.25 * np.cos(2 * np.pi * (np.arange(length, dtype=np.float32) + 0.5) / length)  # they add up to 1
    spectra = np.fft.rfft(stretches * fade, SIZE) * np.sqrt(np.exp(speech.spectrum) * share)
    pieces = np.fft.irfft(spectra, SIZE).astype(np.float32)
    pieces = np.roll(pieces, SIZE // 4, 1)  # a spectrum without phase rings to both sides
    start = SIZE // 2 - length // 2 - SIZE // 4
    for index in range(count):
        sound[start + index * HOP : start + index * HOP + SIZE] += pieces[index]
