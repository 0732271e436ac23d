"""Sound of videos, decoded and put back: gaps stay silent, late starts stay late, what cannot be held is refused."""

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.media.sounds import Samples, clicks, film, shape, tracks_of
from veil.errors import InputError, UsageError
from veil.media.sound_tracks import AlteredSound, check_holds, sounds_of
from veil.media.video import open_video, write_video

RATE = 48_000


def put_back(source: Path, sounds: list[AlteredSound], name: str) -> Path:
    target = source.with_name(name)
    with open_video(source) as video, target.open("w+b") as stream:
        write_video(video, video.frames(), stream, container=target.suffix[1:], altered=sounds)
    return target


@pytest.mark.parametrize(("suffix", "codec"), [(".mov", "pcm_s16le"), (".mkv", "flac"), (".avi", "pcm_s16le")])
def test_every_sample_is_read(suffix: str, codec: str, tmp_path: Path) -> None:
    sound = clicks(2, 70_001, [3, 70_000])
    ((start, read, kept),) = tracks_of(film(tmp_path / f"in{suffix}", {Fraction(0): sound}, codec=codec))
    assert start == 0
    assert (kept.rate, kept.channels) == (RATE, 2)
    np.testing.assert_array_equal(read, sound)


@pytest.mark.parametrize("begins", [Fraction(1, 8), Fraction(1, 2)])
@pytest.mark.parametrize(("suffix", "codec"), [(".mov", "pcm_s16le"), (".mkv", "flac")])
def test_a_late_start_is_told_and_adds_no_samples(begins: Fraction, suffix: str, codec: str, tmp_path: Path) -> None:
    sound = clicks(1, 48_000, [3])
    ((start, read, _),) = tracks_of(film(tmp_path / f"in{suffix}", {begins: sound}, codec=codec))
    assert start == begins
    np.testing.assert_array_equal(read, sound)


def test_gaps_are_silent_so_that_what_follows_keeps_its_place(tmp_path: Path) -> None:
    before, after = clicks(1, 20_000, [100]), clicks(1, 20_000, [100])
    source = film(tmp_path / "in.mkv", {Fraction(0): before}, after={Fraction(1): after})
    ((_, read, _),) = tracks_of(source)
    np.testing.assert_array_equal(read[:, :20_000], before)
    assert not read[:, 20_000:48_000].any()
    np.testing.assert_array_equal(read[:, 48_000:], after)


@pytest.mark.parametrize(
    ("name", "start", "first"),
    [
        ("out.mkv", Fraction(-1, 4), 12_000),
        ("out.mp4", Fraction(1, 4), -12_000),
        ("out.mkv", Fraction(1, 4), -12_000),
        ("out.mov", Fraction(1, 3), -16_000),
    ],
)
def test_sound_is_put_where_it_belongs(name: str, start: Fraction, first: int, tmp_path: Path) -> None:
    """A click comes ``first`` samples of the track before time 0, whatever the container can say."""
    sound = clicks(1, RATE, [24_000], level=0)
    source = film(tmp_path / "in.mp4", {}, frames=30)
    blocks = iter([sound[:, :1000], sound[:, 1000:]])
    target = put_back(source, [AlteredSound(shape(RATE, 1), start, blocks)], name)
    ((begins, heard, _),) = tracks_of(target)
    assert begins >= 0
    assert int(np.abs(heard[0]).argmax()) + round(begins * RATE) == 24_000 - first


def test_avi_gets_silence_in_place_of_a_late_start(tmp_path: Path) -> None:
    source = film(tmp_path / "in.avi", {}, frames=30)
    sound = clicks(2, 10_000, [500])
    target = put_back(source, [AlteredSound(shape(RATE, 2), Fraction(1, 2), [sound])], "out.avi")
    ((begins, heard, _),) = tracks_of(target)
    assert begins == 0
    assert not heard[:, :24_000].any()
    np.testing.assert_array_equal(heard[:, 24_000:], sound)


def test_what_blocks_raise_ends_the_file(tmp_path: Path) -> None:
    def broken() -> Iterator[Samples]:
        yield clicks(1, 30_000, [5])
        raise InputError("broken")

    source = film(tmp_path / "in.mp4", {}, frames=30)
    with open_video(source) as video, pytest.raises(InputError, match="broken"):
        altered = [AlteredSound(shape(RATE, 1), Fraction(0), broken())]
        write_video(video, video.frames(), io.BytesIO(), altered=altered)


def test_channels_that_a_container_does_not_hold_are_refused() -> None:
    check_holds("mp4", [1, 2, 6])
    with pytest.raises(UsageError, match="does not hold 12 channels"):
        check_holds("mp4", [2, 12])


def test_tracks_without_samples_are_left_out(tmp_path: Path) -> None:
    with open_video(film(tmp_path / "in.mp4", {})) as video:
        assert sounds_of(video) == []
