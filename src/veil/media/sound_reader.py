"""Decoding sound: samples as numbers from -1 to 1, in blocks, each at its place in time."""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from veil.errors import InputError, UnsupportedError
from veil.media.video_file import reading

Samples = NDArray[np.float32]

LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
MOST_CHANNELS = 6  # PyAV reads beyond the channels of a frame that has eight

_BLOCK = 0.5  # seconds
_GAP = Fraction(1, 50)  # seconds; containers round times to a millisecond or two
_LONGEST_GAP = 6 * 3600  # seconds
_SCALES = {"u8": 128, "s16": 1 << 15, "s32": 1 << 31, "s64": 1 << 63, "flt": 1, "dbl": 1}


class Shape(NamedTuple):
    """How the samples of a sound track are stored.

    Attributes:
        rate: Samples a second.
        layout: FFmpeg's name of the channels, "stereo" for instance.
        channels: How many there are.
        samples: FFmpeg's name of the sample format, "s16" for instance.
    """

    rate: int
    layout: str
    channels: int
    samples: str


@dataclass(frozen=True, slots=True)
class Lead:
    """The beginning of a sound track.

    Attributes:
        shape: How its samples are stored.
        start: When its first sample is heard, in seconds.
    """

    shape: Shape
    start: Fraction


def lead_of(container: InputContainer, stream: AudioStream) -> Lead | None:
    """Decode the first samples of a track; None if it holds none.

    Raises:
        InputError: It is damaged.
        UnsupportedError: It has more channels, or more or fewer samples a second, than Veil handles.
    """
    for frame in _frames(container, stream):
        return Lead(_shape(frame), _time(frame, stream))
    return None


def read_blocks(container: InputContainer, stream: AudioStream, lead: Lead) -> Generator[Samples, None, None]:
    """Yield all samples of a track without a gap, shape (channels, n), float32 from -1 to 1, half a second at a time.

    Where the track has a gap there is silence, so that sample n is heard n / rate seconds after the first.

    Args:
        container: Open at its beginning.
        stream: The track.
        lead: From lead_of().

    Raises:
        InputError: It is damaged, cut short, or changes its channels or rate in its middle.
    """
    waiting: list[Samples] = []
    size, held = int(lead.shape.rate * _BLOCK), 0
    for samples in _placed(container, stream, lead):
        waiting.append(samples)
        held += samples.shape[1]
        if held >= size:
            yield np.concatenate(waiting, 1)
            waiting, held = [], 0
    if held:
        yield np.concatenate(waiting, 1)


def _placed(container: InputContainer, stream: AudioStream, lead: Lead) -> Iterator[Samples]:
    """Yield samples as they are decoded, silence where some are missing, and none that belong to no time."""
    last, count = _last(container, stream, lead), 0
    for frame in _frames(container, stream):
        if _shape(frame) != lead.shape:
            raise InputError("The channels or rate of the sound change in its middle; nothing was made from it.")
        gap = _gap(frame, stream, lead, count)
        for silence in _silence(gap, lead.shape):
            count += silence.shape[1]
            yield silence
        samples = _samples(frame)[:, max(0, -gap) :]
        if last is not None:
            samples = samples[:, : max(0, last - count)]
        count += samples.shape[1]
        yield samples
    if last is not None and count < last and container.format.name == "flac":
        raise damaged_sound()


def _silence(count: int, shape: Shape) -> Iterator[Samples]:
    while count > 0:
        yield np.zeros((shape.channels, min(count, shape.rate)), np.float32)
        count -= shape.rate


def damaged_sound() -> InputError:
    """Return the error for sound that is not whole."""
    return InputError(
        "The sound is damaged or cut short and cannot be read whole; nothing was made from it. "
        "Try another copy of the file."
    )


def reading_sound() -> AbstractContextManager[None]:
    """Return reading() with what is said of damaged sound."""
    return reading(damaged_sound)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    packets = container.demux(stream)
    while True:
        with reading_sound():
            packet = next(packets, None)
            if packet is None:
                return
            if packet.is_corrupt:
                raise damaged_sound()
            decoded = packet.decode()
        for frame in decoded:
            if frame.is_corrupt:
                raise damaged_sound()
            if frame.samples:
                yield frame


def _shape(frame: av.AudioFrame) -> Shape:
    shape = Shape(frame.sample_rate, frame.layout.name, frame.layout.nb_channels, frame.format.packed.name)
    if not LOWEST_RATE <= shape.rate <= HIGHEST_RATE or not 1 <= shape.channels <= MOST_CHANNELS:
        raise UnsupportedError(
            f"The sound has {shape.channels} channels and {shape.rate} samples a second; nothing was made from it. "
            f"Veil handles 1 to {MOST_CHANNELS} channels and {LOWEST_RATE} to {HIGHEST_RATE} samples a second."
        )
    return shape


def _samples(frame: av.AudioFrame) -> Samples:
    stored = frame.to_ndarray()
    if not frame.format.is_planar:
        stored = stored.reshape(-1, frame.layout.nb_channels).T
    name = frame.format.packed.name
    values = stored.astype(np.float32) if name in ("flt", "s16") else stored.astype(np.float64)
    if name == "u8":
        values = values - 128
    samples = np.ascontiguousarray(values / _SCALES[name], np.float32)
    if not np.isfinite(samples).all():  # such numbers would hide speech from whoever listens
        raise damaged_sound()
    return samples


def _time(frame: av.AudioFrame, stream: AudioStream) -> Fraction:
    unit = frame.time_base or stream.time_base
    return Fraction(0) if frame.pts is None or unit is None else frame.pts * unit


def _gap(frame: av.AudioFrame, stream: AudioStream, lead: Lead, count: int) -> int:
    """Return how many samples are missing before a frame; below 0 if so many were heard before."""
    if frame.pts is None:
        return 0
    late = _time(frame, stream) - lead.start - Fraction(count, lead.shape.rate)
    if abs(late) <= _GAP:
        return 0
    if late > _LONGEST_GAP:
        raise damaged_sound()
    return round(late * lead.shape.rate)


def _last(container: InputContainer, stream: AudioStream, lead: Lead) -> int | None:
    """Return how many samples there are if the file says so exactly; decoders may give some more at the end."""
    if stream.duration is None or stream.time_base is None:
        return None
    exact = stream.duration * stream.time_base * lead.shape.rate
    says_exactly = container.format.name in ("flac", "mov")
    return int(exact) if says_exactly and exact.denominator == 1 else None
