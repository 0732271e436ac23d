from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.media.clips import UNIT, Sound, ffprobe, make_clip, number_of, shown
from veil.errors import OutputError
from veil.media.video import VideoFrame, open_video
from veil.media.video_screening import KEY_FRAMES, SIDE, screening_size, write_animation_screening, write_screening
from veil.types import Facts, Frame, Kind

UNEVEN = (512, 900, 1400, 2900, 2901, 5000)


def copied(source: Path) -> Path:
    target = source.with_name("copy.mp4")
    with open_video(source) as video, target.open("w+b") as file:
        write_screening(video, video.frames(), file)
    return target


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1920, 1080), (960, 540)),
        ((1080, 1920), (540, 960)),
        ((640, 360), (640, 360)),
        ((65, 49), (64, 48)),
        ((5000, 3), (960, 2)),
        ((1, 1), (2, 2)),
    ],
)
def test_the_copy_is_small_and_even(size: tuple[int, int], small: tuple[int, int]) -> None:
    assert screening_size(*size) == small
    assert max(small) <= SIDE


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="plain"),
        pytest.param({"size": (65, 49), "pixels": "yuv444p"}, id="odd"),
        pytest.param({"pixels": "yuv420p10le"}, id="ten-bits"),
        pytest.param({"pixels": "yuvj420p", "settings": {"color_range": 2}}, id="full-range"),
        pytest.param({"turn": (90, False, False)}, id="turned"),
    ],
)
def test_frames_are_the_same_at_the_same_times_from_0(tmp_path: Path, more: dict[str, Any]) -> None:
    source = make_clip(tmp_path / "clip.mp4", times=UNEVEN, **more)
    told = shown(copied(source))
    assert told.times == [(at - UNEVEN[0]) * UNIT for at in UNEVEN]
    assert (told.bits, told.colours[0]) == (8, "tv")
    with open_video(source) as video, open_video(tmp_path / "copy.mp4") as copy:
        assert (told.width, told.height) == screening_size(video.facts.width, video.facts.height)
        if "turn" not in more:
            numbers = [[number_of(frame.pixels) for frame in one.frames()] for one in (video, copy)]
            assert numbers[0] == numbers[1]
            assert len(set(numbers[0])) == len(UNEVEN)


def test_a_browser_can_enter_it_everywhere_and_finds_its_index_first(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4", times=range(0, 40 * 512, 512), options={"g": "250"})
    copy = copied(source)
    said = ffprobe(copy, "-select_streams", "v", "-show_packets", "-show_streams")
    keys = [index for index, packet in enumerate(said["packets"]) if packet["flags"].startswith("K")]
    assert keys[0] == 0
    assert max(later - earlier for earlier, later in zip(keys, [*keys[1:], 40], strict=True)) <= KEY_FRAMES
    assert said["streams"][0]["has_b_frames"] == 0
    assert all(packet["pts"] == packet["dts"] for packet in said["packets"])
    data = copy.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_it_holds_nothing_but_frames(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4", sounds=[Sound()], metadata={"title": "a secret", "location": "+1+2/"})
    copy = copied(source)
    assert [stream["codec_type"] for stream in ffprobe(copy, "-show_streams")["streams"]] == ["video"]
    assert b"secret" not in copy.read_bytes()


def test_the_last_frame_lasts_as_long_as_it_does(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4")
    assert Fraction(ffprobe(copied(source), "-show_format")["format"]["duration"]) == Fraction(12, 25)


def test_what_stops_its_source_stops_it(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4")

    def broken(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        yield next(frames)
        raise RuntimeError("enough")

    target = tmp_path / "copy.mp4"
    with open_video(source) as video, target.open("w+b") as file, pytest.raises(RuntimeError, match="enough"):
        write_screening(video, broken(video.frames()), file)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4")
    target = tmp_path / "copy.mp4"
    target.touch()
    with open_video(source) as video, target.open("rb") as file, pytest.raises(OutputError, match="to look at"):
        write_screening(video, video.frames(), file)


def test_an_animation_keeps_its_colours_and_its_times(tmp_path: Path) -> None:
    colours = [(230, 20, 30), (20, 200, 40), (30, 40, 220), (250, 250, 250)]
    durations = [Fraction(2, 100), Fraction(3), Fraction(0), Fraction(2, 100)]
    frames = [
        Frame(np.full((51, 65, 3), colour, np.uint8), None, index, duration)
        for index, (colour, duration) in enumerate(zip(colours, durations, strict=True))
    ]
    target = tmp_path / "copy.mp4"
    with target.open("w+b") as file:
        write_animation_screening(Facts("gif", Kind.ANIMATION, 65, 51, 4, ""), frames, file)
    told = shown(target)
    assert (told.width, told.height, told.bits, told.colours[0]) == (64, 50, 8, "tv")
    assert told.times == [0, Fraction(2, 100), Fraction(302, 100), Fraction(312, 100)]
    assert Fraction(ffprobe(target, "-show_format")["format"]["duration"]) == Fraction(314, 100)
    with open_video(target) as copy:
        for frame, colour in zip(copy.frames(), colours, strict=True):
            assert np.abs(frame.pixels.astype(int) - colour).max() < 8
