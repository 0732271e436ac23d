"""What makes one result differ from another: the settings that shape it, and nothing else."""

import hashlib
import json
from dataclasses import replace

from veil.errors import UsageError
from veil.jobs.job import Job, Order, Trial, Wish
from veil.media.formats import media_named
from veil.options import AUTO, Options, Stage, settings
from veil.types import Box, Kind, Shape, Style, Voice

LARGEST = 1e6  # as in plans
SOUND = ("voice", "voice_in", "background")
"""Settings that say what becomes of sound."""

MATTER = {
    None: {"style", "color", "strength", "boxes", "format", "quality"},
    Kind.SOUND: {*SOUND, "format"},
}
"""Settings that make a difference to a result, by what it is of; to those of videos, all of them do."""

SHAPING = frozenset({Stage.COVER, Stage.WRITE})


def order_for(options: Options, kind: Kind | None = None) -> Order:
    """Return the order for a result with these settings.

    Args:
        options: All settings.
        kind: What it is of.

    Raises:
        UsageError: The format asked for is not known, or a sound file would be as it is or empty.
    """
    if kind is Kind.SOUND and not options.alters_sound:
        raise UsageError(
            f"With voice={options.voice}, a sound file would be "
            + ("the same file" if options.voice == Voice.KEEP else "empty")
            + "; nothing was made. Choose voice=beep, voice=disguise, or voice=mute with voice_in=speech."
        )
    options = replace(options, format=media_named(options.format)) if options.format else options
    if kind is Kind.SOUND:
        options = replace(options, verify=False)  # there is nothing to be seen
    return Order(_key(_only_what_matters(options, kind)), options)


def wish_for(frame: int, box: Box, shape: str, job: Job) -> Wish:
    """Return the wish to have an area followed through a video.

    Args:
        frame: Number of the frame in which it was drawn.
        box: The area, in pixels.
        shape: Its outline.
        job: The video, looked at.

    Raises:
        UsageError: There is no such frame, area or outline.
    """
    assert job.picture is not None  # it has been looked at
    if not 0 <= frame < job.picture.frames:
        raise UsageError(f"There is no frame {frame} in this video; nothing was done.")
    if shape not in (Shape.ELLIPSE, Shape.BOX):
        raise UsageError(f"{shape!r} is no outline of an area that can be followed; choose ellipse or box.")
    picture = Box(0, 0, job.picture.width, job.picture.height)
    if not (box.width > 0 and box.height > 0 and _meet(box, picture)):
        raise UsageError("The area is empty, turned inside out or not in the picture; nothing was done.")
    values = [frame, *map(float, box), shape]
    key = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]
    return Wish(key, frame, box, Shape(shape))


def _meet(box: Box, picture: Box) -> bool:
    inside = all(abs(side) < LARGEST for side in box)
    return inside and box.left < picture.right and box.right > 0 and box.top < picture.bottom and box.bottom > 0


def with_shaping(options: Options, new: Options) -> Options:
    """Return settings with those replaced that shape a result."""
    return replace(options, **{name: getattr(new, name) for name in _shaping()})


def _key(options: Options) -> str:
    values = {name: getattr(options, name) for name in _shaping()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _shaping() -> list[str]:
    return [name for name, setting in settings().items() if setting.stage in SHAPING]


def trial_for(options: Options, at: float | None) -> Trial:
    """Return the wish to hear a few seconds before and after.

    Args:
        options: All settings.
        at: Where they begin, in seconds; None around the first speech.

    Raises:
        UsageError: There is no such place, or nothing would be altered.
    """
    if at is not None and not 0 <= at < LARGEST:
        raise UsageError("The place does not lie in the sound; nothing was made.")
    if not options.alters_sound:
        raise UsageError("These settings leave nothing altered that could be listened to; nothing was made.")
    values = [at, *(getattr(options, name) for name in SOUND)]
    return Trial(hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32], options, at)


def _only_what_matters(options: Options, kind: Kind | None) -> Options:
    """Return settings that differ only if the results do."""
    if kind is not Kind.VIDEO:
        matter = MATTER.get(kind, MATTER[None])
        options = replace(options, **{name: getattr(Options, name) for name in _shaping() if name not in matter})
    if options.voice_in == AUTO:
        options = replace(options, voice_in="everywhere" if options.voice == Voice.MUTE else "speech")
    if options.voice == Voice.KEEP or options.voice_in == "everywhere":
        options = replace(options, background=Options.background)
    if options.voice == Voice.KEEP:
        options = replace(options, voice_in=AUTO)
    if options.style != Style.SOLID:
        options = replace(options, color=Options.color)
    if options.style in (Style.SOLID, Style.VEIL):
        options = replace(options, strength=Options.strength)
    return options
