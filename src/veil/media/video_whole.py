"""Whether a video file is whole, as far as its structure tells. FFmpeg passes over what is missing or broken in it."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from veil.errors import InputError

_ISO_CONTENTS = {b"mdat", b"moov", b"moof"}

_EBML_HEADER, _SEGMENT, _CLUSTER = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
_BLOCK_GROUP, _SIMPLE_BLOCK, _BLOCK = b"\xa0", b"\xa3", b"\xa1"
_TRACKS, _TRACK_ENTRY, _TRACK_NUMBER, _TRACK_TYPE, _VIDEO = b"\x16\x54\xae\x6b", b"\xae", b"\xd7", b"\x83", 1
_IN_CLUSTER = {_BLOCK_GROUP, _SIMPLE_BLOCK, b"\xe7", b"\xa7", b"\xab", b"\xaf", b"\x58\x54", b"\xec", b"\xbf"}
_IN_SEGMENT = {
    _CLUSTER,
    b"\x11\x4d\x9b\x74",  # where things are
    b"\x15\x49\xa9\x66",  # about the file
    _TRACKS,
    b"\x1c\x53\xbb\x6b",  # places to enter at
    b"\x19\x41\xa4\x69",  # attachments
    b"\x10\x43\xa7\x70",  # chapters
    b"\x12\x54\xc3\x67",  # tags
    b"\xec",  # nothing
    b"\xbf",  # a checksum
}

_TS_SYNC, _TS_NULL = 0x47, 0x1FFF
_TS_CHUNK = 20_000
TS_PACKETS = {188: 0, 192: 4}
"""How long packets of MPEG-TS may be, and where in them their 188 bytes begin."""


def check_whole(file: BinaryIO, kind: str) -> int:
    """Refuse a file whose structure is broken, or that ends before the end that it names.

    Args:
        file: Open for reading.
        kind: A key of DEMUXERS.

    Returns:
        How many packets of its first video track the structure shows; 0 where that is not counted here.

    Raises:
        InputError: The file is damaged or cut short.
    """
    size = file.seek(0, 2)
    file.seek(0)
    match kind:
        case "mp4" | "mov":
            _check_iso(file, size)
        case "mkv" | "webm":
            return _check_matroska(file, size)
        case "avi":
            return _check_avi(file, size)
        case "ts":
            _check_ts(file)
    return 0


def damaged_video() -> InputError:
    """Return the error for a video that is not whole."""
    return InputError(
        "The video is damaged or cut short and cannot be read whole; nothing was made from it. "
        "Try another copy of the file."
    )


def _check_iso(file: BinaryIO, size: int) -> None:
    """Look for the end of the boxes that hold pictures or their index; readers pass over others."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        if length < 8:  # 0: up to the end of the file
            return
        at += length
        if name in _ISO_CONTENTS and at > size:
            raise damaged_video()


def _check_avi(file: BinaryIO, size: int) -> int:
    """Walk through the chunks of an AVI file, which may have several parts; count those of its first video track."""
    counts: dict[bytes, int] = {}
    file.seek(0)
    for name, length in _chunks(file, size):
        if name != b"RIFF":
            break  # what comes after the last part is nobody's
        end = file.tell() + length
        file.seek(4, 1)
        for part, part_length in _chunks(file, end):
            if part == b"LIST" and file.read(4) == b"movi":
                _count_in_movi(file, file.tell() + part_length - 4, counts)
    return counts[min(counts)] if counts else 0


def _count_in_movi(file: BinaryIO, end: int, counts: dict[bytes, int]) -> None:
    """Count chunks of each video track; those without content say that a frame is shown for longer."""
    for name, length in _chunks(file, end):
        if name == b"LIST" and file.read(4) == b"rec ":
            _count_in_movi(file, file.tell() + length - 4, counts)
        elif name[2:] in (b"dc", b"db") and length:
            counts[name[:2]] = counts.get(name[:2], 0) + 1
        elif not name.replace(b"_", b"").isalnum():
            raise damaged_video()


def _chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int]]:
    """Yield the name and length of each chunk from here to ``end``, with the file at its content."""
    at = file.tell()
    while at + 8 <= end:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        at += 8 + length
        if at > end:
            raise damaged_video()
        yield name, length
        at += at % 2


def _check_matroska(file: BinaryIO, size: int) -> int:
    """Walk through the elements of a Matroska file and count the blocks of its first video track.

    Raises:
        InputError: Its elements do not fill each other as they say.
    """
    counts: dict[int, int] = {}
    videos: list[int] = []
    file.seek(0)
    for name, end in _elements(file, size):
        if name == _SEGMENT:
            for part, part_end in _elements(file, size if end is None else end):
                if part not in _IN_SEGMENT:
                    raise damaged_video()
                if part == _CLUSTER:
                    _count_in_cluster(file, size if part_end is None else part_end, counts, open=part_end is None)
                elif part == _TRACKS and part_end is not None:
                    videos += _video_tracks(file, part_end)
        elif name != _EBML_HEADER and not counts:
            raise damaged_video()
    return counts.get(videos[0], 0) if videos else 0


