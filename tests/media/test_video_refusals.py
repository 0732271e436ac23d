"""What cannot be read whole is refused with one sentence, and never comes out shorter."""

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.media.clips import Sound, make_clip
from veil.errors import InputError, TooLargeError, UnsupportedError, UsageError
from veil.media.video import looks_like_video, open_video


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def read(path: Path, **limits: Any) -> int:
    """Return how many frames a file gives."""
    with open_video(path, **limits) as video:
        return sum(1 for _ in video.frames())


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("hello " * 500)


def playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")


def listing(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile /etc/passwd\n")


def picture(path: Path) -> None:
    Image.new("RGB", (30, 20)).save(path, "GIF")


def sound_alone(path: Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-f", "mp4", path], check=True)


def encrypted(path: Path) -> None:
    key = "00112233445566778899aabbccddeeff"
    make_clip(path, file_options={"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": key})


def twelve_bits(path: Path) -> None:
    make_clip(path, codec="ffv1", pixels="yuv420p12le", format="matroska")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (empty, "empty"),
        (text, "not a video"),
        (playlist, "not a video"),
        (listing, "not a video"),
        (picture, "is a picture"),
        (sound_alone, "sound but no moving picture"),
        (encrypted, "encrypted"),
        (twelve_bits, "'yuv420p12le'.*8 or 10 bits"),
    ],
)
def test_other_files_are_refused_by_what_they_are(make: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    make(tmp_path / "clip.mp4")
    with pytest.raises(UnsupportedError, match=words):
        open_video(tmp_path / "clip.mp4")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        open_video(tmp_path / "none.mp4")


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.webm", "clip.avi"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(name: str, share: float, tmp_path: Path) -> None:
    codec = {"clip.webm": "libvpx-vp9", "clip.avi": "mpeg4"}.get(name, "libx264")
    unit = Fraction(1, 25)
    front = {"movflags": "+faststart"} if name.endswith(("mp4", "mov")) else {}
    path = make_clip(tmp_path / name, codec=codec, unit=unit, times=range(50), file_options=front)
    data = path.read_bytes()
    assert read(path) == 50
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match="damaged or cut short"):
        read(path)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.avi", "clip.webm"])
