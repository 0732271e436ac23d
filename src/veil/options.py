"""Every setting, said once: the command line's flags, the studio's form and the docs are made from this table."""

import hashlib
import json
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from veil.errors import UsageError
from veil.types import Area, Background, Box, Drawing, Profile, Shape, Style, Voice

AUTO = "auto"


class Stage(StrEnum):
    """The step of the flow that a setting belongs to."""

    READ = "read"
    FIND = "find"
    COVER = "cover"
    WRITE = "write"
    CHECK = "check"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is to be said about one setting besides its default.

    Attributes:
        stage: The step that uses it.
        help: One plain sentence.
        parse: Turns text into a value; raises ValueError with the reason where it cannot.
        metavar: What stands for the value in help texts.
        choices: The only values allowed, if they can be listed.
        low: Smallest number allowed.
        high: Largest number allowed.
        repeats: Whether it can be given several times.
    """

    stage: Stage
    help: str
    parse: Callable[[str], Any]
    metavar: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    repeats: bool = False


def parse_color(text: str) -> tuple[int, int, int]:
    """Return (red, green, blue), 0 to 255, from six hexadecimal digits with or without a leading #."""
    digits = text.removeprefix("#")
    if len(digits) != 6 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise ValueError("is not a colour; give six hexadecimal digits, such as ff00ff")
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


FOLLOW = "follow"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_TIME = r"(?:\d{1,4}:)?\d{1,2}:\d{1,2}(?:\.\d{1,6})?|\d{1,7}(?:\.\d{1,6})?"
_REGION = re.compile(
    rf"(?P<box>{_NUMBER}(?:,{_NUMBER}){{3}})"
    rf"(?:@(?:(?P<drawn>{_TIME}),{FOLLOW}|(?P<start>{_TIME})?-(?P<stop>{_TIME})?))?",
    re.ASCII,
)


def parse_region(text: str) -> Box | Drawing:
    """Return an area from LEFT,TOP,RIGHT,BOTTOM in pixels of the upright picture, perhaps with times.

    @START-END behind it says when it is covered; either of the two may be left out. @TIME,follow says that what is in
    it at that time is followed. Times are seconds, minutes:seconds or hours:minutes:seconds from the first frame.
    """
    parts = _REGION.fullmatch(text.replace(" ", ""))
    if parts is None:
        raise ValueError(
            "is not an area; give four numbers: LEFT,TOP,RIGHT,BOTTOM, and for videos perhaps @START-END or"
            f" @TIME,{FOLLOW} behind them"
        )
    start, stop = (_seconds(parts[name]) for name in ("drawn" if parts["drawn"] else "start", "stop"))
    drawing = Drawing(Box(*map(float, parts["box"].split(","))), start, stop, follows=parts["drawn"] is not None)
    problem = _wrong(drawing)
    if problem:
        raise ValueError(f"is not an area; {problem}")
    return drawing if "@" in text else drawing.box


def _seconds(text: str | None) -> float | None:
    """Return seconds from a time such as 12.5, 1:30 or 1:02:03; None from none."""
    if text is None:
        return None
    seconds = 0.0
    for part in text.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def _wrong(drawing: Drawing) -> str | None:
    """Return what is wrong with an area, or None."""
    box, start, stop, follows = drawing
    if not all(-1e6 < side < 1e6 for side in box) or box.width <= 0 or box.height <= 0:
        return "RIGHT must be more than LEFT and BOTTOM more than TOP"
    if any(time is not None and not 0 <= time < math.inf for time in (start, stop)):
        return "times must not be negative"
    if follows and (start is None or stop is not None):
        return "what is followed needs the time at which it was drawn, and no end"
    if start is not None and stop is not None and stop <= start:
        return "END must be later than START"
    return None


def _setting(default: Any, stage: Stage, help: str, **more: Any) -> Any:
    about = Setting(stage, help, more.pop("parse", str), **more)
    return field(default=default, metadata={"setting": about})


