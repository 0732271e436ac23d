"""What is said between a program and the processes that read pictures for it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from veil.media.decode import Header
from veil.media.image import Picture
from veil.media.raster import Look
from veil.sandbox.wire import BrokenError, Message
from veil.types import Facts, Frame, Kind, Pixels


@dataclass(frozen=True, slots=True)
class PictureToOpen:
    """A picture, as open_picture() wants it."""

    max_pixels: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PictureNote:
    """What is known of a picture: its facts, and its Header but for the frames."""

    facts: Facts
    kind: Kind
    sizes: tuple[tuple[int, int], ...]
    looks: tuple[Look, ...]
    plays: int
    lossless: bool

    @staticmethod
    def of(picture: Picture) -> "PictureNote":
        """Return what is known of a picture."""
        header = picture.header
        return PictureNote(picture.facts, header.kind, header.sizes, header.looks, header.plays, header.lossless)

    def picture(self, decode: Callable[[], Iterator[Frame]]) -> Picture:
        """Return such a picture with frames from elsewhere."""
        count = self.facts.frames
        return Picture(self.facts, Header(self.kind, self.sizes, self.looks, count, decode, self.plays, self.lossless))


class FrameNote(NamedTuple):
    """A frame of a picture, but for its arrays: pixels and, if there is one, opacity."""

    number: int
    duration: Fraction | None

    @staticmethod
    def of(frame: Frame) -> "FrameNote":
        """Return what goes with the arrays of a frame."""
        return FrameNote(frame.index, frame.duration)


class PictureToWrite(NamedTuple):
    """A picture file that is to be made, as encode() wants it."""

    like: PictureNote
    format: str | None
    quality: int
    quick: bool


class StillToWrite(NamedTuple):
    """A still that is to be made, as Picture.write_still() wants it."""

    like: PictureNote
    format: str
    quality: int


def frames_of(messages: Iterable[Message]) -> Iterator[Frame]:
    """Yield the frames that messages hold.

    Raises:
        BrokenError: One holds none.
    """
    for message in messages:
        note = message.read(FrameNote)
        if not 1 <= len(message.arrays) <= 2:
            raise BrokenError
        pixels, alpha = message.arrays[0], message.arrays[1] if len(message.arrays) > 1 else None
        whole = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype.kind == "u"
        if not whole or (alpha is not None and (alpha.shape != pixels.shape[:2] or alpha.dtype != pixels.dtype)):
            raise BrokenError
        yield Frame(pixels, alpha, note.number, note.duration)


def arrays_of(frame: Frame) -> list[Pixels]:
    """Return the arrays of a frame."""
    return [frame.pixels] if frame.alpha is None else [frame.pixels, frame.alpha]
