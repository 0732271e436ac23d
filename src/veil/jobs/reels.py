"""What the studio shows in motion: videos and animations, seen as one kind of thing.

All that decodes raises InputError if the file is damaged.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Protocol

from veil import pipeline_picture, pipeline_video
from veil.jobs.job import Film, Wish
from veil.media.animation import UNIT, shown_for, timed
from veil.media.image import Picture
from veil.media.sound_tracks import TrackSound
from veil.media.video import Video, VideoFrame
from veil.types import Facts, Frame, Pixels, Region, Step


class Shot(Protocol):
    """One frame."""

    @property
    def index(self) -> int:
        """Its number, from 0."""

    @property
    def pts(self) -> int:
        """When it is shown, in units of its reel."""

    @property
    def duration(self) -> Fraction:
        """How long it is shown, in seconds; 0 where the file does not say."""

    @property
    def pixels(self) -> Pixels:
        """RGB, shape (H, W, 3), uint8, as people see it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    index: int
    pts: int
    duration: Fraction
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class VideoReel:
    """An open video.

    Attributes:
        medium: The video.
    """

    medium: Video

    @property
    def unit(self) -> Fraction:
        """Of the times of frames, in seconds."""
        return self.medium.facts.time_base

    @property
    def estimated(self) -> int:
        """How many frames it says it has, or seems to have; 0 if nothing tells."""
        facts = self.medium.facts
        return facts.frames or round((facts.duration or 0) * (facts.rate or 0))

    def film(self) -> Film:
        """Return what is known of it before its frames are counted."""
        facts = self.medium.facts
        seconds = None if facts.duration is None else round(float(facts.duration), 3)
        return Film(facts.width, facts.height, seconds, len(facts.sound), len(facts.subtitles))

    def facts(self, frames: int) -> Facts:
        """Return what its plan says of it, once its frames are counted."""
        return pipeline_video.facts_of(self.medium, frames=frames)

    def sounds(self) -> Sequence[TrackSound]:
        """Return its sound tracks. Errors are those of sounds_of()."""
        return self.medium.sounds()

    def screen(self, stream: BinaryIO, seen: Callable[[Shot], None]) -> None:
        """Write a small copy to look at, and show somebody its frames. Errors are those of write_screening()."""

        def frames() -> Generator[VideoFrame, None, None]:
            with closing(self.medium.frames()) as decoded:
                for frame in decoded:
                    seen(frame)
                    yield frame

        self.medium.write_screening(frames(), stream)

    def follow(self, wish: Wish, pts: Sequence[int], step: Step) -> Region:
        """Return the region of an area that is to be followed.

        Args:
            wish: The area.
            pts: When each frame is shown.
            step: Called after each frame that is read; may raise to stop the work.

        Raises:
            UsageError: The area lies outside of the picture.
        """
        return pipeline_video.follow(self.medium, wish.frame, wish.box, shape=wish.shape, pts=pts, step=step)


@dataclass(frozen=True, slots=True)
class AnimationReel:
    """An open animation, to be asked what a video is asked.

    It can be decoded from its beginning only, so a small picture of each frame is kept: a still.

    Attributes:
        medium: The animation.
    """

    medium: Picture

    @property
    def unit(self) -> Fraction:
        """As for a video."""
        return UNIT

    @property
    def estimated(self) -> int:
        """As for a video."""
        return self.medium.facts.frames

    def film(self) -> Film:
        """As for a video; how long it is shows only once its frames were decoded."""
        return Film(self.medium.facts.width, self.medium.facts.height, None, 0, 0)

    def facts(self, frames: int) -> Facts:
        """As for a video."""
        return self.medium.facts

    def sounds(self) -> Sequence[TrackSound]:
        """As for a video: none."""
        return ()

    def screen(self, stream: BinaryIO, seen: Callable[[Shot], None]) -> None:
        """As for a video; where a frame is transparent, it is shown before middle grey."""

        def frames() -> Generator[Frame, None, None]:
            for pts, frame in timed(self.medium.frames()):
                pixels = pipeline_picture.as_seen(frame)
                duration = shown_for(frame)
                seen(_Seen(frame.index, pts, duration, pixels))
                yield Frame(pixels, None, frame.index, duration)

        self.medium.write_screening(frames(), stream)

    def follow(self, wish: Wish, pts: Sequence[int], step: Step) -> Region:
        """As for a video."""
        return pipeline_picture.follow(self.medium, wish.frame, wish.box, shape=wish.shape, step=step)


Reel = VideoReel | AnimationReel
