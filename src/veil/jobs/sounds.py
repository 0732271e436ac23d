"""What is done with sound: listening to files, a copy to listen to, and a few seconds before and after."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from veil import pipeline_excerpt, pipeline_sound
from veil.errors import TooLargeError, UsageError
from veil.jobs import disk
from veil.jobs.folder import JobFolder
from veil.jobs.job import Talk, Trial
from veil.jobs.progress import Progress
from veil.jobs.reels import Reel
from veil.media.sound import Samples, Sound
from veil.media.sound_reader import Shape
from veil.media.sound_writer import write_sound
from veil.options import Options
from veil.pipeline_excerpt import Excerpt
from veil.pipeline_sound import Heard
from veil.types import Altered, Step
from veil.voice.activity import Stretch

PEAKS = 600
"""How many numbers tell how loud a sound file is when."""

BLOCK_SECONDS = 0.5  # that are worked through in one step


@dataclass(frozen=True, slots=True)
class Hearing:
    """What listening to a sound file told.

    Attributes:
        rate: Samples a second.
        heard: Where speech is, in samples.
        peaks: How loud the loudest sample is in each of as many equal parts, 0 to 1.
    """

    rate: int
    heard: Heard
    peaks: tuple[float, ...]


def read_hearing(folder: JobFolder) -> Hearing:
    """Return what listen() has written.

    Raises:
        NoSuchPhotoError: It is gone, with the sound.
    """
    with folder.unless_gone():
        values = json.loads(folder.hearing.read_bytes())
    stretches = [Stretch(*each) for each in values["stretches"]]
    return Hearing(values["rate"], Heard(stretches, values["samples"]), tuple(values["peaks"]))


def steps_of(sound: Sound) -> int:
    """Return in about how many steps a sound file is worked through once."""
    return round((sound.facts.seconds or 0) / BLOCK_SECONDS)


def listen(folder: JobFolder, sound: Sound, progress: Progress, limit: float) -> Hearing:
    """Find out where speech is, and make a copy to listen to; each unless it is there.

    Raises:
        InputError: The sound is damaged.
        TooLargeError: It is longer than ``limit``, in seconds.
        DetectorError: The network that listens cannot be loaded.
        NoSpaceError: The disk is full.
        OutputError: The copy cannot be written.
    """
    rate = sound.shape.rate
    if not folder.hearing.exists():
        loud: list[float] = []
        heard = pipeline_sound.listen_to(_measured(_limited(sound, progress, limit), loud), rate)
        values = {"rate": rate, "samples": heard.samples, "stretches": heard.stretches, "peaks": _shortened(loud)}
        with folder.unless_gone():
            disk.write_whole(folder.hearing, json.dumps(values).encode())
    if not folder.listening.exists():
        mixed, shape = _mixed(_limited(sound, progress, limit)), Shape(rate, "mono", 1, "s16")
        with _made(folder, folder.listening) as file:
            sound.write(mixed, file, format="mp3", shape=shape)
    return read_hearing(folder)


def talk_of(sound: Sound, hearing: Hearing) -> Talk:
    """Return what is to be told of a sound file."""
    spoken = sum(stop - start for start, stop in hearing.heard.stretches) / hearing.rate
    return Talk(
        sound.facts.container,
        sound.facts.sha256,
        hearing.rate,
        sound.shape.channels,
        round(hearing.heard.samples / hearing.rate, 3),
        len(hearing.heard.stretches),
        round(spoken, 1),
        sound.facts.dropped,
    )


def to_alter(folder: JobFolder, options: Options) -> Altered:
    """Return what a report says of a result that has not been made."""
    hearing = read_hearing(folder)
    shape = Shape(hearing.rate, "", 0, "")
    return pipeline_sound.told([(shape, pipeline_sound.chosen(hearing.heard, options))], options)


def try_out(folder: JobFolder, medium: Sound | Reel, trial: Trial, step: Step) -> Trial:
    """Make a few seconds before and after, and return the trial as one that is ready.

    Raises:
        InputError: The sound is damaged.
        UsageError: The video or animation has no sound.
        DetectorError: The network that listens cannot be loaded.
        NoSpaceError: The disk is full.
        OutputError: They cannot be written.
    """
    made, shape = _tried(folder, medium, trial, step)
    for which, samples in (("before", made.before), ("after", made.after)):
        few = samples if len(samples) <= 2 else samples.mean(0, keepdims=True)
        small = Shape(shape.rate, ("mono", "stereo")[len(few) - 1], len(few), "s16")
        with _made(folder, folder.trial(trial.key, which)) as file:
            write_sound([few], small, file, format="wav")
    return replace(trial, start=round(made.start, 3), stretches=made.stretches)


def _tried(folder: JobFolder, medium: Sound | Reel, trial: Trial, step: Step) -> tuple[Excerpt, Shape]:
    options = trial.options
    if isinstance(medium, Sound):
        hearing = read_hearing(folder)
        first = hearing.heard.stretches[0].start if hearing.heard.stretches else 0
        at = pipeline_excerpt.lead_in(first, hearing.rate) if trial.at is None else trial.at
        return pipeline_excerpt.excerpt(medium, options, at, step, heard=hearing.heard), medium.shape
    tracks = medium.sounds()
    if not tracks:
        raise UsageError("The video has no sound; nothing was made.")
    track = tracks[0]
    if trial.at is None:
        at = pipeline_excerpt.first_speech(track, step) or 0.0
    else:
        at = max(0.0, trial.at - float(track.start))
    made = pipeline_excerpt.excerpt(track, options, at, step)
    return made._replace(start=made.start + float(track.start)), track.shape


def _limited(sound: Sound, progress: Progress, limit: float) -> Iterator[Samples]:
    count = 0
    with closing(sound.blocks()) as blocks:
        for block in blocks:
            count += block.shape[1]
            if count > limit * sound.shape.rate:
                raise TooLargeError(
                    f"The sound is longer than {limit / 3600:g} hours, which is the limit; nothing was made from it."
                )
            yield block
            progress.step()


def _measured(blocks: Iterator[Samples], loud: list[float]) -> Iterator[Samples]:
    for block in blocks:
        parts = np.array_split(np.abs(block).max(0), min(block.shape[1], 10))
        loud += [round(float(part.max()), 3) for part in parts]
        yield block


def _shortened(loud: list[float]) -> list[float]:
    parts = np.array_split(np.array(loud), min(len(loud), PEAKS)) if loud else []
    return [min(1.0, float(part.max())) for part in parts]


def _mixed(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Yield all channels as one."""
    for block in blocks:
        yield block.mean(0, keepdims=True)


@contextmanager
def _made(folder: JobFolder, target: Path) -> Iterator[BinaryIO]:
    """Give a file that is there, whole, once the block has ended well."""
    with folder.unless_gone(), disk.aside(folder.path) as path:
        with disk.new_file(path) as file:
            yield file
        path.replace(target)
