"""A small copy of a video or animation for browsers to scrub through while it is reviewed."""

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import av
import av.error
from av.container import OutputContainer
from av.packet import Packet
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from veil.errors import OutputError
from veil.media.animation import UNIT, shown_for, timed
from veil.media.video_decoder import threads
from veil.media.video_reader import VideoFrame
from veil.media.video_sink import Sink, open_output
from veil.types import Facts, Frame

if TYPE_CHECKING:
    from veil.media.video import Video

SIDE = 960
"""The most pixels of the longer side."""

KEY_FRAMES = 12
"""A browser that jumps decodes so many frames at most."""

_QUALITY = 26
_RATE = Fraction(25)  # where the file does not say; times do not come from it
_NARROW = 1  # FFmpeg's AVColorRange
_BT709, _SRGB = 1, 13  # code points of ITU-T H.273
_LEAST_TICKS = 10_000  # a second


class _Copy(NamedTuple):
    """What a copy is to be like: its size in pixels, the unit of its times in seconds, and code points of colours."""

    width: int
    height: int
    unit: Fraction
    rate: Fraction
    primaries: int
    transfer: int
    matrix: int


class _Picture(NamedTuple):
    """One frame of a copy, with its time and how long it is shown, in units."""

    picture: av.VideoFrame
    pts: int
    duration: int


def write_screening(video: "Video", frames: Iterable[VideoFrame], stream: BinaryIO) -> None:
    """Write frames as a small H.264 file in MP4 without sound, for no other use than to be looked at.

    Its frames are shown when those of the video are, the first at time 0. Their pixels are as square as stored ones
    are taken to be in plans, whatever the file says of their aspect.

    Args:
        video: Where the frames come from.
        frames: At least one.
        stream: A binary file, open for reading and writing, empty.

    Raises:
        OutputError: It cannot be written.
    """
    facts, colour = video.facts, video.facts.colour
    width, height = screening_size(facts.width, facts.height)
    unit, rate = facts.time_base, facts.rate or _RATE
    copy = _Copy(width, height, unit, rate, colour.primaries, colour.transfer, video.look.layout.matrix)
    pictures = (
        _Picture(frame.image.scaled(width, height), frame.pts, round(frame.duration / unit)) for frame in frames
    )
    _write_copy(copy, pictures, stream)


def write_animation_screening(like: Facts, frames: Iterable[Frame], stream: BinaryIO) -> None:
    """Write the frames of an animation as such a file.

    Args:
        like: Facts of the animation.
        frames: All of them, as people see them: uint8, opaque.
        stream: A binary file, open for reading and writing, empty.

    Raises:
        OutputError: It cannot be written.
    """
    width, height = screening_size(like.width, like.height)
    scaler = VideoReformatter()
    pictures = (
        _Picture(_small(frame, width, height, scaler), pts, round(shown_for(frame) / UNIT))
        for pts, frame in timed(frames)
    )
    _write_copy(_Copy(width, height, UNIT, _RATE, _BT709, _SRGB, _BT709), pictures, stream)


def screening_size(width: int, height: int) -> tuple[int, int]:
    """Return the width and height of the copy: even, the longer one SIDE at most."""
    scale = min(1.0, SIDE / max(width, height))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def _small(frame: Frame, width: int, height: int, scaler: VideoReformatter) -> av.VideoFrame:
    """Return a frame of an animation in another size, as 8-bit 4:2:0 in the narrow range of television."""
    pixels: Any = frame.pixels
    return scaler.reformat(
        av.VideoFrame.from_ndarray(pixels, "rgb24"),
        width=width,
        height=height,
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.AREA,
        threads=1,
    )


def _write_copy(copy: _Copy, pictures: Iterable[_Picture], stream: BinaryIO) -> None:
    ticks = copy.unit.denominator
    while ticks < _LEAST_TICKS:
        ticks *= 2
    options = {"movflags": "+faststart", "video_track_timescale": str(ticks), "fflags": "+bitexact"}
    durations: dict[int, int] = {}
    first: int | None = None
    try:
        with open_output(Sink(stream), "mp4", options) as output:
            encoder = _encoder(output, copy)
            for picture, pts, duration in pictures:
                first = pts if first is None else first
                picture.pts, picture.time_base = pts - first, copy.unit
                durations[picture.pts] = duration
                _write(output, encoder.encode(picture), durations)
            _write(output, encoder.encode(None), durations)
            output.close()
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(f"A copy to look at could not be written ({error.strerror or error}).") from error


def _encoder(output: OutputContainer, copy: _Copy) -> VideoStream:
    stream = output.add_stream(
        "libx264",
        rate=copy.rate,
        width=copy.width,
        height=copy.height,
        time_base=copy.unit,
        options={"preset": "superfast", "crf": str(_QUALITY), "a53cc": "0", "udu_sei": "0"},
    )
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.pix_fmt = "yuv420p"
    context.gop_size = KEY_FRAMES
    context.max_b_frames = 0  # so that the first frame is at time 0 in every browser
    context.color_primaries, context.color_trc = copy.primaries, copy.transfer
    context.colorspace = copy.matrix
    context.color_range = _NARROW
    context.thread_count = threads()
    return stream


def _write(output: OutputContainer, packets: Iterable["Packet[VideoStream]"], durations: dict[int, int]) -> None:
    for packet in packets:
        assert packet.pts is not None  # frames without B-frames leave as they came
        packet.duration = durations.pop(packet.pts, 0)
        output.mux_one(packet)
