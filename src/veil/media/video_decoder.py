"""Decoding: from packets to frames as they are stored, in order of presentation, and never fewer without an error."""

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain, dropwhile
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from veil.errors import InputError, TooLargeError, UnsupportedError
from veil.media.video_file import DEMUXERS, reading_video
from veil.media.video_whole import damaged_video

MOST_THREADS = 8
"""Threads that one decoder or encoder uses at most: each holds frames of its own."""


def threads() -> int:
    """Return how many threads a decoder or encoder may use."""
    return min(len(os.sched_getaffinity(0)), MOST_THREADS)


_HIDES_FRAMES = {"vp8"}
"""Codecs with packets that are only there for others to refer to, so that some never become a frame."""

_STEPS_BACK = (0, 2, 20)
"""How many seconds before a frame a reader enters, one after the other, until it meets an earlier frame."""


def first_picture(container: InputContainer, stream: VideoStream, *, kind: str, max_pixels: int) -> av.VideoFrame:
    """Decode the first frame.

    Raises:
        InputError: There is none, or it is damaged.
        TooLargeError: It has more than ``max_pixels`` pixels.
    """
    check_size(stream.codec_context.width, stream.codec_context.height, max_pixels)
    set_up_decoder(stream, max_pixels=max_pixels)
    with closing(pictures(container, stream, kind)) as found:
        picture = next(found, None)
    if picture is None:
        raise InputError("The video holds no frame that can be shown; nothing was made from it.")
    check_size(picture.width, picture.height, max_pixels)
    return picture


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse a frame that is too large.

    Raises:
        TooLargeError: It has more than ``max_pixels`` pixels.
    """
    if width * height > max_pixels:
        raise TooLargeError(
            f"The video's frames have {width} x {height} pixels, more than the limit of {max_pixels:,}; "
            "nothing was made from it."
        )


def set_up_decoder(stream: VideoStream, *, max_pixels: int) -> None:
    """Choose how a stream is decoded; call it before the first packet."""
    stream.thread_type = "AUTO"
    stream.thread_count = threads()
    stream.codec_context.options = {"max_pixels": str(max_pixels)}


def pictures(
    container: InputContainer, stream: VideoStream, kind: str, *, whole: bool = True, promised: int = 0
) -> Generator[av.VideoFrame, None, None]:
    """Yield the frames of a stream as decoded, in order of presentation.

    Args:
        container: Open at the place to begin with.
        stream: One of its video streams.
        kind: A key of DEMUXERS.
        whole: It begins at its start, so all packets that its index names are to come.
        promised: How many packets its structure shows.

    Raises:
        InputError: A packet or frame is damaged, or something is missing.
        UnsupportedError: It is encrypted.
    """
    ledger, packets, begun = _Ledger(stream.codec_context.codec.canonical_name, kind), 0, False
    for packet in _packets(container, stream):
        if packet.has_sidedata("encryption_info"):
            raise UnsupportedError("The video is encrypted; nothing was made from it. Decrypt it first.")
        if packet.is_corrupt:
            raise damaged_video()
        last = packet.pts is None and packet.dts is None and not packet.size
        packets += not last
        begun |= packet.is_keyframe or kind != "ts"  # broadcasts are recorded from the middle
        if not last and not (begun and packet.size):  # without content it says that a frame is shown for longer
            continue
        if not last:
            ledger.sent(packet)
        with reading_video():
            decoded = packet.decode()
        for picture in decoded:
            if picture.is_corrupt:
                raise damaged_video()
            ledger.came(picture)
            yield picture
    if whole:
        if packets < (len(stream.index_entries) if DEMUXERS[kind] == "mov" else promised):
            raise damaged_video()
        ledger.check_settled()


def pictures_since(
    container: InputContainer, stream: VideoStream, kind: str, since: int
) -> Generator[av.VideoFrame, None, None]:
    """Yield the frames from the one at ``since`` on, entering the file at a key frame before it.

    Readers may enter too late where frames are stored in another order than they are shown.

    Raises:
        InputError: There is no frame at that time, or as for pictures().
    """
    assert stream.time_base is not None  # every stream of an opened file has one
    begin = min(stream.start_time or 0, since)
    for seconds in [*_STEPS_BACK, None]:
        with reading_video():
            if seconds is None and kind == "ts":  # it has no index, and seeking by time may miss the first frame
                container.seek(0, unsupported_byte_offset=True)
            else:
                back = since if seconds is None else int(seconds / stream.time_base)
                container.seek(max(since - back, begin), stream=stream)
        with closing(pictures(container, stream, kind, whole=False)) as found:
            first = next(found, None)
            if first is None or first.pts is None or first.pts > since:
                continue
            rest = dropwhile(lambda picture: picture.pts is not None and picture.pts < since, chain([first], found))
            wanted = next(rest, None)
            if wanted is None or wanted.pts != since:
                break
            yield wanted
            yield from rest
            return
    raise InputError("The video has no frame at the time that was asked for; look at it anew.")


class _Ledger:
    """The times of frames that went into a decoder and have to come out of it: none may be lost on the way.

    Frames shown before the first key frame may be missing: a recording may begin between two, and what they refer to
    is not in it.
    """

    def __init__(self, codec: str, kind: str) -> None:
        self._due: set[int] = set()
        self._key: int | None = None  # when the first key frame is shown
        self._strict = codec not in _HIDES_FRAMES
        self._only_decoding = kind == "avi"  # it numbers frames as they are decoded and says no other time

    def sent(self, packet: "Packet[VideoStream]") -> None:
        time = packet.dts if self._only_decoding else packet.pts
        if time is not None and self._key is None:
            self._key = time
        if time is not None and not packet.is_discard:
            self._due.add(time)

    def came(self, picture: av.VideoFrame) -> None:
        """Cross a frame out, and mend its time where a file has mixed up those of neighbours.

        Decoders know the order of frames for certain, so the earliest time that is due belongs to this one.
        """
        if picture.interlaced_frame and not self._only_decoding:
            self._strict = False  # two fields may come as two packets and leave as one frame
        if picture.pts is None:
            picture.pts = picture.dts
        if picture.pts is not None and self._key is not None and not self._only_decoding:
            first = min(self._key, picture.pts)
            self._due = {pts for pts in self._due if pts >= first}
        if self._strict and self._due:
            picture.pts = min(self._due)
        self._due.discard(cast("int", picture.pts))

    def check_settled(self) -> None:
        """Raise InputError if a frame is missing."""
        if self._due and self._strict:
            raise damaged_video()


def _packets(container: InputContainer, stream: VideoStream) -> Iterator["Packet[VideoStream]"]:
    """Yield a stream's packets, and an empty one at the end that empties the decoder."""
    packets = container.demux(stream)
    while True:
        with reading_video():
            packet = next(packets, None)
        if packet is None:
            return
        yield packet
