"""What each profile looks at, and from which score on a face is covered or suggested.

How the numbers were chosen and what they find: docs/accuracy.md.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from veil import memory
from veil.detect import Detector, Finder, open_detector
from veil.detect.fuse import Fused, Look, Seconded, Weights
from veil.detect.tiles import Tiled
from veil.detect.turns import Turning
from veil.errors import UsageError
from veil.models import WEIGHTS
from veil.types import Detection, Profile

TILE = 1280
OVERLAP = 256

# A picture is also looked at reduced, for faces that do not fit into a tile, as long as it keeps some size: each scale
# with the least length of the longer side that it may leave.
REDUCED = {1 / 2: 128, 1 / 4: 384, 1 / 8: 384, 1 / 16: 384}

# Enlarged it shows small faces; beyond this many pixels that takes too long, and so small faces are rare.
MOST_ENLARGED = 8_000_000

# Enlarged or reduced, a picture also shows things that only look like faces at that size: large ones when it is
# enlarged, small ones when it is reduced. Other scales see the true ones.
MOST_WHEN_ENLARGED = 192
LEAST_WHEN_REDUCED = 24

# YuNet sees faces that fill the picture and reach over its edge better than CenterFace, and more that are none: it is
# asked for such faces only, where CenterFace is not sure of any.
CLOSE_UP = 64
CLOSE_UP_PIXELS = 1_500_000
# A score of 0.58 there makes 0.03, one of 0.75 makes 0.15: chosen so that as much is covered as with CenterFace alone.
CLOSE_UP_WEIGHTS = Weights(bias=-4.2, best=2.24)
SURE = 0.2  # above all scores from which a face is covered: what is sure enough to ask no further is covered

# Smoothed by a Gaussian of this deviation, in pixels, faces are seen behind noise and the blocks of strong compression.
# The mirrored look at the picture's own size is smoothed, too: so two looks agree there, at no cost in plain pictures.
SMOOTH = 1.0

Steps = Sequence[tuple[float, float]]
LIMITS = (16, 32, 64, 128, 1_000_000)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One profile.

    Attributes:
        model: Looks at every scale; a name in WEIGHTS.
        second: Looks for close-ups where ``model`` sees no face for sure; a name in WEIGHTS or None.
        enlarged: The scale at which the picture is looked at enlarged; None where it is not.
        mirrored: Whether it is looked at in a mirror, too.
        smoothed: Whether it is looked at smoothed, too.
        turned: Whether it is looked at turned, too, where more faces stand upright then.
        glance: Whether a glance is enough between two full looks at a video: ``model`` alone, nothing enlarged.
        least: Lowest score that a look reports. YuNet sees many things that are none: under 0.2 it tells nothing.
        weights: What the evidence of the looks is worth.
        cover: Scores from which a face is covered, one for each height up to LIMITS. They rise, since a large area
            covered for nothing costs most.
        suggest: The same for suggestions.
    """

    model: str
    second: str | None
    enlarged: float | None
    mirrored: bool
    smoothed: bool
    turned: bool
    glance: bool
    least: float
    weights: Weights
    cover: tuple[float, ...]
    suggest: tuple[float, ...]


def _at_a_glance(recipe: Recipe) -> Recipe:
    return replace(recipe, enlarged=None, mirrored=False, smoothed=False)


RECIPES = {
    Profile.FAST: Recipe(
        model="yunet",
        second=None,
        enlarged=None,
        mirrored=False,
        smoothed=False,
        turned=False,
        glance=False,
        least=0.2,
        weights=Weights(bias=-0.75, best=1.45, agreement=0.89, company=0.13),
        cover=(0.055, 0.075, 0.17, 0.26, 0.36),
        suggest=(0.055, 0.075, 0.1, 0.1, 0.1),
    ),
    Profile.BALANCED: Recipe(
        model="centerface",
        second="yunet",
        enlarged=1.5,
        mirrored=False,
        smoothed=False,
        turned=True,
        glance=True,
        least=0.07,
        weights=Weights(bias=0.8, best=1.84, agreement=0.85, company=0.24),
        cover=(0.012, 0.032, 0.055, 0.09, 0.18),
        suggest=(0.012, 0.03, 0.03, 0.03, 0.03),
    ),
    Profile.THOROUGH: Recipe(
        model="centerface",
        second="yunet",
        enlarged=2.0,
        mirrored=True,
        smoothed=True,
        turned=True,
        glance=False,
        least=0.07,
        weights=Weights(bias=0.14, best=1.26, agreement=1.61, company=0.25),
        cover=(0.0008, 0.004, 0.009, 0.011, 0.017),
        suggest=(0.0008, 0.004, 0.004, 0.004, 0.004),
    ),
}

