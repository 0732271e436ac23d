"""Made-up sound files and videos with sound, for tests that count samples."""

import wave
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.media.clips import paint
from veil.media.sound import open_sound
from veil.media.sound_reader import Shape
from veil.media.sound_tracks import sounds_of
from veil.media.sound_writer import write_sound
from veil.media.video import open_video

Samples = NDArray[np.float32]

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_STEPS = {"u8": 1 << 7, "s16": 1 << 15, "s32": 1 << 23}


def clicks(channels: int, count: int, at: list[int], samples: str = "s16", level: float = 0.01) -> Samples:
    """Return faint noise with one loud sample at each place, rounded to what a sample format holds."""
    sound = np.random.default_rng(0).uniform(-level, level, (channels, count))
    sound[:, at] = 0.9
    step = _STEPS.get(samples)
    return (np.round(sound * step) / step if step else sound).astype(np.float32)


def shape(rate: int, channels: int, samples: str = "s16") -> Shape:
    return Shape(rate, LAYOUTS[channels], channels, samples)


def save(path: Path, sound: Samples, shape: Shape, format: str = "") -> Path:
    """Write a sound file; without ``format`` the ending of its name says which."""
    with path.open("w+b") as file:
        blocks = (sound[:, at : at + 5000] for at in range(0, sound.shape[1], 5000))
        write_sound(blocks, shape, file, format=format or path.suffix[1:])
    return path


def save_wave(path: Path, sound: Samples, rate: int) -> Path:
    """Write a WAV file of 16 bits without any code of Veil's."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(sound.T * 32768).clip(-32768, 32767).astype("<i2").tobytes())
    return path


def load(path: Path) -> tuple[Samples, Shape]:
    with open_sound(path) as sound:
        return np.concatenate(list(sound.blocks()), 1), sound.shape


def film(
    path: Path,
    sounds: Mapping[Fraction, Samples],
    *,
    rate: int = 48_000,
    codec: str = "pcm_s16le",
    frames: int = 50,
    after: Mapping[Fraction, Samples] | None = None,
) -> Path:
    """Write a painted video, 25 frames a second, with sound tracks.

    Args:
        path: Where to; its ending names the container.
        sounds: The samples of each track, by the second at which it begins.
        rate: Samples a second.
        codec: Of the sound.
        frames: How many.
        after: What is heard in the first track later, by the second at which it begins.
    """
    video = {".webm": "libvpx-vp9", ".avi": "mpeg4"}.get(path.suffix, "libx264")
    with av.open(str(path), "w", container_options={"avoid_negative_ts": "disabled"}) as file:
        stream = file.add_stream(video, rate=25, options={"bf": "0"}, width=64, height=48)
        assert isinstance(stream, VideoStream)
        stream.pix_fmt = "yuv420p"
        tracks = [(_track(file, codec, rate, len(sound)), begins, sound) for begins, sound in sounds.items()]
        packets: list[Packet[Any]] = []
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(paint(index % 25)).reformat(format="yuv420p")
            frame.pts, frame.time_base = index * 512, Fraction(1, 12800)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for begins, sound in (after or {}).items():
            tracks.append((tracks[0][0], begins, sound))
        for track, begins, sound in tracks:
            packets += _encoded(track, round(begins * rate), sound)
        for packet in sorted(packets, key=lambda packet: (packet.dts or 0) * packet.time_base):
            file.mux_one(packet)
    return path


def _track(file: OutputContainer, codec: str, rate: int, channels: int) -> AudioStream:
    stream = file.add_stream(codec, rate=rate)
    assert isinstance(stream, AudioStream)
    stream.codec_context.layout = LAYOUTS[channels]
    return stream


def _encoded(stream: AudioStream, begins: int, sound: Samples) -> list["Packet[AudioStream]"]:
    packets: list[Packet[AudioStream]] = []
    context = stream.codec_context
    for at in range(0, sound.shape[1], 1024):
        piece = np.ascontiguousarray(sound[:, at : at + 1024])
        frame = av.AudioFrame.from_ndarray(piece, "fltp", LAYOUTS[len(sound)])
        frame.sample_rate, frame.pts, frame.time_base = (
            context.sample_rate,
            begins + at,
            Fraction(1, context.sample_rate),
        )
        for ready in av.AudioResampler(context.format.name, LAYOUTS[len(sound)], context.sample_rate).resample(frame):
            packets += stream.encode(ready)
    return packets if context.name.startswith("pcm") else packets + stream.encode(None)


def tracks_of(path: Path) -> list[tuple[Fraction, Samples, Shape]]:
    """Return when each sound track of a video begins, its samples and how they are stored."""
    with open_video(path) as video:
        return [(sound.start, np.concatenate(list(sound.blocks()), 1), sound.shape) for sound in sounds_of(video)]


def peaks(sound: Samples, count: int) -> list[int]:
    """Return the places of the loudest samples of the first channel, in order."""
    return sorted(np.argsort(-np.abs(sound[0]))[:count].tolist())
