"""What was watched in, one Track for each face out."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from veil.boxes import Boxes
from veil.track.judge import CERTAIN, DOUBTFUL, needed, strength
from veil.track.link import Chain, chains
from veil.track.paths import Path, Presence, path
from veil.track.watch import SAME_TIME, Steps, Watched
from veil.types import Detection, Span

GAP = 1.0
REACH = 0.5
STEADY = 0.05
SHOWN_AT_A_GLANCE = (
    32  # height of a face in pixels from which a glance shows it as well as a full look: so it did from 24
)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face from where it appears to where it is lost, within one shot.

    Attributes:
        id: Number of the track in its clip, from 0, in order of appearance.
        first: Index of its first frame.
        boxes: The face in each frame from there on, brow to chin, shape (n, 4), float64; it may reach over the edge.
        presence: How it is known to be there, n values.
        seen: Every detection that belongs to it, with the index of its frame, in order of time.
        strength: How sure it is a face: 0.9 is what is just covered of a small one, 1.3 of a large one.
        certain: Whether it is to be covered without asking; a person should look at the others.
        doubtful: Frames in which it is covered though looks did not see it: a person should look at these first.
    """

    id: int
    first: int
    boxes: Boxes
    presence: tuple[Presence, ...]
    seen: tuple[tuple[int, Detection], ...]
    strength: float
    certain: bool
    doubtful: tuple[Span, ...]

    @property
    def span(self) -> Span:
        """The frames in which it is."""
        return Span(self.first, self.first + len(self.boxes))


def tracks(
    watched: Watched, *, cover: Steps, gap: float = GAP, reach: float = REACH, steady: float = STEADY
) -> tuple[Track, ...]:
    """Return the faces of a clip, in order of appearance.

    The box of a frame holds every detection of its face in that frame. Nothing but the arguments shapes the result.

    Args:
        watched: The whole clip.
        cover: (height, score) steps, as in boxes.thresholds: what a face needs to be covered in a still.
        gap: Longest time in which a face may be hidden and still be the same, in seconds.
        reach: How long a sure face is covered before it is first seen and after it was last seen, in seconds, unless
            a cut ends it; one that is leaving the picture, or coming in, for longer.
        steady: Seconds before and after a frame over which its size is made steady.
    """
    every = sorted(watched.looks)
    full = [frame for frame in every if frame not in watched.glances]
    found: list[tuple[Path, float, bool, tuple[tuple[int, Detection], ...]]] = []
    for chain in chains(watched, strong=cover, gap=gap):
        telling = full if _is_small(chain) else every
        within = _shot_around(chain, watched, gap)
        sure = strength(chain, cover, _looks_at(chain, telling), _looks_at(chain, telling, within))
        if sure >= DOUBTFUL:
            way = path(chain, watched, telling, reach=reach if sure >= CERTAIN else 0, steady=steady)
            certain = sure >= needed(chain, watched.width, watched.height)
            found.append((way, sure, certain, tuple((each.frame, each.seen) for each in chain)))
    found.sort(key=lambda each: (each[0].first, each[3][0][0], each[3][0][1].box))
    return tuple(
        Track(
            id=number,
            first=way.first,
            boxes=way.boxes,
            presence=way.presence,
            seen=seen,
            strength=sure,
            certain=certain,
            doubtful=tuple(_runs(way.first, way.presence, Presence.LOST)),
        )
        for number, (way, sure, certain, seen) in enumerate(found)
    )


def _is_small(chain: Chain) -> bool:
    """Return whether a glance that does not show a face tells nothing."""
    return float(np.median([each.seen.box.height for each in chain])) < SHOWN_AT_A_GLANCE


def _shot_around(chain: Chain, watched: Watched, gap: float) -> Span:
    """Return the frames of a face's shot in which it could have been seen and be the same, with those of its chain."""
    after = bisect_right(watched.shots, chain[0].frame)
    first, stop = watched.shots[after - 1 : after + 1]
    begin, end = watched.times[chain[0].frame] - gap - SAME_TIME, watched.times[chain[-1].frame] + gap + SAME_TIME
    return Span(
        max(first, int(np.searchsorted(watched.times, begin, side="left"))),
        min(stop, int(np.searchsorted(watched.times, end, side="right"))),
    )


def _looks_at(chain: Chain, telling: Sequence[int], within: Span | None = None) -> int:
    """Return how many looks showed a face, or would have, from its first sighting to its last or in other frames."""
    first, stop = within or (chain[0].frame, chain[-1].frame + 1)
    looks = telling[bisect_left(telling, first) : bisect_left(telling, stop)]
    return len({*looks, *(each.frame for each in chain)})


def _runs(first: int, presence: Sequence[Presence], wanted: Presence) -> Iterator[Span]:
    """Yield the runs of frames in which a face is known in one way; ``first`` is the index of the first."""
    start = None
    for frame, here in enumerate((*presence, None), first):
        if here is wanted and start is None:
            start = frame
        elif here is not wanted and start is not None:
            yield Span(start, frame)
            start = None
