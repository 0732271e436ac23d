"""Painted clips for the tests of videos: each frame tells its number, and nobody is in them."""

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import av
import av.filter
import numpy as np
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.format import VideoFormat
from av.video.stream import VideoStream
from numpy.typing import NDArray

from veil.media.video_encoder import give_priority_back

UNIT = Fraction(1, 12800)
EVEN = tuple(range(0, 12 * 512, 512))  # 12 frames, 25 a second
"""Times of frames, in units of UNIT."""

COUNT = 25
"""Frame numbers are told modulo this."""


class Sound(NamedTuple):
    """A sound track to add: a codec's name, the seconds before it begins, and how long it is."""

    codec: str = "aac"
    begins: Fraction = Fraction(0)
    lasts: float = 0.5


def paint(index: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """Return frame number ``index``: a slope, its lower right quarter as bright as the number says."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([columns * 200 // width, rows * 200 // height, (rows + columns) % 128], axis=2)
    pixels[height // 2 :, width // 2 :] = 16 + 8 * (index * 13 % COUNT)  # unlike its neighbours'
    return pixels.astype(np.uint8)


def number_of(pixels: NDArray[np.uint8]) -> int:
    """Return the number that a painted frame tells."""
    height, width = pixels.shape[:2]
    return round((float(pixels[height * 5 // 8 :, width * 5 // 8 :].mean()) - 16) / 8) * 2 % COUNT


def make_clip(
    path: Path,
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
    times: Sequence[int] = EVEN,
    unit: Fraction = UNIT,
    pixels: str = "yuv420p",
    sounds: Iterable[Sound] = (),
    settings: Mapping[str, Any] | None = None,
    options: Mapping[str, str] | None = None,
    file_options: Mapping[str, str] | None = None,
    format: str | None = None,
    turn: tuple[float, bool, bool] | None = None,
    field: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a clip and return its path.

    Args:
        path: Where to; its ending names the container.
        codec: FFmpeg's name of the encoder.
        size: Width and height as stored.
        times: When each frame is shown, in units of ``unit``.
        unit: In seconds.
        pixels: Pixel format.
        sounds: Sound tracks.
        settings: Attributes of the encoder's context.
        options: Of the encoder.
        file_options: Of the container.
        format: Of the container, if its ending does not tell.
        turn: Degrees counter-clockwise, and whether to flip sideways and upside down, for players to do.
        field: "tff" or "bff" for frames with two fields: which comes first.
        metadata: Of the container.
    """
    with av.open(str(path), "w", format=format, container_options=dict(file_options or {})) as file:
        file.metadata.update(metadata or {})
        stream = file.add_stream(codec, rate=25, options=dict(options or {}), width=size[0], height=size[1])
        assert isinstance(stream, VideoStream)
        stream.pix_fmt = pixels
        stream.codec_context.time_base = unit
        for name, value in (settings or {}).items():
            setattr(stream.codec_context, name, value)
        if turn:
            stream.set_display_rotation(*turn)
        if field:
            stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        mark = _marker(size, pixels, unit, field)
        tracks = [(_add_sound(file, sound), sound) for sound in sounds]
        scale = (settings or {}).get("color_range", 0)
        for index, pts in enumerate(times):
            frame = av.VideoFrame.from_ndarray(paint(index, *size)).reformat(format=pixels, dst_color_range=scale)
            frame.pts, frame.time_base = pts, unit
            file.mux(stream.encode(mark(frame)))
        file.mux(stream.encode(None))
        give_priority_back()
        for track, sound in tracks:
            _write_sound(file, track, sound)
    return path


def _marker(
    size: tuple[int, int], pixels: str, unit: Fraction, field: str | None
) -> Callable[[av.VideoFrame], av.VideoFrame]:
    if field is None:
        return lambda frame: frame
    graph = av.filter.Graph()
    source = graph.add_buffer(width=size[0], height=size[1], format=VideoFormat(pixels), time_base=unit)
    graph.link_nodes(source, graph.add("setfield", field), graph.add("buffersink")).configure()

    def mark(frame: av.VideoFrame) -> av.VideoFrame:
        graph.push(frame)
        return cast(av.VideoFrame, graph.pull())

    return mark


def _add_sound(file: OutputContainer, sound: Sound) -> AudioStream:
    stream = file.add_stream(
        sound.codec, rate=48_000, options={"strict": "experimental"} if sound.codec == "vorbis" else {}
    )
    assert isinstance(stream, AudioStream)
    return stream


def _write_sound(file: OutputContainer, stream: AudioStream, sound: Sound) -> None:
    rate, step = 48_000, stream.codec_context.frame_size or 1024
    begins = int(sound.begins * rate)
    for at in range(0, int(sound.lasts * rate), step):
        wave = np.sin(np.arange(at, at + step) * 0.05 * (1 + begins)).astype(np.float32) * 0.3
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, begins + at, Fraction(1, rate)
        for ready in av.AudioResampler(stream.codec_context.format.name, "stereo", rate).resample(frame):
            file.mux(stream.encode(ready))
    file.mux(stream.encode(None))


def ffprobe(path: Path, *wanted: str) -> dict[str, Any]:
    """Return what ffprobe says of a file; ``wanted`` are its own arguments."""
    command = ["ffprobe", "-v", "error", "-of", "json", *wanted, str(path)]
    answer: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return answer


class Shown(NamedTuple):
    """What ffprobe says of the frames of a clip."""

    times: list[Fraction]
    width: int
    height: int
    aspect: str
    colours: tuple[str, ...]
    bits: int
    fields: set[tuple[int, int]]


def shown(path: Path) -> Shown:
    """Return what ffprobe says of the first video stream and of all its decoded frames."""
    said = ffprobe(path, "-select_streams", "v:0", "-show_streams", "-show_frames")
    stream, frames = said["streams"][0], said["frames"]
    unit = Fraction(stream["time_base"])
    names = ("color_range", "color_space", "color_transfer", "color_primaries")
    return Shown(
        [int(frame.get("best_effort_timestamp", frame.get("pts"))) * unit for frame in frames],
        stream["width"],
        stream["height"],
        stream.get("sample_aspect_ratio", "1:1").replace("N/A", "1:1"),
        tuple(stream.get(name, "unknown") for name in names),
        10 if "10" in stream["pix_fmt"] else 8,
        {(frame["interlaced_frame"], frame["top_field_first"]) for frame in frames},
    )


def heard(path: Path) -> list[list[tuple[Fraction, str]]]:
    """Return, for each sound track, the time and the hash of each packet, as ffprobe says."""
    said = ffprobe(path, "-select_streams", "a", "-show_streams", "-show_packets", "-show_data_hash", "md5")
    units = {stream["index"]: Fraction(stream["time_base"]) for stream in said["streams"]}
    tracks: dict[int, list[tuple[Fraction, str]]] = {index: [] for index in units}
    for packet in said["packets"]:
        index = packet["stream_index"]
        tracks[index].append((packet.get("pts", packet.get("dts")) * units[index], packet["data_hash"]))
    return list(tracks.values())
