"""The command line and the library with sound files: files, exit codes, what is printed."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import veil as library
from tests.media.sounds import load, save, save_wave, shape
from tests.test_pipeline_sound import talk
from tests.voice.hearing import HearsNothing
from tests.voice.speech import RATE
from veil.cli import main
from veil.errors import OutputError, UsageError


@pytest.fixture(autouse=True)
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model that looks for faces is loaded."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nobody is to be looked for in sound")

    monkeypatch.setattr("veil.detect.load", refuse)


@pytest.fixture
def interview(tmp_path: Path) -> Path:
    return save_wave(tmp_path / "interview.wav", talk(), RATE)


def veil(*arguments: Any, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize(("voice", "done"), [("beep", "covered with a tone"), ("disguise", "disguised")])
def test_run_changes_voices_and_leaves_the_input(voice: str, done: str, interview: Path) -> None:
    before = interview.read_bytes()
    result = veil("run", interview, "--voice", voice)
    target = interview.with_name("interview.veiled.wav")
    assert re.fullmatch(rf"{target}: voices {done} once, for [345]\.\d s together\.\n", result.stdout)
    assert interview.read_bytes() == before
    after, _ = load(target)
    assert after.shape == talk().shape
    assert not np.array_equal(after, talk())


def test_the_ending_of_the_output_says_the_format(interview: Path) -> None:
    target = interview.with_name("safe.opus")
    veil("run", interview, "--voice", "beep", "-o", target)
    assert target.read_bytes()[:4] == b"OggS"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "would be empty"),
        (("--voice", "keep"), "would be the same file"),
        (("--voice", "beep", "--format", "png"), "cannot be written as png"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_sentence_and_leaves_nothing(
    more: tuple[str, ...], words: str, interview: Path
) -> None:
    result = veil("run", interview, *more, code=1)
    assert words in result.stderr
    assert list(interview.parent.iterdir()) == [interview]


@pytest.mark.parametrize("spoil", [b"", b"RIFF\xff\xff\x01\0WAVEfmt "])
def test_damaged_sound_fails_with_a_sentence_and_leaves_nothing(spoil: bytes, tmp_path: Path) -> None:
    source = tmp_path / "x.wav"
    source.write_bytes(spoil)
    if not spoil:
        save_wave(source, talk(), RATE)
        source.write_bytes(source.read_bytes()[:-1000])
    assert "nothing was made from it" in veil("run", source, "--voice", "beep", code=1).stderr
    assert list(tmp_path.iterdir()) == [source]


def test_no_speech_wants_a_persons_ear(interview: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.pipeline_sound.SpeechNetwork", HearsNothing)
    assert "no speech heard, please listen" in veil("run", interview, "--voice", "beep", "--strict", code=3).stdout


def test_json_and_reports_say_what_was_done(interview: Path) -> None:
    report = interview.with_name("report.json")
    result = veil("run", interview, "--voice", "disguise", "--json", "--report", report)
    (entry,) = json.loads(result.stdout)
    assert entry["altered"] == {"voice": "disguise", "stretches": 1, "seconds": pytest.approx(4.5, abs=1)}
    assert entry["picture"].keys() == {"format", "kind", "sha256"}
    assert "covered" not in entry
    assert "interview" not in report.read_text()


def test_sound_in_a_folder_is_taken_only_if_something_is_to_be_done_with_it(interview: Path, tmp_path: Path) -> None:
    result = veil("run", tmp_path, "-o", tmp_path / "safe", code=2)
    assert "no sound file" in result.stderr
    veil("run", tmp_path, "-o", tmp_path / "safe", "--voice", "beep")
    assert (tmp_path / "safe" / "interview.wav").exists()


def test_there_is_nothing_to_find_in_sound(interview: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.detect.load", lambda *_, **__: None)
    assert "sound alone" in veil("find", interview, code=1).stderr


def test_the_library_changes_voices_too(interview: Path) -> None:
    target = interview.with_name("safe.flac")
    report = library.anonymise(interview, library.Options(voice="beep", format="flac"), output=target)
    assert report.altered is not None
    assert report.altered.stretches == 1
    assert target.read_bytes()[:4] == b"fLaC"
    with pytest.raises(UsageError, match="would be empty"):
        library.anonymise(interview, output=interview.with_name("other.wav"))
    with pytest.raises(OutputError, match="replace the input"):
        library.anonymise(interview, library.Options(voice="beep"), output=interview, overwrite=True)


def test_an_existing_result_is_left_alone(interview: Path) -> None:
    target = save(interview.with_name("interview.veiled.wav"), talk(), shape(RATE, 1))
    before = target.read_bytes()
    assert "exists and was left" in veil("run", interview, "--voice", "beep", code=1).stderr
    assert target.read_bytes() == before
