"""The values that travel through Veil: frozen, made of numbers and numpy arrays, without behaviour.

Boxes are (left, top, right, bottom) in pixels, floats, half-open: a box from 0 to 10 holds ten pixels. Pictures are
(height, width, 3) upright RGB. Times are rational seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""A picture, shape (height, width, 3), RGB, dtype uint8 (or uint16 where a file holds 16 bits a channel)."""


Step = Callable[[], None]
"""What is called after each frame or page of a work that takes long; it may raise to stop that."""


class Box(NamedTuple):
    """A rectangle in pixels, half-open; it may reach over the edge of its picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Right minus left, in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Bottom minus top, in pixels."""
        return self.bottom - self.top


class Point(NamedTuple):
    """A place in a picture, in pixels."""

    x: float
    y: float


class Drawing(NamedTuple):
    """An area that a person gives: where it is, and when in a video or animation.

    Attributes:
        box: Where, in pixels of the upright picture.
        start: When it begins, in seconds from the first frame; None from the first frame on. If it is followed, when it
            was drawn.
        stop: When it ends, in seconds from the first frame; None with the last frame.
        follows: Whether what is in the area is followed from ``start`` on, forwards and backwards, as far as its shot
            goes.
    """

    box: Box
    start: float | None = None
    stop: float | None = None
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Detection:
    """One face as a detector saw it.

    Attributes:
        box: The face from brow to chin and cheek to cheek.
        score: How sure the detector is, 0 to 1.
        source: Name of the detector.
        points: Right eye, left eye, nose tip, right and left corner of the mouth (the person's right, so the left of
            the picture), or empty where the model gives none.
    """

    box: Box
    score: float
    source: str
    points: tuple[Point, ...] = ()


class Shape(StrEnum):
    """The outline of a region."""

    ELLIPSE = "ellipse"
    BOX = "box"
    POLYGON = "polygon"  # drawn freehand; found faces never have it


class Area(StrEnum):
    """How much of a person a found face stands for."""

    FACE = "face"
    HEAD = "head"


class State(StrEnum):
    """What is done with a region."""

    COVERED = "covered"  # found, will be covered
    KEPT = "kept"  # found, left visible because a person said so
    SUGGESTED = "suggested"  # found with a low score, left visible until a person looks
    DRAWN = "drawn"  # added by a person, will be covered


class Reason(StrEnum):
    """Why a person had a region covered, or left visible."""

    BYSTANDER = "bystander"  # did not mean to be in the picture
    CHILD = "child"
    PATIENT = "patient"
    WITNESS = "witness"  # or victim, or source
    STAFF = "staff"
    CONSENT = "consent-given"  # agreed to be shown
    PUBLIC_FIGURE = "public-figure"
    NOT_A_FACE = "not-a-face"
    OTHER = "other"


class Style(StrEnum):
    """What covers a region."""

    VEIL = "veil"  # filled from its surroundings; nothing of the face is left
    GAUSSIAN = "gaussian"  # blurred; weak
    MOSAIC = "mosaic"  # coarse cells; weak
    SOLID = "solid"  # one colour; nothing of the face is left


class Profile(StrEnum):
    """How hard to look."""

    FAST = "fast"
    BALANCED = "balanced"
    THOROUGH = "thorough"


class Voice(StrEnum):
    """What is done with voices in the sound of a video or sound file."""

    MUTE = "mute"  # nothing is left of them
    KEEP = "keep"  # they stay as they are
    BEEP = "beep"  # a tone instead; nothing is left of them
    DISGUISE = "disguise"  # another voice says the words; a trained program can still tell who it was


class Background(StrEnum):
    """What is done with sound outside speech."""

    KEEP = "keep"
    LOWER = "lower"
    MUTE = "mute"


class Span(NamedTuple):
    """A run of frames or pages, numbered from 0, half-open."""

    first: int
    stop: int


class Key(NamedTuple):
    """A box in one frame. Between two of them each side goes straight."""

    frame: int
    box: Box


@dataclass(frozen=True, slots=True)
class Region:
    """One area of a picture and what is to be done with it.

    Attributes:
        box: The whole area that is covered: the face and what was added around it. For a polygon, its bounding box.
        shape: Outline of the area within ``box``.
        state: What is done with it.
        score: How likely it is a face, 0 to 1; None for drawn areas.
        source: Names of the detectors that saw it, joined by "+"; "user" for drawn areas.
        face: The face alone, from brow to chin, with the margin by which looks at it differ; None for drawn areas.
        points: As in Detection.
        frames: The frames or pages in which the area lies; None for all of them.
        outline: Vertices of a polygon, 3 to 500, in pixels of the upright picture, closed by itself; may cross itself,
            and all that it goes around is inside. Empty for other shapes.
        keys: Where an area is that moves, from the first of ``frames`` to the last: the whole area, as ``box`` says it
            of one that stays. ``box`` then is the one around all places, and ``face`` the one around all faces.
        track: Number of the face that was followed through a video; None for others.
        doubtful: Frames in which a followed face is covered though it was not seen when looked for.
        reason: Why a person decided so; None where nobody said.
    """

    box: Box
    shape: Shape
    state: State
    score: float | None
    source: str
    face: Box | None = None
    points: tuple[Point, ...] = ()
    frames: Span | None = None
    outline: tuple[Point, ...] = ()
    keys: tuple[Key, ...] = ()
    track: int | None = None
    doubtful: tuple[Span, ...] = ()
    reason: Reason | None = None


