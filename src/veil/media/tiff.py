"""Writing TIFF pages one at a time, deflated, with no tag that does not describe pixels."""

import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

from veil.errors import OutputError
from veil.media.raster import Raster

_STRIP_BYTES = 1 << 20
_LEVEL = 4
_MAX_FILE_BYTES = 0xFFFFFFFF
_SHORT, _LONG, _UNDEFINED = 3, 4, 7
_LETTERS = {_SHORT: "H", _LONG: "I"}
_CHANNELS = {"1": 1, "L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


def write(pages: Iterable[Raster], stream: BinaryIO) -> None:
    """Write a TIFF file from the start of a stream that can seek.

    Raises:
        OutputError: The file would be larger than the 4 GiB that TIFF can address.
    """
    stream.write(b"II*\0" + bytes(4))
    pointer = 4
    for page in pages:
        height, width = page.samples.shape[:2]
        row_bytes = max(1, page.samples.nbytes // height)
        rows = min(height, max(1, _STRIP_BYTES // row_bytes))
        offsets, sizes = [], []
        for top in range(0, height, rows):
            strip = zlib.compress(_strip_bytes(page, top, top + rows), _LEVEL)
            _check_room(stream.tell() + len(strip))
            offsets.append(stream.tell())
            sizes.append(len(strip))
            stream.write(strip)
        stream.write(bytes(stream.tell() % 2))
        directory = stream.tell()
        pointer_after = _write_directory(_tags(page, width, height, rows, offsets, sizes), stream)
        _check_room(stream.tell())
        end = stream.tell()
        stream.seek(pointer)
        stream.write(struct.pack("<I", directory))
        stream.seek(end)
        pointer = pointer_after


def _strip_bytes(page: Raster, top: int, bottom: int) -> bytes:
    samples = page.samples[top:bottom]
    if page.mode == "1":
        return np.packbits(samples > 0, axis=1).tobytes()
    differences = samples.copy()
    differences[:, 1:] -= samples[:, :-1]  # TIFF's horizontal predictor: wraps round, as unsigned numbers do
    return differences.astype(differences.dtype.newbyteorder("<"), copy=False).tobytes()


def _tags(
    page: Raster, width: int, height: int, rows: int, offsets: list[int], sizes: list[int]
) -> list[tuple[int, int, list[int] | bytes]]:
    channels = _CHANNELS[page.mode]
    bits = 1 if page.mode == "1" else 8 * page.samples.dtype.itemsize
    tags: list[tuple[int, int, list[int] | bytes]] = [
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [bits] * channels),
        (259, _SHORT, [8]),  # deflate
        (262, _SHORT, [2 if channels >= 3 else 1]),  # RGB, or grey with black at 0
        (273, _LONG, offsets),
        (277, _SHORT, [channels]),
        (278, _LONG, [rows]),
        (279, _LONG, sizes),
        (284, _SHORT, [1]),  # channels side by side
        (317, _SHORT, [1 if bits == 1 else 2]),
    ]
    if page.mode in ("LA", "RGBA"):
        tags.append((338, _SHORT, [2]))  # the last channel is opacity, not multiplied in
    if page.profile is not None:
        tags.append((34675, _UNDEFINED, page.profile))
    return tags


def _write_directory(tags: list[tuple[int, int, list[int] | bytes]], stream: BinaryIO) -> int:
    """Write a directory and the values that do not fit into it; return where its pointer to the next one lies."""
    start = stream.tell()
    pointer = start + 2 + 12 * len(tags)
    directory, outside = struct.pack("<H", len(tags)), b""
    for tag, kind, values in tags:
        value = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{_LETTERS[kind]}", *values)
        directory += struct.pack("<HHI", tag, kind, len(values))
        if len(value) <= 4:
            directory += value.ljust(4, b"\0")
        else:
            directory += struct.pack("<I", pointer + 4 + len(outside))
            outside += value + bytes(len(value) % 2)
    stream.write(directory + bytes(4) + outside)
    return pointer


def _check_room(end: int) -> None:
    if end > _MAX_FILE_BYTES:
        raise OutputError(
            "The pages need more than the 4 GiB that a TIFF file can hold; nothing was left there. "
            "Split the file into parts, or choose another format."
        )
