"""Labelled pictures as values: where their faces are, and what is said of them."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from veil.types import Box

SETS = ("easy", "medium", "hard")
"""The sets of faces that WIDER FACE evaluates; a face may be in several of them."""


@dataclass(frozen=True, slots=True)
class Face:
    """One labelled face.

    Attributes:
        box: Where it is, in pixels of the upright picture.
        invalid: Whether it is too poor to be counted.
        sets: Those of SETS that it belongs to.
    """

    box: Box
    invalid: bool = False
    sets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture and its faces.

    Attributes:
        path: The file.
        faces: All of its faces.
        size: (width, height) of the upright picture as the labels say, or None where they do not.
    """

    path: Path
    faces: tuple[Face, ...]
    size: tuple[int, int] | None = None


def labelled_box(left: float, top: float, width: float, height: float) -> Box:
    """Return the box that a label describes, in pixels.

    Raises:
        ValueError: It has no finite place or a negative size.
    """
    if not all(map(isfinite, (left, top, width, height))) or width < 0 or height < 0:
        raise ValueError(f"{[left, top, width, height]} is not a box")
    return Box(left, top, left + width, top + height)
