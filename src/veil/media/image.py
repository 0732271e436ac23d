"""Pictures in and out: upright RGB frames with their limits kept, and files with nothing of the original but pixels.

with open_picture(Path("party.jpg")) as picture:
frames = (cover(frame) for frame in picture.frames())
with write_aside(target) as file:
encode(frames, picture, file)
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from veil.errors import InputError, UnsupportedError, UsageError
from veil.media import encode as writers
from veil.media import exif, raster
from veil.media.damage import damaged, quiet
from veil.media.decode import Header, read_header
from veil.media.formats import (
    ALL_MODES,
    FORMATS,
    HEAD_BYTES,
    extension,
    format_named,
    looks_like_picture,
    refusal,
    sniff,
)
from veil.media.raster import Family, Look
from veil.types import Facts, Frame, Kind, Pixels

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "FORMATS",
    "Picture",
    "encode",
    "extension",
    "looks_like_picture",
    "open_picture",
    "picture_from_array",
    "picture_from_pil",
    "to_array",
    "to_pil",
]

DEFAULT_MAX_PIXELS = 200_000_000
"""The most pixels that one still or page, or all frames of an animation together, may hold."""

DEFAULT_QUALITY = 90
"""Of 1 to 100, for formats with loss."""


class Picture:
    """A picture whose header has been read; use it in a ``with`` block.

    Attributes:
        facts: What is known of it. Width and height are those of the upright first frame.
    """

    def __init__(self, facts: Facts, header: Header) -> None:
        self.facts = facts
        self._header: Header | None = header

    def frames(self) -> Iterator[Frame]:
        """Decode the frames lazily, one at a time; each call starts afresh.

        Raises:
            InputError: The file is damaged, which may show only after some frames.
        """
        return self._as_promised(self.header)

    def _as_promised(self, header: Header) -> Iterator[Frame]:
        """Pass frames on that are as large as the header says; the limit on pixels was checked for that size."""
        for frame in header.decode():
            width, height = header.sizes[min(frame.index, len(header.sizes) - 1)]
            if frame.pixels.shape[:2] != (height, width):
                raise damaged(self.facts.format)
            yield frame

    @property
    def header(self) -> Header:
        """What the file says of itself, for :func:`encode` and its kin."""
        if self._header is None:
            raise UsageError("The picture has been closed; open it again to read it.")
        return self._header

    def with_frames(self, frames: Sequence[Frame]) -> Self:
        """Return the same picture with its frames decoded already."""
        kept = copy(self)
        kept._header = replace(self.header, decode=lambda: iter(frames))
        return kept

    def write(
        self,
        frames: Iterable[Frame],
        stream: BinaryIO,
        *,
        format: str | None = None,
        quality: int = DEFAULT_QUALITY,
        quick: bool = False,
    ) -> None:
        """Write frames as a file like this one. Arguments and errors are those of encode()."""
        encode(frames, self, stream, format=format, quality=quality, quick=quick)

    def write_still(self, frame: Frame, stream: BinaryIO, *, format: str, quality: int) -> None:
        """Write one frame, of any size, as a still in this picture's colours, quickly. Errors as for encode()."""
        still = picture_from_pil(to_pil(frame, self))
        encode(still.frames(), still, stream, format=format, quality=quality, quick=True)

    def write_screening(self, frames: Iterable[Frame], stream: BinaryIO) -> None:
        """Write an animation as a small copy to look at, as video_screening does."""
        from veil.media.video_screening import write_animation_screening  # it loads what encodes videos

        write_animation_screening(self.facts, frames, stream)

    def close(self) -> None:
        """Let go of the file's bytes."""
        self._header = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_picture(source: Path | bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS, sha256: str = "") -> Picture:
    """Read the header of a picture file. What it is shows from its first bytes, never from its name.

    Args:
        source: A file, or the bytes of one.
        max_pixels: The most that one still or page, or all frames of an animation together, may hold.
        sha256: Hash of its bytes, in hexadecimal, where it is known: then it is not worked out.

    Raises:
        UnsupportedError: It is not a picture, or of a kind Veil does not read.
        TooLargeError: It holds more than ``max_pixels``; no memory was taken for them.
        InputError: It is damaged, or the file cannot be read. Messages do not hold the file's name.
    """
    data = source if isinstance(source, bytes) else _contents(source)
    format = sniff(data[:HEAD_BYTES])
    if format is None:
        raise refusal(data[:HEAD_BYTES])
    header = read_header(data, format, max_pixels)
    return Picture(_facts(format, header, sha256 or hashlib.sha256(data).hexdigest()), header)


