"""The pitch of made-up voices is found, and none where there is none."""

import numpy as np
import pytest

from tests.voice.speech import RATE, babble
from veil.voice.pitch import find_pitch

HOP = 80


def pulses(pitch: float, seconds: float = 1) -> np.ndarray:
    """A voice as plain as can be: all harmonics below 4 kHz, weaker upwards."""
    at = np.arange(int(seconds * RATE)) / RATE
    numbers = range(1, int(4000 / pitch))
    waves = [np.cos(2 * np.pi * number * pitch * at) / number for number in numbers]
    voice: np.ndarray = (np.sum(waves, 0) * 0.1).astype(np.float32)
    return voice


@pytest.mark.parametrize("pitch", [70, 110, 160, 230, 320, 440])
@pytest.mark.parametrize("gain", [1, 0.01])
def test_a_steady_voice(pitch: float, gain: float) -> None:
    found, likeness = find_pitch(pulses(pitch) * np.float32(gain), RATE, HOP)
    assert found.shape == likeness.shape == (RATE // HOP + 1,)
    np.testing.assert_allclose(found[10:-10], pitch, rtol=0.01)
    assert likeness[10:-10].min() > 0.9


def test_there_is_none_in_noise_and_silence() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    assert (find_pitch(noise, RATE, HOP)[0] > 0).mean() < 0.1
    assert not find_pitch(np.zeros(RATE, np.float32), RATE, HOP)[0].any()


@pytest.mark.parametrize("pitch", [100, 210])
def test_a_voice_that_moves(pitch: float) -> None:
    found = find_pitch(babble(4, pitch=pitch), RATE, HOP)[0]
    voiced = found[found > 0]
    assert len(voiced) > len(found) / 2
    assert np.median(voiced) == pytest.approx(pitch, rel=0.1)
    assert (np.abs(np.log2(voiced / pitch)) < 0.6).mean() > 0.97, "no octave is mistaken"


@pytest.mark.parametrize("count", [1, 79, 400])
def test_very_short_sound(count: int) -> None:
    assert find_pitch(np.ones(count, np.float32), RATE, HOP)[0].shape == (count // HOP + 1,)
