"""WebP's chunks: what a file says of itself, and animations with exact times."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from veil.media import exif
from veil.media.damage import damaged
from veil.media.raster import bounds, changes, crop
from veil.types import Frame

_HAS_PROFILE, _HAS_ALPHA, _IS_ANIMATION = 0x20, 0x10, 0x02
_OVERWRITE_AND_KEEP = 0x02
_PIXELS = {b"VP8 ", b"VP8L", b"ALPH"}
_MAX_U24 = 0xFFFFFF


@dataclass(frozen=True, slots=True)
class Layout:
    """What a WebP file says of itself.

    Attributes:
        size: Stored width and height.
        lossless: Every frame is stored without loss.
        durations: How long each frame is shown, in seconds; empty for a still.
        plays: How often an animation is shown; 0 without end.
        orientation: EXIF orientation.
        profile: ICC profile, or None.
    """

    size: tuple[int, int]
    lossless: bool
    durations: tuple[Fraction, ...]
    plays: int
    orientation: int
    profile: bytes | None


def read_layout(data: bytes) -> Layout:
    """Read the chunks of a WebP file.

    Raises:
        InputError: The file is cut short.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise damaged("webp")
    chunks = list(_chunks(data, 12, end))
    found = dict(reversed(chunks))
    frames = [body for kind, body in chunks if kind == b"ANMF"]
    inner = [kind for body in frames for kind, _ in _chunks(body, 16, len(body))]
    kinds = set(inner) if frames else set(found)
    return Layout(
        size=_size(found),
        lossless=b"VP8L" in kinds and b"VP8 " not in kinds,
        durations=tuple(Fraction(int.from_bytes(body[12:15], "little"), 1000) for body in frames),
        plays=struct.unpack_from("<H", found[b"ANIM"], 4)[0] if frames and b"ANIM" in found else 0,
        orientation=exif.orientation(found.get(b"EXIF")),
        profile=found.get(b"ICCP"),
    )


def write_animation(
    frames: Sequence[Frame],
    durations_ms: Sequence[int],
    stream: BinaryIO,
    *,
    plays: int,
    profile: bytes | None,
    still: Callable[[Frame], bytes],
) -> None:
    """Write an animated WebP file. Each frame holds only the box in which it differs from the one before.

    Args:
        frames: Of one size, all with or all without alpha.
        durations_ms: How long each is shown.
        stream: Where to write.
        plays: How often it is shown; 0 without end.
        profile: ICC profile, or None.
        still: Encodes a frame as a WebP file.
    """
    height, width = frames[0].pixels.shape[:2]
    flags = _IS_ANIMATION | (_HAS_ALPHA if frames[0].alpha is not None else 0) | (_HAS_PROFILE if profile else 0)
    body = [_chunk(b"VP8X", struct.pack("<I", flags) + _u24(width - 1) + _u24(height - 1))]
    if profile:
        body.append(_chunk(b"ICCP", profile))
    body.append(_chunk(b"ANIM", struct.pack("<IH", 0, min(plays, 0xFFFF))))
    for index, frame in enumerate(frames):
        box = bounds(changes(frames[index - 1], frame), even=True) if index else (0, 0, width, height)
        left, top, right, bottom = box
        place = _u24(left // 2) + _u24(top // 2) + _u24(right - left - 1) + _u24(bottom - top - 1)
        file = still(crop(frame, box))
        pixels = b"".join(_chunk(kind, part) for kind, part in _chunks(file, 12, len(file)) if kind in _PIXELS)
        time = _u24(min(durations_ms[index], _MAX_U24))
        body.append(_chunk(b"ANMF", place + time + bytes([_OVERWRITE_AND_KEEP]) + pixels))
    stream.write(b"RIFF" + struct.pack("<I", 4 + sum(map(len, body))) + b"WEBP")
    stream.writelines(body)


def _size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """Return width and height from the first header that there is."""
    if len(whole := chunks.get(b"VP8X", b"")) >= 10:
        return 1 + int.from_bytes(whole[4:7], "little"), 1 + int.from_bytes(whole[7:10], "little")
    if len(lossless := chunks.get(b"VP8L", b"")) >= 5:
        sides = int.from_bytes(lossless[1:5], "little")
        return 1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF)
    if len(lossy := chunks.get(b"VP8 ", b"")) >= 10:
        return int.from_bytes(lossy[6:8], "little") & 0x3FFF, int.from_bytes(lossy[8:10], "little") & 0x3FFF
    raise damaged("webp")


def _chunks(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    at = start
    while at + 8 <= end:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            raise damaged("webp")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "little")
