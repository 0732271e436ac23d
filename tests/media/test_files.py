"""Opening what may be a picture or a video."""

import os
from pathlib import Path

import pytest

from tests.media.clips import make_clip
from tests.media.painted import file_of, smooth
from veil.errors import InputError, TooLargeError, UnsupportedError
from veil.media.files import Opener, is_video
from veil.media.image import Picture
from veil.media.video import Video


def test_what_a_file_is_shows_from_its_first_bytes(tmp_path: Path) -> None:
    picture, video = tmp_path / "a.mp4", tmp_path / "b.png"
    picture.write_bytes(file_of(smooth(), "PNG"))
    make_clip(tmp_path / "b.mp4").rename(video)
    with Opener().open_media(picture, max_pixels=10**6) as opened:
        assert isinstance(opened, Picture)
    with Opener().open_media(video, max_pixels=10**6) as opened:
        assert isinstance(opened, Video)
    assert (is_video(picture), is_video(video)) == (False, True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"Dear Alice", "neither a picture nor a video.*BMP.*WebM"), (b"%PDF-1.7", "PDF")],
)
def test_anything_else_is_refused_by_what_it_is(data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    with pytest.raises(UnsupportedError, match=reason):
        Opener().open_media(tmp_path / "a.mp4", max_pixels=10**6)
    assert not is_video(tmp_path / "a.mp4")


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "a.png"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)  # or a reader would wait here for ever
    os.write(held, file_of(smooth(), "PNG")[:100].ljust(20_000))
    with pytest.raises(InputError, match=r"a pipe or a device.*nothing was made"):
        Opener().open_media(pipe, max_pixels=10**6)
    with pytest.raises(InputError, match="a pipe or a device"):
        is_video(pipe)
    assert not Opener().is_sound(pipe)
    os.close(held)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Opener().open_media(tmp_path / "a.mp4", max_pixels=10**6)
    with pytest.raises(InputError, match="cannot be read"):
        is_video(tmp_path / "a.mp4")


@pytest.mark.parametrize("limit", [64 * 48 - 1, 10**9])
def test_frames_are_held_to_both_limits(limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if limit > 10**6:
        monkeypatch.setattr("veil.media.video.DEFAULT_MAX_PIXELS", 64 * 48 - 1)
    path = make_clip(tmp_path / "a.mp4")
    with pytest.raises(TooLargeError):
        Opener().open_media(path, max_pixels=limit)
