"""What is known of a video without looking at all of its frames."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from veil.media.video_image import Layout
from veil.media.video_turn import Turn, notes_of

_COVER = Disposition.attached_pic | Disposition.timed_thumbnails
_BOTTOM_FIRST = {3, 4}  # FFmpeg's AVFieldOrder: BB, TB
_HDR_NOTES = {
    "MASTERING_DISPLAY_METADATA",
    "CONTENT_LIGHT_LEVEL",
    "DYNAMIC_HDR_PLUS",
    "DYNAMIC_HDR_VIVID",
    "DOVI_METADATA",
    "DOVI_RPU_BUFFER",
    "AMBIENT_VIEWING_ENVIRONMENT",
}
_HARMLESS_TAGS = {
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "handler_name",
    "vendor_id",
    "language",
}


class Colour(NamedTuple):
    """How numbers in the file become colours: code points of ITU-T H.273, 2 where the file does not say.

    Attributes:
        primaries: Which red, green and blue are meant.
        transfer: How light becomes numbers; 16 and 18 are HDR.
        matrix: How red, green and blue become brightness and colour difference.
        range: 1 for the narrow range of television, 2 for the full one, 0 where the file does not say.
    """

    primaries: int
    transfer: int
    matrix: int
    range: int


class Track(NamedTuple):
    """A sound or subtitle track.

    Attributes:
        codec: FFmpeg's name of its codec, "aac" for instance.
        channels: Of sound; 0 for subtitles.
        rate: Samples a second, of sound; 0 for subtitles.
    """

    codec: str
    channels: int
    rate: int


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What is known of a video before all of it is decoded.

    Attributes:
        container: A key of DEMUXERS, "mp4" for instance.
        codec: FFmpeg's name of the video codec, "h264" for instance.
        width: Upright, in stored pixels; see ``sample_aspect``.
        height: Upright, in stored pixels.
        frames: How many frames the file says it holds; None where it does not say.
        duration: In seconds; None where the file does not say.
        rate: Average frames a second; None where the file does not say. Never use it to work out times.
        time_base: The unit of frames' ``pts``, in seconds.
        sample_aspect: Width of a stored pixel by its height, upright.
        rotation: By how many degrees clockwise stored frames are turned to be upright: 0, 90, 180 or 270.
        mirrored: Stored frames are mirrored left to right before they are turned.
        first_field: "top" or "bottom" where frames are made of two fields, "" where they are not.
        colour: Code points of the file's colours.
        bits: Bits a channel, 8 or 10.
        pixel_format: FFmpeg's name of the stored pixel format.
        sound: The sound tracks.
        subtitles: The subtitle tracks.
        dropped: In plain words, what can never be in a result.
        sha256: Hash of the file's bytes, in hexadecimal.
    """

    container: str
    codec: str
    width: int
    height: int
    frames: int | None
    duration: Fraction | None
    rate: Fraction | None
    time_base: Fraction
    sample_aspect: Fraction
    rotation: int
    mirrored: bool
    first_field: Literal["", "top", "bottom"]
    colour: Colour
    bits: int
    pixel_format: str
    sound: tuple[Track, ...]
    subtitles: tuple[Track, ...]
    dropped: tuple[str, ...]
    sha256: str


def main_stream(container: InputContainer) -> VideoStream | None:
    """Return the video stream that is meant: the first that is not a cover picture, or None."""
    moving = [stream for stream in container.streams.video if not is_cover(stream)]
    return moving[0] if moving else None


def collect_facts(
    container: InputContainer,
    stream: VideoStream,
    first: av.VideoFrame,
    *,
    kind: str,
    layout: Layout,
    turn: Turn,
    sha256: str,
) -> VideoFacts:
    """Put together what the container, its stream and the first decoded frame say.

    Args:
        container: The open file.
        stream: The video stream that is meant.
        first: The first frame, as decoded.
        kind: A key of DEMUXERS.
        layout: How frames are held once upright.
        turn: How stored frames become upright.
        sha256: Hash of the file, in hexadecimal.
    """
    aspect = stream.sample_aspect_ratio or Fraction(1)
    assert stream.time_base is not None  # every stream of an opened file has one
    return VideoFacts(
        container=kind,
        codec=stream.codec_context.codec.canonical_name,
        width=layout.width,
        height=layout.height,
        frames=stream.frames or None,
        duration=_duration(container, stream),
        rate=stream.average_rate or stream.guessed_rate or None,
        time_base=stream.time_base,
        sample_aspect=1 / aspect if turn.transpose else aspect,
        rotation=turn.degrees,
        mirrored=turn.mirrored,
        first_field=_first_field(stream, first),
        colour=Colour(first.color_primaries, first.color_trc, first.colorspace, first.color_range),
        bits=layout.bits,
        pixel_format=first.format.name,
        sound=tuple(_tracks(container, "audio")),
        subtitles=tuple(_tracks(container, "subtitle")),
        dropped=tuple(_dropped(container, stream, first)),
        sha256=sha256,
    )


def _first_field(stream: VideoStream, first: av.VideoFrame) -> Literal["", "top", "bottom"]:
    if not first.interlaced_frame:
        return ""
    return "bottom" if stream.codec_context.field_order in _BOTTOM_FIRST else "top"


def _duration(container: InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    return None if container.duration is None else Fraction(container.duration, av.time_base)


def _tracks(container: InputContainer, kind: str) -> Iterator[Track]:
    for stream in container.streams:
        if stream.type == kind:
            context = stream.codec_context
            name = context.codec.canonical_name if context else "unknown"
            yield Track(name, getattr(context, "channels", 0) or 0, getattr(context, "sample_rate", 0) or 0)


def _dropped(container: InputContainer, main: VideoStream, first: av.VideoFrame) -> Iterator[str]:
    """Yield what a result will not hold. Sound and subtitles are not named here: they are the user's choice."""
    covers = [stream for stream in container.streams.video if is_cover(stream)]
    kinds = [stream.type for stream in container.streams]
    notes = notes_of(first).keys()
    found = {
        "metadata": any(_has_tags(holder.metadata) for holder in (container, *container.streams)),
        "chapters": bool(container.chapters()),
        "cover pictures": bool(covers),
        "further video streams": len(container.streams.video) > len(covers) + 1,
        "attachments": "attachment" in kinds,
        "data streams": "data" in kinds or "unknown" in kinds,
        "closed captions": "A53_CC" in notes,
        "notes on HDR mastering": bool(notes & _HDR_NOTES),
        "transparency": _has_alpha(main),
    }
    yield from (words for words, there in found.items() if there)


def is_cover(stream: VideoStream) -> bool:
    """Whether a video stream is a cover picture."""
    return bool(stream.disposition & _COVER)


def _has_tags(tags: dict[str, str]) -> bool:
    return any(not is_harmless_tag(name) for name in tags)


def is_harmless_tag(name: str) -> bool:
    """Whether a piece of metadata is about the file alone."""
    return name.lower() in _HARMLESS_TAGS


def _has_alpha(stream: Stream) -> bool:
    layout = getattr(stream, "format", None)
    return bool(layout and any(component.is_alpha for component in layout.components))
