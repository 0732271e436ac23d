"""A picture that another process decodes and encodes."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from veil.media.formats import format_named
from veil.media.image import DEFAULT_QUALITY, Picture
from veil.sandbox.child import Item, Readers, descriptor_of, telling
from veil.sandbox.values import FrameNote, PictureNote, PictureToWrite, StillToWrite, arrays_of, frames_of
from veil.types import Frame

OTHERS = ("veil.media.sixteen", "pillow_heif")
"""What takes long to load and is not needed for everyday pictures."""

SCREENING = "veil.sandbox.serve_video"
"""The module that loads all of what encodes videos."""

_EVERYDAY = {"jpeg", "webp", "gif", "bmp"}
_BYTES_A_PIXEL = 8  # four channels of 16 bits


def needed(*formats: str) -> tuple[str, ...]:
    """Return the modules that a process needs for some formats, keys of FORMATS."""
    return () if set(formats) <= _EVERYDAY else OTHERS


class SandboxedPicture(Picture):
    """A picture whose header another process has read; use it in a ``with`` block, as any other."""

    def __init__(self, note: PictureNote, readers: Readers, writers: Readers) -> None:
        """Take what another process has read of a picture.

        Args:
            note: What it is.
            readers: The processes that have the file open.
            writers: Processes that have not.
        """
        super().__init__(note.facts, note.picture(self._decode).header)
        self._note = note
        self._readers = readers
        self._writers = writers
        self._most_bytes = max(width * height for width, height in note.sizes) * _BYTES_A_PIXEL

    def write(
        self,
        frames: Iterable[Frame],
        stream: BinaryIO,
        *,
        format: str | None = None,
        quality: int = DEFAULT_QUALITY,
        quick: bool = False,
    ) -> None:
        """Write frames as a file like this one. As Picture.write()."""
        target = self.facts.format if format is None else format_named(format)
        self._write("write", PictureToWrite(self._note, format, quality, quick), target, frames, stream)

    def write_still(self, frame: Frame, stream: BinaryIO, *, format: str, quality: int) -> None:
        """Write one frame as a still. As Picture.write_still()."""
        self._write("write_still", StillToWrite(self._note, format, quality), format_named(format), [frame], stream)

    def write_screening(self, frames: Iterable[Frame], stream: BinaryIO) -> None:
        """Write an animation as a small copy to look at. As Picture.write_screening()."""
        items: Iterable[Item] = ((FrameNote.of(frame), arrays_of(frame)) for frame in frames)
        with self._writers.one(SCREENING) as child, descriptor_of(stream) as file:
            child.ask("write_screening", self._note, type(None), inputs=[items], file=file)

    def close(self) -> None:
        """Let go of the processes that read and write the file."""
        super().close()
        self._readers.close()
        self._writers.close()

    def _decode(self) -> Iterator[Frame]:
        with self._readers.one() as child, telling():
            yield from frames_of(child.stream("frames", None, self._most_bytes))

    def _write(self, word: str, wanted: object, target: str, frames: Iterable[Frame], stream: BinaryIO) -> None:
        """Have a file written by a process that has never seen the original, unless it has to compare with that."""
        items: Iterable[Item] = ((FrameNote.of(frame), arrays_of(frame)) for frame in frames)
        loaded = needed(self.facts.format, target)
        compares = word == "write" and target == "gif"
        writers = self._readers if compares else self._writers
        with writers.one(*loaded) as child, descriptor_of(stream) as file:
            child.ask(word, wanted, type(None), inputs=[items], file=file)
