"""Sound files in and out: samples in blocks, and files with nothing of the original but sound.

    with open_sound(Path("talk.wav")) as sound, write_aside(target) as file:
        write_sound(alter(sound.blocks()), sound.facts, file)

Half a second is held at a time, whatever the length.
"""

import hashlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from veil.errors import InputError, UnsupportedError, UsageError
from veil.media.sound_formats import DEMUXERS, sniff_sound, sound_refusal
from veil.media.sound_reader import Lead, Shape, damaged_sound, lead_of, read_blocks, reading_sound
from veil.media.sound_writer import WrittenSound, write_sound
from veil.media.source import PathSource, Source
from veil.media.video_facts import is_cover, is_harmless_tag
from veil.media.video_file import sniff_video
from veil.media.video_whole import check_whole

Samples = NDArray[np.float32]

HEAD_BYTES = 1024
_BUFFER = 1 << 18


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What is known of a sound file before all of it is decoded.

    Attributes:
        container: A key of DEMUXERS, "wav" for instance.
        codec: FFmpeg's name of the codec, "pcm_s16le" for instance.
        shape: How its samples are stored.
        dropped: In plain words, what can never be in a result.
        sha256: Hash of the file's bytes, in hexadecimal.
        seconds: How long it says it is, about; None where it does not say.
    """

    container: str
    codec: str
    shape: Shape
    dropped: tuple[str, ...]
    sha256: str
    seconds: float | None


class Sound:
    """A sound file whose first samples have been decoded; use it in a ``with`` block.

    Attributes:
        facts: What is known of it.
    """

    def __init__(self, source: Source, facts: SoundFacts, lead: Lead) -> None:
        self.facts = facts
        self._source: Source | None = source
        self._lead = lead

    @property
    def shape(self) -> Shape:
        """How its samples are stored."""
        return self.facts.shape

    def blocks(self) -> Generator[Samples, None, None]:
        """Decode all samples, shape (channels, n), float32 from -1 to 1, half a second at a time; starts afresh.

        Raises:
            InputError: The file is damaged or has changed, which may show only after some blocks.
            UsageError: It has been closed.
        """
        if self._source is None:
            raise UsageError("The sound has been closed; open it again to read it.")
        source = self._source
        with source.open() as file, _container(file, self.facts.container) as container:
            yield from read_blocks(container, _main(container), self._lead)
            source.open().close()  # or it has changed

    def write(
        self, blocks: Iterable[Samples], stream: BinaryIO, *, format: str, shape: Shape | None = None
    ) -> WrittenSound:
        """Write samples as a sound file, stored as in this one unless ``shape`` says otherwise. As write_sound()."""
        return write_sound(blocks, shape or self.shape, stream, format=format)

    def close(self) -> None:
        """Let go of the file."""
        self._source = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_sound(file: Path | Source, *, sha256: str = "") -> Sound:
    """Open a sound file: read its header, decode its first samples, and hash its bytes.

    Args:
        file: A WAV, FLAC, MP3, M4A, OGG or Opus file; its name does not matter.
        sha256: Hash of its bytes, in hexadecimal, where it is known: then it is not read for that.

    Raises:
        InputError: The file is damaged, cut short or cannot be opened.
        UnsupportedError: It is not such a file, or holds a moving picture.
    """
    source = PathSource.of(file, "The file") if isinstance(file, Path) else file
    with source.open() as opened:
        kind = _kind(opened)
        if kind is None:
            raise sound_refusal("The file is not sound that Veil reads, or its beginning is damaged")
        _check_length(opened, kind)
        opened.seek(0)
        sha256 = sha256 or hashlib.file_digest(opened, "sha256").hexdigest()
        with _container(opened, kind) as container:
            stream = _main(container)
            lead = lead_of(container, stream)
            if lead is None:
                raise InputError("The file holds no sound; nothing was made from it.")
            dropped = tuple(_dropped(container))
            seconds = container.duration / av.time_base if container.duration else None
            codec = stream.codec_context.codec.canonical_name
            facts = SoundFacts(kind, codec, lead.shape, dropped, sha256, seconds)
    return Sound(source, facts, lead)


def holds_sound_alone(file: Path | Source) -> bool:
    """Say whether a file is sound that Veil reads: by its first bytes, and for MP4 by what is in it, too.

    Raises:
        InputError: The file cannot be read.
    """
    source = PathSource.of(file, "The file") if isinstance(file, Path) else file
    with source.open() as opened:
        return _kind(opened) is not None


def _kind(file: BinaryIO) -> str | None:
    """Return the key of DEMUXERS for a file, or None. Some recorders give MP4 without a picture the brand of videos."""
    head = file.read(HEAD_BYTES)
    kind = sniff_sound(head)
    if kind is not None or sniff_video(head) not in ("mp4", "mov"):
        return kind
    try:
        with _container(file, "m4a") as container:
            moving = [stream for stream in container.streams.video if not is_cover(stream)]
            return "m4a" if container.streams.audio and not moving else None
    except InputError:
        return None  # whoever opens it as a video says what is wrong


@contextmanager
def _container(file: BinaryIO, kind: str) -> Iterator[InputContainer]:
    """Open a file with the one reader that its first bytes name; no other file or address can be opened by it."""
    file.seek(0)
    with reading_sound():
        container = av.open(
            file,
            "r",
            format=DEMUXERS[kind],
            container_options={"protocol_whitelist": "none"},
            metadata_errors="replace",
            buffer_size=_BUFFER,
            io_open=_refuse_to_open,
        )
    with container:
        yield container


def _main(container: InputContainer) -> AudioStream:
    """Return the first sound track of a file without a moving picture.

    Raises:
        UnsupportedError: There is none, it cannot be decoded, or there is a moving picture.
    """
    pictures = [stream for stream in container.streams.video if not is_cover(stream)]
    if pictures:
        raise sound_refusal("The file holds a moving picture in a format made for sound")
    if not container.streams.audio:
        raise sound_refusal("The file holds no sound track")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise sound_refusal("The sound is stored with a codec that Veil does not know")
    return stream


def _dropped(container: InputContainer) -> Iterator[str]:
    """Yield in plain words what a result will not hold."""
    tags = [name for holder in (container, *container.streams) for name in holder.metadata]
    found = {
        "metadata": any(not is_harmless_tag(name) for name in tags),
        "chapters": bool(container.chapters()),
        "cover pictures": bool(container.streams.video),
        "further sound tracks": len(container.streams.audio) > 1,
        "data streams": bool(container.streams.data),
    }
    yield from (words for words, there in found.items() if there)


def _check_length(file: BinaryIO, kind: str) -> None:
    """Refuse a file that ends before the end that it names, as far as its structure tells."""
    if kind == "m4a":
        check_whole(file, "mp4")
    if kind == "wav":
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(8)
        named = int.from_bytes(head[4:8], "little")
        if head[:4] == b"RIFF" and named not in (0, 0xFFFF_FFFF) and named + 8 > size + 1:
            raise damaged_sound()


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> BinaryIO:
    raise UnsupportedError(
        "The sound refers to another file or address, which is not opened; nothing was made from it."
    )
