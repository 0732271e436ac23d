"""A video that another process decodes and encodes."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from fractions import Fraction
from typing import BinaryIO

from veil.media.sound import Samples
from veil.media.sound_reader import Shape
from veil.media.sound_tracks import AlteredSound, TrackSound
from veil.media.source import Source
from veil.media.video import HowToWrite, Video, VideoFrame, Written
from veil.memory import Reused
from veil.sandbox.child import Item, Readers, descriptor_of, telling
from veil.sandbox.moving import (
    FramesToRead,
    TrackNote,
    VideoFrameNote,
    VideoNote,
    VideoToWrite,
    samples_of,
    video_frames_of,
)

_BYTES_A_PIXEL = 6  # three planes of 16 bits
MOST_BLOCK_BYTES = 1 << 26
"""Of samples at a time."""


class SandboxedVideo(Video):
    """A video whose header another process has read; use it in a ``with`` block, as any other."""

    def __init__(self, source: Source, note: VideoNote, readers: Readers, *, max_pixels: int) -> None:
        super().__init__(source, note.facts, note.look, promised=0, max_pixels=max_pixels, max_frames=None)
        self._processes = readers
        self._most_bytes = max_pixels * _BYTES_A_PIXEL

    def write(
        self,
        frames: Iterable[VideoFrame],
        stream: BinaryIO,
        how: HowToWrite,
        altered: Sequence[AlteredSound] = (),
    ) -> Written:
        """Write frames as a video like this one. As Video.write()."""
        wanted = VideoToWrite(how, tuple(TrackNote(sound.shape, sound.start) for sound in altered))
        sounds = [((None, [block]) for block in sound.blocks) for sound in altered]
        with self._processes.one() as child, descriptor_of(stream) as file, closing(_items(frames)) as items:
            return child.ask("write", wanted, Written, inputs=[items, *sounds], file=file)

    def check_tracks(self, how: HowToWrite) -> None:
        """Refuse tracks that a file cannot hold. As Video.check_tracks()."""
        with self._processes.one() as child:
            child.ask("check_tracks", how, type(None))

    def sounds(self) -> Sequence[TrackSound]:
        """Return the sound tracks. As Video.sounds()."""
        with self._processes.one() as child:
            notes = child.ask("sounds", None, list[TrackNote])
        return [_SandboxedTrack(self, self._processes, number, note) for number, note in enumerate(notes)]

    def write_screening(self, frames: Iterable[VideoFrame], stream: BinaryIO) -> None:
        """Write a small copy. As Video.write_screening()."""
        with self._processes.one() as child, descriptor_of(stream) as file, closing(_items(frames)) as items:
            child.ask("write_screening", None, type(None), inputs=[items], file=file)

    def close(self) -> None:
        """End the processes that read the file."""
        super().close()
        self._processes.close()

    def _decode(self, start: int, pts: int | None) -> Generator[VideoFrame, None, None]:
        self.reopen().close()  # what has been closed or has changed is told as for any other video
        with self._processes.one() as child, telling():
            messages = child.stream("frames", FramesToRead(start, pts), self._most_bytes, Reused().empty)
            yield from video_frames_of(messages, self.look, self.facts.time_base)
        self.reopen().close()


class _SandboxedTrack:
    """A sound track of a video that another process reads."""

    def __init__(self, video: Video, readers: Readers, number: int, note: TrackNote) -> None:
        self.shape: Shape = note.shape
        self.start: Fraction = note.start
        self._video = video
        self._readers = readers
        self._number = number

    def blocks(self) -> Generator[Samples, None, None]:
        """Give all samples. As VideoSound.blocks()."""
        with self._readers.one() as child, telling():
            yield from samples_of(child.stream("blocks", self._number, MOST_BLOCK_BYTES), self.shape.channels)
        self._video.reopen().close()


def _items(frames: Iterable[VideoFrame]) -> Generator[Item, None, None]:
    """Yield frames as they are sent; a generator is closed."""
    try:
        for frame in frames:
            yield VideoFrameNote.of(frame), frame.image.planes()
    finally:
        if isinstance(frames, Generator):
            frames.close()