@dataclass(frozen=True, kw_only=True)
class Options:
    """All settings of a run. Values are checked when made.

    Raises:
        UsageError: A value is not allowed.
    """

    profile: str = _setting(
        "balanced", Stage.FIND, "How hard to look: thorough finds more and takes longer.", choices=tuple(Profile)
    )
    min_size: float = _setting(
        0.0,
        Stage.FIND,
        "Leave faces visible that are lower than this many pixels; 0 covers every face.",
        parse=float,
        metavar="PX",
        low=0,
        high=10_000,
    )
    area: str = _setting(
        "face", Stage.FIND, "How much to cover: the face, or the head with hair and ears.", choices=tuple(Area)
    )
    shape: str = _setting("ellipse", Stage.FIND, "Outline of the covered area.", choices=(Shape.ELLIPSE, Shape.BOX))
    grow: float = _setting(
        1.3,
        Stage.FIND,
        "Size of the covered area beside the face that was found, from brow to chin.",
        parse=float,
        metavar="FACTOR",
        low=1.0,
        high=4.0,
    )
    region: tuple[Box | Drawing, ...] = _setting(
        (),
        Stage.FIND,
        "Also cover this area, in pixels of the upright picture, in every frame or page; where it lies beside"
        " the picture, the file fails. Of a video or animation,"
        " @START-END behind it covers it during that time only; either of the two may be left out. @TIME,follow covers"
        " what is in it at that time, and follows it forwards and backwards as far as its shot goes. Times are seconds,"
        " m:ss or h:mm:ss.",
        parse=parse_region,
        metavar="LEFT,TOP,RIGHT,BOTTOM[@WHEN]",
        repeats=True,
    )
    max_megapixels: float = _setting(
        200.0,
        Stage.READ,
        "Refuse larger pictures before memory is taken for them; the frames of an animation count together, those of"
        " a video one by one.",
        parse=float,
        metavar="MP",
        low=0.01,
        high=4000,
    )
    style: str = _setting(
        "veil",
        Stage.COVER,
        "What covers a face. veil and solid keep nothing of it; gaussian and mosaic look softer"
        " but a trained program can still tell who it is.",
        choices=tuple(Style),
    )
    color: tuple[int, int, int] = _setting(
        (0, 0, 0), Stage.COVER, "Colour of style solid.", parse=parse_color, metavar="RRGGBB"
    )
    strength: float = _setting(
        1.0,
        Stage.COVER,
        "How much stronger gaussian blurs and how much larger the cells of mosaic are. veil and solid keep nothing"
        " of a face at any strength.",
        parse=float,
        metavar="FACTOR",
        low=0.5,
        high=4.0,
    )
    boxes: bool = _setting(False, Stage.COVER, "Draw a green box around each covered area into the result.", parse=bool)
    format: str = _setting(
        "",
        Stage.WRITE,
        "File format of the result, such as png, jpg or mp4; the input's own if not given.",
        metavar="EXT",
    )
    quality: int = _setting(
        90,
        Stage.WRITE,
        "Quality of JPEG, videos and other lossy formats, 1 to 100.",
        parse=int,
        metavar="N",
        low=1,
        high=100,
    )
    voice: str = _setting(
        "mute",
        Stage.WRITE,
        "Voices in a video or sound file: mute leaves the sound out, keep leaves it as it is, voices too, beep puts a"
        " tone over speech, disguise has another voice say the words. disguise is meant to hide who it was from people"
        " who listen; a trained program can still tell.",
        choices=tuple(Voice),
    )
    voice_in: str = _setting(
        AUTO,
        Stage.WRITE,
        "Where the sound is changed: where speech is heard, or everywhere. auto is everywhere for mute, and in speech"
        " for beep and disguise. Speech that is not noticed stays as it was.",
        choices=(AUTO, "speech", "everywhere"),
    )
    background: str = _setting(
        "keep",
        Stage.WRITE,
        "What becomes of music and noise outside speech: they are kept, made quieter, or left out.",
        choices=tuple(Background),
    )
    codec: str = _setting(
        AUTO,
        Stage.WRITE,
        "How the frames of a video are stored; auto takes the usual way of its format.",
        choices=(AUTO, "h264", "hevc", "vp9", "av1"),
    )
    preset: str = _setting(
        "medium",
        Stage.WRITE,
        "How much time the encoder of a video takes: faster ones make larger files.",
        choices=("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"),
    )
    subtitles: bool = _setting(False, Stage.WRITE, "Keep the subtitles of a video; they may name people.", parse=bool)

    verify: bool = _setting(
        False,
        Stage.CHECK,
        "Look again at each result before it is given out. Where a face may still show, it is withheld and the places"
        " are named; on the command line it is kept aside as NAME.withheld.jpg, and the exit code is 3.",
        parse=bool,
    )
    release: bool = _setting(
        False,
        Stage.RELEASE,
        "With verify, name the places but give the result out all the same.",
        parse=bool,
    )

    def __post_init__(self) -> None:
        for name, setting in settings().items():
            _check(name, getattr(self, name), setting)
        for drawing in self.drawings:
            problem = _wrong(drawing)
            if problem:
                raise UsageError(f"region: {tuple(drawing.box)} is not an area; {problem}; nothing was done.")

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """The areas of ``region``, each with its times."""
        return tuple(each if isinstance(each, Drawing) else Drawing(each) for each in self.region)

    @property
    def max_pixels(self) -> int:
        """The limit on a picture's size in pixels."""
        return int(self.max_megapixels * 1_000_000)

    @property
    def alters_sound(self) -> bool:
        """Whether sound is kept with something changed in it, rather than left out or kept as it is."""
        if self.voice == Voice.MUTE:
            return self.voice_in == "speech"
        return self.voice != Voice.KEEP

    def digest(self) -> str:
        """Return SHA-256, in hexadecimal, over the settings that shape a plan."""
        shaping = {name: getattr(self, name) for name, setting in settings().items() if setting.stage is Stage.FIND}
        shaping["region"] = self.drawings
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


