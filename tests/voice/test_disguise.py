"""Another voice: different each time, in all channels, as loud as before, and silent where it was silent."""

from random import Random
from secrets import SystemRandom

import numpy as np
import pytest

from tests.voice.speech import RATE, babble
from veil.voice.disguise import Disguise
from veil.voice.manner import draw_voice, measure, vary
from veil.voice.resample import Samples, resample
from veil.voice.vocoder import take_apart


def disguise(sound: Samples, rate: int = RATE, seed: int = 0) -> Samples:
    one = Disguise(rate, Random(seed))
    one.begin()
    return one.change(sound, 0)


def likeness(one: Samples, other: Samples) -> float:
    """How alike two sounds are, whichever is later by up to 10 ms; 1 for the same."""
    size = 1 << (2 * len(one)).bit_length()
    both = np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(other, size).conj(), size)
    near = np.concatenate([both[:160], both[-160:]])
    return float(np.abs(near).max() / np.sqrt((one**2).sum() * (other**2).sum()))


@pytest.mark.parametrize("rate", [8000, 22_255, 44_100, 192_000])
def test_shape_and_loudness_stay_at_any_rate(rate: int) -> None:
    sound = np.stack([resample(babble(3), RATE, rate)] * 2) * np.array([[1], [0.25]], np.float32)
    made = disguise(sound, rate)
    assert made.shape == sound.shape
    assert made.dtype == np.float32
    np.testing.assert_allclose(made.std(1), sound.std(1), rtol=0.1)
    assert np.isfinite(made).all()


def test_nothing_of_the_original_is_left_in_any_channel() -> None:
    """Faint words in a side channel are in no channel of the result, nor in what channels differ by."""
    middle, side = babble(4, seed=1), babble(4, pitch=180, seed=2) * np.float32(0.1)
    made = disguise(np.stack([middle + side, middle - side]))
    for heard in (made[0], made[1], made[0] + made[1]):
        for said in (middle, side):
            assert likeness(heard, said) < 0.2
    difference = made[0] - made[1]
    assert np.abs(np.corrcoef(difference, made[0])[0, 1]) > 0.999 or np.abs(difference).max() < 1e-3


def test_channels_that_cancel_each_other_are_still_heard() -> None:
    said = babble(3)
    made = disguise(np.stack([said, -said]))
    assert made.std() == pytest.approx(said.std(), rel=0.1)


def test_a_channel_without_sound_stays_without() -> None:
    sound = np.zeros((6, 3 * RATE), np.float32)
    sound[2] = babble(3)
    made = disguise(sound)
    assert made[2].any()
    assert not np.delete(made, 2, 0).any()


def test_silence_stays_silence() -> None:
    sound = babble(3)[None].copy()
    sound[:, RATE : RATE + 4000] = 0
    made = disguise(sound)
    assert not made[:, RATE : RATE + 4000].any()
    assert not disguise(np.zeros((2, RATE), np.float32)).any()


def test_loud_speech_is_limited_rather_than_cut_off() -> None:
    made = disguise(np.clip(babble(3)[None] * 8, -1, 1))
    assert 0.5 < np.abs(made).max() <= 0.99


@pytest.mark.parametrize("pitch", [90, 120, 220])
def test_pitch_is_that_of_the_drawn_voice_whoever_spoke(pitch: float) -> None:
    medians = [
        2 ** measure(take_apart(disguise(babble(4, pitch=pitch)[None], seed=seed)[0])).octave for seed in range(8)
    ]
    assert all(75 < median < 240 for median in medians)
    assert max(medians) / min(medians) > 1.2


def test_when_another_speaks_without_a_pause_the_voice_stays_where_it_was_drawn() -> None:
    one = Disguise(RATE, Random(3))
    one.begin()
    heard = [one.change(babble(8, pitch=pitch)[None], 0)[0] for pitch in (100, 100, 100, 220, 220)]
    octaves = [measure(take_apart(sound)).octave for sound in heard]
    assert abs(octaves[-1] - octaves[0]) < 0.35, "of the octave and more that the two speakers lie apart"


def test_two_runs_and_two_turns_differ() -> None:
    sound = babble(3)[None]
    assert likeness(disguise(sound, seed=1)[0], disguise(sound, seed=2)[0]) < 0.5
    one = Disguise(RATE, Random(0))
    turns = []
    for _ in range(2):
        one.begin()
        turns.append(one.change(sound, 0)[0])
    assert likeness(*turns) < 0.8


def test_voices_of_one_file_are_nearer_to_each_other_than_those_of_two() -> None:
    random = Random(0)
    within, across = [], []
    for _ in range(200):
        base = draw_voice(random)
        within.append(abs(vary(base, random).octave - base.octave))
        across.append(abs(draw_voice(random).octave - base.octave))
    assert np.mean(within) < np.mean(across) / 2


def test_the_system_draws_and_formants_always_move() -> None:
    voices = [draw_voice(SystemRandom()) for _ in range(50)]
    assert len({voice.octave for voice in voices}) == 50
    assert all(abs(voice.warp.mean() - 1) > 0.03 for voice in voices)


def test_what_noise_is_made_of_is_drawn_apart_from_the_voice() -> None:
    """Noise can be read from the result; the generator that made it must not be the one that drew the voice."""
    drawn = Random(5)
    noise = np.random.default_rng(drawn.getrandbits(128))
    one = Disguise(RATE, Random(5))
    assert one._noise.bit_generator.state == noise.bit_generator.state
    assert one._base.octave == draw_voice(drawn).octave


@pytest.mark.parametrize("count", [1, 50, 1000])
def test_very_short_stretches(count: int) -> None:
    made = disguise(babble(1)[None, :count])
    assert made.shape == (1, count)
    assert np.isfinite(made).all()
