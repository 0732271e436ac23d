"""Whole videos through reading and writing: what ffprobe says of them stays, to the tick and the pixel."""

import hashlib
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.media.clips import COUNT, EVEN, Sound, ffprobe, heard, make_clip, number_of, paint, shown
from veil.media.video import Video, VideoFacts, Written, open_video, write_video

UNEVEN = (0, 512, 700, 2048, 2049, 5000, 5400, 9000, 12800, 30000)


def rewrite(source: Path, target: Path, **options: Any) -> Written:
    """Write a video anew without a change in its frames."""
    with open_video(source) as video, target.open("w+b") as file:
        return write_video(video, video.frames(), file, **{"preset": "ultrafast", **options})


CLIPS: dict[str, dict[str, Any]] = {
    "constant rate.mp4": {},
    "no reordering.mp4": {"settings": {"max_b_frames": 0}},
    "reordering.mp4": {"settings": {"max_b_frames": 4}, "times": range(0, 40 * 512, 512)},
    "variable rate.mp4": {"times": UNEVEN},
    "variable rate.mkv": {"times": (0, 40, 55, 160, 161, 391), "unit": Fraction(1, 1000)},
    "starts late.mp4": {"times": [12801 + time for time in UNEVEN], "file_options": {"movie_timescale": "12800"}},
    "starts late.mkv": {"times": (1234, 1250, 1300), "unit": Fraction(1, 1000)},
    "thirtieths.mp4": {"times": range(12), "unit": Fraction(1001, 30000)},
    "nanoseconds.mp4": {"times": (0, 33_366_667, 66_733_333), "unit": Fraction(1, 1_000_000_000)},
    "one frame.mp4": {"times": (0,)},
    "quicktime.mov": {},
    "transport.ts": {"times": [90000 + 3003 * i for i in range(12)], "unit": Fraction(1, 90000)},
    "transport from 0.ts": {"times": [3003 * i for i in range(12)], "unit": Fraction(1, 90000)},
    "transport around the end of its clock.ts": {
        "times": [2**33 - 5 * 3600 + 3600 * i for i in range(12)],
        "unit": Fraction(1, 90000),
        "file_options": {"mpegts_copyts": "1"},
    },
    "transport.m2ts": {"format": "mpegts", "file_options": {"mpegts_m2ts_mode": "1"}},
    "mpeg4.avi": {"codec": "mpeg4", "times": range(12), "unit": Fraction(1, 25)},
    "pauses.avi": {"codec": "mpeg4", "times": (0, 1, 2, 5, 6, 9), "unit": Fraction(1, 25)},
    "h264.avi": {"times": range(12), "unit": Fraction(1, 25), "settings": {"max_b_frames": 0}},
    "vp9.webm": {"codec": "libvpx-vp9", "times": range(0, 480, 40), "unit": Fraction(1, 1000)},
    "av1.webm": {"codec": "libsvtav1", "times": range(0, 480, 40), "unit": Fraction(1, 1000), "size": (64, 64)},
    "hevc.mkv": {"codec": "libx265", "options": {"x265-params": "log-level=none"}, "size": (128, 96)},
    "mjpeg.mov": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "fragments.mp4": {"file_options": {"movflags": "frag_keyframe+empty_moov"}},
    "odd.mkv": {"codec": "ffv1", "size": (65, 47)},
    "odd.webm": {"codec": "libvpx-vp9", "size": (65, 47), "times": range(0, 480, 40), "unit": Fraction(1, 1000)},
    "odd 422.mov": {"codec": "mjpeg", "pixels": "yuvj422p", "size": (63, 49)},
    "wide pixels.mp4": {"settings": {"sample_aspect_ratio": Fraction(64, 51)}},
    "tall pixels.mkv": {"settings": {"sample_aspect_ratio": Fraction(2, 3)}},
    "full range.mp4": {"settings": {"color_range": 2}},
    "narrow range.mp4": {"settings": {"color_range": 1}},
    "hd colours.mp4": {"settings": {"color_range": 1, "colorspace": 1, "color_trc": 1, "color_primaries": 1}},
    "hdr.mkv": {
        "pixels": "yuv420p10le",
        "settings": {"color_range": 1, "colorspace": 9, "color_trc": 16, "color_primaries": 9},
    },
    "10 bit.mp4": {"pixels": "yuv420p10le"},
    "10 bit 422.mov": {"pixels": "yuv422p10le"},
    "422.mp4": {"pixels": "yuv422p"},
    "444.mp4": {"pixels": "yuv444p"},
    "top field first.mp4": {"field": "tff"},
    "bottom field first.ts": {"field": "bff", "codec": "mpeg2video", "times": range(12), "unit": Fraction(1, 25)},
}


