"""The whole flow of videos: decode, watch and find, plan; then plan, cover, encode.

A video is read twice, once for each half. A few frames are held at a time, whatever its length; decoding and encoding
run beside the work that is done here.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from itertools import islice
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from veil import cores, memory, pipeline_sound
from veil import plan as plans
from veil import report as reports
from veil.detect import Finder, squeezed
from veil.errors import PlanError
from veil.files import sha256_of
from veil.media.formats import media_named
from veil.media.sound_tracks import AlteredSound, check_holds
from veil.media.video import HowToWrite, Video, VideoFrame, Written
from veil.media.video_formats import CODECS, check_container, choose_codec
from veil.options import AUTO, Options
from veil.redact import GREEN, redact_planes
from veil.redact.layers import Plane
from veil.track import Follower, Pace, Wanted, Watched, Watcher, followed, small_grey, tracks
from veil.types import Area, Box, Drawing, Facts, Kind, Plan, Profile, Region, Report, Shape, Step, Voice

USUAL_QUALITY = 90
"""The value of the setting that stands for what a codec is usually told."""

SELDOM = Pace(longest=0.8, motion=0.14, full=0)
"""When the profile fast looks."""

FRAMES_BACK = 128
"""How many frames are read at a time where a video is followed backwards: 120 MB at most."""


class Target(NamedTuple):
    """What is to be written: keys of CONTAINERS and CODECS, and the quality on the encoder's own scale."""

    container: str
    codec: str
    quality: int


def target_of(video: Video, options: Options) -> Target:
    """Return what a video is to be written as.

    Raises:
        UsageError: The settings do not fit each other or the video.
    """
    container = media_named(options.format) if options.format else video.facts.container
    check_container(container, video.facts)
    if options.alters_sound:
        check_holds(container, (track.channels for track in video.facts.sound))
        video.sounds()  # or it would show only after the search that a track cannot be decoded
    codec = choose_codec(None if options.codec == AUTO else options.codec, container, video.look.layout)
    video.check_tracks(HowToWrite(container, codec, sound=_sound(options), subtitles=options.subtitles))
    best, worst = CODECS[codec].qualities
    own = np.interp(options.quality, [1, USUAL_QUALITY, 100], [worst, CODECS[codec].quality, best])
    return Target(container, codec, round(float(own)))


def find(video: Video, finder: Finder, options: Options, step: Step) -> Plan:
    """Return what is to be covered in a video. Arguments and errors are those of pipeline.find()."""
    _check_drawings(video, options.drawings)
    memory.keep_large_apart()
    cores.leave_to_codecs()
    finder = finder.in_videos or finder
    watched = _watch(video, finder, _pace(finder, options.profile), step)
    shape, area = Shape(options.shape), Area(options.area)
    regions = [_drawn(video, drawing, watched, shape, step) for drawing in options.drawings]
    regions += plans.followed(
        tracks(watched, cover=finder.cover), shape=shape, grow=options.grow, area=area, min_height=options.min_size
    )
    facts = facts_of(video, frames=len(watched.times))
    del watched  # its memory is let go of with that of the models: encoding takes as much again
    finder.release()
    return Plan(facts, tuple(regions), options.profile, options.digest(), finder.models)


def cover(video: Video, plan: Plan, stream: BinaryIO, options: Options, step: Step) -> Report:
    """Write a video with the regions of a plan covered. Arguments and errors are those of pipeline.cover()."""
    plans.check_fits(plan, facts_of(video, frames=plan.picture.frames))
    cores.leave_to_codecs()
    target = target_of(video, options)
    tracks = video.sounds() if options.alters_sound else []
    heard = [pipeline_sound.listen(track, options, step) for track in tracks]
    written = video.write(
        _covered(video, plan, options, step),
        stream,
        HowToWrite(target.container, target.codec, target.quality, options.preset, _sound(options), options.subtitles),
        altered=[
            AlteredSound(track.shape, track.start, pipeline_sound.changed(track, speech, options))
            for track, speech in zip(tracks, heard, strict=True)
        ],
    )
    altered = pipeline_sound.told(zip((track.shape for track in tracks), heard, strict=True), options)
    return reports.report(
        plan,
        options.style,
        sha256_of(stream),
        dropped=tuple(_dropped(video, options, written)),
        altered=altered if tracks else None,
    )


def _sound(options: Options) -> Literal["mute", "keep"]:
    return "keep" if options.voice == Voice.KEEP else "mute"


def _check_drawings(video: Video, drawings: Sequence[Drawing]) -> None:
    """Refuse areas that cannot be covered, as far as can be told before the long search."""
    for drawing in drawings:
        if video.facts.duration:
            plans.check_begins(drawing, float(video.facts.duration) + 1)  # it may be a little off
        plans.check_inside(drawing.box, facts_of(video, frames=0))


def _drawn(video: Video, drawing: Drawing, watched: Watched, shape: Shape, step: Step) -> Region:
    """Return the region of an area that was given with the settings."""
    times = watched.times - watched.times[0]
    length = times[-1] + (np.diff(times).max() if len(times) > 1 else 0.0)  # the last frame is shown for a while, too
    span = plans.shown_in(drawing, times.tolist(), float(length))
    if span is None or not drawing.follows:
        return plans.drawn(drawing.box, shape, span)
    pts = [round(Fraction(time) / video.facts.time_base) for time in watched.times.tolist()]
    return follow(video, span.first, drawing.box, shape=shape, pts=pts, step=step)


