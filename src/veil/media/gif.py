"""GIF's blocks: what a file says of itself, and writing that keeps every colour a frame can hold.

A composited frame may show more than 256 colours, because each part of it came with a palette of its own. So each frame
is written as the box that changed, with a palette of just the colours that are new there. Where a cover brings more
colours than the palette has room for, only the covered pixels are rounded to what is left. A frame whose own changes
hold more than 256 colours cannot be a GIF frame without loss: all its changed pixels are rounded then.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from veil.media.damage import damaged
from veil.media.raster import bounds

TRANSPARENT = -1
_KEEP, _CLEAR, _RESTORE = 1, 2, 3
_LOOPS = (b"NETSCAPE2.0\x03\x01", b"ANIMEXTS1.0\x03\x01")
_CODE_BITS = 8
_BLOCK = 4096

Codes = NDArray[np.int32]
"""Colours as numbers, 0xRRGGBB, or TRANSPARENT; shape (H, W)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a GIF file says of itself.

    Attributes:
        size: Width and height of the canvas, with whatever frames reach beyond it.
        durations: How long each frame is shown, in seconds.
        plays: How often it is shown; 0 without end.
    """

    size: tuple[int, int]
    durations: tuple[Fraction, ...]
    plays: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame to write.

    Attributes:
        codes: Its colours.
        fresh: Which pixels a cover has changed; only these may be rounded. Shape (H, W).
        delay: How long it is shown, in hundredths of a second.
    """

    codes: Codes
    fresh: NDArray[np.bool_]
    delay: int


def read_layout(data: bytes) -> Layout:
    """Read the blocks of a GIF file.

    Raises:
        InputError: The file ends within a block or holds no frame.
    """
    try:
        return _read_layout(data)
    except (IndexError, struct.error) as error:
        raise damaged("gif") from error


def write(pictures: Iterable[Picture], stream: BinaryIO, *, plays: int) -> None:
    """Write a GIF file, holding two frames at a time.

    Args:
        pictures: Frames of one size, at least one.
        stream: Where to write.
        plays: How often it is shown; 0 without end.
    """
    canvas: Codes | None = None
    for now, then in pairwise(chain(pictures, [None])):
        assert now is not None  # only the last of the pairs ends with None
        first = canvas is None
        if canvas is None:
            height, width = now.codes.shape
            canvas = np.full((height, width), TRANSPARENT, np.int32)
            stream.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0x70, 0, 0))
            if then is not None and plays != 1:
                stream.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", max(plays - 1, 0)) + b"\0")
        disposal = _disposal(canvas, now.codes, None if then is None else then.codes)
        changed = now.codes != canvas
        if disposal == _CLEAR and then is not None:
            changed |= (now.codes != TRANSPARENT) & (then.codes == TRANSPARENT)
        # Programs disagree on what lies around a first frame that leaves a margin.
        box = bounds(changed | first)
        _write_frame(now, canvas, box, disposal, stream)
        if disposal == _CLEAR:
            left, top, right, bottom = box
            canvas = now.codes.copy()
            canvas[top:bottom, left:right] = TRANSPARENT
        elif disposal == _KEEP:
            canvas = now.codes
    stream.write(b"\x3b")


