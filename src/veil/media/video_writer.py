"""Writing: upright frames in, a file with nothing of the original but frames, times and, if asked for, sound."""

import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from heapq import merge
from itertools import chain
from math import lcm
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple

import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from veil.errors import OutputError, UsageError, VeilError
from veil.media.sound_tracks import AlteredSound, add_altered, coded_rate
from veil.media.video_encoder import Encoding, add_video, field_marker, give_priority_back
from veil.media.video_file import open_container
from veil.media.video_formats import (
    CONTAINERS,
    PRESETS,
    check_container,
    choose_codec,
    encoder_options,
    lookahead,
    usual_container,
    working_layout,
)
from veil.media.video_reader import VideoFrame
from veil.media.video_sink import Sink, open_output
from veil.media.video_threads import behind
from veil.media.video_tracks import SOUND, SUBTITLE, Tracks

if TYPE_CHECKING:
    from veil.media.video import Video

FRAMES_BEHIND = 2
"""How many finished frames wait for the encoder."""

_LEAST_TICKS = 10_000  # a second, in MP4
_MOST_TICKS = 2**31 - 1


class Written(NamedTuple):
    """What was made.

    Attributes:
        container: A key of CONTAINERS.
        codec: A key of CODECS.
        frames: How many frames it holds.
        rounded: Some times could not be told exactly in the container and were rounded to its unit.
        shift: Seconds that were added to all times, because the container holds none before 0; usually 0.
    """

    container: str
    codec: str
    frames: int
    rounded: bool
    shift: Fraction


class HowToWrite(NamedTuple):
    """How a video is to be written, as write_video() says."""

    container: str | None = None
    codec: str | None = None
    quality: int | None = None
    preset: str = "veryfast"
    sound: Literal["mute", "keep"] = "mute"
    subtitles: bool = False


def write_video(
    video: "Video",
    frames: Iterable[VideoFrame],
    stream: BinaryIO,
    *,
    container: str | None = None,
    codec: str | None = None,
    quality: int | None = None,
    preset: str = "veryfast",
    sound: Literal["mute", "keep"] = "mute",
    subtitles: bool = False,
    altered: Sequence[AlteredSound] = (),
) -> Written:
    """Encode frames into a new file, in a thread beside whoever makes them.

    The number of frames, their times, their size and shape, and the meaning of their colours are those of ``video``.
    Nothing else of it is handed on, so no metadata, captions, chapters, cover pictures, attachments or data can be.

    Args:
        video: Where the frames come from.
        frames: All of its frames, in order, as Video.frames() gives them or with patches. A generator is closed.
        stream: A binary file, open for reading and writing, empty. On failure what it holds is of no use.
        container: A key of CONTAINERS; None for the input's own, or MP4 where that could not keep every time.
        codec: A key of CODECS; None for the container's usual one.
        quality: The encoder's own scale ("CRF"), lower is better; None for the usual one.
        preset: One of PRESETS: how much time the encoder takes.
        sound: "keep" copies the sound tracks as they are, "mute" leaves them out.
        subtitles: Copy subtitle tracks of plain text.
        altered: Sound tracks to be encoded; ``sound`` must then be "mute".

    Returns:
        What was made.

    Raises:
        UsageError: The options do not fit each other or the video. Nothing was written.
        OutputError: The file cannot be written, or did not become what it should.
        InputError: The video's sound is damaged.
    """
    with ExitStack() as stack:
        if isinstance(frames, Generator):
            stack.callback(frames.close)
        kinds = _kept(sound, subtitles)
        encoding = _choose(video, container, codec, quality, preset)
        results: list[Written] = []

        def consume(items: Iterator[VideoFrame]) -> None:
            results.append(_write(video, items, Sink(stream), encoding, kinds, altered))

        with behind(consume, FRAMES_BEHIND) as put:
            for index, frame in enumerate(frames):
                if frame.index != index:
                    raise ValueError(f"frame {index} must come next, but got frame {frame.index}")
                put(frame)
        return results[0]


