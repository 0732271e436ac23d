"""Sound and subtitles that go from one video file to another untouched, without the notes that may lie among them."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream

from veil.errors import UsageError
from veil.media.video_file import reading_video
from veil.media.video_whole import damaged_video

SOUND, SUBTITLE = "audio", "subtitle"

_STREAMINFO_BYTES = 34
_VORBIS_COMMENT = b"\x03vorbis"
_NO_COMMENT = _VORBIS_COMMENT + bytes(8) + b"\x01"  # no vendor, no comments, end


class Tracks:
    """The tracks of a file that are copied into another, in step with its frames."""

    def __init__(self, source: InputContainer, output: OutputContainer, kinds: set[str], *, from_zero: bool) -> None:
        """Add a track to ``output`` for every one of ``source`` that is asked for.

        Args:
            source: An open file; nothing else may read it.
            output: Where to; its header is not written yet.
            kinds: SOUND, SUBTITLE or both.
            from_zero: ``output`` holds nothing before time 0, so what is over by then, unheard, is left out.

        Raises:
            UsageError: A track cannot be held there, or is of a codec that may carry other things.
        """
        self._source = source
        self._targets: dict[int, Stream] = {}
        self._from_zero = from_zero
        for stream in source.streams:
            if stream.type in kinds:
                self._targets[stream.index] = _add(output, stream)
            else:
                stream.discard = Discard.all

    def packets(self, shift: Fraction) -> Iterator[tuple[Fraction, "Packet[Stream]"]]:
        """Yield packets ready for the output, each with its time in seconds.

        Args:
            shift: Seconds that are added to all times.

        Raises:
            InputError: The file is damaged.
        """
        if not self._targets:
            return
        packets = self._source.demux([self._source.streams[index] for index in self._targets])
        while True:
            with reading_video():
                packet = next(packets, None)
            if packet is None:
                return
            unit = packet.time_base
            if packet.dts is None and packet.pts is None:  # the empty ones at the end
                continue
            packet.pts = packet.pts if packet.pts is not None else packet.dts
            packet.dts = packet.dts if packet.dts is not None else packet.pts
            assert packet.pts is not None and packet.dts is not None
            packet.pts += round(shift / unit)
            packet.dts += round(shift / unit)
            if self._from_zero and packet.pts + (packet.duration or 0) <= 0:
                continue
            packet.stream = self._targets[packet.stream_index]
            yield packet.dts * unit, packet


def _add(output: OutputContainer, stream: Stream) -> Stream:
    context = stream.codec_context
    name = context.codec.canonical_name if context is not None else "unknown"
    clean = _cleaner(stream.type, name)
    if context is None or clean is None:
        raise _cannot_keep(stream.type, name, output)
    try:
        target = output.add_stream_from_template(stream, opaque=True)
    except ValueError as error:
        raise _cannot_keep(stream.type, name, output) from error
    if target.codec_context.extradata is not None:
        target.codec_context.extradata = clean(target.codec_context.extradata)
    return target


def _cleaner(kind: str, codec: str) -> Callable[[bytes], bytes] | None:
    """Return what takes notes out of a codec's header, or None for codecs that may carry anything."""
    if kind == SUBTITLE:
        plain: dict[str, Callable[[bytes], bytes]] = {"mov_text": bytes, "subrip": _nothing, "webvtt": _nothing}
        return plain.get(codec)
    if codec == "flac":
        return lambda header: header[:_STREAMINFO_BYTES]
    if codec == "vorbis":
        return _without_comments
    return bytes if codec in _BARE or codec.startswith(("pcm_", "adpcm_")) else None


_BARE = {"aac", "aac_latm", "ac3", "alac", "amr_nb", "amr_wb", "dts", "eac3", "mp1", "mp2", "mp3", "opus", "truehd"}
"""Sound codecs whose headers hold nothing but numbers."""


def _nothing(header: bytes) -> bytes:
    return b""


def _without_comments(header: bytes) -> bytes:
    """Return Vorbis's three headers, laced one after another, with an empty one in place of the comments."""
    at, sizes = 1, list[int]()
    for _ in range(2):  # each size is a sum of bytes, the last of which is not 255
        end = next((place for place in range(at, len(header)) if header[place] != 255), None)
        if end is None:
            raise damaged_video()
        sizes.append(sum(header[at : end + 1]))
        at = end + 1
    identity, setup = header[at : at + sizes[0]], header[at + sum(sizes) :]
    laced = b"".join(b"\xff" * (len(part) // 255) + bytes([len(part) % 255]) for part in (identity, _NO_COMMENT))
    return b"\x02" + laced + identity + _NO_COMMENT + setup


def _cannot_keep(kind: str, codec: str, output: OutputContainer) -> UsageError:
    what = "sound" if kind == SOUND else "subtitles"
    return UsageError(
        f"The video's {what} in {codec} cannot be kept in a {output.format.name} file; nothing was made. "
        f"Leave the {what} out, or choose another container."
    )
