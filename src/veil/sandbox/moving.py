"""What is said between a program and the processes that read videos and sound for it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from veil.media.sound import Samples
from veil.media.sound_reader import Shape
from veil.media.video import HowToWrite, VideoFacts, VideoFrame
from veil.media.video_image import Converter, Image
from veil.media.video_reader import Look as VideoLook
from veil.sandbox.wire import BrokenError, Message


class VideoToOpen(NamedTuple):
    """A video, as open_video() wants it."""

    max_pixels: int
    max_frames: int | None
    sha256: str


class VideoNote(NamedTuple):
    """What is known of a video."""

    facts: VideoFacts
    look: VideoLook


class FramesToRead(NamedTuple):
    """Where the frames of a video are to begin, as Video.frames() wants it."""

    start: int
    pts: int | None


class VideoFrameNote(NamedTuple):
    """A frame of a video, but for its planes. Its duration is in seconds."""

    number: int
    pts: int
    duration: Fraction
    interlaced: bool

    @staticmethod
    def of(frame: VideoFrame) -> "VideoFrameNote":
        """Return what goes with the planes of a frame."""
        return VideoFrameNote(frame.index, frame.pts, frame.duration, frame.image.layout.interlaced)


class TrackNote(NamedTuple):
    """A sound track of a video."""

    shape: Shape
    start: Fraction


class VideoToWrite(NamedTuple):
    """A video that is to be made, as write_video() wants it; the first sequence is its frames, then come sounds."""

    how: HowToWrite
    altered: tuple[TrackNote, ...]


class SoundToWrite(NamedTuple):
    """A sound file that is to be made, as write_sound() wants it."""

    format: str
    shape: Shape


def video_frames_of(messages: Iterable[Message], look: VideoLook, unit: Fraction) -> Iterator[VideoFrame]:
    """Yield the frames of a video that messages hold.

    Args:
        messages: With a VideoFrameNote and three planes each.
        look: How frames are held.
        unit: Of their ``pts``, in seconds.

    Raises:
        BrokenError: One is none.
    """
    converter = Converter()
    down, across = look.layout.step
    small = -(-look.layout.height // down), -(-look.layout.width // across)
    shapes = [(look.layout.height, look.layout.width), small, small]
    dtype = np.dtype(np.uint16 if look.layout.bits > 8 else np.uint8)
    for message in messages:
        note = message.read(VideoFrameNote)
        planes = message.arrays
        if [plane.shape for plane in planes] != shapes or any(plane.dtype != dtype for plane in planes):
            raise BrokenError
        layout = replace(look.layout, interlaced=note.interlaced)
        image = Image(planes, layout, converter, clean=True)
        yield VideoFrame(image, note.number, note.pts, note.pts * unit, note.duration)


def samples_of(messages: Iterable[Message], channels: int) -> Iterator[Samples]:
    """Yield the blocks of samples that messages hold.

    Raises:
        BrokenError: One holds none.
    """
    for message in messages:
        if len(message.arrays) != 1:
            raise BrokenError
        (block,) = message.arrays
        if block.ndim != 2 or block.shape[0] != channels or block.dtype != np.float32 or not np.isfinite(block).all():
            raise BrokenError
        yield block
