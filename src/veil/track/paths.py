"""The last step of tracking: where each face is in every frame between and around its sightings.

Between two sightings, motion is followed from both; where the two disagree, both places are covered. Before the first
and after the last one, motion is followed alone, and the area grows the longer nothing was seen. Then the sizes are
made steady, never smaller than they were.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from veil.boxes import Boxes, Numbers
from veil.track.link import Chain
from veil.track.watch import SAME_TIME, Sighting, Watched

GROWTH = 0.4  # how much longer a side gets in a second without a sighting, as a share of it


class Presence(StrEnum):
    """How a face is known to be in a frame."""

    SEEN = "seen"  # detected
    FILLED = "filled"  # between two detections
    LEAD = "lead"  # not looked at, between the end of an appearance and the next look
    LOST = "lost"  # looked at without seeing it: it may have turned away, or not yet turned to the camera


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Where a face is, frame by frame.

    Attributes:
        first: Index of the first frame.
        boxes: The face in each frame from there on, shape (n, 4).
        presence: How it is known to be there, n values.
    """

    first: int
    boxes: Boxes
    presence: tuple[Presence, ...]


def path(chain: Chain, watched: Watched, looks: Sequence[int], *, reach: float, steady: float) -> Path:
    """Return where a face is in every frame in which it is to be covered.

    Args:
        chain: Its sightings, in order of time.
        watched: The clip.
        looks: The frames whose looks would have shown it, rising.
        reach: How long to go on beyond the looks at which it was not seen any more, or not yet, in seconds. Frames
            that were not looked at are always gone on into: it may have been there. So are, unless this is 0, those
            in which it reaches over the edge of the picture: what is left of a face there is seldom seen.
        steady: Seconds before and after a frame over which its size is made steady.
    """
    lead_in, lost_in = _beyond(chain[0], -1, watched, looks, reach)
    lead_out, lost_out = _beyond(chain[-1], 1, watched, looks, reach)
    inside = [np.array([chain[0].seen.box], np.float64)]
    inside += [between(one, other) for one, other in pairwise(chain)]
    seen = {each.frame for each in chain}
    first = chain[0].frame - len(lead_in)
    places = np.vstack([lead_in[::-1], *inside, lead_out])
    return Path(
        first=first,
        boxes=steadied(places, watched.times[first : first + len(places)], steady),
        presence=(
            *lost_in[::-1],
            *(
                Presence.SEEN if frame in seen else Presence.FILLED
                for frame in range(chain[0].frame, chain[-1].frame + 1)
            ),
            *lost_out,
        ),
    )


def between(one: Sighting, other: Sighting) -> Boxes:
    """Return the boxes after one sighting up to and with the next, shape (other.frame - one.frame, 4).

    Each trail is bent so that it ends where the other sighting is. The box of a frame holds those of both trails.
    """
    steps = other.frame - one.frame
    share = (np.arange(1, steps + 1) / steps)[:, None]
    start, end = np.array(one.seen.box), np.array(other.seen.box)
    ways = []
    if len(one.ahead) >= steps:
        trail = one.onward[:steps]
        ways.append(trail + share * (end - trail[-1]))
    if len(other.behind) >= steps:
        trail = other.back[:steps][::-1]
        ways.append(np.vstack([trail[1:], end]) + (1 - share) * (start - trail[0]))
    if not ways:  # motion was lost on the way
        return np.asarray(start + share * (end - start))
    both = np.stack(ways)
    return np.asarray(np.hstack([both[..., :2].min(axis=0), both[..., 2:].max(axis=0)]))


def _beyond(
    end: Sighting, step: int, watched: Watched, looks: Sequence[int], reach: float
) -> tuple[Boxes, list[Presence]]:
    """Return the boxes that follow the end of a chain, one way or the other, growing, and what is known there."""
    trail = end.onward if step > 0 else end.back
    frames = end.frame + step * np.arange(1, len(trail) + 1)
    elapsed = np.abs(watched.times[frames] - watched.times[end.frame])
    blind = np.abs(frames - end.frame) < _until_next(looks, end.frame, step)
    leaving = (trail[:, :2] < 0).any(axis=1) | (trail[:, 2:] > (watched.width, watched.height)).any(axis=1)
    goes_on = blind | (elapsed <= reach + SAME_TIME) | (leaving & (reach > 0))
    kept = int(np.cumprod(goes_on).sum())
    presence = [Presence.LEAD if unseen else Presence.LOST for unseen in blind[:kept].tolist()]
    return _grown(trail[:kept], 1 + GROWTH * elapsed[:kept]), presence


def _until_next(looks: Sequence[int], frame: int, step: int) -> float:
    """Return how many frames after one, or before it, the next look is; infinity where none is left."""
    at = bisect_right(looks, frame) if step > 0 else bisect_left(looks, frame) - 1
    return abs(looks[at] - frame) if 0 <= at < len(looks) else np.inf


def _grown(places: Boxes, factors: Numbers) -> Boxes:
    """Return boxes with the same centres and sides as many times as long, one factor for each."""
    centres = (places[:, :2] + places[:, 2:]) / 2
    halves = (places[:, 2:] - places[:, :2]) / 2 * factors[:, None]
    return np.hstack([centres - halves, centres + halves])


def steadied(places: Boxes, times: Numbers, near: float) -> Boxes:
    """Return boxes whose sizes do not tremble, each around the one given.

    Centres stay: the motion they follow is real, also that of a shaken camera. Half a side is the mean of the largest
    ones nearby. As every one of these counts the frame itself, the mean is never less than its own.

    Args:
        places: Shape (n, 4).
        times: Of the frames, in seconds, rising, shape (n,).
        near: Seconds before and after a frame that count as nearby.
    """
    windows = _windows(times, near)
    centres = (places[:, :2] + places[:, 2:]) / 2
    halves = (places[:, 2:] - places[:, :2]) / 2
    largest = np.array([halves[window].max(axis=0) for window in windows])
    calm = np.array([largest[window].mean(axis=0) for window in windows])
    # rounding may take the last digit away: what was seen stays inside to the last bit
    return np.hstack([np.minimum(centres - calm, places[:, :2]), np.maximum(centres + calm, places[:, 2:])])


def _windows(times: Numbers, near: float) -> list[slice]:
    """Return which frames are near each; if one is near another, so is the other near the one."""
    firsts = np.searchsorted(times, times - near, side="left")
    stops = np.searchsorted(times, times + near, side="right")
    return [slice(first, stop) for first, stop in zip(firsts.tolist(), stops.tolist(), strict=True)]
