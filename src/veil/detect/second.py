"""What looks a second time, at results: CenterFace in a mirror, in sizes that no profile's first look uses.

A second look in the same sizes would miss the same faces. How the numbers were chosen and what they find:
docs/second-look.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from veil.detect import Detector, Finder, open_detector
from veil.detect.fuse import Fused, Look
from veil.detect.profiles import MOST_ENLARGED, OVERLAP, TILE, Lazy
from veil.detect.tiles import Tiled
from veil.errors import UsageError
from veil.models import WEIGHTS
from veil.types import Profile

MODEL = "centerface"

REDUCED = (1 / 2, 1 / 4, 1 / 8, 1 / 16)
"""The picture is also looked at reduced, for faces that do not fit into the largest size; beside that size."""

LEAST_SIDE = 384
"""Reduced sizes that would leave a longer side of less are left out."""

LARGE = 96
"""Lower faces, in pixels of a reduced picture, are left to the largest size: reduced, more things look like a face."""

SMALL = 16
"""Lower faces, in pixels, are named only if they are plain: what is that small looks like a face too often."""

NAMES_SMALL = 0.5
"""The score from which these are named."""


@dataclass(frozen=True, slots=True)
class Second:
    """The second look of a profile.

    Attributes:
        size: The largest size in which the picture is looked at, beside the original.
        names: The score from which a face is named.
    """

    size: float
    names: float


SECOND = {
    Profile.FAST: Second(0.49, 0.34),
    Profile.BALANCED: Second(1.25, 0.28),
    Profile.THOROUGH: Second(1.75, 0.28),
}


def build(profile: str, streams: int) -> Finder:
    """Load the models of a second look. See veil.detect.load_second."""
    if profile not in SECOND:
        raise UsageError(f"There is no profile {profile!r}; nothing was done. Choose one of {', '.join(SECOND)}.")
    second = SECOND[Profile(profile)]
    model = Lazy(MODEL, partial(open_detector, MODEL, streams=streams))
    model.load()
    names = ((SMALL, NAMES_SMALL), (np.inf, second.names))
    return Finder(
        detector=Fused(looks(second.size, Tiled(model, tile=TILE, overlap=OVERLAP))),
        cover=names,
        suggest=names,
        models={MODEL: WEIGHTS[MODEL].sha256},
        release=model.release,
    )


def looks(size: float, detector: Detector) -> Sequence[Look]:
    """Return the looks, the largest picture first; an enlarged one is left out where it would take too long."""
    largest = Look(detector, size, mirrored=True, most_pixels=MOST_ENLARGED if size > 1 else np.inf)
    smaller = Look(detector, mirrored=True, least=LARGE, least_side=LEAST_SIDE)
    return [largest, *(replace(smaller, scale=size * share) for share in REDUCED)]
