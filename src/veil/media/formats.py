"""The picture formats Veil reads and writes, how to tell them from their first bytes, and the names of videos."""

from dataclasses import dataclass
from pathlib import Path

from veil.errors import UnsupportedError, UsageError

HEAD_BYTES = 512
"""How much of a file :func:`sniff` wants to see."""


ALL_MODES = frozenset({"1", "L", "LA", "RGB", "RGBA"})


@dataclass(frozen=True, slots=True)
class Format:
    """What a format can hold.

    Attributes:
        title: Its name in sentences.
        extensions: Endings of file names, the usual one first.
        max_side: Longest side it can hold, in pixels.
        modes: What it holds, in Pillow's words: "1" bilevel, "L" grey, "LA" grey with opacity, "RGB", "RGBA".
        deep: It holds 16 bits a channel.
        profile: It holds an ICC profile.
        moves: It holds animations.
        pages: It holds several pages.
    """

    title: str
    extensions: tuple[str, ...]
    max_side: int
    modes: frozenset[str] = ALL_MODES
    deep: bool = False
    profile: bool = True
    moves: bool = False
    pages: bool = False


FORMATS = {
    "jpeg": Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), 65_500, frozenset({"L", "RGB"})),
    "png": Format("PNG", (".png", ".apng"), 2**31 - 1, deep=True, moves=True),
    "webp": Format("WebP", (".webp",), 16_383, frozenset({"RGB", "RGBA"}), moves=True),
    "avif": Format("AVIF", (".avif", ".avifs"), 65_535, frozenset({"L", "RGB", "RGBA"}), moves=True),
    "heic": Format("HEIC", (".heic", ".heif", ".hif"), 65_535, frozenset({"L", "RGB", "RGBA"})),
    "tiff": Format("TIFF", (".tif", ".tiff"), 2**31 - 1, deep=True, pages=True),
    "gif": Format("GIF", (".gif",), 65_535, frozenset({"RGB", "RGBA"}), profile=False, moves=True),
    "bmp": Format("BMP", (".bmp", ".dib"), 2**31 - 1, frozenset({"1", "L", "RGB"}), profile=False),
}
"""Every format, by the name that ``Facts.format`` holds."""

_NAMES = {name: name for name in FORMATS} | {
    ending[1:]: name for name, one in FORMATS.items() for ending in one.extensions
}
VIDEO_FORMATS = {
    "mp4": (".mp4", ".m4v"),
    "mov": (".mov",),
    "mkv": (".mkv",),
    "webm": (".webm",),
    "avi": (".avi",),
    "ts": (".ts", ".mts", ".m2ts"),
}
"""Endings of file names of each kind of video that is written, the usual one first."""

SOUND_FORMATS = {
    "wav": (".wav", ".wave"),
    "flac": (".flac",),
    "mp3": (".mp3",),
    "m4a": (".m4a", ".m4b"),
    "ogg": (".ogg", ".oga"),
    "opus": (".opus",),
}
"""Endings of file names of each kind of sound file, the usual one first."""

_VIDEO_NAMES = {ending[1:]: name for name, endings in VIDEO_FORMATS.items() for ending in endings}
_SOUND_NAMES = {ending[1:]: name for name, endings in SOUND_FORMATS.items() for ending in endings}
_VIDEO_ENDINGS = frozenset({f".{ending}" for ending in _VIDEO_NAMES} | {".mpg", ".mpeg", ".wmv", ".3gp", ".flv"})
_STARTS = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
}
_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


def format_named(text: str) -> str:
    """Return the name in FORMATS for a name or a file ending, "JPG" or ".jpg" for instance.

    Raises:
        UsageError: No format goes by that name.
    """
    name = _NAMES.get(text.lower().removeprefix("."))
    if name is None:
        raise UsageError(f"Veil does not write the format {text!r}; choose one of {', '.join(FORMATS)}.")
    return name


def media_named(text: str) -> str:
    """Return the name of a picture, video or sound format for a name or a file ending, "jpeg" or "mp4" for instance.

    Raises:
        UsageError: No format goes by that name.
    """
    ending = text.lower().removeprefix(".")
    if ending in _VIDEO_NAMES:
        return _VIDEO_NAMES[ending]
    if ending in _SOUND_NAMES:
        return _SOUND_NAMES[ending]
    if ending in _NAMES:
        return _NAMES[ending]
    names = ", ".join([*FORMATS, *VIDEO_FORMATS, *SOUND_FORMATS])
    raise UsageError(f"Veil does not write the format {text!r}; choose one of {names}.")


def media_extension(format: str) -> str:
    """Return the usual file ending of a picture, video or sound format.

    Raises:
        UsageError: No format goes by that name.
    """
    name = media_named(format)
    endings = {**VIDEO_FORMATS, **SOUND_FORMATS}
    return endings[name][0] if name in endings else extension(name)


def extension(format: str) -> str:
    """Return the usual file ending of a format, ".jpg" for "jpeg".

    Raises:
        UsageError: No format goes by that name.
    """
    return FORMATS[format_named(format)].extensions[0]


def looks_like_picture(path: Path) -> bool:
    """Say from its first bytes whether a file is a picture that Veil reads; its name does not matter.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return sniff(file.read(HEAD_BYTES)) is not None


def is_media(path: Path) -> bool:
    """Say whether a file in a folder is meant: a picture by its first bytes, or a picture or video by its name.

    What only bears such a name will fail and be told, rather than be left out in silence.
    """
    if is_named_like_video(path) or path.suffix.lower()[1:] in _NAMES:
        return True
    try:
        return looks_like_picture(path)
    except OSError:
        return False


def is_named_like_video(path: Path) -> bool:
    """Say whether a file bears the name of a video; what it is shows only from its first bytes."""
    return path.suffix.lower() in _VIDEO_ENDINGS


def is_named_like_sound(path: Path) -> bool:
    """Say whether a file bears the name of a sound file; what it is shows only from its first bytes."""
    return path.suffix.lower()[1:] in _SOUND_NAMES


def sniff(head: bytes) -> str | None:
    """Return the name in FORMATS of the format that a file begins like, or None."""
    for start, name in _STARTS.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "bmp"
    brands = _brands(head)
    if brands & {b"avif", b"avis"}:
        return "avif"
    if brands & _HEIF_BRANDS:
        return "heic"
    return None


def refusal(head: bytes, videos: str = "") -> UnsupportedError:
    """Return the error that says what a file is instead of a picture.

    Args:
        head: Its first bytes.
        videos: Names of the kinds of videos that would have done too.
    """
    if not head:
        what = "The file is empty"
    elif _brands(head) or head[:4] == b"\x1a\x45\xdf\xa3" or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        what = "The file looks like a video, not like a picture"
    elif head[:4] == b"%PDF":
        what = "The file is a PDF document, not a picture"
    else:
        kind = "neither a picture nor a video" if videos else "not a picture"
        what = f"The file is {kind} that Veil reads, or its beginning is damaged"
    titles = ", ".join([*(one.title for one in FORMATS.values()), *([videos] if videos else [])])
    return UnsupportedError(f"{what}; nothing was made from it. Veil reads {titles}.")


def _brands(head: bytes) -> set[bytes]:
    """Return the brands of an ISO media file (HEIC, AVIF, MP4), or an empty set for other files."""
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12]} | {head[at : at + 4] for at in range(16, end - 3, 4)}
