"""Videos and sound come and go through the sandbox as without it."""

import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.films import FRAMES, animated
from tests.media.clips import Sound, make_clip
from tests.media.sounds import save_wave
from veil.errors import InputError, UsageError
from veil.media.files import Opener
from veil.media.sound_reader import Shape
from veil.media.sound_tracks import AlteredSound
from veil.media.video import HowToWrite, open_video
from veil.sandbox.box import Sandbox
from veil.sandbox.wire import Connection

BIG = 10**7


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", sounds=[Sound()])


def test_a_video_is_read_and_written_the_same(box: Sandbox, clip: Path) -> None:
    made = []
    for opener, name in ((box, "inside.mp4"), (Opener(), "outside.mp4")):
        target, screening = clip.with_name(name), clip.with_name(f"small-{name}")
        with opener.open_video(clip, max_pixels=BIG) as video:
            video.check_tracks(HowToWrite("mp4", "h264", sound="keep"))
            frames = list(video.frames())
            altered = [AlteredSound(sound.shape, sound.start, sound.blocks()) for sound in video.sounds()]
            with target.open("w+b") as stream:
                written = video.write(video.frames(), stream, HowToWrite("mp4"), altered)
            with screening.open("w+b") as stream:
                video.write_screening(video.frames(), stream)
            later = [frame.index for frame in video.frames(5, frames[5].pts)]
        times = [(frame.index, frame.pts, frame.time, frame.duration) for frame in frames]
        facts = (video.facts, video.look, times, later, written)
        made.append((facts, np.stack([frame.pixels for frame in frames]), target.read_bytes(), screening.read_bytes()))
    (facts, pixels, file, small), (expected, expected_pixels, expected_file, expected_small) = made
    assert facts == expected
    assert np.array_equal(pixels, expected_pixels)
    assert file == expected_file and small == expected_small


def test_the_copy_of_an_animation_is_written_the_same(box: Sandbox, tmp_path: Path) -> None:
    made = []
    for opener, name in ((box, "inside.mp4"), (Opener(), "outside.mp4")):
        with opener.open_picture(animated(), max_pixels=BIG) as picture, (tmp_path / name).open("w+b") as stream:
            picture.write_screening(picture.frames(), stream)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    with open_video(tmp_path / "inside.mp4") as copy:
        assert copy.facts.frames == FRAMES


def test_what_covers_a_frame_is_what_is_written(box: Sandbox, clip: Path) -> None:
    target = clip.with_name("covered.mp4")
    with box.open_video(clip, max_pixels=BIG) as video, target.open("w+b") as stream:
        grey = (
            frame.with_planes([np.full_like(plane, 128) for plane in frame.image.planes()]) for frame in video.frames()
        )
        video.write(grey, stream, HowToWrite("mp4", quality=1))
    with box.open_video(target, max_pixels=BIG) as video:
        assert all(abs(frame.pixels.astype(int) - 130).max() < 10 for frame in video.frames())


def test_a_video_that_was_closed_or_has_changed_is_refused(box: Sandbox, clip: Path) -> None:
    with box.open_video(clip, max_pixels=BIG) as video:
        pass
    with pytest.raises(UsageError, match="closed"):
        next(video.frames())
    with box.open_video(clip, max_pixels=BIG) as video:
        clip.write_bytes(clip.read_bytes() + b" ")
        with pytest.raises(InputError, match="has changed"):
            next(video.frames())


def test_a_video_that_is_written_to_in_place_while_it_is_read_is_refused(box: Sandbox, clip: Path) -> None:
    os.utime(clip, (0, 0))
    with box.open_video(clip, max_pixels=BIG) as video:
        frames, (track,) = video.frames(), video.sounds()
        next(frames)
        with clip.open("r+b") as file:
            file.write(file.read(1))
        with pytest.raises(InputError, match="has changed"):
            list(frames)
        with pytest.raises(InputError, match="has changed"):
            list(track.blocks())


@pytest.mark.parametrize("opener", ["box", "here"])
def test_sound_that_is_written_to_in_place_while_it_is_read_is_refused(
    opener: str, box: Sandbox, tmp_path: Path
) -> None:
    source = save_wave(tmp_path / "a.wav", np.zeros((1, 20_000), np.float32), 16_000)
    os.utime(source, (0, 0))
    with (box if opener == "box" else Opener()).open_sound(source) as sound:
        blocks = sound.blocks()
        next(blocks)
        with source.open("r+b") as file:
            file.write(file.read(1))
        with pytest.raises(InputError, match="has changed"):
            list(blocks)


def test_a_video_cut_short_is_refused(box: Sandbox, clip: Path) -> None:
    clip.write_bytes(clip.read_bytes()[:-2000])
    with pytest.raises(InputError, match="damaged"):
        box.open_video(clip, max_pixels=BIG)


def test_sound_is_read_and_written_the_same(box: Sandbox, tmp_path: Path) -> None:
    made = []
    tone = np.zeros((1, 20_000), np.float32)
    tone[0, ::100] = 0.5
    source = save_wave(tmp_path / "a.wav", tone, 16_000)
    for opener in (box, Opener()):
        with opener.open_sound(source) as sound:
            blocks = np.concatenate(list(sound.blocks()), 1)
            with (tmp_path / "out").open("w+b") as stream:
                written = sound.write(sound.blocks(), stream, format="flac")
            with (tmp_path / "copy").open("w+b") as stream:
                louder = (block.repeat(2, 0) for block in sound.blocks())
                sound.write(louder, stream, format="mp3", shape=Shape(16_000, "stereo", 2, "s16"))
        files = [(tmp_path / name).read_bytes() for name in ("out", "copy")]
        made.append((sound.facts, blocks.tobytes(), written, files))
    assert made[0] == made[1]


def test_an_mp4_file_of_sound_alone_is_told_apart(box: Sandbox, clip: Path) -> None:
    assert not box.is_sound(clip)


@pytest.mark.filterwarnings("error")
def test_a_connection_that_is_dropped_with_an_error_is_closed() -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(ours)
    held: list[object] = [connection]
    held.append(held)  # a circle, as an error and its frames are
    del connection, held, ours
    gc.collect()
    with theirs:
        assert theirs.recv(1) == b""
