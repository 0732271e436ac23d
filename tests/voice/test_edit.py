"""Changing stretches: everything else stays bit for bit, nothing of the original is left inside, lengths stay."""

from collections.abc import Iterator

import numpy as np
import pytest

from veil.voice.activity import Stretch
from veil.voice.beep import Beep, Silence
from veil.voice.edit import edit
from veil.voice.resample import Samples

RATE = 1000
FADE = 10
"""Samples at both ends of a stretch in which the original may still be heard."""


def noise(channels: int, seconds: float, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (channels, int(seconds * RATE))).astype(np.float32)


def cut(samples: Samples, length: int) -> Iterator[Samples]:
    yield from (samples[:, at : at + length] for at in range(0, samples.shape[1], length))


class Constant:
    """Puts a number in place of everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.begun = 0
        self.pieces: list[Stretch] = []

    def begin(self) -> None:
        self.begun += 1

    def change(self, samples: Samples, start: int) -> Samples:
        self.pieces.append(Stretch(start, start + samples.shape[1]))
        return np.full_like(samples, 0.25)


STRETCHES = [Stretch(0, 300), Stretch(1000, 1001), Stretch(2500, 30_000), Stretch(31_000, 40_000)]


@pytest.mark.parametrize(("channels", "length"), [(1, 7), (2, 64), (6, 777), (2, 50_000)])
def test_everything_is_changed_inside_and_nothing_outside(channels: int, length: int) -> None:
    before = noise(channels, 40)
    after = np.concatenate(list(edit(cut(before, length), RATE, STRETCHES, Constant())), 1)
    assert after.shape == before.shape
    outside = np.ones(before.shape[1], bool)
    for start, stop in STRETCHES:
        outside[start:stop] = False
    np.testing.assert_array_equal(after[:, outside], before[:, outside])
    for start, stop in STRETCHES:
        np.testing.assert_allclose(after[:, start + FADE : stop - FADE], 0.25, rtol=1e-6)


def test_pieces_are_bounded_and_overlap_within_a_stretch_alone() -> None:
    change = Constant()
    list(edit(cut(noise(1, 60), 500), RATE, [Stretch(100, 200), Stretch(1000, 45_000)], change))
    assert change.begun == 2
    assert max(stop - start for start, stop in change.pieces) <= 12 * RATE
    assert change.pieces[0] == Stretch(100, 200)
    first, *others = change.pieces[1:]
    assert first.start == 1000
    for left, right in zip([first, *others], others, strict=False):
        assert left.stop - right.start == RATE // 2
    assert change.pieces[-1].stop == 45_000


def test_the_original_fades_out_within_the_stretch() -> None:
    before = np.ones((1, 1000), np.float32)
    after = np.concatenate(list(edit([before], RATE, [Stretch(200, 700)], Silence())), 1)[0]
    assert (after[:200] == 1).all()
    assert (after[700:] == 1).all()
    assert not after[200 + FADE : 700 - FADE].any()
    assert (np.diff(after[199 : 201 + FADE]) <= 0).all()
    assert (np.diff(after[699 - FADE : 701]) >= 0).all()


@pytest.mark.parametrize("background", [0, 0.1])
def test_background_can_be_lowered(background: float) -> None:
    before = noise(2, 3)
    after = np.concatenate(
        list(edit(cut(before, 400), RATE, [Stretch(500, 900)], Constant(), background=background)), 1
    )
    np.testing.assert_allclose(after[:, :500], before[:, :500] * np.float32(background))
    np.testing.assert_allclose(after[:, 900:], before[:, 900:] * np.float32(background))
    np.testing.assert_allclose(after[:, 500 + FADE : 900 - FADE], 0.25)


def test_memory_is_bounded_by_blocks() -> None:
    """Blocks are taken one by one, and given on before more are taken than a piece holds."""
    taken = 0

    def blocks() -> Iterator[Samples]:
        nonlocal taken
        for block in cut(noise(1, 100), 500):
            taken += block.shape[1]
            yield block

    given = 0
    for block in edit(blocks(), RATE, [Stretch(5000, 90_000)], Silence()):
        given += block.shape[1]
        assert taken - given <= 13 * RATE
    assert given == 100 * RATE


def test_a_stretch_beyond_the_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="within the track"):
        list(edit([noise(1, 1)], RATE, [Stretch(500, 2000)], Silence()))


def test_a_beep_is_one_steady_tone_whatever_was_said() -> None:
    rate = 44_100
    loud = np.random.default_rng(0).uniform(-1, 1, (2, 25 * rate)).astype(np.float32)
    stretch = Stretch(rate, 24 * rate)
    one, other = (
        np.concatenate(list(edit(cut(sound, rate), rate, [stretch], Beep(rate))), 1)[:, stretch.start : stretch.stop]
        for sound in (loud, loud * np.float32(0.1))
    )
    fade = rate // 100
    np.testing.assert_array_equal(one[:, fade:-fade], other[:, fade:-fade])
    np.testing.assert_array_equal(one[0, fade:-fade], one[1, fade:-fade])
    at = np.arange(stretch.start, stretch.stop)[fade:-fade]
    np.testing.assert_allclose(one[0, fade:-fade], 0.1 * np.sin(2 * np.pi * 1000 * at / rate), atol=1e-4)