class Kind(StrEnum):
    """What the frames of a picture are."""

    STILL = "still"
    PAGES = "pages"
    ANIMATION = "animation"
    VIDEO = "video"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a picture without looking at its pixels.

    Attributes:
        format: Lower-case name of the file format, "jpeg" or "mp4" for instance; "raw" for arrays.
        kind: Whether it is one still, pages, an animation or a video.
        width: Of the upright first frame, in pixels; 0 for sound.
        height: Of the upright first frame, in pixels; 0 for sound.
        frames: How many frames or pages there are; 0 for sound.
        sha256: Hash of the file's bytes (of the pixels for arrays), in hexadecimal.
    """

    format: str
    kind: Kind
    width: int
    height: int
    frames: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded, upright picture: a still, a page or one frame of an animation.

    Attributes:
        pixels: RGB, shape (H, W, 3), uint8 or uint16.
        alpha: Opacity, shape (H, W), dtype of ``pixels``; None for opaque pictures.
        index: Its number in the file, from 0.
        duration: How long it is shown, in seconds; None for stills and pages.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    index: int = 0
    duration: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that covering needs besides the picture itself; never a pixel of it and never its name.

    Attributes:
        picture: Facts of the picture that was looked at.
        regions: What was found or drawn, in reading order of frames.
        profile: How hard Veil looked.
        options_digest: SHA-256 of the settings that shaped the plan.
        models: SHA-256 of each model's weights, by name.
    """

    picture: Facts
    regions: tuple[Region, ...]
    profile: str
    options_digest: str
    models: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Altered:
    """What was done to sound.

    Attributes:
        voice: A value of Voice.
        stretches: In how many stretches of time, of all tracks together.
        seconds: How long they are together.
    """

    voice: str
    stretches: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face still seems to show in a result.

    Attributes:
        box: The face, in pixels of the result.
        score: How sure the second look is, 0 to 1.
        frame: Number of the frame or page, from 0; of a face that shows for a while, where it is seen best.
        time: When that frame is shown, in seconds from the first one; None for stills and pages.
    """

    box: Box
    score: float
    frame: int = 0
    time: float | None = None


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What a look at a written result told.

    Attributes:
        frames: How many frames or pages were looked at.
        places: Where a face still seems to show, in order of frames, the surest first.
    """

    frames: int
    places: tuple[Place, ...] = ()

    @property
    def passed(self) -> bool:
        """True when no face was seen that is not covered or kept on purpose."""
        return not self.places


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a plan holds, counted.

    Attributes:
        covered: Regions found and covered.
        drawn: Regions drawn by a person and covered.
        kept: Regions left visible because a person said so.
        suggested: Low-score regions that nobody has decided on; they are visible.
        doubtful: Moments of a video in which a face is covered though it was not seen when looked for.
    """

    covered: int = 0
    drawn: int = 0
    kept: int = 0
    suggested: int = 0
    doubtful: int = 0

    @property
    def nothing_found(self) -> bool:
        """True when there is no region at all, which a person should confirm."""
        return not (self.covered or self.drawn or self.kept or self.suggested)

    @property
    def wants_review(self) -> bool:
        """True when a person should look before the result is released."""
        return self.nothing_found or self.suggested > 0 or self.doubtful > 0


@dataclass(frozen=True, slots=True)
class Report(Tally):
    """What was done to one picture, video or sound file, without names, pixels or places: a plan's tally, and how.

    Attributes:
        picture: Facts of the input.
        style: How regions were covered.
        dropped: In plain words, what a video or sound file holds and its result does not.
        output_sha256: Hash of the written file, in hexadecimal; None where no file was made.
        altered: What was done to the sound; None where it was left out or kept as it is.
        second_look: What a second look at the written file told; None where there was none.
    """

    picture: Facts
    style: str
    dropped: tuple[str, ...] = ()
    output_sha256: str | None = None
    altered: Altered | None = None
    second_look: SecondLook | None = None

    @property
    def nothing_found(self) -> bool:
        """True when there is no region, or in sound no speech, at all, which a person should confirm."""
        if self.picture.kind is Kind.SOUND:
            return self.heard_nothing
        return not (self.covered or self.drawn or self.kept or self.suggested)

    @property
    def heard_nothing(self) -> bool:
        """True when speech was to be changed and none was heard, so that all sound is as it was."""
        return self.altered is not None and not self.altered.stretches

    @property
    def wants_review(self) -> bool:
        """True when a person should look or listen before the result is released."""
        seen = self.second_look is not None and not self.second_look.passed
        return self.nothing_found or self.heard_nothing or self.suggested > 0 or self.doubtful > 0 or seen