def _read_layout(data: bytes) -> Layout:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _palette_bytes(flags)
    plays, delay, durations = 1, 0, list[Fraction]()
    while at < len(data) and data[at] != 0x3B:  # many files lack the end mark
        if data[at] == 0x2C:
            left, top, across, down, flags = struct.unpack_from("<HHHHB", data, at + 1)
            width, height = max(width, left + across), max(height, top + down)
            at = _after_blocks(data, at + 11 + _palette_bytes(flags))
            durations.append(Fraction(delay, 100))
            delay = 0
        elif data[at] == 0x21:
            body = at + 2
            if data[at + 1] == 0xF9:
                (delay,) = struct.unpack_from("<H", data, body + 2)
            elif (
                data[body + 1 : body + 12] in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
                and data[body + 12 : body + 14] == b"\3\1"
            ):
                (repeats,) = struct.unpack_from("<H", data, body + 14)
                plays = repeats + 1 if repeats else 0
            at = _after_blocks(data, body)
        else:
            raise damaged("gif")
    if not durations or not width or not height:
        raise damaged("gif")
    return Layout((width, height), tuple(durations), plays)


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _disposal(canvas: Codes, now: Codes, then: Codes | None) -> int:
    """Choose what becomes of a frame's box before the next: whatever leaves the next least to draw."""
    if then is None:
        return _KEEP
    choices = [(_KEEP, now)]
    if (canvas != TRANSPARENT).any():  # programs disagree on restoring to nothing
        choices.append((_RESTORE, canvas))
    costs = {
        disposal: np.count_nonzero(left_there != then)
        for disposal, left_there in choices
        if not ((left_there != TRANSPARENT) & (then == TRANSPARENT)).any()  # a frame cannot draw transparency
    }
    return min(costs, key=lambda disposal: costs[disposal], default=_CLEAR)


def _write_frame(now: Picture, canvas: Codes, box: tuple[int, int, int, int], disposal: int, stream: BinaryIO) -> None:
    left, top, right, bottom = box
    part = np.s_[top:bottom, left:right]
    codes, fresh = now.codes[part], now.fresh[part]
    see_through = codes == TRANSPARENT
    if see_through.any() or np.unique(codes).size > 256:
        see_through = see_through | (codes == canvas[part])
    hole = bool(see_through.any()) or (disposal == _CLEAR and np.unique(codes).size < 256)
    palette, drawn = _indexed(codes[~see_through], fresh[~see_through], 255 if hole else 256)
    indices = np.full(codes.shape, len(palette) if hole else 0, np.uint8)
    indices[~see_through] = drawn
    bits = max(1, (len(palette) + hole - 1).bit_length())
    table = np.zeros((1 << bits, 3), np.uint8)
    table[: len(palette)] = _channels(palette)
    control = struct.pack("<BHB", disposal << 2 | hole, now.delay, len(palette) if hole else 0)
    stream.write(b"\x21\xf9\x04" + control + b"\0")
    stream.write(b"\x2c" + struct.pack("<HHHHB", left, top, right - left, bottom - top, 0x80 | (bits - 1)))
    stream.write(table.tobytes() + bytes([_CODE_BITS]))
    stream.write(Image.fromarray(indices).tobytes("gif", "L") + b"\0")


def _indexed(codes: Codes, fresh: NDArray[np.bool_], slots: int) -> tuple[Codes, NDArray[np.intp]]:
    """Return a palette of at most ``slots`` colours and each pixel's place in it."""
    colours = np.unique(codes)
    if colours.size <= slots:
        return colours, np.searchsorted(colours, codes)
    fixed = np.unique(codes[~fresh])
    if fixed.size > slots:
        fixed, fresh = fixed[:0], np.ones_like(fresh)
    palette = np.unique(np.concatenate((fixed, _quantised(codes[fresh], slots - fixed.size))))
    nearest = np.searchsorted(palette, colours).clip(max=palette.size - 1)
    absent = np.flatnonzero(palette[nearest] != colours)
    shades = _channels(palette).astype(np.int32)
    for start in range(0, absent.size, _BLOCK):
        some = absent[start : start + _BLOCK]
        distance = _channels(colours[some]).astype(np.int32)[:, None] - shades
        nearest[some] = (distance**2).sum(axis=2).argmin(axis=1)
    return palette, nearest[np.searchsorted(colours, codes)]


def _quantised(codes: Codes, count: int) -> Codes:
    """Return up to ``count`` colours that stand for all of ``codes``."""
    if count == 0:
        return codes[:0]
    image = Image.fromarray(_channels(codes)[None]).quantize(count, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.array(image.getpalette("RGB"), np.int32).reshape(-1, 3)[:count]
    return np.unique(palette @ np.array([1 << 16, 1 << 8, 1], np.int32)).astype(np.int32)


def _channels(codes: Codes) -> NDArray[np.uint8]:
    return np.stack((codes >> 16, codes >> 8 & 255, codes & 255), axis=-1).astype(np.uint8)
