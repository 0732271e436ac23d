"""The search in pictures: stills and pages one by one; in animations, faces are followed as in videos."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from veil import boxes
from veil import plan as plans
from veil.detect import Finder
from veil.detect.fuse import joined
from veil.errors import UsageError
from veil.media.animation import UNIT, shown_for, timed
from veil.media.image import Picture
from veil.options import Options
from veil.track import Pace, Track, Watched, Watcher, follow_in, grey_of, tracks
from veil.types import Area, Box, Detection, Drawing, Frame, Kind, Plan, Region, Shape, Span, Step

ANIMATION_PACE = Pace(longest=0.1, full=0)
"""Animations have few frames: each is looked at, unless they follow each other fast."""

MIDDLE_GREY = 128


def find(picture: Picture, finder: Finder, options: Options, step: Step) -> Plan:
    """Return what is to be covered in a picture. Arguments and errors are those of pipeline.find()."""
    search = _in_animation if picture.facts.kind is Kind.ANIMATION else _in_stills
    regions = tuple(search(picture, finder, options, step))
    return Plan(picture.facts, regions, options.profile, options.digest(), finder.models)


def _in_stills(picture: Picture, finder: Finder, options: Options, step: Step) -> list[Region]:
    """Return what is to be covered in a still or in pages."""
    regions = [plans.drawn(_without_times(each), Shape(options.shape)) for each in options.drawings]
    width = height = 0
    for frame in picture.frames():
        height, width = np.maximum((height, width), frame.pixels.shape[:2]).tolist()
        span = None if picture.facts.kind is Kind.STILL else Span(frame.index, frame.index + 1)
        regions += _as_still(look(finder, frame), finder, options, span)
        step()
    for each in options.drawings:
        plans.check_inside(each.box, replace(picture.facts, width=width, height=height))  # pages may differ in size
    return regions


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


def _in_animation(picture: Picture, finder: Finder, options: Options, step: Step) -> list[Region]:
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
        wanted = watcher.see(as_seen(frame), frame.index, time)
        if last is not None and watcher.ended:
            found[last.index] = look(finder, last)
            watcher.look_back(found[last.index])
        if wanted:
            found[frame.index] = look(finder, frame)
            watcher.look(found[frame.index])
        time += shown_for(frame)
        last = frame
        step()
    if last is not None and last.index not in found:
        watcher.look(look(finder, last))
    return watcher.watched(), found, time


def _sure_as_in_stills(track: Track, finder: Finder) -> Track:
    """Return a track that is to be covered if a single frame would be: animations have few."""
    places = boxes.stack([seen.box for _, seen in track.seen])
    limits = boxes.thresholds(places[:, 3] - places[:, 1], finder.cover)
    sure = any(seen.score >= limit for (_, seen), limit in zip(track.seen, limits.tolist(), strict=True))
    return replace(track, certain=track.certain or sure)


def _drawn(picture: Picture, drawing: Drawing, watched: Watched, duration: Fraction, shape: Shape) -> Region:
    """Return the region of an area of an animation that was given with the settings."""
    plans.check_inside(drawing.box, picture.facts)
    times = watched.times.tolist()
    span = plans.shown_in(drawing, times, float(duration))
    if span is None or not drawing.follows:
        return plans.drawn(drawing.box, shape, span)
    return follow(picture, span.first, drawing.box, shape=shape)


def follow(picture: Picture, frame: int, box: Box, *, shape: Shape, step: Step = lambda: None) -> Region:
    """Return the region of an area that a person drew in one frame: what is in it is followed through its shot.

    Args:
        picture: An open animation.
        frame: Number of the frame in which the area was drawn.
        box: The area, in pixels.
        shape: Its outline; not a polygon.
        step: Called after each frame that is read; may raise to stop the work.

    Raises:
        UsageError: The area lies outside of the picture.
        InputError: The picture is damaged.
    """
    plans.check_inside(box, picture.facts)
    greys, times = [], []
    for pts, each in timed(picture.frames()):
        greys.append(grey_of(as_seen(each)))  # no more pixels than a still may have
        times.append(float(pts * UNIT))
        step()
    return plans.drawn_moving(follow_in(greys, times, frame, box), shape)


def look(finder: Finder, frame: Frame) -> list[Detection]:
    """Return the faces in a frame: in its colours and, where parts of it are transparent, also as people see it."""
    found = finder.look(_eight_bit(frame.pixels))
    return joined(found, finder.look(as_seen(frame))) if _shows_through(frame) else found


def as_seen(frame: Frame) -> NDArray[np.uint8]:
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
