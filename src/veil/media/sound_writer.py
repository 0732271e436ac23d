"""Encoding sound, and writing files with nothing in them but that."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import BinaryIO, NamedTuple

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from veil.errors import OutputError, VeilError
from veil.media.sound_formats import CODECS, FILES, check_format
from veil.media.sound_reader import Shape
from veil.media.video_sink import Sink, open_output

Samples = NDArray[np.float32]

_PIECE = 4096  # samples that an encoder is handed at a time; 5.1 in PCM stays below 100 kB
_LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0", "5.1")  # by channels: not all files and encoders name others
_KEEPS_LAYOUT = {"pcm", "pcm16", "flac"}
_FLAC_FRAME = 4096  # samples; FFmpeg's reader loses itself in larger ones of many channels


class SoundTrack:
    """A sound track of a file that is being written: samples in, packets out."""

    def __init__(self, output: OutputContainer, codec: str, shape: Shape, *, start: Fraction = Fraction(0)) -> None:
        """Add the track to a file whose header is not written yet.

        Args:
            output: The file.
            codec: A key of CODECS.
            shape: Of the samples that will come.
            start: When the first is heard, in seconds.
        """
        how = CODECS[codec]
        self.rate = how.rate_for(shape.rate)
        self._shape = shape
        named = codec in _KEEPS_LAYOUT and not shape.layout.endswith("channels")
        self._layout = shape.layout if named else _LAYOUTS[shape.channels - 1]
        options = {"frame_size": str(_FLAC_FRAME)} if codec == "flac" else {}
        stream = output.add_stream(how.encoder(shape.samples), rate=self.rate, options=options)
        assert isinstance(stream, AudioStream)
        context = stream.codec_context
        context.format = how.samples(shape.samples)
        context.layout = self._layout
        context.time_base = Fraction(1, self.rate)
        context.flags |= Flags.bitexact  # no name of the program
        if how.bits:
            context.bit_rate = how.bits * shape.channels
        self.stream = stream
        self._start = start * self.rate
        self._resampler = av.AudioResampler(context.format, self._layout, self.rate)
        self._taken, self._given = 0, 0

    def encode(self, blocks: Iterable[Samples]) -> Iterator["Packet[AudioStream]"]:
        """Yield the packets of all samples, in order, and at the end what the encoder still holds.

        Args:
            blocks: Shape (channels, n), float32 from -1 to 1; what is louder is cut off where numbers are whole.
        """
        for block in blocks:
            for at in range(0, block.shape[1], _PIECE):
                yield from self._push(self._resampler.resample(self._frame(block[:, at : at + _PIECE])))
        if self._taken:
            yield from self._push(self._resampler.resample(None))
            missing = -(-self._taken * self.rate // self._shape.rate) - self._given
            if missing > 0:
                yield from self._encode(_silence(self.stream, self._layout, missing))
        yield from self.stream.encode(None)

    def _frame(self, piece: Samples) -> av.AudioFrame:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout=self._layout)
        frame.sample_rate, frame.time_base, frame.pts = self._shape.rate, Fraction(1, self._shape.rate), self._taken
        self._taken += piece.shape[1]
        return frame

    def _push(self, frames: Iterable[av.AudioFrame]) -> Iterator["Packet[AudioStream]"]:
        for frame in frames:
            if frame.samples:
                yield from self._encode(frame)

    def _encode(self, frame: av.AudioFrame) -> list["Packet[AudioStream]"]:
        frame.time_base = Fraction(1, self.rate)
        frame.pts = self._given + round(self._start)
        self._given += frame.samples
        return self.stream.encode(frame)


def _silence(stream: AudioStream, layout: str, count: int) -> av.AudioFrame:
    """Return so many samples of silence, as the encoder wants them."""
    frame = av.AudioFrame(stream.codec_context.format.name, layout, count)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate = stream.codec_context.sample_rate
    return frame


class WrittenSound(NamedTuple):
    """What was made: its format, a key of FILES, and its samples a second."""

    format: str
    rate: int


def write_sound(blocks: Iterable[Samples], shape: Shape, stream: BinaryIO, *, format: str) -> WrittenSound:
    """Encode samples into a new file that holds nothing else.

    Args:
        blocks: Shape (channels, n), float32 from -1 to 1.
        shape: How the samples were stored; kept where the format can.
        stream: A binary file, open for reading and writing, empty. On failure what it holds is of no use.
        format: A key of FILES.

    Raises:
        UsageError: The format is unknown or cannot hold so many channels. Nothing was written.
        OutputError: The file cannot be written.
        VeilError: Whatever ``blocks`` raises.
    """
    check_format(format, channels=shape.channels)
    muxer, codec = FILES[format]
    try:
        with open_output(Sink(stream), muxer, _told(format, codec, shape)) as output:
            track = SoundTrack(output, codec, shape)
            output.start_encoding()
            for packet in track.encode(blocks):
                output.mux_one(packet)
            output.close()
    except VeilError:
        raise
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(
            f"The sound could not be written ({error.strerror or error}); nothing was made. "
            "Check that the disk has space and can be written to."
        ) from error
    return WrittenSound(format, track.rate)


def _told(format: str, codec: str, shape: Shape) -> dict[str, str]:
    """Return what the writer is told: no version or date, and in M4A a unit of time in which lengths are exact."""
    told = {"fflags": "+bitexact"}
    if format == "m4a":
        told |= {"movie_timescale": str(CODECS[codec].rate_for(shape.rate)), "movflags": "+faststart"}
    return told