@pytest.mark.parametrize("name", CLIPS)
def test_frames_times_size_shape_and_colours_stay(name: str, tmp_path: Path) -> None:
    source, target = make_clip(tmp_path / name, **CLIPS[name]), tmp_path / ("out" + Path(name).suffix)
    written = rewrite(source, target)
    before, after = shown(source), shown(target)
    assert after == before
    assert written.frames == len(before.times) and not written.rounded and not written.shift
    with open_video(source) as first, open_video(target) as second:
        assert first.facts.container == second.facts.container == written.container
        pairs = list(zip(first.frames(), second.frames(), strict=True))
    assert [number_of(after.pixels) for _, after in pairs] == [n % COUNT for n in range(len(pairs))]
    assert [after.time for _, after in pairs] == [before.time for before, _ in pairs] == before.times


@pytest.mark.parametrize(
    ("name", "sounds"),
    [
        ("none.mp4", []),
        ("one.mp4", [Sound()]),
        ("several.mp4", [Sound(), Sound("aac", Fraction(12_347, 48_000)), Sound("libmp3lame", lasts=2)]),
        ("several.mkv", [Sound("libopus"), Sound("flac", Fraction(1, 2)), Sound("vorbis")]),
        ("opus.webm", [Sound("libopus")]),
        ("uncompressed.mov", [Sound("pcm_s16le")]),
        ("uncompressed.avi", [Sound("pcm_s16le")]),
        ("transport.ts", [Sound("aac"), Sound("mp2")]),
        ("longer than the picture.mp4", [Sound(lasts=3)]),
    ],
)
def test_sound_is_copied_untouched_or_left_out(name: str, sounds: list[Sound], tmp_path: Path) -> None:
    kind = Path(name).suffix
    codec = {".webm": "libvpx-vp9", ".avi": "mpeg4"}.get(kind, "libx264")
    unit = {".webm": Fraction(1, 1000), ".mkv": Fraction(1, 1000), ".avi": Fraction(1, 25)}.get(
        kind, Fraction(1, 12800)
    )
    times = [round(Fraction(frame, 25) / unit) for frame in range(12)]
    exact = {"movie_timescale": "192000"} if kind in (".mp4", ".mov") else {}
    source = make_clip(tmp_path / name, codec=codec, unit=unit, times=times, sounds=sounds, file_options=exact)
    kept, mute = tmp_path / f"kept{kind}", tmp_path / f"mute{kind}"
    rewrite(source, kept, sound="keep")
    rewrite(source, mute)
    assert heard(kept) == heard(source) and len(heard(source)) == len(sounds)
    assert heard(mute) == [] and shown(mute).times == shown(kept).times == shown(source).times
    with open_video(source) as before, open_video(kept) as after:
        assert after.facts.sound == before.facts.sound


def test_what_an_edit_list_hides_stays_hidden(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", times=range(0, 50 * 512, 512), sounds=[Sound(lasts=2)])
    cut = tmp_path / "cut.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-ss", "0.73", "-i", whole, "-c", "copy", cut], check=True)
    rewrite(cut, tmp_path / "out.mp4", sound="keep")
    with open_video(tmp_path / "out.mp4") as video:
        numbers = [number_of(frame.pixels) for frame in video.frames()]
    hidden = 50 - len(numbers)
    assert 0 < hidden < 20 and numbers == [(hidden + index) % COUNT for index in range(len(numbers))]
    assert ffprobe(tmp_path / "out.mp4", "-show_streams")["streams"][0]["nb_frames"] == str(len(numbers))
    assert heard(tmp_path / "out.mp4") == heard(cut)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("size", [(64, 48), (65, 47)])
