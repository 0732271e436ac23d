"""Following an area that a person drew: whatever is in it, without a detector.

From the frame in which it was drawn, one Follower is given the frames after it and another those before it, the nearest
first. Each goes on to the next cut, until the area has left the picture, or until it is lost.

Motion carries the area from frame to frame, and what is in it is compared with what was in it before, so that small
errors do not add up. Where the two disagree, because it turned or something passes in front, the area holds both
places and grows for a while. It then goes on with the motion, until it is known again or is given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil.boxes import Boxes
from veil.track.content import Content
from veil.track.cuts import LIKE, likeness
from veil.track.flow import LONGER_SIDE, Flow, Grey, flow, small_grey
from veil.types import Box, Span

LONGEST_SIDE = 1280  # of the copy for small areas
ENOUGH = 24  # pixels of the copy that the smaller side of an area should have

SAMPLES = 12  # points each way, in the inner part of an area, whose motion is asked for
INNER = 0.8  # share of a box's sides that the points lie in
ASTRAY = 0.1  # share of the smaller side by which a point that goes there and back may miss where it came from
COHERENT = 0.4  # share of the points that must come back for their motion to count
WHOLE = 0.9  # share of the area that must lie in the picture for its content to be compared
HIDDEN = 0.5  # share of the area in the picture below which its motion tells nothing: it goes on as it went

AROUND = 0.15  # how far around the place where motion leads the content is searched, as a share of its sides
WIDER = 0.7  # the same for an area that is not known any more
KNOWN = 0.6  # correlation from which the content is what it was
AGAIN = 0.7  # the same for an area that is not known any more
EXACT = 0.8  # correlation from which its place is told better by it than by motion
RENEWED = 0.25  # seconds after which the content is remembered anew, while it is known
STEADY = 0.2  # seconds over which speed is told

HELD = 1.0  # seconds in which an area that is not known any more may have kept up its speed
GROWTH = 0.4  # how much longer a side gets in a second of these, as a share of it
GIVEN_UP = 5.0  # seconds after which it ends: what hides or turns for a moment is mostly known again before
SAME_TIME = 1e-6  # seconds: differences of times are rounded

Place = NDArray[np.float64]
"""A box, shape (4,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where an area is.

    Attributes:
        first: Index of its first frame.
        boxes: Where it is in each frame from there on, shape (n, 4); it may reach over the edge.
        doubtful: Frames in which it may be somewhere else: a person should look at these.
    """

    first: int
    boxes: Boxes
    doubtful: tuple[Span, ...]


def followed(frame: int, box: Box, before: "Follower", after: "Follower") -> Followed:
    """Return where an area is in all frames.

    Args:
        frame: Index of the frame in which it was drawn.
        box: Where it was drawn.
        before: Has seen the frames before it, backwards.
        after: Has seen those after it.
    """
    sure = [*before.sure[::-1], True, *after.sure]
    first = frame - len(before.sure)
    doubtful = []
    for known, run in groupby(range(len(sure)), key=sure.__getitem__):
        frames = [first + at for at in run]
        if not known:
            doubtful.append(Span(frames[0], frames[-1] + 1))
    places = np.vstack([before.boxes[::-1], boxes.stack([box]), after.boxes])
    return Followed(first, places, tuple(doubtful))


def follow_in(greys: Sequence[Grey], times: Sequence[float], frame: int, box: Box) -> Followed:
    """Return where an area is in frames that are all at hand.

    Args:
        greys: Brightness of each frame, shape (H, W), dtype uint8.
        times: When each is shown, in seconds, rising.
        frame: Index of the frame in which the area was drawn.
        box: Where it was drawn.

    Raises:
        ValueError: The area lies outside of the picture.
    """
    before, after = (Follower(greys[frame], box, times[frame]) for _ in range(2))
    for follower, others in ((after, range(frame + 1, len(greys))), (before, range(frame - 1, -1, -1))):
        for index in others:
            if not follower.see(greys[index], times[index]):
                break
    return followed(frame, box, before, after)


class Follower:
    """Follows one area, one way in time.

    Attributes:
        sure: Whether the area is known to be where it is, for each frame that was seen and in which it is.
        longer_side: Of the copies of frames that it works on, in pixels.
    """

    def __init__(self, pixels: Grey, box: Box, time: float) -> None:
        """Start in the frame in which the area was drawn.

        Args:
            pixels: Brightness, shape (H, W), dtype uint8.
            box: The area, in pixels.
            time: When the frame is shown, in seconds.

        Raises:
            ValueError: The area lies outside of the picture.
        """
        height, width = pixels.shape
        drawn = np.array(box)
        if not boxes.touches(drawn[None], width, height).all():
            raise ValueError(f"{box} lies outside of a picture of {width} x {height} pixels")
        inside = np.clip(drawn, 0, [width, height, width, height])
        self._outset = (drawn - inside) / np.tile(_sides(inside), 2)  # there is nothing to follow outside
        self.sure: list[bool] = []
        self.longer_side = _working_side(inside, max(width, height))
        self._grey = small_grey(pixels, self.longer_side)
        self._scale = np.tile(np.array(self._grey.shape[::-1]) / (width, height), 2)
        self._places: list[Place] = []
        self._place = inside * self._scale  # where motion leads, in pixels of the copy
        self._coasting = self._place  # where it is if it kept up its speed since it was known last
        self._speed = np.zeros(4)  # in pixels of the copy a second
        self._time = time
        self._lost = self._aged = 0.0  # seconds since it was known, and since its content was remembered
        self._content = Content(self._grey, Box(*self._place))

    @property
    def boxes(self) -> Boxes:
        """Where the area is in each frame that was seen and in which it is, shape (n, 4)."""
        places = np.array(self._places, np.float64).reshape(-1, 4) / self._scale
        return np.asarray(places + self._outset * np.tile(places[:, 2:] - places[:, :2], 2))

    def see(self, pixels: Grey, time: float) -> bool:
        """Take the next frame, one way or the other, and return whether the area is still followed.

        Args:
            pixels: Brightness, shape (H, W), or that of small_grey() with ``longer_side``, dtype uint8.
            time: When the frame is shown, in seconds.
        """
        grey = small_grey(pixels, self.longer_side)
        size = (grey.shape[1], grey.shape[0])
        there, again = flow(self._grey, grey, *size), flow(grey, self._grey, *size)
        if likeness(self._grey, grey, there) < LIKE:
            return False
        elapsed = abs(time - self._time)
        self._grey, self._time = grey, time
        before = self._place
        moved = _carried(before, there, again) if _visible(before, grey) >= HIDDEN else None
        self._place = before + self._speed * elapsed if moved is None else moved
        self._coasting = self._coasting + self._speed * elapsed * max(0.0, 1 - self._lost / HELD)
        known = self._recognise(moved is not None)
        self._lost += elapsed
        self._aged += elapsed
        if known:
            self._note(before, elapsed)
        both = _around(self._place, self._coasting)
        if self._lost > HELD:
            both = self._place
        if self._lost > GIVEN_UP + SAME_TIME or _visible(both, grey) <= 0:
            return False
        self.sure.append(known)
        self._places.append(both if known else _grown(both, 1 + GROWTH * min(self._lost, HELD)))
        return True

    def _recognise(self, coherent: bool) -> bool:
        """Return whether the area is known to be where motion has led it, and put it right where that can be told."""
        lost = self._lost > 0
        visible = _visible(self._place, self._grey)
        if visible < (HIDDEN if lost else WHOLE):
            return not lost and (coherent or visible < HIDDEN)
        around = AROUND if coherent and not lost else WIDER
        finds = [self._content.find(self._grey, Box(*self._place), around)]
        if lost:
            finds.append(self._content.find(self._grey, Box(*self._coasting), around))
        found = max(filter(None, finds), key=lambda find: find.likeness, default=None)
        if found is None:
            return coherent
        known = found.likeness >= (AGAIN if lost else KNOWN)
        if known and (lost or not coherent or found.likeness >= EXACT):
            self._place = np.array(found.box)
        return known

    def _note(self, before: Place, elapsed: float) -> None:
        """Remember what is known of the area in the latest frame."""
        self._lost = 0.0
        self._coasting = self._place
        weight = min(1.0, elapsed / STEADY)
        if elapsed > 0:
            self._speed = (1 - weight) * self._speed + weight * _shift(before, self._place) / elapsed
        if self._aged >= RENEWED and _visible(self._place, self._grey) >= WHOLE:
            self._content.renew(self._grey, Box(*self._place))
            self._aged = 0.0


def _working_side(box: Place, longer: int) -> int:
    """Return how long the longer side of the copies should be, in pixels: larger for a small area."""
    wanted = ENOUGH / float(_sides(box).min()) * longer
    return round(min(max(wanted, LONGER_SIDE), LONGEST_SIDE))


def _carried(place: Place, there: Flow, again: Flow) -> Place | None:
    """Return where motion carries a box; None where too few of its points can be trusted.

    Points count that come back to where they started when the motion is followed back (Kalal et al., Forward-Backward
    Error, ICPR 2010).
    """
    at = ((np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5) * INNER + 0.5
    sides = _sides(place)
    x, y = (grid.ravel() for grid in np.meshgrid(place[0] + sides[0] * at, place[1] + sides[1] * at))
    starts = np.stack([x, y], axis=1)
    height, width = there.vectors.shape[0] * there.cell[1], there.vectors.shape[1] * there.cell[0]
    starts = starts[(x >= 0) & (x < width) & (y >= 0) & (y < height)]
    if not len(starts):
        return None
    steps = _motion_at(starts, there)
    missed = np.linalg.norm(steps + _motion_at(starts + steps, again), axis=1)
    good = missed <= max(1.0, ASTRAY * sides.min())
    if good.mean() < COHERENT:
        return None
    return np.asarray(place + np.tile(np.median(steps[good], axis=0), 2))


def _motion_at(points: NDArray[np.float64], motion: Flow) -> NDArray[np.float64]:
    """Return the motion of points, x and y in pixels, shape (n, 2)."""
    x, y = (np.asarray(points[:, axis] / motion.cell[axis] - 0.5, np.float32) for axis in (0, 1))
    found = cv2.remap(motion.vectors, x[:, None], y[:, None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float64).reshape(-1, 2)


def _sides(place: Place) -> NDArray[np.float64]:
    return place[2:] - place[:2]


def _shift(one: Place, other: Place) -> Place:
    """Return how the centre of a box moved, as what is to be added to its sides."""
    return np.tile((other[:2] + other[2:] - one[:2] - one[2:]) / 2, 2)


def _around(one: Place, other: Place) -> Place:
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])


def _grown(place: Place, factor: float) -> Place:
    return np.asarray(boxes.grow(place[None], factor)[0])


def _visible(place: Place, grey: Grey) -> float:
    """Return the share of a box that lies in the picture."""
    inside = np.clip(place, 0, [grey.shape[1], grey.shape[0]] * 2)
    return float(_sides(inside).prod() / _sides(place).prod())
