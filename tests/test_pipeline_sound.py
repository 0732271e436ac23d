"""The whole flow of sound, alone and in videos: in step to the sample, nothing left of a voice, nothing told of it."""

import io
import json
import logging
import random
import secrets
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.fakes import Silent, finder
from tests.footage import Spotting, spotter
from tests.media.clips import shown
from tests.media.sounds import Samples, clicks, film, load, save, save_wave, shape, tracks_of
from tests.voice.hearing import HearsNothing
from tests.voice.speech import RATE, babble
from veil import pipeline, pipeline_sound
from veil import plan as plans
from veil import report as reports
from veil.errors import InputError, UnsupportedError, UsageError
from veil.media.sound import open_sound
from veil.media.video import open_video
from veil.options import Options
from veil.types import Report
from veil.voice.resample import resample

PLACES = [3000, 40_000, 90_000]
QUICK = Options(style="solid", preset="ultrafast")


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken for speech."""
    monkeypatch.setattr("veil.pipeline_sound.SpeechNetwork", HearsNothing)


def talk(rate: int = RATE, channels: int = 1) -> Samples:
    """Four seconds of faint noise, three of speech, five of faint noise."""
    sound = np.random.default_rng(0).normal(0, 0.001, 12 * RATE)
    sound[4 * RATE : 7 * RATE] += babble(3)
    changed = resample(sound.astype(np.float32), RATE, rate)
    both = np.stack([changed * (1 - 0.5 * number / channels) for number in range(channels)])
    return (np.round(both * 32768) / 32768).astype(np.float32)


def late(after: Samples, before: Samples) -> int:
    """Return by how many samples one sound is heard later than another in its first second, which nothing changed."""
    size = 1 << 18
    one, other = (np.fft.rfft(sound[0, :48_000], size) for sound in (after, before))
    place = int(np.fft.irfft(one * other.conj(), size).argmax())
    return place if place < size // 2 else place - size


def run(source: Path, options: Options, name: str = "") -> tuple[Path, Report]:
    target = source.with_name(name or f"out{source.suffix}")
    with open_sound(source) as sound, target.open("w+b") as stream:
        return target, pipeline_sound.anonymise(sound, stream, options)


def run_video(source: Path, options: Options, name: str = "") -> tuple[Path, Report]:
    target = source.with_name(name or f"out{source.suffix}")
    with open_video(source) as video, target.open("w+b") as stream:
        return target, pipeline.anonymise(video, finder(Silent()), stream, options)[1]


@pytest.mark.parametrize("voice", ["beep", "disguise", "mute"])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (22_255, 2), (96_000, 6)])
def test_speech_is_changed_and_everything_else_stays_bit_for_bit(
    voice: str, rate: int, channels: int, tmp_path: Path
) -> None:
    before = talk(rate, channels)
    target, report = run(
        save(tmp_path / "in.wav", before, shape(rate, channels)), Options(voice=voice, voice_in="speech")
    )
    after, _ = load(target)
    assert after.shape == before.shape
    np.testing.assert_array_equal(after[:, : 3 * rate], before[:, : 3 * rate])
    np.testing.assert_array_equal(after[:, 10 * rate :], before[:, 10 * rate :])
    said = slice(4 * rate, 7 * rate)
    assert all(
        abs(np.corrcoef(new, old)[0, 1]) < 0.3
        for new, old in zip(after[:, said], before[:, said], strict=True)
        if new.any()
    )
    assert after[:, said].any() == (voice != "mute")
    assert report.altered is not None
    assert (report.altered.voice, report.altered.stretches) == (voice, 1)
    assert 3.5 < report.altered.seconds < 6
    assert not report.wants_review


@pytest.mark.parametrize("voice", ["beep", "disguise"])
def test_everywhere_leaves_no_part_as_it_was(voice: str, tmp_path: Path, deaf: None) -> None:
    before = talk(16_000)
    target, report = run(
        save(tmp_path / "in.wav", before, shape(16_000, 1)), Options(voice=voice, voice_in="everywhere")
    )
    after, _ = load(target)
    assert after.shape == before.shape
    inside = slice(200, -200)
    assert (after[0, inside] != before[0, inside]).mean() > 0.9
    assert report.altered is not None
    assert report.altered.seconds == 12


@pytest.mark.parametrize(("background", "gain"), [("lower", 0.1), ("mute", 0)])
def test_background_is_lowered_or_left_out(background: str, gain: float, tmp_path: Path) -> None:
    before = talk(16_000)
    source = save(tmp_path / "in.wav", before, shape(16_000, 1, "flt"))
    after, _ = load(run(source, Options(voice="beep", background=background))[0])
    np.testing.assert_allclose(after[:, :48_000], before[:, :48_000] * gain, atol=1e-7)


def test_where_no_speech_is_heard_a_person_is_asked_to_listen(tmp_path: Path, deaf: None) -> None:
    _, report = run(save(tmp_path / "in.wav", talk(), shape(RATE, 1)), Options(voice="beep"))
    assert report.nothing_found
    assert report.wants_review
    assert reports.in_words(report) == "no speech heard, please listen"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(), "would be empty"),
        (Options(voice="keep"), "would be the same file"),
        (Options(voice="mute", voice_in="everywhere"), "would be empty"),
        (Options(voice="beep", format="mp4"), "cannot be written as mp4"),
        (Options(voice="beep", format="jpg"), "cannot be written as jpeg"),
    ],
)
def test_what_makes_no_sense_for_a_sound_file_is_refused(options: Options, words: str, tmp_path: Path) -> None:
    source = save_wave(tmp_path / "in.wav", talk(), RATE)
    with open_sound(source) as sound, pytest.raises(UsageError, match=words):
        pipeline_sound.anonymise(sound, io.BytesIO(), options)


def test_sound_that_changes_its_length_between_the_two_passes_is_refused() -> None:
    class Shrinking:
        shape = shape(RATE, 1)
        reads = 0

        def blocks(self) -> Iterator[Samples]:
            self.reads += 1
            yield talk()[:, : 12 * RATE - self.reads]

    source = Shrinking()
    options = Options(voice="beep")
    heard = pipeline_sound.listen(source, options, lambda: None)
    with pytest.raises(InputError, match="another length"):
        list(pipeline_sound.changed(source, heard, options))


@pytest.mark.parametrize(
    ("name", "codec", "exact"),
    [("x.mov", "pcm_s16le", False), ("x.mp4", "aac", False), ("x.mkv", "flac", True), ("x.webm", "libopus", False),
     ("x.avi", "pcm_s16le", True), ("x.ts", "aac", False)],
)  # fmt: skip
def test_sound_of_a_video_stays_in_step_to_the_sample(
    name: str, codec: str, exact: bool, tmp_path: Path, deaf: None
) -> None:
    source = film(tmp_path / name, {Fraction(0): clicks(2, 96_000, PLACES)}, codec=codec)
    ((start, before, _),) = tracks_of(source)
    target, report = run_video(source, replace(QUICK, voice="beep"))
    ((new_start, after, _),) = tracks_of(target)
    assert shown(target).times == shown(source).times
    shift = round((new_start - start) * 48_000)
    assert late(after, before) + shift == 0
    assert after.shape[1] + shift >= before.shape[1]
    if exact:
        np.testing.assert_array_equal(after, before)
    assert report.altered is not None
    assert "sound" not in report.dropped


@pytest.mark.parametrize("name", ["x.mov", "x.mkv", "x.avi"])
@pytest.mark.parametrize("begins", [Fraction(1, 2), Fraction(1, 8)])
def test_a_track_that_begins_later_does_so_in_the_result(
    name: str, begins: Fraction, tmp_path: Path, deaf: None
) -> None:
    suffix = ".mov" if name == "x.avi" else Path(name).suffix
    codec = "flac" if suffix == ".mkv" else "pcm_s16le"
    source = film(tmp_path / f"in{suffix}", {begins: clicks(1, 48_000, [3000, 20_000])}, codec=codec)
    ((start, before, _),) = tracks_of(source)
    assert start == begins
    target, _ = run_video(source, replace(QUICK, voice="beep", format="" if name != "x.avi" else "mkv"), name)
    ((new_start, after, _),) = tracks_of(target)
    assert late(after, before) + round(new_start * 48_000) == round(start * 48_000)


def test_every_track_of_a_video_is_changed_and_keeps_its_place(tmp_path: Path) -> None:
    said = resample(talk(), RATE, 48_000)
    source = film(tmp_path / "in.mov", {Fraction(0): said, Fraction(1): np.repeat(said, 2, 0)}, frames=60)
    target, report = run_video(source, replace(QUICK, voice="disguise"))
    for (start, before, _), (new_start, after, _) in zip(tracks_of(source), tracks_of(target), strict=True):
        assert late(after, before) + round(new_start * 48_000) == round(start * 48_000)
        assert abs(after.shape[1] - before.shape[1]) <= 2048
        after = after[:, late(after, before) :]
        loud = slice(int(4.1 * 48_000), int(6.9 * 48_000))
        assert all(abs(np.corrcoef(one[loud], before[0, loud])[0, 1]) < 0.3 for one in after)
    assert report.altered is not None
    assert report.altered.stretches == 2


def test_a_video_in_which_no_speech_is_heard_wants_an_ear(tmp_path: Path, deaf: None) -> None:
    source = film(tmp_path / "in.mov", {Fraction(0): clicks(1, 48_000, [3000])}, frames=20)
    _, report = run_video(source, replace(QUICK, voice="beep"))
    assert report.heard_nothing
    assert report.wants_review
    assert "no speech heard, please listen" in reports.in_words(report)


def test_sound_that_cannot_be_changed_is_refused_before_anybody_looks(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mov", {Fraction(0): clicks(1, 4000, [3])}, rate=4000, frames=10)
    detector = Spotting()
    with open_video(source) as video, pytest.raises(UnsupportedError, match="4000 samples a second"):
        pipeline.anonymise(video, spotter(detector), io.BytesIO(), replace(QUICK, voice="beep"))
    assert detector.looks == 0


def test_a_video_without_sound_says_nothing_of_it(tmp_path: Path) -> None:
    _, report = run_video(film(tmp_path / "in.mp4", {}), replace(QUICK, voice="disguise"))
    assert report.altered is None
    assert "altered" in reports.to_dict(report)


def test_two_runs_give_two_voices(tmp_path: Path) -> None:
    source = save_wave(tmp_path / "in.wav", talk(), RATE)
    one, other = (load(run(source, Options(voice="disguise"), name)[0])[0] for name in ("one.wav", "other.wav"))
    said = slice(4 * RATE, 7 * RATE)
    assert abs(np.corrcoef(one[0, said], other[0, said])[0, 1]) < 0.5


def test_what_was_drawn_is_told_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Every number that is drawn is written down here, and looked for in the report, the plan and the log."""
    drawn: list[float] = []

    class Telling(random.SystemRandom):
        def random(self) -> float:
            drawn.append(super().random())
            return drawn[-1]

        def getrandbits(self, count: int) -> int:
            drawn.append(super().getrandbits(count))
            return int(drawn[-1])

        def uniform(self, low: float, high: float) -> float:
            drawn.append(super().uniform(low, high))
            return drawn[-1]

    monkeypatch.setattr(secrets, "SystemRandom", Telling)
    said = resample(talk(), RATE, 48_000)
    source = film(tmp_path / "in.mov", {Fraction(0): said}, frames=20)
    with caplog.at_level(logging.DEBUG), open_video(source) as video:
        plan, report = pipeline.anonymise(video, finder(Silent()), io.BytesIO(), replace(QUICK, voice="disguise"))
    assert len(drawn) > 20
    told = json.dumps(reports.to_dict(report)) + plans.to_json(plan) + caplog.text
    for number in drawn:
        for form in (repr(number), f"{number:.6g}", f"{number:.3f}"):
            assert form not in told or len(form) < 5
