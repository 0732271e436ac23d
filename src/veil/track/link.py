"""The second step of tracking: which sightings show the same face.

Sightings of one look are joined to those of the next where motion carries one to the other, seen from both sides. What
is surely a face goes first; doubtful sightings then go where a place is left for them. The pieces are joined over gaps
in which a face was hidden or turned away.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil.boxes import Boxes, Numbers
from veil.track.watch import SAME_TIME, Sighting, Steps, Watched
from veil.types import Box

Chain = tuple[Sighting, ...]
Indices = NDArray[np.intp]

SAME = 0.3  # least intersection over union of where motion leads and what is seen there
NOTHING = Box(0, 0, 0, 0)
RECENT = 0.3  # seconds whose motion tells how a face goes on while it is hidden


def chains(watched: Watched, *, strong: Steps, gap: float = 1.0) -> list[Chain]:
    """Return the sightings of each face, in order of time; every sighting is in exactly one chain.

    Args:
        watched: The whole clip.
        strong: (height, score) steps, as in boxes.thresholds: sightings that have the first choice.
        gap: Longest time between two sightings of one face, in seconds.
    """
    whole = []
    for first, stop in zip(watched.shots, watched.shots[1:], strict=False):
        looks = [found for frame, found in watched.looks.items() if first <= frame < stop]
        whole += _joined(_pieces(looks, strong), watched.times, gap)
    return sorted(whole, key=lambda chain: (chain[0].frame, chain[0].seen.box))


def _pieces(looks: Sequence[Sequence[Sighting]], strong: Steps) -> list[Chain]:
    """Return chains without gaps: each holds sightings of successive looks."""
    done: list[list[Sighting]] = []
    going: list[list[Sighting]] = []
    for found in looks:
        affinity = _affinity([chain[-1] for chain in going], found)
        sure = [_sure([chain[-1] for chain in going], strong), _sure(found, strong)]
        pairs = _matches(np.where(np.logical_and.outer(*sure), affinity, 0))
        pairs |= _matches(_without(affinity, pairs))
        for row, column in pairs.items():
            going[row].append(found[column])
        done += [chain for row, chain in enumerate(going) if row not in pairs]
        joined = set(pairs.values())
        going = [chain for row, chain in enumerate(going) if row in pairs]
        going += [[each] for column, each in enumerate(found) if column not in joined]
    return [tuple(chain) for chain in done + going]


def _sure(sightings: Sequence[Sighting], strong: Steps) -> NDArray[np.bool_]:
    places = boxes.stack([each.seen.box for each in sightings])
    scores = np.array([each.seen.score for each in sightings], np.float64)
    return np.asarray(scores >= boxes.thresholds(places[:, 3] - places[:, 1], strong))


def _affinity(before: Sequence[Sighting], after: Sequence[Sighting]) -> NDArray[np.float64]:
    """Return how well motion joins each of N sightings to each of M later ones, 0 to 1, shape (N, M)."""
    if not before or not after:
        return np.zeros((len(before), len(after)))
    onward = boxes.iou(_places(before, after[0].frame), _places(after, after[0].frame))
    back = boxes.iou(_places(before, before[0].frame), _places(after, before[0].frame))
    return np.asarray((onward + back) / 2)


def _places(sightings: Sequence[Sighting], frame: int) -> Boxes:
    """Return the boxes of sightings in a frame; empty ones where motion does not lead there."""
    return boxes.stack([each.at(frame) or NOTHING for each in sightings])


def _matches(affinity: NDArray[np.float64]) -> dict[int, int]:
    """Return which row goes with which column, the best first; each goes once."""
    rows, columns = np.nonzero(affinity >= SAME)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for index in np.argsort(-affinity[rows, columns], kind="stable"):
        row, column = int(rows[index]), int(columns[index])
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return pairs


def _without(affinity: NDArray[np.float64], pairs: dict[int, int]) -> NDArray[np.float64]:
    """Return affinities without the rows and columns that are taken."""
    left = affinity.copy()
    left[list(pairs.keys())] = 0
    left[:, list(pairs.values())] = 0
    return left


def _joined(pieces: Sequence[Chain], times: Numbers, gap: float) -> list[Chain]:
    """Return chains joined over gaps, the most alike first."""
    follows: dict[int, int] = {}
    taken: set[int] = set()
    for _, one, other in sorted(_bridges(pieces, times, gap)):
        if one not in follows and other not in taken:
            follows[one] = other
            taken.add(other)
    whole = []
    for number in range(len(pieces)):
        if number not in taken:
            chain, at = list(pieces[number]), number
            while at in follows:
                at = follows[at]
                chain += pieces[at]
            whole.append(tuple(chain))
    return whole


def _bridges(pieces: Sequence[Chain], times: Numbers, gap: float) -> list[tuple[float, int, int]]:
    """Return which pieces may follow which: how unlike they are, the number of the one and of the other."""
    ones, others = _near(pieces, times, gap)
    if not len(ones):
        return []
    alike = np.maximum(_led(pieces, ones, others), _kept_up(pieces, ones, others, times))
    return [(-float(alike[at]), int(ones[at]), int(others[at])) for at in np.flatnonzero(alike >= SAME)]


def _near(pieces: Sequence[Chain], times: Numbers, gap: float) -> tuple[Indices, Indices]:
    """Return the numbers of all pairs of pieces of which one begins soon after the other ends."""
    starts, ends = (times[np.array([piece[side].frame for piece in pieces], np.intp)] for side in (0, -1))
    order = np.argsort(starts, kind="stable")
    first = np.searchsorted(starts[order], ends, side="right")
    counts = np.searchsorted(starts[order], ends + gap + SAME_TIME, side="right") - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(np.arange(len(pieces)), counts), order[np.repeat(first, counts) + within]


def _led(pieces: Sequence[Chain], ones: Indices, others: Indices) -> Numbers:
    """Return how well the motion that was followed leads from the end of one piece to the start of another."""
    meetings: list[tuple[Box, Box]] = []
    for one, other in zip(ones.tolist(), others.tolist(), strict=True):
        end, start = pieces[one][-1], pieces[other][0]
        for frame in (end.frame, (end.frame + start.frame) // 2, start.frame):
            here, there = end.at(frame), start.at(frame)
            meetings.append((NOTHING, NOTHING) if here is None or there is None else (here, there))
    pairs = np.array(meetings)
    return np.asarray(_overlap(pairs[:, 0], pairs[:, 1]).reshape(-1, 3).max(axis=1))


def _kept_up(pieces: Sequence[Chain], ones: Indices, others: Indices, times: Numbers) -> Numbers:
    """Return how well one piece leads to another if both kept up their motion: one that passes behind another face."""
    ends, starts = (boxes.stack([piece[at].seen.box for piece in pieces]) for at in (-1, 0))
    leaving = np.array([_velocity(piece[::-1], times) for piece in pieces])
    coming = np.array([_velocity(piece, times) for piece in pieces])
    at = [times[np.array([piece[side].frame for piece in pieces], np.intp)] for side in (-1, 0)]
    elapsed = at[1][others] - at[0][ones]
    shift = (leaving[ones] + coming[others]) / 2 * elapsed[:, None]
    return _overlap(ends[ones] + np.tile(shift, 2), starts[others])


def _overlap(some: Boxes, others: Boxes) -> Numbers:
    """Return the intersection over union of each box with the one beside it, shape (N,)."""
    low, high = np.maximum(some[:, :2], others[:, :2]), np.minimum(some[:, 2:], others[:, 2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    union = boxes.area(some) + boxes.area(others) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def _velocity(chain: Sequence[Sighting], times: Numbers) -> NDArray[np.float64]:
    """Return the motion of a chain's first sightings, x and y in pixels a second; none for a single one."""
    first = chain[0]
    near = [each for each in chain if abs(times[each.frame] - times[first.frame]) <= RECENT]
    elapsed = times[near[-1].frame] - times[first.frame]
    if elapsed == 0:
        return np.zeros(2)
    ends = boxes.stack([near[-1].seen.box, first.seen.box])
    centres = (ends[:, :2] + ends[:, 2:]) / 2
    return np.asarray((centres[0] - centres[1]) / elapsed)
