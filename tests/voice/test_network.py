"""The network in numpy gives the numbers that its authors' own programs give, and is refused when it is damaged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.voice.speech import babble
from veil.errors import DetectorError
from veil.models import WEIGHTS
from veil.voice.network import WINDOW, Memory, SpeechNetwork

SILERO = WEIGHTS["silero"]


@pytest.fixture(scope="module")
def network() -> SpeechNetwork:
    return SpeechNetwork(SILERO)


def test_speech_is_heard_and_other_sounds_are_not(network: SpeechNetwork) -> None:
    speech = babble(4)[None, : 120 * WINDOW]
    noise = np.random.default_rng(0).normal(0, 0.1, speech.shape).astype(np.float32)
    assert np.median(network.hear(speech, Memory(1))) > 0.9
    assert network.hear(noise, Memory(1)).max() < 0.1


def test_it_does_not_matter_how_sound_is_cut_into_pieces(network: SpeechNetwork) -> None:
    speech = babble(2)[None, : 60 * WINDOW]
    whole = network.hear(speech, Memory(1))
    memory = Memory(1)
    pieces = [network.hear(speech[:, at : at + 7 * WINDOW], memory) for at in range(0, speech.shape[1], 7 * WINDOW)]
    np.testing.assert_allclose(np.concatenate(pieces, 1), whole, atol=1e-5)


def test_channels_do_not_hear_each_other(network: SpeechNetwork) -> None:
    speech = babble(1)[: 30 * WINDOW]
    both = network.hear(np.stack([speech, np.zeros_like(speech)]), Memory(2))
    np.testing.assert_allclose(both[0], network.hear(speech[None], Memory(1))[0], atol=1e-5)
    assert both[1].max() < 0.1


def test_damaged_or_missing_weights_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="is damaged"):
        SpeechNetwork(replace(SILERO, sha256="0" * 64))
    with pytest.raises(DetectorError, match="cannot be read"):
        SpeechNetwork(replace(SILERO, file="nowhere.safetensors"))