def follow(video: Video, frame: int, box: Box, *, shape: Shape, pts: Sequence[int], step: Step) -> Region:
    """Return the region of an area that a person drew in one frame: what is in it is followed through its shot.

    Args:
        video: An open video.
        frame: Number of the frame in which the area was drawn.
        box: The area, in pixels.
        shape: Its outline; not a polygon.
        pts: That of each frame of the video, as an earlier pass has seen it.
        step: Called after each frame that is read, each at most once; may raise to stop the work.

    Raises:
        UsageError: The area lies outside of the picture.
        InputError: The video is damaged or has changed.
    """
    plans.check_inside(box, facts_of(video, frames=len(pts)))
    unit = video.facts.time_base
    with closing(video.frames(frame, pts[frame])) as frames:
        drawn = next(frames)
        after, before = (Follower(drawn.grey, box, float(drawn.time)) for _ in range(2))
        step()
        for later in frames:
            step()
            if not after.see(later.grey, float(later.time)):
                break
    stop, goes_on = frame, True
    while goes_on and stop:
        first = max(0, stop - FRAMES_BACK)
        for index, grey in reversed([*enumerate(_small(video, first, stop, pts, before.longer_side, step), first)]):
            goes_on = goes_on and before.see(grey, float(pts[index] * unit))
        stop = first
    return plans.drawn_moving(followed(frame, box, before, after), shape)


def _small(
    video: Video, first: int, stop: int, pts: Sequence[int], longer_side: int, step: Step
) -> Iterator[NDArray[np.uint8]]:
    """Yield the brightness of some frames, shrunk: a video can only be read forwards."""
    with closing(video.frames(first, pts[first])) as frames:
        for frame in islice(frames, stop - first):
            yield small_grey(frame.grey, longer_side).copy()  # or the whole frame would be held
            step()


def facts_of(video: Video, *, frames: int) -> Facts:
    """Return what a plan says of a video. How many frames there are shows only once all were decoded."""
    facts = video.facts
    return Facts(facts.container, Kind.VIDEO, facts.width, facts.height, frames, facts.sha256)


def _pace(finder: Finder, profile: str) -> Pace:
    if profile == Profile.FAST:
        return SELDOM
    return Pace() if finder.glance else Pace(full=0)


def _watch(video: Video, finder: Finder, pace: Pace, step: Step) -> Watched:
    """Follow what moves through all frames, and look for faces in those that are worth it.

    The last frame of each shot is always looked at in full: a face that appeared just before would be found by no later
    look. Only the next frame shows which one it was.
    """
    watcher = Watcher(video.facts.width, video.facts.height, cover=finder.cover, pace=pace)
    aspect = float(video.facts.sample_aspect)
    last: VideoFrame | None = None
    with closing(video.frames()) as frames:
        for frame in frames:
            wanted = watcher.see(frame.grey, frame.index, frame.time)
            if last is not None and watcher.ended:
                watcher.look_back(squeezed.look(finder, last.pixels, aspect))
            if wanted:
                glance = wanted is Wanted.GLANCE
                watcher.look(squeezed.look(finder, frame.pixels, aspect, glance=glance), glance=glance)
            last = frame
            step()
    if last is not None and not watcher.settled:
        watcher.look(squeezed.look(finder, last.pixels, aspect))
    return watcher.watched()


def _covered(video: Video, plan: Plan, options: Options, step: Step) -> Generator[VideoFrame, None, None]:
    """Yield all frames with what the plan says of each covered; those without anything to cover as they are.

    Raises:
        PlanError: The plan is about another number of frames, so its places may be those of others.
    """
    count, copies = 0, memory.Reused()
    with closing(video.frames()) as frames:
        for frame in frames:
            yield cover_frame(frame, plans.to_cover(plan, frame.index), options, copies.copy)
            count += 1
            step()
    if count != plan.picture.frames:
        raise PlanError(
            f"The plan is about {plan.picture.frames} frames, but the video has {count}; nothing was written.\n"
            "Make a new plan for it with veil find."
        )


def cover_frame(
    frame: VideoFrame, regions: Sequence[Region], options: Options, copy: Callable[[Plane], Plane] = np.copy
) -> VideoFrame:
    """Return a frame with regions covered, in the video's own colours; without any, the frame itself.

    Args:
        frame: The frame.
        regions: Of the plan, in that frame.
        options: How to cover them.
        copy: Copies a plane.
    """
    if not regions:
        return frame
    layout = frame.image.layout
    planes = redact_planes(
        frame.image.planes(),
        regions,
        options.style,
        step=layout.step,
        cell=layout.cell,
        peak=layout.peak,
        color=layout.numbers(options.color),
        strength=options.strength,
        line=layout.numbers(GREEN) if options.boxes else None,
        copy=copy,
    )
    return frame.with_planes(planes)


def _dropped(video: Video, options: Options, written: Written) -> Iterator[str]:
    """Yield in plain words what the video holds and its result does not."""
    if video.facts.sound and options.voice == Voice.MUTE and not options.alters_sound:
        yield "sound"
    if video.facts.subtitles and not options.subtitles:
        yield "subtitles"
    yield from video.facts.dropped
    if written.rounded:
        yield "times finer than a millisecond"
    if written.shift:
        yield "times before 0"
