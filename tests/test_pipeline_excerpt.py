"""A few seconds before and after: in step to the sample, and as the whole result would be."""

from collections.abc import Generator

import numpy as np
import pytest

from tests.media.sounds import Samples, shape
from tests.test_pipeline_sound import talk
from tests.voice.speech import RATE
from veil import pipeline_excerpt, pipeline_sound
from veil.media.sound_reader import Shape
from veil.options import Options
from veil.pipeline_excerpt import SECONDS, excerpt, first_speech

BEEP = Options(voice="beep")


class Track:
    """Silence with made-up speech in it; counts what is read."""

    def __init__(self, before: float = 41, after: float = 30, channels: int = 1) -> None:
        self.shape: Shape = shape(RATE, channels)
        quiet = [np.zeros((channels, int(seconds * RATE)), np.float32) for seconds in (before, after)]
        self.sound: Samples = np.concatenate([quiet[0], talk(channels=channels), quiet[1]], 1)
        self.read = 0

    def blocks(self) -> Generator[Samples, None, None]:
        for at in range(0, self.sound.shape[1], RATE // 2):
            self.read += 1
            yield self.sound[:, at : at + RATE // 2]


def nothing() -> None:
    pass


def test_the_first_speech_is_found_without_reading_on() -> None:
    track = Track()
    start = first_speech(track, nothing)
    assert start == pytest.approx(
        41 + 4 - 1.3, abs=0.5
    )  # a stretch begins 0.3 s early, and the excerpt a second before
    assert track.read / 2 < 61


def test_silence_has_no_first_speech() -> None:
    track = Track()
    track.sound = track.sound[:, : 40 * RATE]
    assert first_speech(track, nothing) is None


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("start", [0, 3.25, 44, 47.5])
def test_an_excerpt_is_what_the_whole_result_would_be(start: float, channels: int) -> None:
    track = Track(channels=channels)
    heard = pipeline_sound.listen(track, BEEP, nothing)
    whole = np.concatenate(list(pipeline_sound.changed(track, heard, BEEP)), 1)
    for known in (heard, None):
        part = excerpt(track, BEEP, start, nothing, heard=known)
        place = slice(int(start * RATE), int((start + SECONDS) * RATE))
        assert part.start == start
        np.testing.assert_array_equal(part.before, track.sound[:, place])
        assert part.stretches == (start >= 44)
    exact = excerpt(track, BEEP, start, nothing, heard=heard).after
    loud = np.abs(whole[:, place]).max(0) > 0.09  # where the tone is at its loudest
    assert (np.abs(exact).max(0) > 0.09).mean() == pytest.approx(loud.mean(), abs=0.01)


def test_an_excerpt_near_the_end_is_as_long_as_any() -> None:
    track = Track(0, 0)
    part = excerpt(track, BEEP, 11.5, nothing)
    assert (part.start, part.before.shape[1]) == (12 - SECONDS, SECONDS * RATE)
    np.testing.assert_array_equal(part.before, track.sound[:, -part.before.shape[1] :])
    assert part.stretches == 1


def test_a_short_track_is_its_own_excerpt() -> None:
    track = Track(0, 0)
    track.sound = track.sound[:, 4 * RATE : 6 * RATE]
    for start in (0, 1.5, 100):
        part = excerpt(track, BEEP, start, nothing)
        assert part.start == 0
        np.testing.assert_array_equal(part.before, track.sound)
        assert part.after.shape == part.before.shape


def test_everywhere_is_everywhere() -> None:
    part = excerpt(Track(), Options(voice="beep", voice_in="everywhere"), 5, nothing)
    assert part.stretches == 1
    assert np.abs(part.after).max() == pytest.approx(0.1, abs=0.001)
    assert not part.before.any()


def test_steps_are_told_and_may_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class EnoughError(Exception):
        pass

    def stop() -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        excerpt(Track(), BEEP, 3, stop)
    with pytest.raises(EnoughError):
        first_speech(Track(), stop)
    assert pipeline_excerpt.lead_in(RATE // 2, RATE) == 0
