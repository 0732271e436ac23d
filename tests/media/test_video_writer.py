"""Writing that fails says so, stops at once and leaves no thread; what is asked for is what is made."""

import errno
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.media.clips import Sound, make_clip, shown
from veil.errors import InputError, OutputError, UsageError
from veil.media.video import Video, VideoFrame, check_tracks, open_video, write_video
from veil.media.video_formats import CODECS, CONTAINERS, PRESETS, lookahead


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def clip(tmp_path: Path) -> Iterator[Video]:
    with open_video(make_clip(tmp_path / "clip.mp4", times=range(0, 60 * 512, 512), sounds=[Sound()])) as video:
        yield video


class FullDisk(io.BytesIO):
    """Takes so many bytes and no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("room", [0, 100, 3000, 10_000])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_full_disk_is_an_error(clip: Video, room: int, container: str) -> None:
    with pytest.raises(OutputError, match="No space left"):
        write_video(clip, clip.frames(), FullDisk(room), container=container, sound="keep")


def failing(frames: Iterator[VideoFrame], at: int, error: BaseException) -> Iterator[VideoFrame]:
    for frame in frames:
        if frame.index == at:
            raise error
        yield frame


@pytest.mark.parametrize("at", [0, 1, 30])
@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_error_of_the_maker_of_frames_is_raised_and_the_file_has_no_index(
    clip: Video, at: int, error: BaseException
) -> None:
    stream = io.BytesIO()
    with pytest.raises(type(error)):
        write_video(clip, failing(clip.frames(), at, error), stream)
    assert b"moov" not in stream.getvalue()


def test_damage_found_late_is_raised(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", times=range(0, 60 * 512, 512))
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat") + 4 + (data.index(b"moov") - data.index(b"mdat")) * 2 // 3
    data[at : at + 300] = bytes(300)
    path.write_bytes(data)
    stream = io.BytesIO()
    with open_video(path) as video, pytest.raises(InputError, match="damaged"):
        write_video(video, video.frames(), stream)
    assert b"moov" not in stream.getvalue()


def test_frames_must_come_whole_and_in_order(clip: Video) -> None:
    with pytest.raises(ValueError, match="frame 1 must come next, but got frame 2"):
        write_video(clip, (frame for frame in clip.frames() if frame.index != 1), io.BytesIO())
    with pytest.raises(OutputError, match="no frames"):
        write_video(clip, [], io.BytesIO())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"container": "flv"}, "'flv'; choose one of mp4"),
        ({"container": "avi"}, "AVI only from AVI"),
        ({"container": "ts"}, "TS only from TS"),
        ({"container": "webm", "codec": "h264"}, "does not hold h264"),
        ({"codec": "mpeg2"}, "'mpeg2'; choose one of h264"),
        ({"quality": 52}, "from 0, the best, to 51, but 52"),
        ({"quality": -1}, "but -1"),
        ({"preset": "hasty"}, "'hasty'"),
        ({"sound": "disguise"}, "'disguise'"),
        ({"container": "webm", "sound": "keep"}, "sound in aac cannot be kept in a webm file"),
    ],
)
def test_what_does_not_fit_is_refused(clip: Video, options: dict[str, Any], words: str) -> None:
    stream = io.BytesIO()
    with pytest.raises(UsageError, match=words):
        write_video(clip, clip.frames(), stream, **options)
    assert stream.getvalue() == b""


@pytest.mark.parametrize(
    ("sound", "container", "words"),
    [
        ("aac", "webm", "sound in aac cannot be kept in a webm file"),
        ("vorbis", "mov", "sound in vorbis cannot be kept in a mov file"),
        ("aac", "mp4", None),
        ("libopus", "webm", None),
    ],
)
def test_tracks_are_checked_without_any_frame(sound: str, container: str, words: str | None, tmp_path: Path) -> None:
    codec = "vp9" if container == "webm" else "h264"
    with open_video(make_clip(tmp_path / "clip.mkv", sounds=[Sound(sound)], unit=Fraction(1, 1000))) as video:
        check_tracks(video, container, codec, sound="mute", subtitles=False)
        with pytest.raises(UsageError, match=words) if words else nullcontext():
            check_tracks(video, container, codec, sound="keep", subtitles=False)


@pytest.mark.parametrize(
    ("pixels", "size", "codec", "words"),
    [
        ("yuv422p", (64, 48), "av1", "av1 as Veil writes it cannot keep yuv422p"),
        ("yuv420p10le", (64, 48), "vp9", "cannot keep yuv420p10le"),
    ],
)
def test_codecs_that_would_lose_something_are_refused(
    pixels: str, size: tuple[int, int], codec: str, words: str, tmp_path: Path
) -> None:
    with (
        open_video(make_clip(tmp_path / "clip.mp4", pixels=pixels, size=size)) as video,
        pytest.raises(UsageError, match=words),
    ):
        write_video(video, video.frames(), io.BytesIO(), codec=codec)


def test_frames_too_close_for_a_container_are_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", times=[0, 10, 20, 30], unit=Fraction(1, 100_000))
    with open_video(path) as video, pytest.raises(OutputError, match="faster than MKV can tell"):
        write_video(video, video.frames(), io.BytesIO(), container="mkv")


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="the system has no such priorities")
def test_no_encoder_leaves_this_process_with_real_time_priority(clip: Video) -> None:
    """SVT-AV1 does, where it is allowed to, as for root."""
    write_video(clip, clip.frames(), io.BytesIO(), codec="av1", preset="ultrafast")
    assert {os.sched_getscheduler(int(thread.name)) for thread in Path("/proc/self/task").iterdir()} == {os.SCHED_OTHER}


def test_ten_bits_go_to_av1_in_webm(tmp_path: Path) -> None:
    path = make_clip(
        tmp_path / "clip.webm", codec="libsvtav1", pixels="yuv420p10le", size=(64, 64), unit=Fraction(1, 1000),
        times=range(0, 400, 40),
    )  # fmt: skip
    with open_video(path) as video, (tmp_path / "out.webm").open("w+b") as file:
        written = write_video(video, video.frames(), file, preset="ultrafast")
    assert (written.container, written.codec) == ("webm", "av1")
    assert shown(tmp_path / "out.webm") == shown(path)


@pytest.mark.parametrize("codec", CODECS)
def test_presets_and_qualities_are_understood(codec: str, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", size=(128, 96), times=range(0, 4 * 512, 512))
    sizes = []
    for preset, quality in ((PRESETS[0], CODECS[codec].qualities[1]), (PRESETS[5], 10)):
        with open_video(path) as video:
            stream = io.BytesIO()
            write_video(video, video.frames(), stream, codec=codec, preset=preset, quality=quality)
            sizes.append(len(stream.getvalue()))
    assert sizes[0] < sizes[1]


def test_every_codec_has_as_many_presets() -> None:
    assert {len(codec.presets) for codec in CODECS.values()} == {len(PRESETS)}
    assert {name for container in CONTAINERS.values() for name in container.codecs} == set(CODECS)


@pytest.mark.parametrize("codec", CODECS)
def test_encoders_say_nothing(codec: str, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", size=(128, 96))
    code = (
        "import io, sys; from pathlib import Path; from veil.media.video import check_tracks, open_video, write_video\n"
        "with open_video(Path(sys.argv[1])) as video:\n"
        "    write_video(video, video.frames(), io.BytesIO(), codec=sys.argv[2])"
    )
    done = subprocess.run([sys.executable, "-c", code, path, codec], check=True, capture_output=True)
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.parametrize(
    ("codec", "preset", "size", "ahead"),
    [
        ("h264", "fast", (1024, 576), None),
        ("h264", "medium", (1920, 1080), 11),
        ("h264", "veryfast", (3840, 2160), None),
        ("h264", "slow", (7680, 4320), 10),
        ("hevc", "medium", (1920, 1080), 11),
        ("vp9", "veryslow", (7680, 4320), None),
    ],
)
def test_encoders_look_ahead_less_the_larger_frames_are(
    codec: str, preset: str, size: tuple[int, int], ahead: int | None
) -> None:
    assert lookahead(codec, preset, size[0] * size[1]) == ahead
