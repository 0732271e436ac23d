"""The whole flow of sound: listen for speech, then put something else in its place.

Sound is read twice, once to listen and once to change it, half a second at a time. What is drawn for a disguise comes
from the operating system's randomness, is used here and forgotten: it stands in no plan, report or log.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from veil import report as reports
from veil.errors import InputError, UsageError
from veil.files import sha256_of, write_aside
from veil.media.formats import SOUND_FORMATS, media_named
from veil.media.sound import Sound
from veil.media.sound_formats import check_format
from veil.media.sound_reader import Shape
from veil.models import WEIGHTS
from veil.options import Options
from veil.types import Altered, Background, Facts, Kind, Report, Step, Voice
from veil.voice.activity import Stretch, find_speech
from veil.voice.beep import Beep, Silence
from veil.voice.disguise import Disguise
from veil.voice.edit import Change, edit
from veil.voice.network import SpeechNetwork

Samples = NDArray[np.float32]

_EVERYWHERE = "everywhere"
_BACKGROUND = {Background.KEEP: 1.0, Background.LOWER: 0.1, Background.MUTE: 0.0}


class Source(Protocol):
    """Sound that can be read several times."""

    @property
    def shape(self) -> Shape:
        """How its samples are stored."""

    def blocks(self) -> Iterable[Samples]:
        """Give all samples, from the first on, shape (channels, n), float32 from -1 to 1."""


class Heard(NamedTuple):
    """Where a track is to be changed, and how many samples it has."""

    stretches: list[Stretch]
    samples: int


def target_of(sound: Sound, options: Options) -> str:
    """Return the format that a sound file is to be written as, a key of SOUND_FORMATS.

    Raises:
        UsageError: The settings do not fit each other or the sound.
    """
    if not options.alters_sound:
        raise UsageError(
            f"A sound file with --voice {options.voice} would be "
            + ("the same file" if options.voice == Voice.KEEP else "empty")
            + "; nothing was written.\nSay what to do with the voices in it: --voice beep puts a tone over them, "
            "--voice disguise changes them, --voice mute --voice-in speech leaves silence."
        )
    format = media_named(options.format) if options.format else sound.facts.container
    if format not in SOUND_FORMATS:
        raise UsageError(
            f"A sound file cannot be written as {format}; nothing was written. "
            f"Choose one of {', '.join(SOUND_FORMATS)}."
        )
    check_format(format, channels=sound.shape.channels)
    return format


def anonymise_file(
    sound: Sound,
    target: Path,
    options: Options,
    step: Step = lambda: None,
    *,
    overwrite: bool = False,
    done: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Write a sound file with the voices in it changed; nothing is begun that the settings do not allow.

    ``done`` hears of it before the file gets its name. Errors are those of anonymise() and write_aside().
    """
    target_of(sound, options)
    with write_aside(target, overwrite=overwrite) as stream:
        report = anonymise(sound, stream, options, step)
        done(report)
        return report


def anonymise(
    sound: Sound, stream: BinaryIO, options: Options, step: Step = lambda: None, *, heard: Heard | None = None
) -> Report:
    """Write a sound file with the voices in it changed.

    Args:
        sound: An open sound file.
        stream: Where the file is written. What it holds after an error must be thrown away.
        options: All settings; those of stage WRITE are used.
        step: Called after each half second, when it is listened to and when it is written; may raise to stop the work.
        heard: Where speech was heard in it before; it is listened to if not given.

    Raises:
        InputError: The sound is damaged, or is not the one that was listened to.
        UsageError: The settings do not fit each other or the sound.
        DetectorError: The network that listens cannot be loaded.
        OutputError: The file cannot be written.
    """
    format = target_of(sound, options)
    heard = listen(sound, options, step) if heard is None else chosen(heard, options)
    written = sound.write(changed(sound, heard, options, step), stream, format=format)
    facts = facts_of(sound)
    dropped = sound.facts.dropped
    if written.rate < sound.shape.rate:
        dropped = (*dropped, f"what is above {written.rate // 2000} kHz")
    altered = told([(sound.shape, heard)], options)
    return reports.sound_report(facts, sha256_of(stream), dropped=dropped, altered=altered)


def facts_of(sound: Sound) -> Facts:
    """Return what a report says of a sound file."""
    return Facts(sound.facts.container, Kind.SOUND, 0, 0, 0, sound.facts.sha256)


def listen(source: Source, options: Options, step: Step) -> Heard:
    """Return where a track is to be changed. Errors are those of anonymise()."""
    blocks = _stepping(source.blocks(), step)
    if options.voice_in == _EVERYWHERE:
        return chosen(Heard([], sum(block.shape[1] for block in blocks)), options)
    return listen_to(blocks, source.shape.rate)


def listen_to(blocks: Iterable[Samples], rate: int) -> Heard:
    """Return where speech is in some sound, of so many samples a second. Errors are those of anonymise()."""
    return Heard(*find_speech(blocks, rate, SpeechNetwork(WEIGHTS["silero"])))


def chosen(heard: Heard, options: Options) -> Heard:
    """Return where a track is to be changed in which speech was heard somewhere."""
    if options.voice_in != _EVERYWHERE:
        return heard
    return Heard([Stretch(0, heard.samples)] if heard.samples else [], heard.samples)


def changed(source: Source, heard: Heard, options: Options, step: Step = lambda: None) -> Iterator[Samples]:
    """Yield a track, from the first sample to the last, with something else in place of what was heard.

    Raises:
        InputError: The track is damaged, or is not the one that was listened to.
    """
    blocks = _stepping(_as_long(source.blocks(), heard.samples), step)
    rate = source.shape.rate
    background = _BACKGROUND[Background(options.background)]
    return edit(blocks, rate, heard.stretches, _change(options.voice, rate), background=background)


def told(tracks: Iterable[tuple[Shape, Heard]], options: Options) -> Altered:
    """Return what a report says of changed tracks."""
    lengths = [(stop - start) / shape.rate for shape, heard in tracks for start, stop in heard.stretches]
    return Altered(options.voice, len(lengths), round(sum(lengths), 1))


def _change(voice: str, rate: int) -> Change:
    if voice == Voice.BEEP:
        return Beep(rate)
    return Disguise(rate, secrets.SystemRandom()) if voice == Voice.DISGUISE else Silence()


def _stepping(blocks: Iterable[Samples], step: Step) -> Iterator[Samples]:
    for block in blocks:
        yield block
        step()


def _as_long(blocks: Iterable[Samples], count: int) -> Iterator[Samples]:
    """Pass blocks on, and refuse sound that has another length than before: it may have changed at any place."""
    for block in blocks:
        count -= block.shape[1]
        yield block
    if count:
        raise InputError("The sound had another length than before; nothing was made from it.")
