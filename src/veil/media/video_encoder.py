"""Setting up an encoder: size, shape and colours of the frames, and everything that it is told."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.filter
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.format import VideoFormat
from av.video.stream import VideoStream

from veil.media.video_decoder import threads
from veil.media.video_facts import VideoFacts
from veil.media.video_formats import CODECS, CONTAINERS
from veil.media.video_image import Layout

_UNKNOWN_RATE = Fraction(25)
_UNSPECIFIED = 2  # a code point of ITU-T H.273
_NARROW, _FULL = 1, 2  # FFmpeg's AVColorRange


@dataclass(frozen=True, slots=True)
class Encoding:
    """What is to be made of frames.

    Attributes:
        facts: Of the video they come from.
        container: A key of CONTAINERS.
        codec: A key of CODECS.
        layout: In which the encoder gets them.
        options: What the encoder is told of quality and pace.
        frames_ahead: How many frames the encoder may look ahead; None where it knows best.
    """

    facts: VideoFacts
    container: str
    codec: str
    layout: Layout
    options: dict[str, str]
    frames_ahead: int | None

    @property
    def keeps_fields(self) -> bool:
        """Whether frames have two fields and go on having them."""
        return bool(self.facts.first_field) and CODECS[self.codec].fields


def add_video(output: OutputContainer, encoding: Encoding, *, begins: Fraction) -> VideoStream:
    """Add a video stream to a file whose header is not written yet.

    Args:
        output: The file.
        encoding: What is to be made.
        begins: When its first frame is shown, in seconds.
    """
    facts, codec, layout = encoding.facts, CODECS[encoding.codec], encoding.layout
    if encoding.codec == "av1":
        os.environ.setdefault("SVT_LOG", "0")  # or it writes about itself to the terminal; nothing else silences it
    stream = output.add_stream(
        codec.encoder,
        rate=facts.rate or _UNKNOWN_RATE,
        options={**encoding.options, **_own_words(encoding)},
        width=layout.width,
        height=layout.height,
        time_base=facts.time_base,
    )
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.pix_fmt = layout.format
    context.sample_aspect_ratio = facts.sample_aspect
    context.color_primaries = facts.colour.primaries
    context.color_trc = facts.colour.transfer
    context.colorspace = facts.colour.matrix or layout.matrix  # 0 is RGB, which it no longer is
    context.color_range = _FULL if layout.full else min(facts.colour.range, _NARROW)
    context.thread_count = threads()
    context.thread_type = "FRAME"  # PyAV's own choice, slices, costs quality
    if encoding.codec == "hevc" and encoding.container in ("mp4", "mov"):
        context.codec_tag = "hvc1"  # or players of Apple's refuse it
    reorders_from = CONTAINERS[encoding.container].reorders_from
    if reorders_from is None or begins < reorders_from:
        context.max_b_frames = 0
    if encoding.keeps_fields:
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
    return stream


def give_priority_back() -> None:
    """Have all threads of this process scheduled as usual.

    SVT-AV1 gives its own threads and the one that opens it real-time priority where the system allows that, to root for
    instance. They could then keep all others from running.
    """
    if not hasattr(os, "sched_setscheduler"):
        return
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # it has ended meanwhile
            if os.sched_getscheduler(int(thread.name)) != os.SCHED_OTHER:
                os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


def _own_words(encoding: Encoding) -> dict[str, str]:
    """Return what an encoder can be told only in its own words."""
    facts = encoding.facts
    says_range_alone = facts.colour.range == _NARROW and set(facts.colour[:3]) == {_UNSPECIFIED}
    words = []
    if encoding.frames_ahead is not None:
        words.append(f"rc-lookahead={encoding.frames_ahead}")
    if encoding.codec == "hevc":
        words += [CODECS["hevc"].options["x265-params"]] + ["range=limited"] * says_range_alone
        return {"x265-params": ":".join(words)}
    if encoding.codec != "h264":
        return {}
    words += ["videoformat=component"] * says_range_alone  # or x264 leaves out all of what the range is a part of
    if encoding.keeps_fields:
        words.append("bff=1" if facts.first_field == "bottom" else "tff=1")
    return {"x264-params": ":".join(words)} if words else {}


def field_marker(encoding: Encoding) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """Return what marks pictures with the field that comes first; those without fields pass as they are."""
    if not encoding.keeps_fields:
        return lambda picture: picture
    layout = encoding.layout
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=layout.width,
        height=layout.height,
        format=VideoFormat(layout.format, layout.width, layout.height),
        time_base=encoding.facts.time_base,
    )
    field = graph.add("setfield", "bff" if encoding.facts.first_field == "bottom" else "tff")
    graph.link_nodes(source, field, graph.add("buffersink")).configure()

    def mark(picture: av.VideoFrame) -> av.VideoFrame:
        graph.push(picture)
        marked = graph.pull()
        assert isinstance(marked, av.VideoFrame)  # a graph of pictures gives pictures
        return marked

    return mark