@cache
def settings() -> Mapping[str, Setting]:
    """Return what is to be said about each field of Options, by name, in order."""
    return MappingProxyType({each.name: each.metadata["setting"] for each in fields(Options)})


def parse(texts: Mapping[str, str | list[str]], options: Options | None = None) -> Options:
    """Return options with some of them replaced by values read from text, as from a form or a query.

    Args:
        texts: Values by name of the setting; a list for settings that repeat.
        options: Where the others come from; the defaults if not given.

    Raises:
        UsageError: A name is unknown or a value is not allowed.
    """
    known = settings()
    values = {}
    for name, text in texts.items():
        if name not in known:
            raise UsageError(f"There is no setting called {name!r}; nothing was done.")
        values[name] = _parse_one(name, text, known[name])
    return replace(options or Options(), **values)


def _parse_one(name: str, text: str | list[str], setting: Setting) -> Any:
    try:
        if setting.parse is bool:
            return {"true": True, "false": False}[str(text).lower()]
        if setting.repeats:
            return tuple(setting.parse(each) for each in ([text] if isinstance(text, str) else text))
        return setting.parse(str(text))
    except KeyError:
        raise UsageError(f"{name}: {text!r} is neither true nor false; nothing was done.") from None
    except ValueError as error:
        reason = str(error) if setting.parse in (parse_color, parse_region) else "is not a number"
        raise UsageError(f"{name}: {text!r} {reason}; nothing was done.") from None


def _check(name: str, value: Any, setting: Setting) -> None:
    if setting.choices and value not in setting.choices:
        raise UsageError(f"{name}: {value!r} is not one of {', '.join(setting.choices)}; nothing was done.")
    if setting.low is not None and setting.high is not None and not setting.low <= value <= setting.high:
        shown = f"{value:g}" if abs(value) < sys.float_info.max else "that number"  # an int may be too large to show
        raise UsageError(f"{name}: {shown} is not between {setting.low:g} and {setting.high:g}; nothing was done.")
