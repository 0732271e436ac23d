"""Covered pixels and labelled faces in, verdicts out: which faces are covered, and how much is covered needlessly."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.recall.faces import SETS, Face
from veil import boxes
from veil.types import Box

COVERED_SHARE = 0.9
GROWN = 1.6
BANDS = {"10-20": (10, 20), "20-40": (20, 40), "40-80": (40, 80), "80+": (80, np.inf)}

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well one picture is covered.

    Attributes:
        faces: Each labelled face and whether it is covered, in the order of the labels; None for those that do not
            count.
        spilled: How many pixels are covered needlessly.
        pixels: How many pixels there are.
    """

    faces: tuple[tuple[Face, bool | None], ...]
    spilled: int
    pixels: int


def judge(faces: Iterable[Face], covered: Mask) -> Verdict:
    """Return how well a picture is covered.

    Args:
        faces: Its labelled faces. Those that are invalid, or in whose ellipse no centre of a pixel lies, do not count.
        covered: Which of its pixels are covered, shape (height, width).
    """
    needless = covered.copy()
    judged: list[tuple[Face, bool | None]] = []
    for face in faces:
        needless[_allowed(face.box)] = False
        under = None if face.invalid else covered_share(face.box, covered)
        judged.append((face, None if under is None else under >= COVERED_SHARE))
    return Verdict(tuple(judged), int(needless.sum()), covered.size)


def _allowed(box: Box) -> tuple[slice, slice]:
    """Return the rows and columns that a grown box touches; those that begin right at its lower or right edge, too."""
    left, top, right, bottom = np.floor(boxes.grow(boxes.stack([box]), GROWN)[0]).astype(int).tolist()
    return slice(max(top, 0), max(bottom + 1, 0)), slice(max(left, 0), max(right + 1, 0))


def covered_share(box: Box, covered: Mask) -> float | None:
    """Return how much of the ellipse inscribed in a box is covered, 0 to 1; None where no centre of a pixel lies in it.

    Only what lies in the picture counts.
    """
    if not (box.width and box.height):
        return None
    rows, columns = boxes.round_out(box, covered.shape[1], covered.shape[0])
    down = (np.arange(rows.start, rows.stop) + 0.5 - (box.top + box.bottom) / 2) / (box.height / 2)
    across = (np.arange(columns.start, columns.stop) + 0.5 - (box.left + box.right) / 2) / (box.width / 2)
    inside = down[:, None] ** 2 + across[None, :] ** 2 <= 1
    return float(covered[rows, columns][inside].mean()) if inside.any() else None


def coverage(verdicts: Iterable[Verdict]) -> dict[str, tuple[int, int]]:
    """Return how many faces are covered, and how many there are: of all, by height in pixels, and in each of SETS."""
    counts = {name: [0, 0] for name in ("all", *BANDS, *SETS)}
    for face, hit in (each for verdict in verdicts for each in verdict.faces):
        for name in _columns_of(face) if hit is not None else ():
            counts[name][0] += bool(hit)
            counts[name][1] += 1
    return {name: (hits, total) for name, (hits, total) in counts.items()}


def _columns_of(face: Face) -> Iterator[str]:
    yield "all"
    yield from (name for name, (low, high) in BANDS.items() if low <= face.box.height < high)
    yield from face.sets


def over_redaction(verdicts: Sequence[Verdict]) -> float:
    """Return the share of all pixels that are covered needlessly."""
    return sum(each.spilled for each in verdicts) / sum(each.pixels for each in verdicts)
