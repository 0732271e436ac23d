"""The whole flow on one page: decode, find, plan; then plan, cover, encode. For videos it is in pipeline_video."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil import plan as plans
from veil import report as reports
from veil.detect import Finder
from veil.detect.fuse import joined
from veil.errors import UsageError
from veil.files import sha256_of
from veil.media.image import Picture, encode
from veil.options import Options
from veil.redact import cover_mask, redact
from veil.track import Pace, Track, Watched, Watcher, follow_in, grey_of, tracks
from veil.types import Area, Box, Detection, Drawing, Frame, Kind, Plan, Region, Report, Shape, Span

if TYPE_CHECKING:  # what decodes videos is loaded when there is one
    from veil.media.video import Video

ANIMATION_PACE = Pace(longest=0.1)
"""Animations have few frames: each is looked at, unless they follow each other fast."""

SHORTEST = Fraction(1, 100)
"""Seconds that a frame of an animation lasts at least."""

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
    if picture.facts.kind is Kind.ANIMATION:
        regions = _moving(picture, finder, options, step)
    else:
        regions = [plans.drawn(_without_times(each), Shape(options.shape)) for each in options.drawings]
        for frame in picture.frames():
            span = None if picture.facts.kind is Kind.STILL else Span(frame.index, frame.index + 1)
            regions += _as_still(_look(finder, frame), finder, options, span)
            step()
    return Plan(picture.facts, tuple(regions), options.profile, options.digest(), finder.models)


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


def _without_times(drawing: Drawing) -> Box:
    """Return an area of a picture in which nothing moves.

    Raises:
        UsageError: It has times.
    """
    if drawing != Drawing(drawing.box):
        raise UsageError(
            "An area has times, but this picture is neither a video nor an animation; nothing was written."
        )
    return drawing.box


def _as_still(detections: Sequence[Detection], finder: Finder, options: Options, frames: Span | None) -> list[Region]:
    """Return what is to be done with the faces of a picture in which nothing is followed."""
    return plans.regions(
        detections,
        cover=finder.cover,
        suggest=finder.suggest,
        shape=Shape(options.shape),
        grow=options.grow,
        area=Area(options.area),
        min_height=options.min_size,
        frames=frames,
    )


def _moving(picture: Picture, finder: Finder, options: Options, step: Step) -> list[Region]:
    """Return what is to be covered in an animation: faces are followed as in a video.

    Of a slide show, in which each frame is a picture of its own, they are found as in stills.
    """
    watched, found, duration = _watch(picture, finder, step)
    slides = {first for first, stop in pairwise(watched.shots) if stop == first + 1}
    shape = Shape(options.shape)
    regions = [_drawn(picture, drawing, watched, duration, shape) for drawing in options.drawings]
    for frame in sorted(slides):
        regions += _as_still(found[frame], finder, options, Span(frame, frame + 1))
    regions += plans.followed(
        [_sure_as_in_stills(each, finder) for each in tracks(watched, cover=finder.cover) if each.first not in slides],
        shape=shape,
        grow=options.grow,
        area=Area(options.area),
        min_height=options.min_size,
    )
    return regions


def _watch(picture: Picture, finder: Finder, step: Step) -> tuple[Watched, dict[int, list[Detection]], Fraction]:
    """Follow what moves through all frames of an animation, and look for faces in those that are worth it.

    Returns:
        What was seen, what was found in each frame that was looked at, and how long the animation is, in seconds.
    """
    watcher = Watcher(picture.facts.width, picture.facts.height, cover=finder.cover, pace=ANIMATION_PACE)
    found: dict[int, list[Detection]] = {}
    time, last = Fraction(0), None
    for frame in picture.frames():
        wanted = watcher.see(_seen(frame), frame.index, time)
        if last is not None and watcher.ended:
            found[last.index] = _look(finder, last)
            watcher.look_back(found[last.index])
        if wanted:
            found[frame.index] = _look(finder, frame)
            watcher.look(found[frame.index])
        time += max(frame.duration or SHORTEST, SHORTEST)
        last = frame
        step()
    if last is not None and last.index not in found:
        watcher.look(_look(finder, last))
    return watcher.watched(), found, time


def _sure_as_in_stills(track: Track, finder: Finder) -> Track:
    """Return a track that is to be covered if a single frame would be: animations have few."""
    places = boxes.stack([seen.box for _, seen in track.seen])
    limits = boxes.thresholds(places[:, 3] - places[:, 1], finder.cover)
    sure = any(seen.score >= limit for (_, seen), limit in zip(track.seen, limits.tolist(), strict=True))
    return replace(track, certain=track.certain or sure)


def _drawn(picture: Picture, drawing: Drawing, watched: Watched, duration: Fraction, shape: Shape) -> Region:
    """Return the region of an area of an animation that was given with the settings."""
    times = watched.times.tolist()
    span = plans.shown_in(drawing, times, float(duration))
    if span is None or not drawing.follows:
        return plans.drawn(drawing.box, shape, span)
    plans.check_inside(drawing.box, picture.facts)
    greys = [grey_of(_seen(frame)) for frame in picture.frames()]  # no more pixels than a still may have
    return plans.drawn_moving(follow_in(greys, times, span.first, drawing.box), shape)


def _look(finder: Finder, frame: Frame) -> list[Detection]:
    """Return the faces in a frame: in its colours and, where parts of it are transparent, also as people see it."""
    found = finder.look(_eight_bit(frame.pixels))
    return joined(found, finder.look(_seen(frame))) if _shows_through(frame) else found


def _seen(frame: Frame) -> NDArray[np.uint8]:
    """Return a frame as people see it, where it is transparent before middle grey."""
    rgb = _eight_bit(frame.pixels)
    if frame.alpha is None or not _shows_through(frame):
        return rgb
    share = frame.alpha[..., None] / np.float32(np.iinfo(frame.alpha.dtype).max)
    return np.rint(rgb * share + MIDDLE_GREY * (1 - share)).astype(np.uint8)


def _shows_through(frame: Frame) -> bool:
    return frame.alpha is not None and not (frame.alpha == np.iinfo(frame.alpha.dtype).max).all()


def _eight_bit(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return pixels as uint8; 16-bit ones by their brightest value, since many files use only part of the range."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    peak = max(int(pixels.max()), 1)
    return (np.arange(peak + 1) * (255.0 / peak)).astype(np.uint8)[pixels]  # a table: no floats the picture's size


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
