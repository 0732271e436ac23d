"""What Veil makes of a picture, and what it would make of it with other thresholds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import veil
from benchmarks.recall.faces import Labelled
from benchmarks.recall.judge import Verdict, coverage, judge, over_redaction
from veil.detect import Detector, Finder
from veil.detect.fuse import joined
from veil.errors import VeilError
from veil.media.image import open_picture
from veil.options import Options
from veil.plan import Steps, regions, to_cover
from veil.redact import cover_mask
from veil.types import Area, Detection, Facts, Region, Shape

FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)

Rgb = NDArray[np.uint8]
"""An upright picture, shape (height, width, 3), red, green, blue."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was made of one picture.

    Attributes:
        picture: The picture and its labels.
        size: (width, height) in pixels.
        regions: What would be covered.
        detections: All that the detector saw, low scores too.
        seconds: To decode the picture and to find the faces.
    """

    picture: Labelled
    size: tuple[int, int]
    regions: Sequence[Region]
    detections: Sequence[Detection]
    seconds: float


class Point(NamedTuple):
    """Coverage of all faces (nan where there are none) and over-redaction, with thresholds multiplied by a factor."""

    factor: float
    coverage: float
    over: float


class Recording:
    """A detector that remembers what another one saw, one list for each picture that it was shown."""

    def __init__(self, detector: Detector) -> None:
        """Take the detector that does the work."""
        self.name = detector.name
        self.seen: list[list[Detection]] = []
        self._detector = detector

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Ask the other detector. See veil.detect.Detector."""
        self.seen.append(self._detector.detect(pixels))
        return self.seen[-1]


def look(picture: Labelled, finder: Finder, options: Options, *, pixels: Rgb | None = None) -> Look:
    """Find the faces of one picture.

    Args:
        picture: The picture and its labels.
        finder: The loaded models of the profile.
        options: All settings.
        pixels: What is looked at instead of the file.

    Raises:
        SystemExit: It cannot be read, has several frames, or another size than its labels say. A figure without it
            would be one for other pictures.
    """
    recording = Recording(finder.detector)
    start = time.perf_counter()
    try:
        source = picture.path if pixels is None else pixels
        plan = veil.find(source, options, finder=replace(finder, detector=recording))
    except VeilError as error:
        raise SystemExit(f"{picture.path}: {error}\nNothing was measured.") from error
    seconds = time.perf_counter() - start
    check_fits(picture, plan.picture)
    # Pictures with transparent parts are looked at twice.
    detections = reduce(joined, recording.seen)
    return Look(picture, (plan.picture.width, plan.picture.height), to_cover(plan, 0), detections, seconds)


def upright(picture: Labelled) -> Rgb:
    """Return the upright pixels of a picture; 16 bits a channel are cut to 8, transparent parts keep their colours.

    Raises:
        SystemExit: As for look().
    """
    try:
        with open_picture(picture.path) as file:
            check_fits(picture, file.facts)
            pixels = next(file.frames()).pixels
    except VeilError as error:
        raise SystemExit(f"{picture.path}: {error}\nNothing was measured.") from error
    return (pixels >> 8 if pixels.dtype == np.uint16 else pixels).astype(np.uint8, copy=False)


def check_fits(picture: Labelled, facts: Facts) -> None:
    """Refuse a picture that its labels cannot be meant for.

    Raises:
        SystemExit: It has several frames, or another size than its labels say.
    """
    size = (facts.width, facts.height)
    if facts.frames != 1 or size != (picture.size or size):
        raise SystemExit(
            f"{picture.path} has {facts.frames} frames of {size[0]} x {size[1]} pixels, and its labels are for "
            f"one{' of {} x {}'.format(*picture.size) if picture.size else ''}; nothing was measured."
        )


def judge_look(seen: Look) -> Verdict:
    """Return how well a picture is covered by the regions that were found."""
    width, height = seen.size
    return judge(seen.picture.faces, cover_mask(seen.regions, height, width))


def sweep(looks: Sequence[Look], cover: Steps, options: Options) -> list[Point]:
    """Return what would be covered if the thresholds were other ones, without looking again.

    Args:
        looks: Of all pictures, with one profile.
        cover: The profile's thresholds, as in veil.detect.Finder.
        options: The settings of the looks.
    """
    points = []
    for factor in FACTORS:
        steps = [(height, threshold * factor) for height, threshold in cover]
        verdicts = [judge_look(replace(each, regions=_decided(each.detections, steps, options))) for each in looks]
        hits, total = coverage(verdicts)["all"]
        points.append(Point(factor, hits / total if total else nan, over_redaction(verdicts)))
    return points


def _decided(detections: Sequence[Detection], steps: Steps, options: Options) -> list[Region]:
    return regions(
        detections,
        cover=steps,
        suggest=steps,
        shape=Shape(options.shape),
        grow=options.grow,
        area=Area(options.area),
        min_height=options.min_size,
    )
