"""The whole flow on one page: decode, find, plan; then plan, cover, encode."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from veil import plan as plans
from veil import report as reports
from veil.detect import Detector, Finder
from veil.detect.fuse import joined
from veil.errors import DetectorError
from veil.media.image import Picture, encode
from veil.options import Options
from veil.redact import cover_mask, redact
from veil.types import Area, Detection, Frame, Kind, Plan, Region, Report, Shape, Span

# A face found in one frame of an animation is also covered in the frames just before and after, where it may have
# been missed.
LEAD_FRAMES = 2

MIDDLE_GREY = 128

Step = Callable[[], None]
"""Called after each frame or page; may raise to stop the work."""


def find(picture: Picture, finder: Finder, options: Options, step: Step = lambda: None) -> Plan:
    """Return what is to be covered in a picture.

    Args:
        picture: An open picture.
        finder: Loaded models for the profile of ``options``.
        options: All settings; those of stage FIND are used.
        step: Called after each frame or page.

    Raises:
        InputError: The picture is damaged.
        DetectorError: A model failed.
    """
    facts = picture.facts
    shape = Shape(options.shape)
    regions: list[Region] = [plans.drawn(area, shape) for area in options.region]
    for frame in picture.frames():
        regions += plans.regions(
            _look(finder, frame),
            cover=finder.cover,
            suggest=finder.suggest,
            shape=shape,
            grow=options.grow,
            area=Area(options.area),
            min_height=options.min_size,
            frames=_span(frame.index, facts.frames, facts.kind),
        )
        step()
    return Plan(facts, tuple(regions), options.profile, options.digest(), finder.models)


def cover(picture: Picture, plan: Plan, stream: BinaryIO, options: Options, step: Step = lambda: None) -> Report:
    """Write a picture with the regions of a plan covered.

    Args:
        picture: The open picture that the plan was made for.
        plan: What to cover.
        stream: Where the file is written. What it holds after an error must be thrown away.
        options: All settings; those of stages COVER and WRITE are used.
        step: Called after each frame or page.

    Raises:
        PlanError: The plan was made for another picture.
        InputError: The picture is damaged.
        UsageError: The format asked for is unknown or cannot hold the picture.
    """
    plans.check_fits(plan, picture.facts)
    covered = _covered(picture.frames(), plan, options, step)
    encode(covered, picture, stream, format=options.format or None, quality=options.quality)
    return reports.report(plan, options.style, _sha256(stream))


def anonymise(
    picture: Picture, finder: Finder, stream: BinaryIO, options: Options, step: Step = lambda: None
) -> tuple[Plan, Report]:
    """Find every face in a picture and write it with the faces covered: find(), then cover().

    The arguments and errors are those of find() and cover().
    """
    picture = decoded_once(picture)
    plan = find(picture, finder, options, step)
    return plan, cover(picture, plan, stream, options, step)


def decoded_once(picture: Picture) -> Picture:
    """Return a picture whose one frame is decoded now and kept, for who looks at it more than once.

    One with several frames is returned as it is and decoded anew each time, so that memory does not grow with their
    number.

    Raises:
        InputError: The picture is damaged.
    """
    if picture.facts.frames != 1:
        return picture
    frames = tuple(picture.frames())
    return Picture(picture.facts, replace(picture.header, decode=lambda: iter(frames)))


def _look(finder: Finder, frame: Frame) -> list[Detection]:
    """Return the faces in a frame: in its colours and, where parts of it are transparent, also as people see it."""
    rgb = _eight_bit(frame.pixels)
    found = _detect(finder.detector, rgb)
    if frame.alpha is not None and not (frame.alpha == np.iinfo(frame.alpha.dtype).max).all():
        share = frame.alpha[..., None] / np.float32(np.iinfo(frame.alpha.dtype).max)
        seen = rgb * share + MIDDLE_GREY * (1 - share)
        found = joined(found, _detect(finder.detector, np.rint(seen).astype(np.uint8)))
    return found


def _detect(detector: Detector, pixels: NDArray[np.uint8]) -> list[Detection]:
    """Return what a detector sees, or fail: a NaN is below every threshold and would pass for no face."""
    found = detector.detect(pixels)
    if not np.isfinite([(*each.box, each.score) for each in found]).all():
        raise DetectorError(
            f"The detector {detector.name} gave a place or score that is not a number; nothing was made."
        )
    return found


def _eight_bit(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return pixels as uint8; 16-bit ones by their brightest value, since many files use only part of the range."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    peak = max(int(pixels.max()), 1)
    return (np.arange(peak + 1) * (255.0 / peak)).astype(np.uint8)[pixels]  # a table: no floats the picture's size


def _span(index: int, frames: int, kind: Kind) -> Span | None:
    """Return the frames in which a face found in one frame is covered."""
    if kind is Kind.STILL:
        return None
    lead = LEAD_FRAMES if kind is Kind.ANIMATION else 0
    return Span(max(0, index - lead), min(frames, index + lead + 1))


def covered_frames(picture: Picture, plan: Plan, options: Options) -> Iterator[Frame]:
    """Yield the frames of a picture with the regions of a plan covered; arguments and errors as for cover()."""
    plans.check_fits(plan, picture.facts)
    return _covered(picture.frames(), plan, options, lambda: None)


def _sha256(stream: BinaryIO) -> str:
    """Return the hash of all that a stream holds, in hexadecimal."""
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _covered(frames: Iterable[Frame], plan: Plan, options: Options, step: Step) -> Iterator[Frame]:
    for frame in frames:
        yield _cover_frame(frame, plans.to_cover(plan, frame.index), options)
        step()


def _cover_frame(frame: Frame, regions: Sequence[Region], options: Options) -> Frame:
    """Return a frame with regions covered; a covered area is opaque."""
    pixels = redact(
        frame.pixels,
        regions,
        options.style,
        color=options.color,
        strength=options.strength,
        safety_boxes=options.boxes,
        visible=None if frame.alpha is None else frame.alpha > 0,
    )
    if frame.alpha is None:
        return replace(frame, pixels=pixels)
    alpha = frame.alpha.copy()
    alpha[cover_mask(regions, *alpha.shape)] = np.iinfo(alpha.dtype).max
    return replace(frame, pixels=pixels, alpha=alpha)
