"""The video formats that Veil writes: what holds what, and how each encoder is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from veil.errors import UsageError
from veil.media.video_facts import VideoFacts
from veil.media.video_image import Layout


@dataclass(frozen=True, slots=True)
class VideoCodec:
    """How a codec is written.

    Attributes:
        encoder: FFmpeg's name of its encoder.
        qualities: The numbers that its quality may have, the best first.
        quality: The usual one.
        formats: Pixel formats that it keeps.
        even: It needs even sides where colours are shared.
        presets: What each preset is called by the encoder; each is faster, and its files larger, than the next.
        preset_option: The encoder's name for a preset.
        options: What the encoder is always told.
        fields: It keeps interlaced frames as such.
        lookahead: How many frames it looks ahead by itself with each preset; none where it is not told.
    """

    encoder: str
    qualities: tuple[int, int]
    quality: int
    formats: frozenset[str]
    even: bool
    presets: tuple[str, ...]
    preset_option: str
    options: Mapping[str, str] = field(default_factory=dict)
    fields: bool = False
    lookahead: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoContainer:
    """What a container holds.

    Attributes:
        muxer: FFmpeg's name of its writer.
        codecs: Keys of CODECS, the usual one first.
        extension: The usual ending of its files.
        unit: The only unit of time it has, in seconds; None where it takes any.
        only_own: It is written only from files of its kind.
        reorders_from: From which second on the first frame must be shown for frames to be stored in another order than
            they are shown in, so that none is decoded before time 0; None for never.
        before_zero: Frames may be shown before time 0.
        options: What the writer is always told.
    """

    muxer: str
    codecs: tuple[str, ...]
    extension: str
    unit: Fraction | None = None
    only_own: bool = False
    reorders_from: Fraction | None = Fraction(0)
    before_zero: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


_EIGHT = frozenset({"yuv420p", "yuv422p", "yuv444p"})
_TEN = frozenset({"yuv420p10le", "yuv422p10le", "yuv444p10le"})

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
"""How much time encoders take, the least first."""

MOST_PIXELS_AHEAD = 25 * 1280 * 720
"""How many pixels encoders may hold of frames to come: 25 frames in 720p, 11 in 1080p, a frame of which takes 7 MB."""

LEAST_AHEAD = 10
"""How many frames they may look ahead however large those are: with fewer, files grow."""

CODECS = {
    # Captions and users' notes travel with decoded frames; encoders are given bare planes, and told not to write any.
    "h264": VideoCodec(
        "libx264", (0, 51), 20, _EIGHT | _TEN, True, PRESETS, "preset", {"a53cc": "0", "udu_sei": "0"}, fields=True,
        lookahead=(0, 0, 10, 20, 30, 40, 50, 60, 60),
    ),
    "hevc": VideoCodec(
        "libx265", (0, 51), 22, _EIGHT | _TEN, True, PRESETS, "preset", {"x265-params": "log-level=none:info=0"},
        lookahead=(5, 10, 15, 15, 15, 20, 25, 40, 40),
    ),
    "vp9": VideoCodec(
        "libvpx-vp9", (0, 63), 28, _EIGHT, False, tuple("887654321"), "cpu-used", {"row-mt": "1", "deadline": "good"}
    ),
    "av1": VideoCodec(
        "libsvtav1", (1, 63), 28, frozenset({"yuv420p", "yuv420p10le"}), True,
        ("12", "11", "10", "9", "8", "7", "6", "5", "4"), "preset",
    ),
}  # fmt: skip
"""Every codec that is written."""

CONTAINERS = {
    "mp4": VideoContainer("mp4", ("h264", "hevc", "av1", "vp9"), ".mp4", options={"movflags": "+faststart"}),
    "mov": VideoContainer("mov", ("h264", "hevc"), ".mov", options={"movflags": "+faststart"}),
    "mkv": VideoContainer("matroska", ("h264", "hevc", "vp9", "av1"), ".mkv", unit=Fraction(1, 1000)),
    "webm": VideoContainer("webm", ("vp9", "av1"), ".webm", unit=Fraction(1, 1000)),
    "avi": VideoContainer("avi", ("h264",), ".avi", only_own=True, reorders_from=None),
    "ts": VideoContainer(
        "mpegts", ("h264", "hevc"), ".ts", unit=Fraction(1, 90_000), only_own=True,
        reorders_from=Fraction(2), before_zero=True, options={"mpegts_copyts": "1"},
    ),
}  # fmt: skip
"""Every container that is written, by the names that VideoFacts.container holds."""


def usual_container(facts: VideoFacts) -> str:
    """Return the container of a result if none is asked for: the input's own if it keeps every time, otherwise MP4."""
    unit = CONTAINERS[facts.container].unit
    keeps_times = unit is None or (facts.time_base / unit).denominator == 1
    return facts.container if keeps_times else "mp4"