def _video_tracks(file: BinaryIO, end: int) -> list[int]:
    """Return the numbers of the tracks that hold video."""
    found = []
    for name, track_end in _elements(file, end):
        if name == _TRACK_ENTRY and track_end is not None:
            values = {
                part: file.read(part_end - file.tell()) for part, part_end in _elements(file, track_end) if part_end
            }
            if int.from_bytes(values.get(_TRACK_TYPE, b""), "big") == _VIDEO:
                found.append(int.from_bytes(values.get(_TRACK_NUMBER, b""), "big"))
    return found


def _count_in_cluster(file: BinaryIO, end: int, counts: dict[int, int], *, open: bool) -> None:
    """Count the blocks of a cluster; one that is ``open`` ends where the next thing in its segment begins."""
    for name, inner_end in _elements(file, end, until=_IN_SEGMENT - {b"\xec", b"\xbf"} if open else set()):
        if inner_end is None or name not in _IN_CLUSTER:
            raise damaged_video()
        if name == _SIMPLE_BLOCK:
            _count_block(file, counts)
        elif name == _BLOCK_GROUP:
            for part, _ in _elements(file, inner_end):
                if part == _BLOCK:
                    _count_block(file, counts)


def _count_block(file: BinaryIO, counts: dict[int, int]) -> None:
    track = _number(file)
    if track is None:
        raise damaged_video()
    counts[track] = counts.get(track, 0) + 1


def _elements(
    file: BinaryIO, end: int, until: set[bytes] | frozenset[bytes] = frozenset()
) -> Iterator[tuple[bytes, int | None]]:
    """Yield the name and the end of each element from here to ``end``, which the last must meet exactly.

    The end is None where it is left open; the next element is then looked for where the caller has stopped.
    """
    at = file.tell()
    while at < end:
        file.seek(at)
        first = file.read(1)
        name = first + file.read(8 - first[0].bit_length()) if first and first[0] > 0x0F else b""
        if name in until:
            file.seek(at)
            return
        length = _number(file) if name else None
        if not name or (length is None and name not in (_SEGMENT, _CLUSTER)):
            raise damaged_video()
        inner_end = None if length is None else file.tell() + length
        if inner_end is not None and inner_end > end:
            raise damaged_video()
        yield name, inner_end
        at = file.tell() if inner_end is None else inner_end
    file.seek(at)


def _number(file: BinaryIO) -> int | None:
    """Read a number as long as its first byte has leading zeros, and one more; None if it is all ones, for unknown."""
    first = file.read(1)
    if not first or not first[0]:
        raise damaged_video()
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1), "big") & ((1 << 7 * length) - 1)
    return None if value == (1 << 7 * length) - 1 else value


def _check_ts(file: BinaryIO) -> None:
    """Look for packets that are missing or marked as broken: those of each stream count from 0 to 15 and again."""
    head = file.read(192 * 4)
    length = next(size for size, offset in TS_PACKETS.items() if head[offset + size] == _TS_SYNC == head[offset])
    last, begins = np.full(_TS_NULL + 1, -1), np.zeros(_TS_NULL + 1, bool)
    file.seek(0)
    while data := file.read(length * _TS_CHUNK):
        packets = np.frombuffer(data[: len(data) // length * length], np.uint8).reshape(-1, length)
        _check_ts_packets(packets[:, TS_PACKETS[length] :], last, begins)


def _check_ts_packets(packets: NDArray[np.uint8], last: NDArray[np.int_], begins: NDArray[np.bool_]) -> None:
    """Check packets, shape (N, 188).

    Args:
        packets: Some that follow each other.
        last: Where the count of each stream stands; kept up to date.
        begins: Which streams begin their parts with a start code; kept up to date.
    """
    if (packets[:, 0] != _TS_SYNC).any() or (packets[:, 1] & 0x80).any():
        raise damaged_video()
    streams = (packets[:, 1] & 0x1F).astype(int) << 8 | packets[:, 2]
    counts = (packets[:, 3] & 0x0F).astype(int)
    adapts, holds = packets[:, 3] & 0x20 > 0, packets[:, 3] & 0x10 > 0
    jumps = adapts & (packets[:, 4] > 0) & (packets[:, 5] & 0x80 > 0)
    places = np.minimum(np.where(adapts, 5 + packets[:, 4].astype(int), 4), 185)
    rows = np.arange(len(packets))
    coded = (packets[rows, places] == 0) & (packets[rows, places + 1] == 0) & (packets[rows, places + 2] == 1)
    starts = holds & (packets[:, 1] & 0x40 > 0)
    for stream in set(np.unique(streams[holds])) - {_TS_NULL}:
        mine = holds & (streams == stream)
        now = counts[mine]
        steps = np.diff(now, prepend=last[stream] if last[stream] >= 0 else now[0]) % 16
        if ((steps > 1) & ~jumps[mine]).any():  # 0: a packet may be sent twice
            raise damaged_video()
        last[stream] = now[-1]
        codes = coded[mine & starts]
        if len(codes):
            begins[stream] |= codes[0]
            if begins[stream] and not codes.all():
                raise damaged_video()
