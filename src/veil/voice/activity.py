"""Where somebody speaks: stretches of time with generous margins, since speech that is missed stays as it was."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from veil.voice.network import RATE, WINDOW, SpeechNetwork
from veil.voice.resample import resample

Samples = NDArray[np.float32]

_LIKELY, _SURE = 0.1, 0.25  # a run of windows with the first answer of the network that somewhere has the second
_BEFORE, _AFTER = 0.3, 0.4  # seconds that a stretch begins earlier and ends later
_PAUSE = 1.0  # seconds; what is shorter between two stretches belongs to them

_CHUNK = 8  # seconds that are listened to in one go; a whole number of windows
_AROUND = 1  # seconds on both sides that a chunk is changed to RATE with
_WARM_UP = 2  # seconds that are heard twice at the beginning, where the network has nothing to compare with
_USUAL_LEVEL = 0.1  # of speech that is near; quieter sound is made louder for the network
_MOST_GAIN = 300.0


class Stretch(NamedTuple):
    """A part of a sound track, in samples, half-open."""

    start: int
    stop: int


def find_speech(blocks: Iterable[Samples], rate: int, network: SpeechNetwork) -> tuple[list[Stretch], int]:
    """Return where somebody speaks in any channel, in order and apart, and how many samples there are.

    Args:
        blocks: The sound, in pieces of any length, shape (channels, n), float32 from -1 to 1.
        rate: Samples a second.
        network: Listens.
    """
    answers: list[Samples] = []
    memory = None
    count = 0
    for before, core, after in _chunks(blocks, rate):
        count += core.shape[1]
        heard = resample(np.concatenate([before, core, after], 1), rate, RATE)
        skip = before.shape[1] // rate * RATE
        heard = heard[:, skip : skip + -(-core.shape[1] * RATE // rate)]
        heard = _louder(np.pad(heard, ((0, 0), (0, -heard.shape[1] % WINDOW))))
        if memory is None:
            memory = network.start(len(heard))
            network.hear(heard[:, : _WARM_UP * RATE // WINDOW * WINDOW], memory)
        answers.append(network.hear(heard, memory).max(0))
    return _stretches(np.concatenate(answers) if answers else np.zeros(0, np.float32), rate, count), count


def _chunks(blocks: Iterable[Samples], rate: int) -> Iterator[tuple[Samples, Samples, Samples]]:
    """Yield pieces of _CHUNK seconds, each with what lies just before and after it."""
    held: Samples | None = None
    begun = False
    around, length = _AROUND * rate, _CHUNK * rate
    for block in blocks:
        held = block if held is None else np.concatenate([held, block], 1)
        lead = around if begun else 0
        while held.shape[1] >= lead + length + around:
            yield held[:, :lead], held[:, lead : lead + length], held[:, lead + length : lead + length + around]
            held = held[:, lead + length - around :]
            begun, lead = True, around
    if held is not None:
        lead = around if begun else 0
        for start in range(lead, held.shape[1], length):
            yield held[:, max(0, start - around) : start], held[:, start : start + length], held[:, start + length :]


def _louder(heard: Samples) -> Samples:
    """Return sound with quiet passages made as loud as speech usually is; the network is deaf to very quiet speech."""
    windows = np.sqrt((heard.reshape(len(heard), -1, WINDOW) ** 2).mean(2))
    reach = 2 * RATE // WINDOW
    padded = np.pad(windows, ((0, 0), (reach, reach)))
    level = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, 1).max(2)
    gain = np.clip(_USUAL_LEVEL / np.maximum(level, 1e-9), 1, _MOST_GAIN)
    smooth = np.stack(
        [np.convolve(np.pad(row, reach, "edge"), np.ones(reach) / reach, "same")[reach:-reach] for row in gain]
    )
    louder: Samples = np.clip(heard * np.repeat(smooth, WINDOW, 1), -1, 1).astype(np.float32)
    return louder


def _stretches(answers: Samples, rate: int, count: int) -> list[Stretch]:
    """Return stretches with margins, in samples at ``rate``, from what was said of each window."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], answers >= _LIKELY, [False]]).astype(np.int8)))
    found: list[Stretch] = []
    for start, stop in edges.reshape(-1, 2).tolist():
        if answers[start:stop].max() < _SURE:
            continue
        begin = max(0, int((start * WINDOW / RATE - _BEFORE) * rate))
        end = min(count, int(np.ceil((stop * WINDOW / RATE + _AFTER) * rate)))
        if found and begin - found[-1].stop < _PAUSE * rate:
            begin = found.pop().start
        if begin < end:
            found.append(Stretch(begin, end))
    return found
