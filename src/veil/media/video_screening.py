"""A small copy of a video for browsers to scrub through while it is reviewed."""

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

import av.error
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from veil.errors import OutputError
from veil.media.video_decoder import threads
from veil.media.video_reader import VideoFrame
from veil.media.video_sink import Sink, open_output

if TYPE_CHECKING:
    from veil.media.video import Video

SIDE = 960
"""The most pixels of the longer side."""

KEY_FRAMES = 12
"""A browser that jumps decodes so many frames at most."""

_QUALITY = 26
_RATE = Fraction(25)  # where the file does not say; times do not come from it
_NARROW = 1  # FFmpeg's AVColorRange
_LEAST_TICKS = 10_000  # a second


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
    width, height = screening_size(video.facts.width, video.facts.height)
    unit = video.facts.time_base
    ticks = unit.denominator
    while ticks < _LEAST_TICKS:
        ticks *= 2
    options = {"movflags": "+faststart", "video_track_timescale": str(ticks), "fflags": "+bitexact"}
    durations: dict[int, int] = {}
    first: int | None = None
    try:
        with open_output(Sink(stream), "mp4", options) as output:
            encoder = _encoder(output, video, width, height)
            for frame in frames:
                first = frame.pts if first is None else first
                picture = frame.image.scaled(width, height)
                picture.pts, picture.time_base = frame.pts - first, unit
                durations[picture.pts] = round(frame.duration / unit)
                _write(output, encoder.encode(picture), durations)
            _write(output, encoder.encode(None), durations)
            output.close()
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(f"A copy to look at could not be written ({error.strerror or error}).") from error


def screening_size(width: int, height: int) -> tuple[int, int]:
    """Return the width and height of the copy: even, the longer one SIDE at most."""
    scale = min(1.0, SIDE / max(width, height))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def _encoder(output: OutputContainer, video: "Video", width: int, height: int) -> VideoStream:
    colour = video.facts.colour
    stream = output.add_stream(
        "libx264",
        rate=video.facts.rate or _RATE,
        width=width,
        height=height,
        time_base=video.facts.time_base,
        options={"preset": "superfast", "crf": str(_QUALITY), "a53cc": "0", "udu_sei": "0"},
    )
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.pix_fmt = "yuv420p"
    context.gop_size = KEY_FRAMES
    context.max_b_frames = 0  # so that the first frame is at time 0 in every browser
    context.color_primaries, context.color_trc = colour.primaries, colour.transfer
    context.colorspace = video.look.layout.matrix
    context.color_range = _NARROW
    context.thread_count = threads()
    return stream


def _write(output: OutputContainer, packets: Iterable["Packet[VideoStream]"], durations: dict[int, int]) -> None:
    for packet in packets:
        assert packet.pts is not None  # frames without B-frames leave as they came
        packet.duration = durations.pop(packet.pts, 0)
        output.mux_one(packet)