def check_tracks(
    video: "Video", container: str, codec: str, *, sound: Literal["mute", "keep"], subtitles: bool
) -> None:
    """Refuse tracks that a file cannot hold, by writing the beginning of such a file into memory.

    Arguments and errors are those of write_video().
    """
    kinds = _kept(sound, subtitles)
    if not kinds:
        return
    encoding = _choose(video, container, codec, None, PRESETS[0])
    sink = Sink(io.BytesIO())
    with _telling(), _output(sink, encoding, _rates(encoding, kinds)) as output, _source(video, kinds) as source:
        assert source is not None  # there are tracks to keep
        add_video(output, encoding, begins=Fraction(0))
        Tracks(source, output, kinds, from_zero=False)
        output.start_encoding()
        sink.closed = True
        output.close()


def _kept(sound: str, subtitles: bool) -> set[str]:
    """Return which kinds of tracks are copied."""
    if sound not in ("mute", "keep"):
        raise UsageError(f"There is no way {sound!r} of treating sound; choose mute or keep.")
    return ({SOUND} if sound == "keep" else set()) | ({SUBTITLE} if subtitles else set())


def _choose(video: "Video", container: str | None, codec: str | None, quality: int | None, preset: str) -> Encoding:
    """Settle what is to be made, or raise UsageError."""
    layout = video.look.layout
    container = container or usual_container(video.facts)
    check_container(container, video.facts)
    codec = choose_codec(codec, container, layout)
    held = working_layout(codec, layout)
    assert held is not None  # choose_codec() has seen to it
    options = encoder_options(codec, quality, preset)
    ahead = lookahead(codec, preset, layout.width * layout.height)
    return Encoding(video.facts, container, codec, held, options, ahead)


def _write(
    video: "Video",
    frames: Iterator[VideoFrame],
    sink: Sink,
    encoding: Encoding,
    kinds: set[str],
    altered: Sequence[AlteredSound],
) -> Written:
    """Write a whole file; after an error it has no end and no index. Runs in the encoder's thread."""
    with _telling():
        first = next(frames, None)
        if first is None:
            raise OutputError("The video has no frames to write; nothing was made.")
        rates = [*_rates(encoding, kinds), *(coded_rate(encoding.container, sound.shape) for sound in altered)]
        with _output(sink, encoding, rates) as output, _source(video, kinds) as source:
            file = _File(output, encoding, first, source, kinds, altered)
            for frame in chain([first], frames):
                file.add(frame)
            return file.finish()


@contextmanager
def _telling() -> Iterator[None]:
    """Raise OutputError for whatever FFmpeg or the system says in the block of a file that is being written."""
    try:
        yield
    except VeilError:
        raise
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(
            f"The video could not be written ({error.strerror or error}); nothing was made. "
            "Check that the disk has space and can be written to."
        ) from error


