"""Error rates of attackers whose scores are known."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.voice.attacks import Trials, compare, trained
from benchmarks.voice.speakers import Utterance


@pytest.mark.parametrize(
    ("own", "others", "rate"),
    [
        ([0.9, 0.8], [0.1, 0.2, 0.3], 0),
        ([0.1, 0.2], [0.8, 0.9], 1),
        ([1, 2, 3, 4], [1.5, 2.5, 3.5, 0.5], 0.5),
        ([0.3, 0.8, 0.9, 1.0], [0.1, 0.2, 0.25, 0.85], 0.25),
    ],
)
def test_equal_error_rate(own: list[float], others: list[float], rate: float) -> None:
    assert Trials(np.array(own), np.array(others)).equal_error_rate == pytest.approx(rate, abs=0.13)


def test_scores_that_are_all_the_same_are_a_coin_toss() -> None:
    assert Trials(np.ones(50), np.ones(70)).equal_error_rate == pytest.approx(0.5, abs=0.02)


def test_recognised_counts_those_above_all_but_one_in_a_hundred_strangers() -> None:
    others = np.arange(1000) / 1000
    assert Trials(np.array([0.5, 0.95, 0.995, 1.0]), others).recognised == 0.5


def people(count: int, each: int) -> list[Utterance]:
    return [Utterance(Path(), str(who), "FM"[who % 2], None) for who in range(count) for _ in range(each)]


def vectors(count: int, each: int, spread: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    middles = np.repeat(random.normal(0, 1, (count, 20)), each, 0)
    found: np.ndarray = middles + random.normal(0, spread, middles.shape)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def test_speakers_who_lie_apart_are_told_apart_and_others_are_not() -> None:
    utterances = people(10, 6)
    clear, hidden = vectors(10, 6, 0.1), np.random.default_rng(0).normal(0, 1, (60, 20))
    hidden /= np.linalg.norm(hidden, axis=1, keepdims=True)
    assert [trials.equal_error_rate for trials in compare(clear, clear, utterances, splits=4)] == [0, 0]
    blind = [trials.equal_error_rate for trials in compare(clear, hidden, utterances, splits=10)]
    assert np.mean(blind) == pytest.approx(0.5, abs=0.15)


def test_each_sex_is_tried_alone() -> None:
    first, second = compare(vectors(10, 6, 0.1), vectors(10, 6, 0.1), people(10, 6), splits=3)
    assert len(first.own) == len(second.own) == 3 * 5 * 3
    assert len(first.others) == len(second.others) == 3 * 5 * 4 * 3


def test_training_finds_what_tells_speakers_apart() -> None:
    """Speakers differ in two faint directions under much noise that they share."""
    random = np.random.default_rng(0)

    def recordings(count: int, each: int) -> np.ndarray:
        found = random.normal(0, 5, (count * each, 20))
        found[:, :2] = np.repeat(random.normal(0, 1, (count, 2)), each, 0) + random.normal(0, 0.05, (count * each, 2))
        return found

    learned = trained(recordings(60, 5), [str(who) for who in range(60) for _ in range(5)], 20, 2)
    tested = recordings(10, 6)
    plain = tested / np.linalg.norm(tested, axis=1, keepdims=True)
    utterances = people(10, 6)
    before = np.mean([one.equal_error_rate for one in compare(plain, plain, utterances, splits=5)])
    after = np.mean([one.equal_error_rate for one in compare(learned(tested), learned(tested), utterances, splits=5)])
    assert before > 0.3
    assert after < 0.2
