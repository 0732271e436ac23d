"""PNG's chunks: what a file says of itself, the file without its secrets, and animations with exact times."""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from veil.media import exif
from veil.media.damage import damaged
from veil.media.raster import bounds, changes, crop
from veil.types import Frame

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_STILL = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_MOVING = _STILL | {b"acTL", b"fcTL", b"fdAT"}
_MAX_PROFILE_BYTES = 1 << 24
_MAX_U16 = 0xFFFF


@dataclass(frozen=True, slots=True)
class Layout:
    """What a PNG file says of itself.

    Attributes:
        size: Stored width and height.
        depth: Bits a channel.
        durations: How long each frame is shown, in seconds; empty for a still.
        hidden_default: The picture for programs that know no animations is not one of the frames.
        plays: How often an animation is shown; 0 without end.
        orientation: EXIF orientation.
        profile: ICC profile, or None.
        essence: The file with nothing but what makes the pixels.
    """

    size: tuple[int, int]
    depth: int
    durations: tuple[Fraction, ...]
    hidden_default: bool
    plays: int
    orientation: int
    profile: bytes | None
    essence: bytes


def read_layout(data: bytes) -> Layout:
    """Read the chunks of a PNG file.

    Raises:
        InputError: The file is cut short or a chunk that matters has a wrong sum.
    """
    chunks = list(_chunks(data))
    kinds = [kind for kind, _ in chunks]
    if kinds[0] != b"IHDR" or b"IDAT" not in kinds:
        raise damaged("png")
    found = dict(reversed(chunks))  # the first of each kind counts
    width, height, depth = struct.unpack_from(">IIB", found[b"IHDR"])
    if not width or not height:
        raise damaged("png")
    first_pixels = kinds.index(b"IDAT")
    frames, plays = struct.unpack(">II", found[b"acTL"]) if b"acTL" in kinds[:first_pixels] else (0, 0)
    durations = [_duration(body) for kind, body in chunks if kind == b"fcTL"] if frames else []
    if len(durations) != frames:
        raise damaged("png")
    wanted = _MOVING if frames else _STILL
    return Layout(
        size=(width, height),
        depth=depth,
        durations=tuple(durations),
        hidden_default=bool(frames) and b"fcTL" not in kinds[:first_pixels],
        plays=plays,
        orientation=exif.orientation(bytes(found.get(b"eXIf", b""))),
        profile=_profile(found.get(b"iCCP")),
        essence=SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks if kind in wanted),
    )


def with_profile(file: bytes, profile: bytes | None) -> bytes:
    """Return a PNG file as an encoder made it with an ICC profile put in and everything else but pixels left out."""
    parts = [SIGNATURE]
    for kind, body in _chunks(file):
        if kind in _STILL:
            parts.append(_chunk(kind, body))
        if kind == b"IHDR" and profile is not None:
            parts.append(_chunk(b"iCCP", b"ICC\0\0" + zlib.compress(profile)))
    return b"".join(parts)


def write_animation(
    frames: Sequence[Frame], stream: BinaryIO, *, plays: int, profile: bytes | None, still: Callable[[Frame], bytes]
) -> None:
    """Write an APNG file. Each frame holds only the box in which it differs from the one before.

    Args:
        frames: Of one size, all with or all without alpha, with durations.
        stream: Where to write.
        plays: How often it is shown; 0 without end.
        profile: ICC profile, or None.
        still: Encodes a frame as a PNG file, always of the same colour type.
    """
    height, width = frames[0].pixels.shape[:2]
    number = 0
    for index, frame in enumerate(frames):
        box = bounds(changes(frames[index - 1], frame)) if index else (0, 0, width, height)
        file = with_profile(still(crop(frame, box)), None if index else profile)
        chunks = list(_chunks(file))
        if index == 0:
            stream.write(SIGNATURE)
            for kind, body in chunks:
                if kind in (b"IHDR", b"iCCP"):
                    stream.write(_chunk(kind, body))
            stream.write(_chunk(b"acTL", struct.pack(">II", len(frames), plays)))
        left, top, right, bottom = box
        place = struct.pack(">IIIII", number, right - left, bottom - top, left, top)
        stream.write(_chunk(b"fcTL", place + struct.pack(">HHBB", *_ticks(frame.duration), 0, 0)))
        number += 1
        for kind, body in chunks:
            if kind == b"IDAT" and index == 0:
                stream.write(_chunk(b"IDAT", body))
            elif kind == b"IDAT":
                stream.write(_chunk(b"fdAT", struct.pack(">I", number) + body))
                number += 1
    stream.write(_chunk(b"IEND", b""))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of every chunk up to the end mark; whatever follows it is not looked at."""
    view, at = memoryview(data), len(SIGNATURE)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], view[at + 8 : at + 8 + size]
        if at + 12 + size > len(data):
            break
        if kind in _MOVING and struct.unpack_from(">I", data, at + 8 + size)[0] != zlib.crc32(body, zlib.crc32(kind)):
            break
        yield kind, body  # type: ignore[misc]  # a view into the file, so that pixels are not copied
        if kind == b"IEND":
            return
        at += 12 + size
    raise damaged("png")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _duration(control: bytes) -> Fraction:
    number, unit = struct.unpack_from(">HH", control, 20)
    return Fraction(number, unit or 100)


def _ticks(duration: Fraction | None) -> tuple[int, int]:
    """Return a duration as a fraction of two 16-bit numbers."""
    seconds = min(duration or Fraction(0), Fraction(_MAX_U16))
    if max(seconds.numerator, seconds.denominator) > _MAX_U16:
        seconds = seconds.limit_denominator(min(_MAX_U16, int(_MAX_U16 / (seconds + 1))))
    return seconds.numerator, seconds.denominator


def _profile(body: bytes | None) -> bytes | None:
    """Return the ICC profile in an iCCP chunk; None if it cannot be unpacked."""
    name, mark, rest = bytes(body or b"").partition(b"\0")
    if not name or not mark:
        return None
    try:
        return zlib.decompressobj().decompress(rest[1:], _MAX_PROFILE_BYTES) or None
    except zlib.error:
        return None
