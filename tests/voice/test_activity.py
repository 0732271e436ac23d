"""Where speech is said to be: with margins, in samples of the track, in any channel, however quiet."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.voice.speech import RATE, babble
from veil.models import WEIGHTS
from veil.voice.activity import Stretch, find_speech
from veil.voice.network import SpeechNetwork
from veil.voice.resample import Samples, resample


@pytest.fixture(scope="module")
def network() -> SpeechNetwork:
    return SpeechNetwork(WEIGHTS["silero"])


def track(*parts: float, rate: int = RATE) -> Samples:
    """Return one channel: faint noise for a negative number of seconds, speech for a positive one."""
    random = np.random.default_rng(0)
    pieces = [
        random.normal(0, 1e-4, int(-part * RATE)).astype(np.float32) if part < 0 else babble(part) for part in parts
    ]
    return resample(np.concatenate(pieces), RATE, rate)


def cut(samples: Samples, length: int) -> Iterator[Samples]:
    yield from (samples[:, at : at + length] for at in range(0, samples.shape[1], length))


@pytest.mark.parametrize("rate", [8000, 22_255, 44_100, 192_000])
def test_stretches_hold_the_speech_and_count_in_samples_of_the_track(rate: int, network: SpeechNetwork) -> None:
    sound = track(-4, 3, -12, 2, -3, rate=rate)[None]
    stretches, count = find_speech(cut(sound, rate // 3), rate, network)
    assert count == sound.shape[1]
    first, second = stretches
    assert 3 * rate < first.start < 4 * rate
    assert 7 * rate < first.stop < 12 * rate
    assert 18 * rate < second.start < 19 * rate
    assert 21 * rate < second.stop <= 24 * rate


@pytest.mark.parametrize("gain", [1, 0.01, 0.001])
def test_quiet_speech_is_heard_too(gain: float, network: SpeechNetwork) -> None:
    (stretch,), _ = find_speech(cut(track(-4, 3, -4)[None] * np.float32(gain), 5000), RATE, network)
    assert stretch.start < 4 * RATE
    assert stretch.stop > 7 * RATE


def test_speech_in_one_channel_is_enough_even_where_channels_cancel_each_other(network: SpeechNetwork) -> None:
    said = track(-4, 3, -4)
    for channels in ([np.zeros_like(said), said], [said, -said]):
        (stretch,), _ = find_speech(cut(np.stack(channels), 5000), RATE, network)
        assert stretch.start < 4 * RATE
        assert stretch.stop > 7 * RATE


def test_speech_at_the_very_beginning_and_end_is_heard(network: SpeechNetwork) -> None:
    sound = track(2)[None]
    assert find_speech([sound], RATE, network) == ([Stretch(0, sound.shape[1])], sound.shape[1])


def test_where_nobody_speaks_there_are_no_stretches(network: SpeechNetwork) -> None:
    at = np.arange(20 * RATE) / RATE
    chord = np.sum([0.1 * np.sin(2 * np.pi * pitch * at) for pitch in (220, 277, 330)], 0).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 0.1, at.shape).astype(np.float32)
    for sound in (chord, noise, np.zeros_like(noise)):
        assert find_speech(cut(sound[None], 5000), RATE, network) == ([], len(sound))


def test_a_track_without_samples_has_no_stretches(network: SpeechNetwork) -> None:
    assert find_speech([], RATE, network) == ([], 0)
