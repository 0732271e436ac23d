"""A few seconds of a track as they are and as they would be, for who wants to hear what a setting does.

Only what lies around them is decoded and listened to; no result is written.
"""

from collections import deque
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from veil import pipeline_sound
from veil.media.sound_reader import Shape
from veil.options import Options
from veil.pipeline_sound import Heard
from veil.types import Step
from veil.voice.activity import Stretch

Samples = NDArray[np.float32]

SECONDS = 10.0
"""How long an excerpt is, unless the track ends before."""

_LEAD = 1.0  # seconds that are heard before the first speech
_AROUND = (
    4.0  # seconds on both sides that are listened to as well, since speech is heard better with what lies around it
)
_PORTION = 30.0  # seconds that are listened to at a time when the first speech is looked for


class Source(Protocol):
    """As pipeline_sound.Source; reading may end early, and whatever reads lets go of the file then."""

    @property
    def shape(self) -> Shape:
        """How its samples are stored."""

    def blocks(self) -> Generator[Samples, None, None]:
        """Give all samples, from the first on, shape (channels, n), float32 from -1 to 1."""


class Excerpt(NamedTuple):
    """A part of a track.

    Attributes:
        start: When it begins, in seconds from the first sample.
        before: As it is, shape (channels, n), float32 from -1 to 1.
        after: The same with something else in place of what was heard.
        stretches: In how many stretches something was heard in it.
    """

    start: float
    before: Samples
    after: Samples
    stretches: int


def first_speech(source: Source, step: Step) -> float | None:
    """Return when an excerpt with the first speech of a track begins, in seconds; None if there is no speech.

    Raises:
        InputError: The sound is damaged.
        DetectorError: The network that listens cannot be loaded.
    """
    rate = source.shape.rate
    with closing(_portions(source, int(_PORTION * rate), int(_AROUND * rate), step)) as portions:
        for start, portion in portions:
            stretches = pipeline_sound.listen_to([portion], rate).stretches
            if stretches:
                return lead_in(start + stretches[0].start, rate)
    return None


def lead_in(sample: int, rate: int) -> float:
    """Return when an excerpt begins that is made for a stretch, in seconds."""
    return max(0.0, sample / rate - _LEAD)


def excerpt(source: Source, options: Options, start: float, step: Step, *, heard: Heard | None = None) -> Excerpt:
    """Return a few seconds of a track, as they are and as they would be.

    Args:
        source: The track.
        options: All settings; those of stage WRITE are used.
        start: When it begins, in seconds from the first sample; nearer to the beginning if the track ends soon after.
        step: Called after each half second that is read; may raise to stop the work.
        heard: Where speech was heard in the whole track; what lies around the excerpt is listened to if not given.

    Raises:
        InputError: The sound is damaged.
        DetectorError: The network that listens cannot be loaded.
    """
    rate = source.shape.rate
    around, length = int(_AROUND * rate), int(SECONDS * rate)
    first = max(0, round(start * rate) - around)
    begin, held = _cut(source, first, first + length + 2 * around, step)
    if heard is None:
        found = pipeline_sound.listen_to([held], rate)
    else:
        found = Heard(_within(heard.stretches, begin, begin + held.shape[1]), held.shape[1])
    found = pipeline_sound.chosen(found, options)
    after = np.concatenate(list(pipeline_sound.changed(_Held(held, source.shape), found, options)), 1)
    at = min(max(0, round(start * rate) - begin), max(0, held.shape[1] - length))
    part = slice(at, at + length)
    inside = _within(found.stretches, at, at + length)
    return Excerpt((begin + at) / rate, held[:, part], after[:, part], len(inside))


class _Held(NamedTuple):
    """Samples that are at hand, as a source."""

    samples: Samples
    shape: Shape

    def blocks(self) -> Iterable[Samples]:
        """Give all of them."""
        return [self.samples]


def _within(stretches: Iterable[Stretch], first: int, stop: int) -> list[Stretch]:
    """Return the parts of stretches between two samples, counted from the first of these."""
    cut = (Stretch(max(one.start, first) - first, min(one.stop, stop) - first) for one in stretches)
    return [one for one in cut if one.start < one.stop]


def _cut(source: Source, first: int, stop: int, step: Step) -> tuple[int, Samples]:
    """Return the samples from ``first`` to before ``stop``, or the last as many if the track ends before; and where."""
    held: deque[Samples] = deque()
    count, at = 0, 0  # how many samples are held, and have been read
    with closing(source.blocks()) as blocks:
        for block in blocks:
            held.append(block)
            count, at = count + block.shape[1], at + block.shape[1]
            while count - held[0].shape[1] >= stop - first:
                count -= held.popleft().shape[1]
            step()
            if at >= stop:
                break
    samples = np.concatenate([np.zeros((source.shape.channels, 0), np.float32), *held], 1)
    begin = min(first, max(0, at - (stop - first)))
    return begin, samples[:, begin - (at - count) :][:, : stop - first]


def _portions(source: Source, length: int, overlap: int, step: Step) -> Generator[tuple[int, Samples], None, None]:
    """Yield a track in parts that overlap, each with the number of its first sample."""
    start, held = 0, [np.zeros((source.shape.channels, 0), np.float32)]
    with closing(source.blocks()) as blocks:
        for block in blocks:
            held.append(block)
            step()
            if sum(each.shape[1] for each in held) >= length:
                part = np.concatenate(held, 1)
                yield start, part
                start, held = start + part.shape[1] - overlap, [part[:, -overlap:]]
    yield start, np.concatenate(held, 1)
