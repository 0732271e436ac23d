"""Changing the rate: nothing moves in time, and what both rates can hold stays."""

import numpy as np
import pytest

from veil.voice.resample import resample

RATES = [8000, 11_025, 16_000, 22_255, 44_099, 44_100, 48_000, 96_000, 192_000]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("wanted", [8000, 16_000, 44_100])
def test_a_tone_stays_where_it_is(rate: int, wanted: int) -> None:
    def tone(rate: int) -> np.ndarray:
        at = np.arange(rate * 2) / rate
        return np.sin(2 * np.pi * 1000 * at) * np.exp(-((at - 1) ** 2) * 20)

    changed = resample(tone(rate).astype(np.float32), rate, wanted)
    assert changed.dtype == np.float32
    np.testing.assert_allclose(changed, tone(wanted), atol=2e-4)


@pytest.mark.parametrize("count", [0, 1, 2, 999, 16_001])
def test_lengths_are_rounded_up_and_channels_kept(count: int) -> None:
    assert resample(np.zeros((2, count), np.float32), 44_100, 16_000).shape == (2, -(-count * 16_000 // 44_100))


def test_there_and_back_gives_the_same() -> None:
    low = resample(np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32), 16_000, 48_000)
    back = resample(resample(low, 48_000, 16_000), 16_000, 48_000)
    np.testing.assert_allclose(back[2000:-2000], low[2000:-2000], atol=2e-3)
