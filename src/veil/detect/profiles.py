"""What each profile looks at, and from which score on a face is covered or suggested.

How the numbers were chosen and what they find: docs/accuracy.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from veil.detect import Detector, Finder
from veil.detect.centerface import CenterFace
from veil.detect.fuse import Fused, Look
from veil.detect.runtime import Tuning
from veil.detect.tiles import Tiled
from veil.detect.yunet import YuNet
from veil.errors import UsageError
from veil.models import WEIGHTS
from veil.types import Profile

TILE = 1280
OVERLAP = 256

# A picture is also looked at reduced, for faces that do not fit into a tile, as long as it keeps some size: each scale
# with the least length of the longer side that it may leave.
REDUCED = {1 / 2: 128, 1 / 4: 384, 1 / 8: 384, 1 / 16: 384}

# Enlarged it shows small faces; beyond this many pixels that takes too long, and so small faces are rare.
ENLARGED = 2
MOST_ENLARGED = 8_000_000

# Enlarged or reduced, a picture also shows things that only look like faces at that size: large ones when it is
# enlarged, small ones when it is reduced. Other scales see the true ones.
MOST_WHEN_ENLARGED = 192
LEAST_WHEN_REDUCED = 24

# YuNet sees faces that fill the picture and reach over its edge better than CenterFace, and more that are none.
CLOSE_UP = 64
CLOSE_UP_PIXELS = 1_500_000
CLOSE_UP_TRUST = 0.3

LEAST_SCORE = 0.08

Steps = Sequence[tuple[float, float]]
LIMITS = (16, 32, 64, 128, 1_000_000)

MAKERS: dict[str, type[CenterFace] | type[YuNet]] = {"centerface": CenterFace, "yunet": YuNet}


@dataclass(frozen=True, slots=True)
class Recipe:
    """One profile.

    Attributes:
        models: The detectors it uses, by their names in WEIGHTS; the first one looks at every scale.
        enlarged: Whether it also looks at the enlarged picture.
        mirrored: Whether it also looks at everything in a mirror.
        cover: Scores from which a face is covered, one for each height up to LIMITS. They rise, since a large area
            covered for nothing costs most.
        suggest: The same for suggestions.
    """

    models: tuple[str, ...]
    enlarged: bool
    mirrored: bool
    cover: tuple[float, ...]
    suggest: tuple[float, ...]


RECIPES = {
    Profile.FAST: Recipe(("yunet",), False, False, (0.25, 0.3, 0.35, 0.4, 0.5), (0.25, 0.28, 0.3, 0.3, 0.35)),
    Profile.BALANCED: Recipe(
        ("centerface", "yunet"), True, False, (0.13, 0.14, 0.18, 0.2, 0.25), (0.13, 0.13, 0.14, 0.14, 0.15)
    ),
    Profile.THOROUGH: Recipe(
        ("centerface", "yunet"), True, True, (0.1, 0.1, 0.12, 0.15, 0.2), (0.1, 0.1, 0.11, 0.12, 0.13)
    ),
}


def build(profile: str, streams: int) -> Finder:
    """Load the models of a profile. See veil.detect.load."""
    if profile not in RECIPES:
        raise UsageError(f"There is no profile {profile!r}; nothing was done. Choose one of {', '.join(RECIPES)}.")
    recipe = RECIPES[Profile(profile)]
    tuning = Tuning(precision="bf16", streams=streams)
    detectors = {name: MAKERS[name](min_score=LEAST_SCORE, tuning=tuning) for name in recipe.models}
    return Finder(
        detector=Fused(list(_looks(recipe, detectors))),
        cover=tuple(zip(LIMITS, recipe.cover, strict=True)),
        suggest=tuple(zip(LIMITS, recipe.suggest, strict=True)),
        models={name: WEIGHTS[name].sha256 for name in recipe.models},
    )


def _looks(recipe: Recipe, detectors: Mapping[str, Detector]) -> Iterator[Look]:
    tiled = Tiled(detectors[recipe.models[0]], tile=TILE, overlap=OVERLAP)
    for mirrored in (False, True) if recipe.mirrored else (False,):
        yield Look(tiled, mirrored=mirrored)
        if recipe.enlarged:
            yield Look(tiled, ENLARGED, mirrored, most=MOST_WHEN_ENLARGED, most_pixels=MOST_ENLARGED)
        for scale, side in REDUCED.items():
            yield Look(tiled, scale, mirrored, least=LEAST_WHEN_REDUCED, least_side=side)
    for name in recipe.models[1:]:
        for scale, side in {1: 0, **REDUCED}.items():
            yield Look(
                detectors[name],
                scale,
                trust=CLOSE_UP_TRUST,
                least=CLOSE_UP,
                least_side=side,
                most_pixels=CLOSE_UP_PIXELS,
            )
