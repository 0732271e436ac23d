"""A small network that says of every 32 ms of sound how likely somebody speaks: Silero VAD, worked out in numpy.

It has four convolutions and one recurrent layer, so it needs no runtime of its own.
"""

import hashlib
import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from veil.errors import DetectorError
from veil.models import Weights

Samples = NDArray[np.float32]

RATE = 16_000
"""Samples a second that it wants."""

WINDOW = 512
"""Samples that one answer is about."""

_CONTEXT = 64  # samples before a window that it sees, too
_FRAME, _HOP = 256, 128
_STRIDES = (1, 2, 2, 1)
_STATES = 128


class SpeechNetwork:
    """The network's weights; keeps nothing of what it heard, so several threads may use it."""

    def __init__(self, weights: Weights) -> None:
        """Read the weights.

        Args:
            weights: The file, in the format safetensors.

        Raises:
            DetectorError: It is missing or damaged.
        """
        held = _read(weights)
        self._transform = held["stft_conv.weight"][:, 0].T.copy()
        self._layers = [
            (np.concatenate([held[f"conv{number}.weight"][:, :, tap] for tap in range(3)], 1).T.copy(),
             held[f"conv{number}.bias"], stride)
            for number, stride in enumerate(_STRIDES, 1)
        ]  # fmt: skip
        self._into = held["lstm_cell.weight_ih"].T.copy()
        self._back = held["lstm_cell.weight_hh"].T.copy()
        self._bias = held["lstm_cell.bias_ih"] + held["lstm_cell.bias_hh"]
        self._last = held["final_conv.weight"][0, :, 0]
        self._last_bias = held["final_conv.bias"][0]

    def start(self, channels: int) -> "Memory":
        """Return what is to be handed to the first call of hear()."""
        return Memory(channels)

    def hear(self, samples: Samples, memory: "Memory") -> Samples:
        """Return how likely somebody speaks in each window of each channel, 0 to 1, shape (channels, windows).

        Args:
            samples: Shape (channels, n * WINDOW), float32 from -1 to 1, at RATE; goes on where the last call ended.
            memory: From start(); changed.
        """
        channels, count = samples.shape
        heard = np.concatenate([memory.context, samples], 1)
        memory.context = heard[:, count:].copy()
        windows = np.lib.stride_tricks.sliding_window_view(heard, WINDOW + _CONTEXT, 1)[:, ::WINDOW]
        features = self._features(windows.reshape(-1, WINDOW + _CONTEXT))
        entering = (features @ self._into + self._bias).reshape(channels, -1, 4 * _STATES)
        return self._remember(entering, memory)

    def _features(self, windows: Samples) -> Samples:
        """Return what the recurrent layer gets of each window, shape (windows, 128)."""
        padded = np.pad(windows, ((0, 0), (0, _CONTEXT)), "reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME, 1)[:, ::_HOP]
        parts = frames @ self._transform
        half = parts.shape[2] // 2
        steps = np.sqrt(parts[:, :, :half] ** 2 + parts[:, :, half:] ** 2)
        for kernel, bias, stride in self._layers:
            padded = np.pad(steps, ((0, 0), (1, 1), (0, 0)))
            count = (steps.shape[1] - 1) // stride + 1
            taps = [padded[:, tap : tap + (count - 1) * stride + 1 : stride] for tap in range(3)]
            steps = np.maximum(np.concatenate(taps, 2) @ kernel + bias, 0)
        return steps[:, 0]

    def _remember(self, entering: Samples, memory: "Memory") -> Samples:
        """Run the recurrent layer over windows, shape (channels, windows, 512), and return the answers."""
        hidden, cell = memory.hidden, memory.cell
        kept = np.empty((*entering.shape[:2], _STATES), np.float32)
        for step in range(entering.shape[1]):
            gates = entering[:, step] + hidden @ self._back
            enter_and_stay = _sigmoid(gates[:, : 2 * _STATES])
            new = np.tanh(gates[:, 2 * _STATES : 3 * _STATES])
            cell = enter_and_stay[:, _STATES:] * cell + enter_and_stay[:, :_STATES] * new
            hidden = _sigmoid(gates[:, 3 * _STATES :]) * np.tanh(cell)
            kept[:, step] = hidden
        memory.hidden, memory.cell = hidden, cell
        answers: Samples = _sigmoid(np.maximum(kept, 0) @ self._last + self._last_bias)
        return answers


class Memory:
    """What the network remembers of the sound before: the last samples and the recurrent layer's state."""

    def __init__(self, channels: int) -> None:
        self.context = np.zeros((channels, _CONTEXT), np.float32)
        self.hidden = np.zeros((channels, _STATES), np.float32)
        self.cell = np.zeros((channels, _STATES), np.float32)


def _sigmoid(values: Samples) -> Samples:
    result: Samples = 0.5 * np.tanh(0.5 * values) + np.float32(0.5)  # never overflows, unlike exp
    return result


def _read(weights: Weights) -> Mapping[str, Samples]:
    """Return the arrays in a file of weights that has its sum."""
    advice = "Nothing was listened to.\nInstall Veil again, or run scripts/build_models.py."
    try:
        content = weights.path.read_bytes()
    except OSError as error:
        raise DetectorError(f"The model {weights.file} cannot be read ({error.strerror or error}). {advice}") from error
    if hashlib.sha256(content).hexdigest() != weights.sha256:
        raise DetectorError(f"The model {weights.file} is damaged: its SHA-256 is not the expected one. {advice}")
    size = int.from_bytes(content[:8], "little")
    index, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in index.items()
        if name != "__metadata__"
    }