def test_damage_never_makes_a_video_shorter(name: str, tmp_path: Path) -> None:
    codec = {"clip.webm": "libvpx-vp9", "clip.avi": "mpeg4"}.get(name, "libx264")
    unit = Fraction(1, 1000) if name.endswith("webm") else Fraction(1, 25)
    times = [round(Fraction(frame, 25) / unit) for frame in range(50)]
    path = make_clip(tmp_path / name, codec=codec, unit=unit, times=times, settings={"gop_size": 12})
    data = path.read_bytes()
    outcomes: set[int | str] = set()
    start = data.index(b"mdat") if name.endswith("mp4") else 1000
    stop = data.index(b"moov") - 100 if name.endswith("mp4") else len(data) - 500
    for at in range(start, stop, (stop - start) // 40):
        path.write_bytes(data[:at] + bytes(byte ^ 0x5A for byte in data[at : at + 60]) + data[at + 60 :])
        try:
            outcomes.add(read(path))
        except InputError:
            outcomes.add("refused")
    most: set[int | str] = (
        {"refused", 50} if not name.endswith("ts") else {"refused", 49, 50}
    )  # whose frames may run into each other
    assert "refused" in outcomes and outcomes <= most


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2video"])
def test_a_frame_that_a_decoder_has_patched_up_is_refused(codec: str, tmp_path: Path) -> None:
    path = make_clip(
        tmp_path / "clip.mp4", codec=codec, unit=Fraction(1, 25), times=range(20), size=(160, 128),
        settings={"bit_rate": 2_000_000},
    )  # fmt: skip
    with av.open(str(path)) as file:
        packet = [packet for packet in file.demux(video=0) if packet.size][5]
    data = bytearray(path.read_bytes())
    at = (packet.pos or 0) + packet.size // 2
    data[at : at + 8] = bytes(byte ^ 0xFF for byte in data[at : at + 8])
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        read(path)


def test_frames_that_are_too_large_are_refused_by_the_header(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", size=(640, 480))
    assert read(path, max_pixels=640 * 480) == 12
    with pytest.raises(TooLargeError, match=r"640 x 480.*307,199"):
        open_video(path, max_pixels=640 * 480 - 1)


def test_too_many_frames_are_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4")
    assert read(path, max_frames=12) == 12
    with pytest.raises(TooLargeError, match="more than 11 frames"):
        read(path, max_frames=11)


def test_a_change_of_size_in_the_middle_is_refused(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "small.ts", times=range(0, 43200, 3600), unit=Fraction(1, 90000))
    large = make_clip(tmp_path / "large.ts", size=(96, 64), times=range(90000, 133200, 3600), unit=Fraction(1, 90000))
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    with pytest.raises(InputError, match=r"changes in its middle|damaged"):
        read(both)


def test_times_that_go_back_are_refused(tmp_path: Path) -> None:
    first = make_clip(tmp_path / "a.ts", times=range(900000, 943200, 3600), unit=Fraction(1, 90000))
    second = make_clip(tmp_path / "b.ts", times=range(90000, 133200, 3600), unit=Fraction(1, 90000))
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    with pytest.raises(InputError, match=r"not in order|damaged"):
        read(both)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", times=range(0, 60 * 512, 512))
    with open_video(path) as video:
        frames = video.frames()
        next(frames)
        path.write_bytes(path.read_bytes() + bytes(8))
        with pytest.raises(InputError, match="has changed"):
            list(frames)
        with pytest.raises(InputError, match="has changed"):
            list(video.frames())


def test_a_closed_video_is_not_read(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4")) as video:
        pass
    with pytest.raises(UsageError, match="closed"):
        list(video.frames())


def test_frames_of_two_times_swapped_come_in_their_order(tmp_path: Path) -> None:
    """As in a file seen in the wild, whose reordered frames had their times mixed up."""
    clip = make_clip(tmp_path / "clip.mp4", times=range(0, 20 * 512, 512))
    mixed = tmp_path / "mixed.mkv"
    with av.open(str(clip)) as source, av.open(str(mixed), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(video=0):
            if packet.dts is None:
                continue
            swapped = {3 * 512: 4 * 512, 4 * 512: 3 * 512}
            packet.pts = swapped.get(packet.pts or 0, packet.pts)
            packet.stream = stream
            target.mux(packet)
    with open_video(mixed) as video:
        assert [frame.pts for frame in video.frames()] == list(range(0, 800, 40))


def test_reading_stops_when_nobody_wants_more(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4", times=range(0, 200 * 512, 512))) as video:
        for frame in video.frames():
            if frame.index == 3:
                break
        frames = video.frames()
        next(frames)
        frames.close()


def test_only_a_few_frames_are_held(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", times=range(0, 200 * 512, 512))
    gc.collect()
    gc.disable()  # or it would hide objects that keep each other alive
    try:
        with open_video(path) as video:
            for frame in video.frames():
                if frame.index == 150:
                    alive = sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())
                    break
    finally:
        gc.enable()
    assert alive < 20


def test_what_looks_like_a_video(tmp_path: Path) -> None:
    assert looks_like_video(make_clip(tmp_path / "party.txt", format="mp4"))
    assert looks_like_video(make_clip(tmp_path / "a.ts"))
    text(tmp_path / "text.mp4")
    assert not looks_like_video(tmp_path / "text.mp4")


def test_nothing_but_the_file_itself_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_clip(tmp_path / "clip.mov", sounds=[Sound()])
    trace = tmp_path / "trace"
    code = (
        "import sys; from pathlib import Path; from veil.media.video import open_video\n"
        "print('BEGIN', file=sys.stderr)\n"
        "with open_video(Path(sys.argv[1])) as video: print(sum(1 for _ in video.frames()))"
    )
    watch = ["strace", "-f", "-e", "trace=openat,connect,socket", "-o", str(trace)]
    command = [*watch, sys.executable, "-c", code, str(path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == "12"
    assert "connect(" not in trace.read_text() and "AF_INET" not in trace.read_text()