class _File:
    """A file that is being written."""

    def __init__(
        self,
        output: OutputContainer,
        encoding: Encoding,
        first: VideoFrame,
        source: InputContainer | None,
        kinds: set[str],
        altered: Sequence[AlteredSound],
    ) -> None:
        """Set up the encoder and write the header."""
        self._encoding = encoding
        self._unit = encoding.facts.time_base
        self._shift = 0 if CONTAINERS[encoding.container].before_zero else -min(first.pts, 0)  # in units
        self._durations: dict[int, int] = {}  # of frames in the encoder, by time
        self._count, self._rounded, self._told = 0, False, -1
        self._output = output
        self._stream: VideoStream = add_video(output, encoding, begins=(first.pts + self._shift) * self._unit)
        self._mark = field_marker(encoding)
        self._others: Iterator[tuple[Fraction, Packet[Stream]]] = iter(())
        if source is not None:
            tracks = Tracks(source, output, kinds, from_zero=_drops_early(encoding))
            self._others = tracks.packets(self._shift * self._unit)
        sounds = add_altered(output, encoding.container, altered, self._shift * self._unit)
        output.start_encoding()  # settles in which unit times are written
        if sounds:
            self._others = merge(self._others, *sounds, key=lambda timed: timed[0])
        self._next = next(self._others, None)

    def add(self, frame: VideoFrame) -> None:
        """Encode one frame and write what comes out of the encoder, in step with the other tracks.

        Raises:
            OutputError: The container cannot tell its time from that of the one before.
        """
        pts = frame.pts + self._shift
        self._check_time(pts)
        self._durations[pts] = round(frame.duration / self._unit)
        picture = frame.image.clean(self._encoding.layout)
        picture.pts, picture.time_base = pts, self._unit
        self._write(self._stream.encode(self._mark(picture)))
        if not self._count and self._encoding.codec == "av1":
            give_priority_back()
        self._count += 1

    def finish(self) -> Written:
        """Empty the encoder and give the file its end.

        Raises:
            OutputError: A frame has not come out of the encoder with the time it went in with.
        """
        self._write(self._stream.encode(None))
        if self._durations:
            raise _lost()
        while self._next is not None:
            self._write_other()
        self._output.close()
        encoding = self._encoding
        return Written(encoding.container, encoding.codec, self._count, self._rounded, self._shift * self._unit)

    def _check_time(self, pts: int) -> None:
        assert self._stream.time_base is not None  # set when the header was written
        exact = pts * self._unit / self._stream.time_base
        told = round(exact)
        self._rounded |= exact != told
        if self._count and told <= self._told:
            raise OutputError(
                f"Frames follow each other faster than {self._encoding.container.upper()} can tell; nothing was made. "
                "Choose mp4."
            )
        self._told = told

    def _write(self, packets: Iterable["Packet[VideoStream]"]) -> None:
        for packet in packets:
            if packet.pts is None or packet.pts not in self._durations:
                raise _lost()
            packet.duration = self._durations.pop(packet.pts)
            now = (packet.pts if packet.dts is None else packet.dts) * self._unit
            while self._next is not None and self._next[0] <= now:
                self._write_other()
            self._output.mux_one(packet)

    def _write_other(self) -> None:
        assert self._next is not None
        self._output.mux_one(self._next[1])
        self._next = next(self._others, None)


def _lost() -> OutputError:
    return OutputError("The encoder lost a frame or changed its time; nothing was made.")


@contextmanager
def _output(sink: Sink, encoding: Encoding, rates: Iterable[int]) -> Iterator[OutputContainer]:
    """Open the file for FFmpeg to write."""
    target = CONTAINERS[encoding.container]
    options = {
        **target.options,
        **_units(encoding, rates),
        "fflags": "+bitexact",  # no version, date or random number
        "avoid_negative_ts": "disabled",  # it would move all times
    }
    with open_output(sink, target.muxer, options) as output:
        yield output


def _rates(encoding: Encoding, kinds: set[str]) -> list[int]:
    """Return the samples a second of the sound tracks that may be copied."""
    return [track.rate for track in encoding.facts.sound if track.rate and kinds]


def _units(encoding: Encoding, rates: Iterable[int]) -> dict[str, str]:
    """Return the units in which MP4 and MOV tell every time exactly: of the video, and of all tracks together."""
    if encoding.container not in ("mp4", "mov"):
        return {}
    video = encoding.facts.time_base.denominator
    while video < _LEAST_TICKS:
        video *= 2
    every = lcm(video, *rates)
    return {"video_track_timescale": str(video), "movie_timescale": str(every if every <= _MOST_TICKS else video)}


@contextmanager
def _source(video: "Video", kinds: set[str]) -> Iterator[InputContainer | None]:
    """Open the input anew, for tracks that are copied; None if there are none."""
    if not kinds:
        yield None
        return
    with (
        video.reopen() as file,
        open_container(file, video.facts.container, max_pixels=video.max_pixels) as container,
    ):
        yield container


def _drops_early(encoding: Encoding) -> bool:
    """Whether sound that is over before time 0, unheard, has no place in the file."""
    return CONTAINERS[encoding.container].unit is not None and encoding.container != encoding.facts.container