def test_frames_come_and_go_upright(degrees: int, mirror: bool, size: tuple[int, int], tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "turned.mov", codec="mjpeg", pixels="yuvj420p", size=size, turn=(-degrees, mirror, False),
        settings={"sample_aspect_ratio": Fraction(4, 3)},
    )  # fmt: skip
    stored = paint(0, *size)
    upright = np.rot90(stored, -degrees // 90)
    if mirror:
        upright = upright[:, ::-1]
    rewrite(source, tmp_path / "out.mov")
    for path in (source, tmp_path / "out.mov"):
        with open_video(path) as video:
            frame = next(video.frames())
            facts = video.facts
        assert frame.pixels.shape == upright.shape == (facts.height, facts.width, 3)
        assert np.abs(frame.pixels.astype(int) - upright).mean() < 6
        assert facts.sample_aspect == (Fraction(3, 4) if degrees % 180 else Fraction(4, 3))
    assert (facts.rotation, facts.mirrored) == (0, False)
    with open_video(source) as video:
        assert (video.facts.rotation, video.facts.mirrored) == (
            -degrees % 360 if mirror else degrees,
            mirror,
        )  # of what is mirrored first


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1"])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_codecs_and_containers_can_be_chosen(codec: str, container: str, tmp_path: Path) -> None:
    source, target = make_clip(tmp_path / "clip.mp4", size=(128, 96), sounds=[Sound()]), tmp_path / "out"
    written = rewrite(source, target, codec=codec, container=container, sound="keep", quality=30)
    assert written == Written(container, codec, len(EVEN), False, Fraction(0))
    with open_video(target) as video:
        assert (video.facts.container, video.facts.codec) == (container, codec)
    assert shown(target).times == shown(source).times
    if container == "mp4":
        assert heard(target) == heard(source)


def test_times_that_matroska_cannot_tell_are_rounded_only_when_it_is_asked_for(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4", times=range(12), unit=Fraction(1001, 30000))
    written = rewrite(source, tmp_path / "out.mkv", container="mkv")
    assert written.rounded
    exact = shown(source).times
    assert shown(tmp_path / "out.mkv").times == [Fraction(round(time * 1000), 1000) for time in exact]


def test_times_before_zero_are_moved_where_a_container_has_none(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.ts", **CLIPS["transport around the end of its clock.ts"])
    before = shown(source).times
    written = rewrite(source, tmp_path / "out.mp4", container="mp4")
    assert written.shift == -before[0] == Fraction(5 * 3600, 90000)
    assert shown(tmp_path / "out.mp4").times == [time + written.shift for time in before]


def test_the_index_of_an_mp4_file_comes_first(tmp_path: Path) -> None:
    rewrite(make_clip(tmp_path / "clip.mp4"), tmp_path / "out.mp4")
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_same_frames_give_the_same_file(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4")
    for name in ("a", "b"):
        rewrite(source, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_subtitles_are_kept_on_request(tmp_path: Path) -> None:
    words = "1\n00:00:00,100 --> 00:00:00,300\nspoken words\n"
    (tmp_path / "words.srt").write_text(words)
    clip = make_clip(tmp_path / "clip.mp4")
    source = tmp_path / "with.mp4"
    inputs = ["-i", str(clip), "-i", str(tmp_path / "words.srt")]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, "-c:v", "copy", "-c:s", "mov_text", str(source)], check=True)
    rewrite(source, tmp_path / "kept.mp4", subtitles=True)
    rewrite(source, tmp_path / "left.mp4")
    with open_video(source) as video:
        assert [track.codec for track in video.facts.subtitles] == ["mov_text"]
    assert b"spoken words" in (tmp_path / "kept.mp4").read_bytes()
    assert b"spoken words" not in (tmp_path / "left.mp4").read_bytes()


def test_facts_are_those_of_the_file(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", times=range(0, 24 * 512, 512), sounds=[Sound()])
    with open_video(path) as video:
        facts: VideoFacts = video.facts
    assert (facts.container, facts.codec, facts.width, facts.height) == ("mp4", "h264", 64, 48)
    assert (facts.frames, facts.duration, facts.rate) == (24, Fraction(24, 25), Fraction(25))
    assert (facts.bits, facts.pixel_format, facts.first_field, facts.dropped) == (8, "yuv420p", "", ())
    assert [tuple(track) for track in facts.sound] == [("aac", 2, 48000)]
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def numbers_from(video: Video, start: int, pts: int | None = None) -> list[int]:
    return [frame.index for frame in video.frames(start, pts) if number_of(frame.pixels) == frame.index % COUNT]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.avi"])
def test_reading_can_begin_at_any_frame(name: str, tmp_path: Path) -> None:
    unit = Fraction(1, 25) if name.endswith("avi") else Fraction(1, 1000)
    times = [round(Fraction(frame, 25) / unit) for frame in range(60)]
    path = make_clip(
        tmp_path / name, codec="mpeg4" if name.endswith("avi") else "libx264", times=times, unit=unit,
        settings={"gop_size": 10, "qmax": 2},
    )  # fmt: skip
    with open_video(path) as video:
        every = {frame.index: frame.pts for frame in video.frames()}
        assert numbers_from(video, 37) == list(range(37, 60))
        for start in (0, 1, 9, 10, 11, 38, 59):
            assert numbers_from(video, start, every[start]) == list(range(start, 60))


def test_a_recording_may_begin_between_two_key_frames(tmp_path: Path) -> None:
    path = make_clip(
        tmp_path / "clip.ts", times=[90000 + 3600 * i for i in range(30)], unit=Fraction(1, 90000),
        settings={"gop_size": 10, "max_b_frames": 0},
    )  # fmt: skip
    late = tmp_path / "late.ts"
    late.write_bytes(path.read_bytes()[188 * 12 :])
    with open_video(late) as video:
        numbers = [number_of(frame.pixels) for frame in video.frames()]
    assert 0 < len(numbers) < 30 and numbers == [n % COUNT for n in range(30 - len(numbers), 30)]


def test_a_file_whose_hash_is_known_is_not_read_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_clip(tmp_path / "clip.mp4")
    with open_video(source) as video:
        sha256 = video.facts.sha256
    monkeypatch.delattr("hashlib.file_digest")
    with open_video(source, sha256=sha256) as video:
        assert video.facts.sha256 == sha256