# A look at one frame serves those around it, so that better looks, made less often, cost little more: docs/tracking.md.
IN_VIDEOS = {
    Profile.FAST: replace(_at_a_glance(RECIPES[Profile.BALANCED]), second=None, turned=False, glance=False),
}


def build(profile: str, streams: int) -> Finder:
    """Load the models of a profile. See veil.detect.load."""
    if profile not in RECIPES:
        raise UsageError(f"There is no profile {profile!r}; nothing was done. Choose one of {', '.join(RECIPES)}.")
    other = IN_VIDEOS.get(Profile(profile))
    if other is None:
        return _finder(RECIPES[Profile(profile)], streams)
    # Whoever comes with pictures alone, or with videos alone, needs one of the two models.
    return _finder(RECIPES[Profile(profile)], streams, lazy=True, in_videos=_finder(other, streams, lazy=True))


def _finder(recipe: Recipe, streams: int, *, lazy: bool = False, in_videos: Finder | None = None) -> Finder:
    load = partial(open_detector, min_score=recipe.least, streams=streams)
    model = Lazy(recipe.model, partial(load, recipe.model))
    if not lazy:
        model.load()
    detector: Detector = Fused(every_scale(recipe, model), recipe.weights)
    second: Lazy | None = None
    if recipe.second:
        second = Lazy(recipe.second, partial(load, recipe.second))
        detector = Seconded(detector, Fused(_close_ups(second), CLOSE_UP_WEIGHTS), sure=SURE)
    if recipe.turned:
        detector = Turning(detector, model)

    def release() -> None:
        model.release()
        if second:
            second.release()

    return Finder(
        detector=detector,
        cover=tuple(zip(LIMITS, recipe.cover, strict=True)),
        suggest=tuple(zip(LIMITS, recipe.suggest, strict=True)),
        models={name: WEIGHTS[name].sha256 for name in (recipe.model, recipe.second) if name},
        glance=Fused(every_scale(_at_a_glance(recipe), model), recipe.weights) if recipe.glance else None,
        in_videos=in_videos,
        release=release,
    )


class Lazy:
    """A detector that is loaded when it is asked: loading takes a tenth of a second, and having looked 0.2 GB."""

    def __init__(self, name: str, load: Callable[[], Detector]) -> None:
        """Take the name of the detector and the function that loads it."""
        self.name = name
        self._load = load
        self._loading = threading.Lock()
        self._loaded: Detector | None = None

    def load(self) -> Detector:
        """Return the detector, which is loaded unless it is."""
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Load the detector unless it is loaded, and ask it. See Detector."""
        return self.load().detect(pixels)

    def release(self) -> None:
        """Let go of the detector; other threads that look at the moment do so to the end."""
        with self._loading:
            self._loaded = None
        memory.give_back()  # or what was freed stays with this process


def every_scale(recipe: Recipe, detector: Detector) -> list[Look]:
    """Return looks for faces of every size, the largest picture first: later ones reuse its memory."""
    tiled = Tiled(detector, tile=TILE, overlap=OVERLAP)
    looks = [Look(tiled)] + [
        Look(tiled, scale, least=LEAST_WHEN_REDUCED, least_side=side) for scale, side in REDUCED.items()
    ]
    if recipe.enlarged:
        looks.insert(0, Look(tiled, recipe.enlarged, most=MOST_WHEN_ENLARGED, most_pixels=MOST_ENLARGED))
    if recipe.mirrored:
        looks += [replace(look, mirrored=True, smooth=SMOOTH if look.scale == 1 else 0) for look in looks]
    return looks + ([Look(tiled, smooth=SMOOTH)] if recipe.smoothed else [])


def _close_ups(detector: Detector) -> list[Look]:
    """Return looks for faces that fill the picture."""
    looks = [
        Look(detector, scale, least=CLOSE_UP, least_side=side, most_pixels=CLOSE_UP_PIXELS)
        for scale, side in ({1.0: 0} | REDUCED).items()
    ]
    return [*looks[:-1], replace(looks[-1], most_pixels=np.inf)]  # however large the picture, one look is left
