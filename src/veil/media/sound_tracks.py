"""The sound tracks of a video, decoded, and put back altered in step with its frames."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from numpy.typing import NDArray

from veil.errors import UnsupportedError, UsageError
from veil.media.sound_formats import CODECS, TRACKS
from veil.media.sound_reader import Lead, Shape, lead_of, read_blocks
from veil.media.sound_writer import SoundTrack
from veil.media.video_file import open_container

if TYPE_CHECKING:
    from veil.media.video import Video

Samples = NDArray[np.float32]

_ONLY_FROM_ZERO = {"avi"}
"""Containers that cannot say when a track begins."""

_NOT_BEFORE_ZERO = {"avi", "mkv", "webm"}


@dataclass(frozen=True, slots=True)
class AlteredSound:
    """What is to be heard in place of a sound track.

    Attributes:
        shape: How the samples of the track were stored.
        start: When the first sample is heard, in seconds, counted as the frames of the video are.
        blocks: Shape (channels, n), float32 from -1 to 1; read once.
    """

    shape: Shape
    start: Fraction
    blocks: Iterable[Samples]


class TrackSound(Protocol):
    """One sound track of a video."""

    @property
    def shape(self) -> Shape:
        """How its samples are stored."""

    @property
    def start(self) -> Fraction:
        """When its first sample is heard, in seconds, counted as the frames of the video are."""

    def blocks(self) -> Generator[Samples, None, None]:
        """Give all samples, from the first on, shape (channels, n), float32 from -1 to 1."""


class VideoSound:
    """One sound track of an open video.

    Attributes:
        shape: How its samples are stored.
        start: When its first sample is heard, in seconds, counted as the frames of the video are.
    """

    def __init__(self, video: "Video", number: int, lead: Lead) -> None:
        self.shape, self.start = lead.shape, lead.start
        self._video = video
        self._number = number
        self._lead = lead

    def blocks(self) -> Generator[Samples, None, None]:
        """Decode all samples, shape (channels, n), float32 from -1 to 1, half a second at a time; starts afresh.

        Raises:
            InputError: The file is damaged or has changed, which may show only after some blocks.
        """
        video = self._video
        with (
            video.reopen() as file,
            open_container(file, video.facts.container, max_pixels=video.max_pixels) as container,
        ):
            yield from read_blocks(container, _alone(container, self._number), self._lead)
            video.reopen().close()  # or it has changed


def sounds_of(video: "Video") -> list[VideoSound]:
    """Return the sound tracks of a video; those without a single sample are left out.

    Raises:
        InputError: One is damaged.
        UnsupportedError: One cannot be decoded.
    """
    found = []
    for number in range(len(video.facts.sound)):
        with (
            video.reopen() as file,
            open_container(file, video.facts.container, max_pixels=video.max_pixels) as container,
        ):
            lead = lead_of(container, _alone(container, number))
        if lead is not None:
            found.append(VideoSound(video, number, lead))
    return found


def check_holds(container: str, channels: Iterable[int]) -> None:
    """Refuse a kind of video that cannot hold altered sound of so many channels in one track.

    Raises:
        UsageError: It cannot.
    """
    most = CODECS[TRACKS[container]].channels
    for count in channels:
        if count > most:
            raise UsageError(
                f"{container.upper()} as Veil writes it does not hold {count} channels of sound; nothing was made.\n"
                "Leave the sound out with --voice mute."
            )


def coded_rate(container: str, shape: Shape) -> int:
    """Return how many samples a second altered sound has in a kind of video, a key of TRACKS."""
    return CODECS[TRACKS[container]].rate_for(shape.rate)


def add_altered(
    output: OutputContainer, container: str, sounds: Iterable[AlteredSound], shift: Fraction
) -> list[Iterator[tuple[Fraction, "Packet[Stream]"]]]:
    """Add a track for each altered sound to a file whose header is not written yet.

    Args:
        output: The file.
        container: A key of TRACKS.
        sounds: What is to be heard.
        shift: Seconds that are added to all times.

    Returns:
        For each track its packets, with their times in seconds, in order.
    """
    tracks = []
    for sound in sounds:
        start, blocks = _fitted(sound, container, shift)
        track = SoundTrack(output, TRACKS[container], sound.shape, start=start)
        tracks.append(_timed(track, blocks))
    return tracks


def _timed(track: SoundTrack, blocks: Iterable[Samples]) -> Iterator[tuple[Fraction, "Packet[Stream]"]]:
    for packet in track.encode(blocks):
        time = packet.dts if packet.dts is not None else packet.pts
        yield Fraction(time or 0) * packet.time_base, cast("Packet[Stream]", packet)


def _fitted(sound: AlteredSound, container: str, shift: Fraction) -> tuple[Fraction, Iterable[Samples]]:
    """Return when a track begins in a file, and its samples: without those that the file cannot place."""
    start, rate = sound.start + shift, sound.shape.rate
    if start < 0 and container in _NOT_BEFORE_ZERO:
        return Fraction(0), _without(sound.blocks, round(-start * rate))
    if start > 0 and container in _ONLY_FROM_ZERO:
        return Fraction(0), _after_silence(sound.blocks, round(start * rate), sound.shape)
    return start, sound.blocks


def _without(blocks: Iterable[Samples], count: int) -> Iterator[Samples]:
    for block in blocks:
        if count < block.shape[1]:
            yield block[:, count:]
        count = max(0, count - block.shape[1])


def _after_silence(blocks: Iterable[Samples], count: int, shape: Shape) -> Iterator[Samples]:
    while count > 0:
        yield np.zeros((shape.channels, min(count, shape.rate)), np.float32)
        count -= shape.rate
    yield from blocks


def _alone(container: InputContainer, number: int) -> AudioStream:
    """Return a sound track, and let the reader pass over all others.

    Raises:
        UnsupportedError: It cannot be decoded.
    """
    wanted = container.streams.audio[number]
    if wanted.codec_context is None:
        raise UnsupportedError(
            "The video's sound is stored with a codec that Veil does not know, so it cannot be altered; nothing was "
            "made. Leave the sound out with --voice mute."
        )
    for stream in container.streams:
        if stream.index != wanted.index:
            stream.discard = Discard.all
    return wanted
