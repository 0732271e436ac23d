"""The limiter: never louder than the ceiling, and nothing changed far from a peak."""

import numpy as np
import pytest

from veil.voice.limiter import CEILING, limit


@pytest.mark.parametrize("rate", [8000, 44_100])
@pytest.mark.parametrize("gain", [0.5, 1.5, 8])
def test_nothing_is_louder_than_the_ceiling(rate: int, gain: float) -> None:
    sound = (np.random.default_rng(0).normal(0, 0.3, (2, rate)) * gain).astype(np.float32)
    assert np.abs(limit(sound, rate)).max() <= CEILING + 1e-6


def test_only_what_is_near_a_peak_becomes_quieter_in_all_channels_alike() -> None:
    sound = np.full((2, 16_000), 0.5, np.float32)
    sound[1, 8000] = 2
    limited = limit(sound, 16_000)
    assert limited[1, 8000] == pytest.approx(CEILING, rel=1e-3)
    np.testing.assert_array_equal(limited[:, :7850], sound[:, :7850])
    np.testing.assert_array_equal(limited[:, 8150:], sound[:, 8150:])
    np.testing.assert_allclose(limited[0, 7999], limited[1, 7999])
    assert np.abs(np.diff(limited[0])).max() < 0.05, "it fades"


def test_quiet_sound_is_left_alone() -> None:
    sound = np.full((1, 100), 0.9, np.float32)
    assert limit(sound, 8000) is sound
    assert limit(np.zeros((2, 0), np.float32), 8000).shape == (2, 0)
