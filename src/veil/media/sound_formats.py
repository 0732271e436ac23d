"""The sound formats that Veil reads and writes: how to tell them from their first bytes, and what each holds."""

from collections.abc import Callable
from dataclasses import dataclass

from veil.errors import UnsupportedError, UsageError
from veil.media.formats import SOUND_FORMATS

TITLES = "WAV, FLAC, MP3, M4A, OGG and Opus"

DEMUXERS = {"wav": "wav", "flac": "flac", "mp3": "mp3", "m4a": "mov", "ogg": "ogg", "opus": "ogg"}
"""Every kind of sound file that is read, by the name that SoundFacts.container holds. No other reader is reached."""

_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_ID3 = b"ID3"
_MPEG_SYNC = 0xFFE0
_M4A_BRANDS = {b"M4A ", b"M4B ", b"M4P "}


@dataclass(frozen=True, slots=True)
class SoundCodec:
    """How sound is stored.

    Attributes:
        encoder: Gives FFmpeg's name of the encoder for a sample format.
        samples: Gives the sample format that the encoder gets for that of the input.
        rates: Samples a second that it takes; empty for any.
        channels: The most that it takes.
        bits: Bits a second for one channel, of lossy ones.
    """

    encoder: Callable[[str], str]
    samples: Callable[[str], str]
    rates: tuple[int, ...] = ()
    channels: int = 6
    bits: int = 0

    def rate_for(self, rate: int) -> int:
        """Return the samples a second to store: those of the input, or the next more that can be, or the most."""
        if not self.rates or rate in self.rates:
            return rate
        return next((one for one in self.rates if one > rate), self.rates[-1])


def _pcm(samples: str) -> str:
    return {"u8": "pcm_u8", "s16": "pcm_s16le", "s32": "pcm_s24le", "flt": "pcm_f32le"}[_plain(samples)]


def _plain(samples: str) -> str:
    """Return the sample format that holds all that ``samples`` does and that float32 can hold, planes put aside."""
    plain = samples.removesuffix("p")
    return {"dbl": "flt", "s64": "s32"}.get(plain, plain)


CODECS = {
    "pcm": SoundCodec(_pcm, _plain),
    "pcm16": SoundCodec(lambda _: "pcm_s16le", lambda _: "s16"),
    "flac": SoundCodec(lambda _: "flac", lambda one: "s16" if _plain(one) in ("u8", "s16") else "s32"),
    "aac": SoundCodec(lambda _: "aac", lambda _: "fltp", _AAC_RATES, 6, 96_000),
    "mp3": SoundCodec(lambda _: "libmp3lame", lambda _: "fltp", _MP3_RATES, 2, 96_000),
    "opus": SoundCodec(lambda _: "libopus", lambda _: "flt", (48_000,), 6, 96_000),
}  # fmt: skip
"""Every way in which sound is stored."""

FILES = {
    "wav": ("wav", "pcm"),
    "flac": ("flac", "flac"),
    "mp3": ("mp3", "mp3"),
    "m4a": ("ipod", "aac"),
    "ogg": ("ogg", "opus"),
    "opus": ("opus", "opus"),
}
"""FFmpeg's writer and the key of CODECS for every kind of sound file that is written."""

TRACKS = {"mp4": "aac", "mov": "aac", "mkv": "flac", "webm": "opus", "avi": "pcm16", "ts": "aac"}
"""The key of CODECS for altered sound in each kind of video."""


def sniff_sound(head: bytes) -> str | None:
    """Return the name in DEMUXERS of the sound format that a file begins like, or None."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS":
        return "opus" if b"OpusHead" in head[:64] else "ogg"
    if head[4:8] == b"ftyp" and head[8:12] in _M4A_BRANDS:
        return "m4a"
    sync = int.from_bytes(head[:2], "big")
    layer = sync >> 1 & 3  # 1 is layer III
    if head[:3] == _ID3 or (sync & _MPEG_SYNC == _MPEG_SYNC and layer == 1):
        return "mp3"
    return None


def check_format(format: str, *, channels: int) -> None:
    """Refuse a sound file that Veil does not write, or that cannot hold so many channels.

    Raises:
        UsageError: It is so.
    """
    if format not in FILES:
        raise UsageError(f"Veil does not write sound as {format!r}; choose one of {', '.join(SOUND_FORMATS)}.")
    if channels > CODECS[FILES[format][1]].channels:
        raise UsageError(
            f"{format.upper()} as Veil writes it does not hold {channels} channels; nothing was made. Choose wav."
        )


def sound_refusal(what: str) -> UnsupportedError:
    """Return the error that says what a file is instead of sound that can be read."""
    return UnsupportedError(f"{what}; nothing was made from it. Veil reads sound from {TITLES}.")
