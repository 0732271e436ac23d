"""How high a voice is, hundreds of times a second: the period at which its sound repeats itself."""

import numpy as np
from numpy.typing import NDArray

from veil.voice.resample import resample

Samples = NDArray[np.float32]

LOWEST, HIGHEST = 60.0, 500.0
"""Hz."""

_RATE = 8_000  # enough for the period: what tells it lies far below 4 kHz
_TOP = 1_200  # Hz; what is above is noise to this question
_WINDOW = 240  # samples that are compared with those a period later
_LAGS = np.arange(int(_RATE / HIGHEST), int(_RATE / LOWEST) + 2)
_CANDIDATES = 4
_VOICED = 0.45  # likeness, 0 to 1, from which a sound counts as voiced
_LONGER = 0.03  # taken off for each octave that a period is longer, since twice a period fits as well
_JUMP = 0.6  # cost of an octave between neighbours
_SWITCH = 0.25  # cost of becoming voiced or unvoiced


def find_pitch(samples: Samples, rate: int, hop: int) -> tuple[Samples, Samples]:
    """Return the pitch of a voice at every ``hop`` samples, from sample 0 on, and how well it is heard.

    The best path through the likeliest periods of each moment, as in the RAPT algorithm (Talkin 1995).

    Args:
        samples: Shape (n,), float32.
        rate: Samples a second.
        hop: In samples.

    Returns:
        Hz, 0 where there is no voice, shape (n // hop + 1,); and the likeness of neighbouring periods, 0 to 1.
    """
    times = np.arange(len(samples) // hop + 1) * (hop / rate)
    likeness = _likeness(_low(resample(samples, rate, _RATE)), times)
    periods, values = _candidates(likeness)
    chosen = _best_path(periods, values)
    rows = np.arange(len(chosen))
    voiced = chosen < _CANDIDATES
    column = np.minimum(chosen, _CANDIDATES - 1)
    pitch = np.where(voiced, _RATE / periods[rows, column], 0)
    return pitch.astype(np.float32), np.clip(values[rows, column], 0, 1).astype(np.float32)


def _low(samples: Samples) -> Samples:
    """Return sound without what lies above _TOP or below the lowest pitch."""
    spectrum = np.fft.rfft(samples)
    frequencies = np.linspace(0, _RATE / 2, len(spectrum))
    rise = np.clip((frequencies - 30) / 30, 0, 1)
    fall = np.clip((_TOP + 300 - frequencies) / 300, 0, 1)
    low: Samples = np.fft.irfft(spectrum * (rise * fall), len(samples)).astype(np.float32)
    return low


def _likeness(low: Samples, times: NDArray[np.floating]) -> Samples:
    """Return how like a stretch of sound is to the one a lag later, shape (times, lags), -1 to 1."""
    reach = _WINDOW + int(_LAGS[-1])
    padded = np.pad(low, (reach // 2, reach + _WINDOW))
    starts = np.minimum((times * _RATE).astype(int), len(low))
    stretches = np.lib.stride_tricks.sliding_window_view(padded, reach)[starts]
    size = 512
    first, both = np.fft.rfft(stretches[:, :_WINDOW], size), np.fft.rfft(stretches, size)
    products = np.fft.irfft(first.conj() * both, size)[:, _LAGS]
    energy = np.pad(np.cumsum(stretches.astype(np.float64) ** 2, 1), ((0, 0), (1, 0)))
    later = energy[:, _LAGS + _WINDOW] - energy[:, _LAGS]
    floor = 1e-10 * _WINDOW  # silence is like nothing
    likeness: Samples = (products / np.sqrt((energy[:, _WINDOW, None] + floor) * (later + floor))).astype(np.float32)
    return likeness


def _candidates(likeness: Samples) -> tuple[NDArray[np.float64], Samples]:
    """Return the likeliest periods of each moment, in samples at _RATE, and their likeness; shape (times, 4) both."""
    middle = likeness[:, 1:-1]
    peak = (middle >= likeness[:, :-2]) & (middle > likeness[:, 2:])
    judged = np.where(peak, middle - _LONGER * np.log2(_LAGS[1:-1] / _LAGS[0]), -1)
    best = np.argpartition(-judged, _CANDIDATES, 1)[:, :_CANDIDATES] + 1
    rows = np.arange(len(likeness))[:, None]
    before, at, after = (likeness[rows, best + step] for step in (-1, 0, 1))
    bend = 2 * at - before - after
    offset = np.where(np.abs(bend) > 1e-6, 0.5 * (after - before) / np.where(bend == 0, 1, bend), 0)
    values = np.where(judged[rows, best - 1] > -1, at, -1).astype(np.float32)
    return _LAGS[best] + np.clip(offset, -0.5, 0.5), values


def _best_path(periods: NDArray[np.float64], values: Samples) -> NDArray[np.intp]:
    """Return for each moment the number of its candidate, or _CANDIDATES for no voice (Viterbi)."""
    count = len(periods)
    octaves = np.log2(periods)
    gains = np.concatenate(
        [values - _LONGER * (octaves - np.log2(_LAGS[0])), np.full((count, 1), _VOICED, np.float32)], 1
    )
    costs = np.full((count, _CANDIDATES + 1, _CANDIDATES + 1), _SWITCH)
    costs[1:, :-1, :-1] = _JUMP * np.abs(octaves[1:, None] - octaves[:-1, :, None])
    costs[:, -1, -1] = 0
    total, came = gains[0], np.zeros((count, _CANDIDATES + 1), np.intp)
    for step in range(1, count):
        ways = total[:, None] - costs[step]
        came[step] = ways.argmax(0)
        total = ways.max(0) + gains[step]
    path = np.empty(count, np.intp)
    path[-1] = total.argmax()
    for step in range(count - 1, 0, -1):
        path[step - 1] = came[step, path[step]]
    return path
