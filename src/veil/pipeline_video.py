"""The whole flow of videos: decode, watch and find, plan; then plan, cover, encode.

A video is read twice, once for each half. A few frames are held at a time, whatever its length; decoding and encoding
run beside the work that is done here.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import BinaryIO, Literal, NamedTuple

import numpy as np

from veil import pipeline_sound
from veil import plan as plans
from veil import report as reports
from veil.detect import Finder
from veil.errors import PlanError
from veil.files import sha256_of
from veil.media.formats import media_named
from veil.media.sound_tracks import AlteredSound, check_holds, sounds_of
from veil.media.video import Patch, Video, VideoFrame, Written, write_video
from veil.media.video_formats import CODECS, check_container, choose_codec
from veil.options import AUTO, Options
from veil.redact import redact, touched
from veil.track import Watched, Watcher, tracks
from veil.types import Area, Facts, Kind, Plan, Region, Report, Shape, Voice

USUAL_QUALITY = 90
"""The value of the setting that stands for what a codec is usually told."""

Step = Callable[[], None]


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
    codec = choose_codec(None if options.codec == AUTO else options.codec, container, video.look.layout)
    best, worst = CODECS[codec].qualities
    own = np.interp(options.quality, [1, USUAL_QUALITY, 100], [worst, CODECS[codec].quality, best])
    return Target(container, codec, round(float(own)))


def find(video: Video, finder: Finder, options: Options, step: Step) -> Plan:
    """Return what is to be covered in a video. Arguments and errors are those of pipeline.find()."""
    watched = _watch(video, finder, step)
    shape, area = Shape(options.shape), Area(options.area)
    regions = [plans.drawn(place, shape) for place in options.region]
    regions += plans.followed(
        tracks(watched, cover=finder.cover), shape=shape, grow=options.grow, area=area, min_height=options.min_size
    )
    facts = _facts(video, frames=len(watched.times))
    return Plan(facts, tuple(regions), options.profile, options.digest(), finder.models)


def cover(video: Video, plan: Plan, stream: BinaryIO, options: Options, step: Step) -> Report:
    """Write a video with the regions of a plan covered. Arguments and errors are those of pipeline.cover()."""
    plans.check_fits(plan, _facts(video, frames=plan.picture.frames))
    target = target_of(video, options)
    sound: Literal["mute", "keep"] = "keep" if options.voice == Voice.KEEP else "mute"
    tracks = sounds_of(video) if options.alters_sound else []
    heard = [pipeline_sound.listen(track, options, step) for track in tracks]
    written = write_video(
        video,
        _covered(video, plan, options, step),
        stream,
        container=target.container,
        codec=target.codec,
        quality=target.quality,
        preset=options.preset,
        sound=sound,
        subtitles=options.subtitles,
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


def _facts(video: Video, *, frames: int) -> Facts:
    """Return what a plan says of a video. How many frames there are shows only once all were decoded."""
    facts = video.facts
    return Facts(facts.container, Kind.VIDEO, facts.width, facts.height, frames, facts.sha256)


def _watch(video: Video, finder: Finder, step: Step) -> Watched:
    """Follow what moves through all frames, and look for faces in those that are worth it.

    The last frame of each shot is always looked at: a face that appeared just before would be found by no later look.
    Only the next frame shows which one it was.
    """
    watcher = Watcher(video.facts.width, video.facts.height, cover=finder.cover)
    last: VideoFrame | None = None
    looked = False
    with closing(video.frames()) as frames:
        for frame in frames:
            wanted = watcher.see(frame.grey, frame.index, frame.time)
            if last is not None and watcher.ended:
                watcher.look_back(finder.look(last.pixels))
            if wanted:
                watcher.look(finder.look(frame.pixels))
            last, looked = frame, wanted
            step()
    if last is not None and not looked:
        watcher.look(finder.look(last.pixels))
    return watcher.watched()


def _covered(video: Video, plan: Plan, options: Options, step: Step) -> Generator[VideoFrame, None, None]:
    """Yield all frames with what the plan says of each covered; those without anything to cover as they are.

    Raises:
        PlanError: The plan is about another number of frames, so its places may be those of others.
    """
    count = 0
    with closing(video.frames()) as frames:
        for frame in frames:
            yield _cover_frame(frame, plans.to_cover(plan, frame.index), options)
            count += 1
            step()
    if count != plan.picture.frames:
        raise PlanError(
            f"The plan is about {plan.picture.frames} frames, but the video has {count}; nothing was written.\n"
            "Make a new plan for it with veil find."
        )


def _cover_frame(frame: VideoFrame, regions: Sequence[Region], options: Options) -> VideoFrame:
    if not regions:
        return frame
    covered = redact(
        frame.pixels,
        regions,
        options.style,
        color=options.color,
        strength=options.strength,
        safety_boxes=options.boxes,
    ).astype(np.uint8, copy=False)
    return frame.with_patches(
        Patch(*window, covered[window], None if options.boxes else mask)  # the green line lies beside an ellipse
        for window, mask in touched(regions, *covered.shape[:2])
    )


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
