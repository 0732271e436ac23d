"""The whole flow on one page: decode, find, plan; then plan, cover, encode. For videos it is in pipeline_video."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from veil import plan as plans
from veil import report as reports
from veil.detect import Finder
from veil.detect.fuse import joined
from veil.files import sha256_of
from veil.media.image import Picture, encode
from veil.options import Options
from veil.redact import cover_mask, redact
from veil.types import Area, Detection, Frame, Kind, Plan, Region, Report, Shape, Span

if TYPE_CHECKING:  # what decodes videos is loaded when there is one
    from veil.media.video import Video

# A face found in one frame of an animation is also covered in the frames just before and after, where it may have
# been missed.
LEAD_FRAMES = 2

MIDDLE_GREY = 128

Step = Callable[[], None]
"""Called after each frame or page; may raise to stop the work."""


def find(picture: "Picture | Video", finder: Finder, options: Options, step: Step = lambda: None) -> Plan:
    """Return what is to be covered in a picture or video.

    Args:
        picture: An open picture or video.
        finder: Loaded models for the profile of ``options``.
        options: All settings; those of stage FIND are used.
        step: Called after each frame or page.

    Raises:
        InputError: The picture is damaged.
        DetectorError: A model failed.
    """
    if not isinstance(picture, Picture):
        from veil import pipeline_video

        return pipeline_video.find(picture, finder, options, step)
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


def cover(
    picture: "Picture | Video", plan: Plan, stream: BinaryIO, options: Options, step: Step = lambda: None
) -> Report:
    """Write a picture or video with the regions of a plan covered.

    Args:
        picture: The open picture or video that the plan was made for.
        plan: What to cover.
        stream: Where the file is written. What it holds after an error must be thrown away.
        options: All settings; those of stages COVER and WRITE are used.
        step: Called after each frame or page.

    Raises:
        PlanError: The plan was made for another picture.
        InputError: The picture is damaged.
        UsageError: The format asked for is unknown or cannot hold the picture.
    """
    if not isinstance(picture, Picture):
        from veil import pipeline_video

        return pipeline_video.cover(picture, plan, stream, options, step)
    plans.check_fits(plan, picture.facts)
    covered = _covered(picture.frames(), plan, options, step)
    encode(covered, picture, stream, format=options.format or None, quality=options.quality)
    return reports.report(plan, options.style, sha256_of(stream))


def anonymise(
    picture: "Picture | Video", finder: Finder, stream: BinaryIO, options: Options, step: Step = lambda: None
) -> tuple[Plan, Report]:
    """Find every face in a picture or video and write it with the faces covered: find(), then cover().

    The arguments and errors are those of find() and cover().
    """
    if isinstance(picture, Picture):
        picture = decoded_once(picture)
    else:
        from veil import pipeline_video

        pipeline_video.target_of(picture, options)  # what cannot be written is refused before the long search
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
    found = finder.look(rgb)
    if frame.alpha is not None and not (frame.alpha == np.iinfo(frame.alpha.dtype).max).all():
        share = frame.alpha[..., None] / np.float32(np.iinfo(frame.alpha.dtype).max)
        seen = rgb * share + MIDDLE_GREY * (1 - share)
        found = joined(found, finder.look(np.rint(seen).astype(np.uint8)))
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