def check_container(container: str, facts: VideoFacts) -> None:
    """Refuse a container that Veil does not write from such a file.

    Raises:
        UsageError: There is none of that name, or it takes only files of its own kind.
    """
    if container not in CONTAINERS:
        raise UsageError(f"Veil does not write videos as {container!r}; choose one of {', '.join(CONTAINERS)}.")
    if CONTAINERS[container].only_own and facts.container != container:
        others = ", ".join(name for name, one in CONTAINERS.items() if not one.only_own)
        raise UsageError(
            f"Veil writes {container.upper()} only from {container.upper()} files; nothing was made. "
            f"Choose one of {others}."
        )


def choose_codec(codec: str | None, container: str, layout: Layout) -> str:
    """Return the codec to write with: the one asked for, or the first that the container and the pixels allow.

    Raises:
        UsageError: There is none, or the one asked for does not do.
    """
    held = CONTAINERS[container].codecs
    if codec is None:
        codec = next((name for name in held if working_layout(name, layout) is not None), held[0])
    if codec not in CODECS:
        raise UsageError(f"Veil does not write the video codec {codec!r}; choose one of {', '.join(CODECS)}.")
    if codec not in held:
        raise UsageError(
            f"{container.upper()} as Veil writes it does not hold {codec}; nothing was made. "
            f"Choose one of {', '.join(held)}, or another container."
        )
    if working_layout(codec, layout) is None:
        raise UsageError(
            f"{codec} as Veil writes it cannot keep {layout.format} frames of {layout.width} x {layout.height}; "
            f"nothing was made. Choose another codec or container: h264 in mp4 keeps them all."
        )
    return codec


def working_layout(codec: str, layout: Layout) -> Layout | None:
    """Return the layout in which a codec keeps every row and column of frames; None if there is none.

    Codecs that count shared colours in whole blocks cannot say that a side is odd. Then no colours are shared.
    """
    one = CODECS[codec]
    if one.even and layout.uneven:
        layout = layout.without_sharing()
    return layout if layout.format in one.formats else None


def lookahead(codec: str, preset: str, pixels: int) -> int | None:
    """Return how many frames an encoder may look ahead, each of which it holds; None where it knows best.

    Args:
        codec: A key of CODECS.
        preset: One of PRESETS.
        pixels: Of a frame.
    """
    own = CODECS[codec].lookahead
    most = max(LEAST_AHEAD, MOST_PIXELS_AHEAD // pixels)
    return most if own and own[PRESETS.index(preset)] > most else None


def encoder_options(codec: str, quality: int | None, preset: str) -> dict[str, str]:
    """Return what an encoder is told.

    Args:
        codec: A key of CODECS.
        quality: The encoder's own scale, lower is better; None for the usual one.
        preset: One of PRESETS.

    Raises:
        UsageError: A value is out of range.
    """
    one = CODECS[codec]
    best, worst = one.qualities
    if quality is not None and not best <= quality <= worst:
        raise UsageError(f"The quality of {codec} goes from {best}, the best, to {worst}, but {quality} was given.")
    if preset not in PRESETS:
        raise UsageError(f"There is no preset {preset!r}; choose one of {', '.join(PRESETS)}.")
    chosen = one.presets[PRESETS.index(preset)]
    return {**one.options, "crf": str(one.quality if quality is None else quality), one.preset_option: chosen}
