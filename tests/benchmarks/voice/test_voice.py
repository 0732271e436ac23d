"""The other parts of the measurement: lists, words, modes, tables; without the network that compares voices."""

import json
from math import nan
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from benchmarks.voice.drawing import plot
from benchmarks.voice.modes import modes
from benchmarks.voice.results import Result, as_json, table
from benchmarks.voice.speakers import RATE, read_list, read_sound
from benchmarks.voice.verifier import statistics
from benchmarks.voice.words import word_error_rate, words_of

from benchmarks.voice import command
from tests.media.sounds import save_wave
from tests.voice.speech import babble
from veil.voice.vocoder import take_apart


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings of four made-up speakers, and of six for learning."""
    for name, people, each in (("test", 4, 4), ("attacker", 6, 1)):
        entries = []
        for who in range(people):
            for number in range(each):
                file = f"{name}-{who}-{number}.wav"
                sound = babble(1.5, pitch=100 + 20 * who, tract=0.9 + 0.05 * who, seed=number)
                save_wave(tmp_path / file, sound[None], RATE)
                entries.append({"file": file, "speaker": f"{name}{who}", "sex": "FM"[who % 2], "text": None})
        (tmp_path / f"{name}.json").write_text(json.dumps(entries))
    return tmp_path


def test_lists_and_recordings_are_read(folder: Path) -> None:
    utterances = read_list(folder, "test.json")
    assert len(utterances) == 16
    assert utterances[0].speaker == "test0"
    assert read_sound(utterances[0]).shape == (int(1.5 * RATE),)


@pytest.mark.parametrize("content", [None, "[", '[{"file": "x"}]', "[1]"])
def test_a_wrong_list_ends_the_measurement(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "test.json").write_text(content)
    with pytest.raises(SystemExit, match="nothing was measured"):
        read_list(tmp_path, "test.json")


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words_of("Mr. Hale, he said: don't-stop!") == ["mister", "hale", "he", "said", "don't", "stop"]
    assert word_error_rate([("a b c d", "A, b x d"), ("e f", "f"), ("g", "g h")]) == pytest.approx(3 / 7)
    assert word_error_rate([("a b", "")]) == 1


def test_modes_keep_the_length_and_differ() -> None:
    sound = babble(1.5)
    made = {name: alter(sound) for name, alter in modes(Random(0)).items()}
    assert all(one.shape == sound.shape for one in made.values())
    np.testing.assert_array_equal(made["keep"], sound)
    shifted = take_apart(made["pitch up by a quarter"]).pitch
    assert np.median(shifted[shifted > 0]) == pytest.approx(1.25 * 120, rel=0.1)
    assert not np.array_equal(made["disguise"], modes(Random(1))["disguise"](sound))


def test_statistics_are_near_for_one_voice_and_far_for_others() -> None:
    one, same, other = (
        statistics(babble(3, pitch=pitch, tract=tract, seed=seed))
        for pitch, tract, seed in ((110, 1, 0), (110, 1, 1), (190, 1.15, 1))
    )
    assert np.linalg.norm(one - same) < np.linalg.norm(one - other)


RESULTS = {"keep": Result(0, 0, 0, 1, 0.1, 1e6), "beep": Result(0.5, 0.5, 0.5, 0.01, nan, 200)}


def test_table_and_json() -> None:
    lines = table(RESULTS).splitlines()
    assert lines[2] == "| keep | 0.0 % | 0.0 % | 0.0 % | 100.0 % | 10.0 % | - |"
    assert lines[3] == "| beep | 50.0 % | 50.0 % | 50.0 % | 1.0 % | - | 200 |"
    assert as_json(RESULTS)["beep"]["words"] is None


def test_plot(tmp_path: Path) -> None:
    plot(RESULTS, tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes()[:4] == b"\x89PNG"


def test_the_whole_measurement(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    class Plain:
        def know(self, samples: np.ndarray) -> np.ndarray:
            found = statistics(samples)
            return found / np.linalg.norm(found)

    monkeypatch.setattr(command, "Verifier", Plain)
    target = folder / "out.json"
    assert command.main([str(folder), "--mode", "keep", "--mode", "beep", "--splits", "2", "--json", str(target)]) == 0
    assert capsys.readouterr().out.splitlines()[2].startswith("| keep |")
    figures = json.loads(target.read_text())
    assert figures["beep"]["trained"] == 0.5
