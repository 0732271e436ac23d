"""The whole flow on one page: decode, find, plan; then plan, cover, encode.

How pictures are searched is in pipeline_picture; for videos, all of it is in pipeline_video.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from veil import pipeline_picture
from veil import plan as plans
from veil import report as reports
from veil.detect import Finder
from veil.files import sha256_of
from veil.media.image import Picture
from veil.options import Options
from veil.redact import cover_mask, redact
from veil.types import Frame, Plan, Region, Report, Step

if TYPE_CHECKING:  # what decodes videos is loaded when there is one
    from veil.media.video import Video


def find(picture: "Picture | Video", finder: Finder, options: Options, step: Step = lambda: None) -> Plan:
    """Return what is to be covered in a picture or video.

    Args:
        picture: An open picture or video.
        finder: Loaded models for the profile of ``options``.
        options: All settings; those of stage FIND are used.
        step: Called after each frame or page.

    Raises:
        InputError: The picture is damaged.
        UsageError: An area given with the settings cannot be in the picture or at its time.
        DetectorError: A model failed.
    """
    if not isinstance(picture, Picture):
        from veil import pipeline_video

        return pipeline_video.find(picture, finder, options, step)
    return pipeline_picture.find(picture, finder, options, step)


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
    picture.write(covered, stream, format=options.format or None, quality=options.quality)
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
    return picture.with_frames(tuple(picture.frames()))


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
