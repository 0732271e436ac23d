"""Video files before they are decoded: what they are, and how to open them safely."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from veil.errors import InputError, UnsupportedError, VeilError
from veil.media.formats import sniff
from veil.media.video_whole import TS_PACKETS, damaged_video

HEAD_BYTES = 1024
"""How much of a file :func:`sniff_video` wants to see."""

DEMUXERS = {"mp4": "mov", "mov": "mov", "mkv": "matroska", "webm": "matroska", "avi": "avi", "ts": "mpegts"}
"""Every kind of file that is read, by the name that VideoFacts.container holds. No other reader can be reached."""

TITLES = "MP4, MOV, MKV, WebM, AVI and MPEG-TS"

_BUFFER = 1 << 18
_QUICKTIME_STARTS = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_TS_SYNC = 0x47
_EBML = b"\x1a\x45\xdf\xa3"
_EBML_DOCTYPE = b"\x42\x82"


def sniff_video(head: bytes) -> str | None:
    """Return the name in DEMUXERS of the video format that a file begins like, or None; pictures are not videos."""
    if sniff(head) is not None:
        return None
    if head[4:8] == b"ftyp":
        return "mov" if head[8:12] == b"qt  " else "mp4"
    if head[4:8] in _QUICKTIME_STARTS:
        return "mov"
    if head.startswith(_EBML):
        at = head.find(_EBML_DOCTYPE)
        return "webm" if head[at + 3 : at + 7] == b"webm" else "mkv"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if any(_is_ts(head, size, offset) for size, offset in TS_PACKETS.items()):
        return "ts"
    return None


def looks_like_video(path: Path) -> bool:
    """Say from its first bytes whether a file is a video that Veil reads; its name does not matter.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return sniff_video(file.read(HEAD_BYTES)) is not None


def open_container(file: BinaryIO, kind: str, *, max_pixels: int) -> InputContainer:
    """Open a video with the one reader that its first bytes name; no other file or address can be opened by it.

    Args:
        file: Open for reading.
        kind: A key of DEMUXERS.
        max_pixels: No decoder takes memory for a larger picture.

    Raises:
        InputError: The file is damaged.
    """
    file.seek(0)
    with reading_video():
        return av.open(
            file,
            "r",
            format=DEMUXERS[kind],
            options={"max_pixels": str(max_pixels)},
            container_options={"protocol_whitelist": "none"},
            metadata_errors="replace",
            buffer_size=_BUFFER,
            io_open=_refuse_to_open,
        )


def check_readable(stream: VideoStream) -> None:
    """Refuse a stream that nothing here can decode.

    Raises:
        UnsupportedError: Its codec is unknown.
    """
    if stream.codec_context is None:
        raise UnsupportedError(
            "The video is stored with a codec that Veil does not know; nothing was made from it. Convert it first."
        )


@contextmanager
def reading(damaged: Callable[[], InputError]) -> Iterator[None]:
    """Raise InputError for whatever FFmpeg says of a damaged file in the block.

    Args:
        damaged: Returns the error that says so.

    Raises:
        InputError: The block failed because the file is damaged or cannot be read.
    """
    try:
        yield
    except VeilError:
        raise
    except (av.error.FFmpegError, UnicodeError) as error:
        raise damaged() from error
    except OSError as error:
        raise InputError(f"The file cannot be read ({error.strerror or error}); nothing was made from it.") from error


def reading_video() -> AbstractContextManager[None]:
    """Return reading() with what is said of a damaged video."""
    return reading(damaged_video)


def video_refusal(head: bytes) -> UnsupportedError:
    """Return the error that says what a file is instead of a video."""
    if not head:
        what = "The file is empty"
    elif sniff(head) is not None:
        what = "The file is a picture, not a video"
    else:
        what = "The file is not a video that Veil reads, or its beginning is damaged"
    return UnsupportedError(f"{what}; nothing was made from it. Veil reads {TITLES}.")


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> BinaryIO:
    raise UnsupportedError(
        "The video refers to another file or address, which is not opened; nothing was made from it."
    )


def _is_ts(head: bytes, size: int, offset: int) -> bool:
    sync = head[offset::size]
    return len(sync) >= 3 and set(sync) == {_TS_SYNC}
