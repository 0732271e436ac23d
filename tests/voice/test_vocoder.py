"""Taking a voice apart and putting it together again keeps what was said, and no sample."""

import numpy as np
import pytest

from tests.voice.speech import RATE, babble
from veil.voice.resample import Samples
from veil.voice.vocoder import put_together, take_apart


def loudness(sound: Samples) -> np.ndarray:
    """dB in bands of 250 Hz and pieces of 32 ms, but for what is too quiet to matter; shape (pieces, 32)."""
    pieces = sound[: len(sound) // 512 * 512].reshape(-1, 512) * np.hanning(512)
    power = (np.abs(np.fft.rfft(pieces)) ** 2)[:, 1:].reshape(len(pieces), 32, 8).sum(2)
    decibels: np.ndarray = 10 * np.log10(np.maximum(power, power.max() * 1e-4))
    return decibels


def test_it_sounds_alike_and_is_another_sound() -> None:
    before = babble(4)
    after = put_together(take_apart(before), np.random.default_rng(0))
    assert after.shape == before.shape
    assert after.dtype == np.float32
    assert np.abs(loudness(after) - loudness(before)).mean() < 3
    assert after.std() == pytest.approx(before.std(), rel=0.15)
    assert np.abs(after - before).mean() > 0.5 * np.abs(before).mean()


def test_nothing_is_late() -> None:
    before = np.zeros(2 * RATE, np.float32)
    before[RATE // 2 :] = babble(1.5)
    after = put_together(take_apart(before), np.random.default_rng(0))
    envelopes = [np.convolve(sound**2, np.ones(160), "same") for sound in (before, after)]
    lags = [np.corrcoef(envelopes[0][500:-500], np.roll(envelopes[1], lag)[500:-500])[0, 1] for lag in range(-160, 161)]
    assert abs(int(np.argmax(lags)) - 160) < 48, "less than 3 ms"


@pytest.mark.parametrize("count", [1, 100, 3000])
def test_short_and_silent_sound(count: int) -> None:
    after = put_together(take_apart(np.zeros(count, np.float32)), np.random.default_rng(0))
    assert after.shape == (count,)
    assert np.abs(after).max(initial=0) < 1e-4
    noisy = put_together(
        take_apart(np.random.default_rng(0).normal(0, 1, count).astype(np.float32)), np.random.default_rng(0)
    )
    assert np.isfinite(noisy).all()
