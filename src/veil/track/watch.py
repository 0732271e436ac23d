"""The first step of tracking: while frames stream by, note where motion carries every detection, and the cuts.

The watcher keeps the small grey copy of one frame, the motion of at most MOST_BACK frames, and what was found; no
picture. Detections may be made on some frames only. From each of them a trail is followed onward and back until the
next look shows a face in its place, a cut, the edge of the picture, or `reach` seconds.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil.boxes import Boxes
from veil.track.cuts import LIKE, likeness
from veil.track.flow import UNKNOWN, Flow, Grey, back, flow, onward, small_grey
from veil.track.pace import Pace, Wanted, moved
from veil.types import Box, Detection

MOST_BACK = 128  # frames whose motion is kept: a second of 120 frames, 26 MB at most
NOTED = 0.1  # share of the score of a covered face from which a detection is noted: less only costs time
LONGEST_TRAIL = 1.0  # seconds
SAME_TIME = 1e-6  # seconds: differences of times are rounded
NOWHERE: Boxes = np.zeros((0, 4))
NO_STEPS = np.zeros((0, 2))
UNDER = 0.5  # a trail ends where a look shows a face that shares more than this intersection over union with it


Steps = Sequence[tuple[float, float]]
Shifts = NDArray[np.float32]  # only the place of a trail changes, and a long video has millions of them


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One detection and where motion carries its box.

    Attributes:
        frame: Index of the frame it was made in.
        seen: What the detector said.
        ahead: How far to the right and down it went by each of the frames that follow, shape (n, 2), in pixels: row 0
            is frame + 1.
        behind: How far away it was in each of the frames before, shape (m, 2): row 0 is frame - 1.
    """

    frame: int
    seen: Detection
    ahead: Shifts
    behind: Shifts

    @property
    def onward(self) -> Boxes:
        """Its box in the frames that follow, shape (n, 4)."""
        return self.seen.box + np.tile(self.ahead.astype(np.float64), 2)

    @property
    def back(self) -> Boxes:
        """Its box in the frames before, the nearest first, shape (m, 4)."""
        return self.seen.box + np.tile(self.behind.astype(np.float64), 2)

    def at(self, frame: int) -> Box | None:
        """Return the box that motion makes in a frame; None where the trail does not reach."""
        steps = frame - self.frame
        if steps == 0:
            return self.seen.box
        trail = self.ahead if steps > 0 else self.behind
        if abs(steps) > len(trail):
            return None
        x, y = trail[abs(steps) - 1].tolist()
        left, top, right, bottom = self.seen.box
        return Box(left + x, top + y, right + x, bottom + y)


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What is left of a clip once it has been watched.

    Attributes:
        width: Of a frame, in pixels.
        height: Of a frame, in pixels.
        times: When each frame is shown, in seconds, shape (frames,), rising.
        shots: Index of the first frame of each shot, from 0 on, and at the end the number of frames.
        looks: The sightings of each frame that was looked at, by frame, rising.
        glances: The frames of these that were only glanced at.
    """

    width: int
    height: int
    times: NDArray[np.float64]
    shots: tuple[int, ...]
    looks: dict[int, tuple[Sighting, ...]]
    glances: frozenset[int] = frozenset()


@dataclass(slots=True, eq=False)
class _Growing:
    """A sighting whose trail is still being followed."""

    frame: int
    seen: Detection
    behind: Shifts
    ahead: list[NDArray[np.float32]]
    sighting: Sighting | None = None  # once it has ended: one array takes a fifth of the memory

    def settled(self) -> Sighting:
        if self.sighting:
            return self.sighting
        return Sighting(self.frame, self.seen, _joined(self.ahead), self.behind)

    def end(self) -> None:
        self.sighting = self.settled()
        self.ahead = []


@dataclass(slots=True, eq=False)
class _Past:
    """A frame that trails are followed back into; ``motion`` leads to it from the frame before, None after a cut."""

    time: float
    motion: Flow | None
    found: Boxes


class Watcher:
    """Sees the frames of one clip, in order, and tells at the end what it saw. Not for several threads."""

    def __init__(
        self, width: int, height: int, *, cover: Steps, pace: Pace | None = None, reach: float = LONGEST_TRAIL
    ) -> None:
        """Start before the first frame.

        Args:
            width: Of all frames, in pixels.
            height: Of all frames, in pixels.
            cover: (height, score) steps, as in boxes.thresholds: what a face needs to be covered in a still. Much
                weaker detections are forgotten.
            pace: When to ask for detections.
            reach: How far trails are followed, in seconds.
        """
        self._size = (width, height)
        self._cover = cover
        self._pace = pace or Pace()
        self._reach = reach + SAME_TIME
        self._times: list[float] = []
        self._shots: list[int] = []
        self._looks: dict[int, list[_Growing]] = {}
        self._glances: set[int] = set()
        self._open: list[_Growing] = []
        self._origins: Boxes = NOWHERE  # of the open trails, where they begin...
        self._places: Boxes = NOWHERE  # ...and in the latest frame
        self._steps = NO_STEPS  # that led them there
        self._past: deque[_Past] = deque(maxlen=MOST_BACK)
        self._grey: Grey | None = None
        self._looked = 0.0  # when, in seconds
        self._looked_in_full = 0.0  # likewise
        self._last_full = 0  # the frame of that look
        self._moved = 0.0  # since the last look

    def see(self, pixels: NDArray[np.uint8], index: int, time: Fraction) -> Wanted:
        """Take the next frame and return how closely to look for faces in it: unless not at all, look() is to follow.

        Args:
            pixels: Brightness, shape (H, W), or RGB, shape (H, W, 3), dtype uint8.
            index: Its number, from 0 without a gap.
            time: When it is shown, in seconds, later than the one before.

        Raises:
            ValueError: The frame is not the next one, or has another size.
        """
        width, height = self._size
        if index != len(self._times) or pixels.shape not in ((height, width), (height, width, 3)):
            raise ValueError(
                f"expected frame {len(self._times)} of shape {(height, width)}, but got {index} of {pixels.shape}"
            )
        grey = small_grey(pixels)
        motion = self._motion(grey)
        self._grey = grey
        self._times.append(float(time))
        while self._past and self._past[-1].time - self._past[0].time > self._reach:
            self._past.popleft()  # no trail leads back to it any more
        self._past.append(_Past(float(time), motion, NOWHERE))
        if motion is None:
            self._shots.append(index)
            self._keep(np.zeros(len(self._open), bool))
            return Wanted.LOOK
        self._move(motion)
        self._moved += moved(motion, height)
        return self._wanted()

    def _wanted(self) -> Wanted:
        now, frame = self._times[-1], len(self._times) - 1
        due = 0 < self._pace.full <= now - self._looked_in_full + SAME_TIME
        if due or frame - self._last_full >= MOST_BACK:
            return Wanted.LOOK  # what it finds is to be followed back to the last full one
        if now - self._looked < self._pace.longest - SAME_TIME and self._moved < self._pace.motion:
            return Wanted.NOTHING
        return Wanted.GLANCE if self._pace.full else Wanted.LOOK

    @property
    def ended(self) -> bool:
        """Whether a shot has just ended whose last frame was not looked at in full: look_back() may follow.

        A face that appears after the last look of a shot is found by no other one.
        """
        frame = len(self._times) - 1
        return frame > 0 and self._shots[-1] == frame and not self._is_known(frame - 1)

    @property
    def settled(self) -> bool:
        """Whether the frame seen last was looked at in full, or there is none: the clip may end here."""
        return not self._times or self._is_known(len(self._times) - 1)

    def _is_known(self, frame: int) -> bool:
        return frame in self._looks and frame not in self._glances

    def look_back(self, detections: Sequence[Detection]) -> None:
        """Note what a detector found in the last frame of the shot that has just ended; look() is to follow.

        Args:
            detections: As for look().

        Raises:
            ValueError: No shot has just ended, or its last frame has been looked at.
        """
        frame = len(self._times) - 1
        if not self.ended or frame in self._looks:
            raise ValueError(f"frame {frame - 1} cannot be looked at now")
        past = list(self._past)[:-1]
        self._looks[frame - 1] = self._noted(detections, frame - 1, past)
        self._glances.discard(frame - 1)

    def look(self, detections: Sequence[Detection], *, glance: bool = False) -> None:
        """Note what a detector found in the frame that was seen last: trails that lead there end, new ones start.

        Args:
            detections: In pixels of the frame, in any order, low scores too.
            glance: Whether small faces could not be seen, so that their absence tells nothing.

        Raises:
            ValueError: No frame was seen, or the last one has been looked at.
        """
        frame = len(self._times) - 1
        if frame < 0 or self._is_known(frame) or (glance and frame in self._looks):
            raise ValueError(f"frame {frame} cannot be looked at now")
        self._keep(np.array([each.frame != frame for each in self._open], bool))  # a full look replaces a glance
        fresh = self._noted(detections, frame, self._past)
        found = self._past[-1].found
        self._keep(~_lie_on(self._places, found))
        self._looks[frame] = fresh
        self._open += fresh
        self._origins = np.vstack([self._origins, found])
        self._places = np.vstack([self._places, found])
        self._steps = np.vstack([self._steps, np.full((len(found), 2), UNKNOWN)])
        self._looked, self._moved = self._times[-1], 0.0
        if glance:
            self._glances.add(frame)
        else:
            self._glances.discard(frame)
            self._looked_in_full, self._last_full = self._looked, frame

    def _noted(self, detections: Sequence[Detection], frame: int, past: Sequence[_Past]) -> list[_Growing]:
        """Return the sightings in the last of some frames, each with the trail that led there."""
        kept = _worth_noting(detections, self._cover)
        past[-1].found = boxes.stack([each.box for each in kept])
        trails = self._trails_back(past)
        return [_Growing(frame, seen, trail, []) for seen, trail in zip(kept, trails, strict=True)]

    def watched(self) -> Watched:
        """Return what was seen, to be called after the last frame."""
        width, height = self._size
        return Watched(
            width=width,
            height=height,
            times=np.array(self._times, np.float64),
            shots=(*self._shots, len(self._times)),
            looks={frame: tuple(each.settled() for each in found) for frame, found in self._looks.items()},
            glances=frozenset(self._glances),
        )

    def _motion(self, grey: Grey) -> Flow | None:
        """Return how the latest frame became this one; None for the first frame of a shot."""
        if self._grey is None:
            return None
        motion = flow(self._grey, grey, *self._size)
        return motion if likeness(self._grey, grey, motion) >= LIKE else None

    def _move(self, motion: Flow) -> None:
        """Carry the open trails into the latest frame, and end those that leave the picture or go on for too long."""
        self._places, self._steps = onward(self._places, motion, self._steps)
        young = [self._times[-1] - self._times[each.frame] <= self._reach for each in self._open]
        self._keep(boxes.touches(self._places, *self._size) & np.array(young, bool))
        for trail, shift in zip(self._open, _shifts(self._places, self._origins), strict=True):
            trail.ahead.append(shift)

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        """Go on with some of the open trails, and end the others."""
        for trail, stays in zip(self._open, kept.tolist(), strict=True):
            if not stays:
                trail.end()
        self._open = [trail for trail, stays in zip(self._open, kept.tolist(), strict=True) if stays]
        self._origins, self._places, self._steps = self._origins[kept], self._places[kept], self._steps[kept]

    def _trails_back(self, past: Sequence[_Past]) -> list[Shifts]:
        """Return where what was found in the last of some frames came from, one array of shape (n, 2) each."""
        found = past[-1].found
        trails: list[list[NDArray[np.float32]]] = [[] for _ in found]
        going, places, steps = np.arange(len(found)), found, np.full((len(found), 2), UNKNOWN)
        for later, earlier in pairwise(reversed(past)):
            if later.motion is None or past[-1].time - earlier.time > self._reach or not len(going):
                break
            places, steps = back(places, later.motion, steps)
            inside = boxes.touches(places, *self._size)
            going, places, steps = going[inside], places[inside], steps[inside]
            for number, shift in zip(going.tolist(), _shifts(places, found[going]), strict=True):
                trails[number].append(shift)
            free = ~_lie_on(places, earlier.found)
            going, places, steps = going[free], places[free], steps[free]
        return [_joined(trail) for trail in trails]


def _shifts(places: Boxes, origins: Boxes) -> Shifts:
    """Return how far places are from where their faces were seen, shape (N, 2)."""
    return (places[:, :2] - origins[:, :2]).astype(np.float32)


def _joined(trail: Sequence[NDArray[np.float32]]) -> Shifts:
    return np.array(trail, np.float32).reshape(-1, 2)


def _worth_noting(detections: Sequence[Detection], cover: Steps) -> list[Detection]:
    """Return detections that are not too weak, best first, so that nothing depends on the order they came in.

    The points of a face are left out: they take more memory than all the rest and serve nobody here.
    """
    places = boxes.stack([each.box for each in detections])
    scores = np.array([each.score for each in detections], np.float64)
    worth = scores >= NOTED * boxes.thresholds(places[:, 3] - places[:, 1], cover)
    return [replace(detections[index], points=()) for index in boxes.order(places, scores) if worth[index]]


def _lie_on(places: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """Return which boxes lie where one of the others does, shape (N,)."""
    return np.asarray((boxes.iou(places, others) > UNDER).any(axis=1))
