"""Videos in and out: upright frames with exact times, and files with nothing of the original but frames and sound.

    with open_video(Path("talk.mp4")) as video, write_aside(target) as file:
        frames = video.frames()
        write_video(video, (cover(frame) for frame in frames), file)

Nothing is held but a few frames, whatever the length. Decoding and encoding each run beside the caller's work.
"""

import hashlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from weakref import WeakSet

from veil.errors import InputError, UnsupportedError, UsageError
from veil.media.sound_tracks import AlteredSound, TrackSound, sounds_of
from veil.media.source import PathSource, Source
from veil.media.video_decoder import first_picture
from veil.media.video_facts import Colour, Track, VideoFacts, collect_facts, main_stream
from veil.media.video_file import (
    HEAD_BYTES,
    check_readable,
    looks_like_video,
    open_container,
    sniff_video,
    video_refusal,
)
from veil.media.video_reader import Look, VideoFrame, look_at, read_frames
from veil.media.video_screening import write_screening
from veil.media.video_threads import ahead
from veil.media.video_whole import check_whole
from veil.media.video_writer import HowToWrite, Written, check_tracks, write_video

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Colour",
    "HowToWrite",
    "Track",
    "Video",
    "VideoFacts",
    "VideoFrame",
    "Written",
    "check_tracks",
    "looks_like_video",
    "open_video",
    "write_video",
]

DEFAULT_MAX_PIXELS = 40_000_000
"""The most pixels that one frame may hold; 8K has 33 million."""

FRAMES_AHEAD = 2
"""How many decoded frames wait for whoever asks for them; as many again where another process decodes."""


class Video:
    """A video whose header and first frame have been read; use it in a ``with`` block.

    Attributes:
        facts: What is known of it.
        look: How its frames are held; for write_video().
        max_pixels: The limit for one frame.
    """

    def __init__(
        self,
        source: Source,
        facts: VideoFacts,
        look: Look,
        *,
        promised: int,
        max_pixels: int,
        max_frames: int | None,
    ) -> None:
        self.facts = facts
        self.look = look
        self.max_pixels = max_pixels
        self._source: Source | None = source
        self._promised = promised
        self._max_frames = max_frames
        self._counted: int | None = None
        self._readers: WeakSet[Generator[VideoFrame, None, None]] = WeakSet()

    def frames(self, start: int = 0, pts: int | None = None) -> Generator[VideoFrame, None, None]:
        """Decode the frames, in order of presentation, in a thread that keeps a few ready; each call starts afresh.

        Closing the generator or the video stops the thread.

        Args:
            start: The number of the frame to begin with. Without ``pts``, those before it are decoded and passed over.
            pts: The ``pts`` of that frame, if it is known from an earlier pass: the file is then entered near it.

        Raises:
            InputError: The file is damaged or has changed, which may show only after some frames.
            TooLargeError: It holds more frames than the limit allows.
        """
        frames = ahead(self._read(start, pts), FRAMES_AHEAD)
        self._readers.add(frames)
        return frames

    def _read(self, start: int, pts: int | None) -> Generator[VideoFrame, None, None]:
        count = 0
        with closing(self._decode(start, pts)) as frames:
            for frame in frames:
                count = frame.index + 1
                if frame.index >= start:
                    yield frame
        if self._counted not in (None, count):
            raise InputError("The video gave another number of frames than before; nothing was made from it.")
        self._counted = count

    def _decode(self, start: int, pts: int | None) -> Generator[VideoFrame, None, None]:
        """Yield frames up to the last one: from ``start`` on if ``pts`` is given, otherwise from the first."""
        with self.reopen() as file:
            yield from read_frames(
                file,
                kind=self.facts.container,
                look=self.look,
                max_pixels=self.max_pixels,
                max_frames=self._max_frames,
                promised=self._promised,
                entry=None if pts is None else (start, pts),
            )
            self.reopen().close()

    def write(
        self,
        frames: Iterable[VideoFrame],
        stream: BinaryIO,
        how: HowToWrite,
        altered: Sequence[AlteredSound] = (),
    ) -> Written:
        """Write frames as a video like this one. Arguments and errors are those of write_video()."""
        return write_video(self, frames, stream, altered=altered, **how._asdict())

    def check_tracks(self, how: HowToWrite) -> None:
        """Refuse tracks that a file cannot hold, as video_writer does."""
        assert how.container is not None and how.codec is not None  # settled before the tracks are looked at
        check_tracks(self, how.container, how.codec, sound=how.sound, subtitles=how.subtitles)

    def sounds(self) -> Sequence[TrackSound]:
        """Return the sound tracks. Errors are those of sounds_of()."""
        return sounds_of(self)

    def write_screening(self, frames: Iterable[VideoFrame], stream: BinaryIO) -> None:
        """Write a small copy to look at, as video_screening does."""
        write_screening(self, frames, stream)

    def reopen(self) -> BufferedReader:
        """Open the file anew, for a reader with a place of its own in it.

        Raises:
            InputError: It cannot be read, or is not the file that it was.
            UsageError: The video has been closed.
        """
        if self._source is None:
            raise UsageError("The video has been closed; open it again to read it.")
        return self._source.open()

    def close(self) -> None:
        """Let go of the file, and stop whatever still reads it."""
        self._source = None
        for frames in tuple(self._readers):
            frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_video(
    file: Path | Source, *, max_pixels: int = DEFAULT_MAX_PIXELS, max_frames: int | None = None, sha256: str = ""
) -> Video:
    """Open a video: read its header, decode its first frame, and hash its bytes.

    Args:
        file: An MP4, MOV, MKV, WebM, AVI or MPEG-TS file; its name does not matter.
        max_pixels: The most pixels that one frame may hold.
        max_frames: The most frames that it may hold; None for no limit.
        sha256: Hash of its bytes, in hexadecimal, where it is known: then it is not read for that.

    Raises:
        InputError: The file is damaged, cut short or cannot be opened.
        UnsupportedError: It is not such a video, is encrypted, or is stored in a way that Veil cannot keep.
        TooLargeError: Its frames are larger than the limit.
    """
    source = PathSource.of(file, "The video") if isinstance(file, Path) else file
    with source.open() as opened:
        head = opened.read(HEAD_BYTES)
        kind = sniff_video(head)
        if kind is None:
            raise video_refusal(head)
        promised = check_whole(opened, kind)
        opened.seek(0)
        sha256 = sha256 or hashlib.file_digest(opened, "sha256").hexdigest()
        with open_container(opened, kind, max_pixels=max_pixels) as container:
            stream = main_stream(container)
            if stream is None:
                raise UnsupportedError("The file holds sound but no moving picture; nothing was made from it.")
            check_readable(stream)
            picture = first_picture(container, stream, kind=kind, max_pixels=max_pixels)
            look = look_at(picture)
            facts = collect_facts(
                container, stream, picture, kind=kind, layout=look.layout, turn=look.turn, sha256=sha256
            )
    return Video(source, facts, look, promised=promised, max_pixels=max_pixels, max_frames=max_frames)