def picture_from_array(pixels: NDArray[Any]) -> Picture:
    """Return an array as a picture. The array is not copied before it is decoded, so leave it as it is until then.

    Args:
        pixels: RGB (H, W, 3), RGBA (H, W, 4) or grey (H, W), uint8 or uint16.

    Raises:
        UnsupportedError: The array has another shape or dtype, or no pixels.
    """
    shaped = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if not shaped or pixels.dtype not in (np.uint8, np.uint16) or not pixels.size:
        raise UnsupportedError(
            f"An array of shape {pixels.shape} and dtype {pixels.dtype} is not a picture. "
            "Give (H, W, 3), (H, W, 4) or (H, W) in uint8 or uint16."
        )

    def decode() -> Iterator[Frame]:
        if pixels.ndim == 2:
            yield Frame(np.repeat(pixels[:, :, None], 3, axis=2))
        else:
            yield Frame(pixels[:, :, :3].copy(), pixels[:, :, 3].copy() if pixels.shape[2] == 4 else None)

    height, width = pixels.shape[:2]
    look = Look(Family.GREY if pixels.ndim == 2 else Family.COLOUR)
    header = Header(Kind.STILL, ((width, height),), (look,), 1, decode)
    return Picture(_facts("raw", header, _digest(pixels)), header)


def picture_from_pil(image: Image.Image) -> Picture:
    """Return a Pillow picture, its current frame, as a picture; an EXIF orientation in its ``info`` is applied.

    Raises:
        UnsupportedError: Its mode holds floating-point or 32-bit samples.
        InputError: It cannot be loaded.
    """
    orientation = exif.orientation(image.info.get("exif"))
    plan = raster.plan_reading(image.mode, image.info.get("icc_profile"), orientation)
    try:
        with quiet:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError("The Pillow picture cannot be loaded; nothing was made from it.") from error
    if not image.width or not image.height:
        raise UnsupportedError("The Pillow picture has no pixels; nothing was made from it.")

    def decode() -> Iterator[Frame]:
        yield Frame(*raster.read(image, plan))

    size = (image.height, image.width) if orientation >= 5 else image.size
    header = Header(Kind.STILL, (size,), (plan.look,), 1, decode)
    return Picture(_facts("raw", header, _digest(np.asarray(image))), header)


def encode(
    frames: Iterable[Frame],
    like: Picture,
    stream: BinaryIO,
    *,
    format: str | None = None,
    quality: int = DEFAULT_QUALITY,
    quick: bool = False,
) -> None:
    """Write frames as a picture file that has nothing of the original but pixels, times, loop count and colour profile.

    Frames handed back unchanged are bit for bit the same when a lossless format is read again. JPEG, AVIF and HEIC are
    written with full colour resolution. Where the target holds no opacity, pixels are laid over white; where it holds
    8 bits, 16 are rounded; where it holds no profile, colours are converted to sRGB. GIF: see :mod:`veil.media.gif`.

    Args:
        frames: Frames of ``like``, covered or not, in order.
        like: The original.
        stream: An empty binary file that can seek.
        format: A key of FORMATS or a file ending; the format of ``like`` if None.
        quality: 1 to 100, for formats with loss. Lossless WebP stays lossless.
        quick: Save time rather than bytes, where the codec offers that: JPEG, WebP.

    Raises:
        UsageError: The format is unknown or cannot hold such frames, frames are missing, or the quality is out of
            range.
        OutputError: The codec refuses the picture.
    """
    if not 1 <= quality <= 100:
        raise UsageError(f"The quality {quality} is not between 1 and 100; nothing was written.")
    if format is None and like.facts.format == "raw":
        raise UsageError("An array has no file format of its own; name one, png for instance.")
    header = like.header
    job = writers.Job(
        target=like.facts.format if format is None else format_named(format),
        frames=frames,
        originals=like.frames(),
        looks=header.looks,
        kind=header.kind,
        count=header.frames,
        plays=header.plays,
        lossless=header.lossless,
        quality=quality,
        quick=quick,
    )
    writers.write(job, stream)


def to_array(frame: Frame, like: Picture) -> Pixels:
    """Return a frame as an array like the original's: (H, W) if it was grey and still is, otherwise (H, W, 3 or 4)."""
    return raster.write(frame, _look_of(frame, like), modes=ALL_MODES - {"LA"}).samples


def to_pil(frame: Frame, like: Picture) -> Image.Image:
    """Return a frame as a Pillow picture in the original's family of modes, with nothing in ``info`` but a profile.

    Pillow holds 16 bits for grey only; other 16-bit frames are rounded to 8 bits a channel.
    """
    picture = raster.write(frame, _look_of(frame, like))
    if picture.samples.dtype == np.uint16 and picture.mode != "L":
        picture = raster.write(frame, _look_of(frame, like), deep=False)
    image = raster.to_image(picture)
    if picture.profile is not None:
        image.info["icc_profile"] = picture.profile
    return image


def _look_of(frame: Frame, like: Picture) -> Look:
    looks = like.header.looks
    return looks[min(frame.index, len(looks) - 1)]


def _contents(path: Path) -> bytes:
    """Return a file's bytes, but no more than its first ones if it is not a picture."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if sniff(head) is None:
                return head
            file.seek(0)
            return file.read()
    except OSError as error:
        raise InputError(f"The file cannot be read ({error.strerror or error}); nothing was made from it.") from error


def _facts(format: str, header: Header, sha256: str) -> Facts:
    width, height = header.sizes[0]
    return Facts(format, header.kind, width, height, header.frames, sha256)


def _digest(pixels: NDArray[Any]) -> str:
    digest = hashlib.sha256(f"{pixels.shape} {pixels.dtype.str} ".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
