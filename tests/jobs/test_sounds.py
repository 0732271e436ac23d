"""Sound files and the sound of videos in the studio's workers."""

import json
import tempfile
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.jobs.conftest import BOX, ME, Hints, accept, folder_of, names, tools
from tests.jobs.loads import spotting
from tests.media.sounds import Samples, film, load, save, save_wave, shape
from tests.test_pipeline_sound import talk
from tests.voice.hearing import HearsNothing
from tests.voice.speech import RATE
from veil import pipeline_sound
from veil.audit.checking import entries
from veil.errors import JobError, UsageError
from veil.jobs import sounds
from veil.jobs.folder import JobFolder
from veil.jobs.job import Job, JobState, from_json, to_json
from veil.jobs.limits import Limits
from veil.jobs.results import ResultState
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.work import Tools, work
from veil.media.sound_writer import write_sound
from veil.options import Options
from veil.types import Altered, Kind

BEEP = Options(voice="beep")
SPEECH = slice(4 * RATE, 7 * RATE)


@cache
def recorded(ending: str = ".wav", rate: int = RATE, channels: int = 1) -> bytes:
    """Return four seconds of faint noise, three of speech and five of noise as a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"talk{ending}"
        return save(path, talk(rate, channels), shape(rate, channels)).read_bytes()


@cache
def filmed_talk() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return film(Path(folder) / "talk.mkv", {Fraction(1): talk()}, rate=RATE, frames=25).read_bytes()


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.pipeline_sound.SpeechNetwork", HearsNothing)


def worked(store: Store, data: bytes, options: Options = BEEP, using: Tools | None = None) -> tuple[Job, JobFolder]:
    job = accept(store, data, options=options)
    work(store, job.id, using or tools(spotting))
    folder = folder_of(store, job)
    return folder.read(), folder


def samples_of(path: Path) -> Samples:
    return load(path)[0]


def test_the_deletion_of_a_sound_file_is_written_down(store: Store) -> None:
    job, folder = worked(store, recorded())
    talk = folder.read().talk
    store.delete(job.owner, job.id)
    assert talk is not None
    assert [entry["told"]["input"] for entry in entries(store.log.path)] == [{"sha256": talk.sha256}]


def test_a_sound_file_is_listened_to_and_altered(store: Store) -> None:
    job, folder = worked(store, recorded())
    assert (job.state, job.kind, job.attempts, job.problem, job.extension) == (
        JobState.DONE,
        Kind.SOUND,
        0,
        None,
        ".wav",
    )
    assert job.talk is not None
    assert (job.talk.format, job.talk.rate, job.talk.channels, job.talk.seconds) == ("wav", RATE, 1, 12)
    assert job.talk.stretches == 1
    assert 3.5 < job.talk.spoken < 6
    (order,) = job.orders
    assert order.altered == Altered("beep", 1, job.talk.spoken)
    before, after = samples_of(folder.original), samples_of(folder.result(order.revision, order.key))
    assert after.shape == before.shape
    np.testing.assert_array_equal(after[:, : 3 * RATE], before[:, : 3 * RATE])
    assert np.abs(np.corrcoef(after[0, SPEECH], before[0, SPEECH])[0, 1]) < 0.1
    assert names(folder.path) == {
        "original", "job.json", "seen", "hearing", "listening", f"results/{folder.result('', order.key).name}",
    }  # fmt: skip
    assert from_json(to_json(job)) == Job(**{**_fields(job), "seen": 0.0, "progress": None})


def _fields(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in job.__dataclass_fields__}


def test_the_copy_to_listen_to_is_as_long_and_the_peaks_tell_where_it_is_loud(store: Store) -> None:
    _, folder = worked(store, recorded(".flac", 44_100, 2))
    copied = folder.listening.rename(folder.path / "copied.mp3")
    sound, facts = load(copied)
    assert (facts.channels, facts.rate) == (1, 44_100)
    assert abs(sound.shape[1] - 12 * 44_100) < 3000
    peaks = np.array(sounds.read_hearing(folder).peaks)
    assert len(peaks) > 100
    places = np.flatnonzero(peaks > 0.1) / len(peaks) * 12
    assert 3.9 < places.min() < 4.5
    assert 6.5 < places.max() < 7.1


@pytest.mark.parametrize("ending", [".mp3", ".m4a", ".opus"])
def test_every_kind_of_sound_file_stays_what_it_is(store: Store, ending: str) -> None:
    job, folder = worked(store, recorded(ending))
    assert (job.state, job.extension) == (JobState.DONE, ending)
    assert load(folder.result("", job.orders[0].key))[0].shape[1] >= 12 * RATE


def test_nothing_is_made_before_somebody_says_what(store: Store, hints: Hints) -> None:
    job, folder = worked(store, recorded(), Options())
    assert (job.state, job.orders) == (JobState.DONE, ())
    studio = Studio(store, hints)
    with pytest.raises(UsageError, match="would be empty"):
        studio.request_result(ME, job.id, Options())
    with pytest.raises(UsageError, match="the same file"):
        studio.request_result(ME, job.id, Options(voice="keep"))
    assert studio.request_result(ME, job.id, BEEP).state is ResultState.MAKING
    work(store, job.id, tools())
    assert studio.request_result(ME, job.id, BEEP).state is ResultState.READY
    assert studio.request_result(ME, job.id, Options(voice="beep", style="solid", codec="vp9")).state == "ready"
    report = studio.report(ME, job.id, Options(voice="disguise", voice_in="everywhere"))
    assert report.altered == Altered("disguise", 1, 12)
    assert (report.output_sha256, report.picture.kind) == (None, Kind.SOUND)
    assert studio.report(ME, job.id, BEEP).output_sha256 == folder.read().orders[0].sha256


def test_a_sound_file_is_listened_to_once(store: Store, hints: Hints, monkeypatch: pytest.MonkeyPatch) -> None:
    job, _ = worked(store, recorded())
    monkeypatch.setattr(pipeline_sound, "find_speech", lambda *_: pytest.fail("listened again"))
    Studio(store, hints).request_result(ME, job.id, Options(voice="mute", voice_in="speech"))
    work(store, job.id, tools())
    folder = folder_of(store, job)
    made = folder.read().orders[-1]
    assert made.problem is None
    assert not samples_of(folder.result("", made.key))[0, SPEECH].any()


def test_where_no_speech_is_heard_a_person_is_asked(store: Store, hints: Hints, deaf: None) -> None:
    job, _ = worked(store, recorded())
    assert (job.state, job.heard_nothing, job.nothing_found) == (JobState.REVIEW, True, True)
    studio = Studio(store, hints)
    assert studio.report(ME, job.id).heard_nothing
    assert studio.update(ME, job.id, looked=True).state is JobState.DONE


def test_a_video_whose_result_heard_nothing_wants_a_person_again(store: Store, hints: Hints, deaf: None) -> None:
    job, _ = worked(store, filmed_talk(), Options(style="solid"))
    studio = Studio(store, hints)
    studio.update(ME, job.id, looked=True)
    assert not job.heard_nothing
    wanted = Options(style="solid", voice="beep")
    studio.request_result(ME, job.id, wanted)
    work(store, job.id, tools(spotting))
    heard = studio.job(ME, job.id)
    assert (heard.state, heard.looked, heard.heard_nothing) == (JobState.REVIEW, False, True)
    assert studio.report(ME, job.id, wanted).heard_nothing
    assert studio.request_result(ME, job.id, wanted).altered == Altered("beep", 0, 0.0)


def test_an_mp4_without_a_picture_is_sound(store: Store) -> None:
    data = recorded(".m4a")
    at = data.index(b"M4A ")
    job = accept(store, data[:at] + b"isom" + data[at + 4 :], options=BEEP)
    assert job.kind is Kind.VIDEO
    work(store, job.id, tools())
    known = folder_of(store, job).read()
    assert (known.kind, known.state, known.extension) == (Kind.SOUND, JobState.DONE, ".m4a")
    assert known.orders[0].altered is not None


def try_out(store: Store, studio: Studio, job: Job, options: Options = BEEP, at: float | None = None) -> Any:
    assert studio.try_out(ME, job.id, options, at).trial.waits
    work(store, job.id, tools(spotting))
    tried = studio.try_out(ME, job.id, options, at).trial
    assert not tried.waits
    return tried


@pytest.mark.parametrize("data", [recorded, filmed_talk])
def test_a_few_seconds_before_and_after(store: Store, hints: Hints, data: Callable[[], bytes]) -> None:
    job, folder = worked(store, data(), Options(style="solid"))
    studio = Studio(store, hints)
    begins = 1 if job.talk is None else 0  # the sound of the video begins late
    original = talk()
    for at in (None, 4.0):
        tried = try_out(store, studio, job, at=at)
        assert (tried.problem, tried.stretches) == (None, 1)
        before, after = (samples_of(studio.trial(ME, job.id, tried.key, which)) for which in ("before", "after"))
        first = round((tried.start - begins) * RATE)
        assert abs(first - 2 * RATE) < RATE  # ten of twelve seconds, with the speech in them
        np.testing.assert_allclose(before, original[:, first : first + before.shape[1]], atol=2e-4)
        assert before.shape == after.shape == (1, 10 * RATE)
        said = slice(4 * RATE - first, 7 * RATE - first)
        assert abs(np.corrcoef(after[0, said], before[0, said])[0, 1]) < 0.1
        assert 0.09 < np.abs(after[0, said]).max() < 0.11
    assert len(folder.read().orders) == (job.talk is None)


def test_a_trial_of_many_channels_is_mixed_and_of_none_is_refused(store: Store, hints: Hints) -> None:
    studio = Studio(store, hints)
    job, _ = worked(store, recorded(".wav", 16_000, 6), Options())
    tried = try_out(store, studio, job)
    assert load(studio.trial(ME, job.id, tried.key, "after"))[1].channels == 1
    with tempfile.TemporaryDirectory() as folder:
        silent = film(Path(folder) / "silent.mkv", {}, frames=5).read_bytes()
    job, _ = worked(store, silent, Options(style="solid"))
    tried = try_out(store, studio, job)
    assert tried.problem is not None
    assert "has no sound" in tried.problem.detail


def test_trials_that_make_no_sense_are_refused(store: Store, hints: Hints) -> None:
    studio = Studio(store, hints)
    job, _ = worked(store, recorded(), Options())
    for options, at in ((Options(), None), (Options(voice="keep"), 1.0), (BEEP, -1.0), (BEEP, float("nan"))):
        with pytest.raises(UsageError):
            studio.try_out(ME, job.id, options, at)
    with pytest.raises(UsageError, match="nothing to be heard"):
        studio.trial(ME, job.id, "0" * 32, "after")


def test_old_trials_and_their_files_go(store: Store, hints: Hints) -> None:
    store.limits = Limits(free_bytes=0, trials=1)
    studio = Studio(store, hints)
    job, folder = worked(store, recorded(), Options())
    first = try_out(store, studio, job)
    assert folder.trial(first.key, "after").exists()
    try_out(store, studio, job, at=1.0)
    assert not folder.trial(first.key, "after").exists()
    assert len(folder.read().trials) == 1


def test_what_needs_a_plan_says_that_there_is_none(store: Store, hints: Hints) -> None:
    studio = Studio(store, hints)
    job, _ = worked(store, recorded())
    asks: list[Callable[[], object]] = [
        lambda: studio.plan(ME, job.id),
        lambda: studio.found(ME, job.id),
        lambda: studio.preview_original(ME, job.id),
        lambda: studio.preview(ME, job.id, BOX),
        lambda: studio.update(ME, job.id, grow=2.0),
        lambda: studio.times(ME, job.id),
    ]
    for ask in asks:
        with pytest.raises(JobError):
            ask()


@pytest.mark.parametrize("cut", [30, 3000])
def test_a_broken_sound_file_fails_alone_with_a_plain_sentence(store: Store, cut: int) -> None:
    job, folder = worked(store, recorded(".flac")[:cut])
    assert (job.state, job.wants_work) == (JobState.FAILED, False)
    assert job.problem is not None
    assert job.problem.kind in ("InputError", "UnsupportedError")
    assert names(folder.path) - {"progress"} == {"original", "job.json", "seen"}


def test_sound_that_is_too_long_is_refused(store: Store) -> None:
    store.limits = Limits(free_bytes=0, sound_seconds=11)
    job, _ = worked(store, recorded())
    assert job.problem is not None
    assert job.problem.kind == "TooLargeError"


def test_a_sound_file_deleted_while_it_is_worked_on_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = accept(store, recorded(), options=BEEP)
    real = pipeline_sound.anonymise

    def delete_first(*args: Any, **more: Any) -> Any:
        store.delete(job.owner, job.id)
        return real(*args, **more)

    monkeypatch.setattr(pipeline_sound, "anonymise", delete_first)
    work(store, job.id, tools())
    assert not list(store.folders())
    assert not any(store.trash.iterdir())


def test_a_process_that_ends_gives_the_sound_back_and_the_next_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    using = tools()
    write = write_sound

    def stopping(*args: Any, **more: Any) -> Any:
        using.stopping.set()
        return write(*args, **more)

    with monkeypatch.context() as patched:
        patched.setattr("veil.media.sound.write_sound", stopping)
        job, folder = worked(store, recorded(), using=using)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert json.loads(folder.hearing.read_bytes())["samples"] == 12 * RATE
    monkeypatch.setattr(pipeline_sound, "find_speech", lambda *_: pytest.fail("listened again"))
    work(store, job.id, tools())
    assert folder.read().state is JobState.DONE


def test_progress_counts_half_seconds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.jobs.progress.EVERY_SECONDS", 0)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(JobFolder, "note_progress", lambda self, done, total: told.append((done, total)))
    worked(store, recorded())
    assert told == [(done, 72) for done in range(1, 72)]  # listened to, copied, altered


def test_no_setting_or_record_holds_what_was_drawn(store: Store) -> None:
    job, folder = worked(store, save_bytes(), Options(voice="disguise"))
    record = folder.record.read_text()
    assert job.orders[0].altered is not None
    assert not any(word in record for word in ("seed", "pitch", "formant", "warp"))
    first = samples_of(folder.result("", job.orders[0].key))
    store.delete(job.owner, job.id)
    job, folder = worked(store, save_bytes(), Options(voice="disguise"))
    assert (first != samples_of(folder.result("", job.orders[0].key))).any()


@cache
def save_bytes() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return save_wave(Path(folder) / "talk.wav", talk(), RATE).read_bytes()
