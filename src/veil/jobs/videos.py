"""What is done with a video besides what is done with photos: a copy to look at, its times, and one frame to show."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

import numpy as np

from veil import pipeline, pipeline_video
from veil.cache import PlanCache
from veil.detect import Finder
from veil.jobs import disk, steps
from veil.jobs.folder import JobFolder
from veil.jobs.job import Film, Job
from veil.jobs.progress import Progress
from veil.media.files import Opener
from veil.media.video import DEFAULT_MAX_PIXELS, Video, VideoFrame
from veil.types import Facts, Pixels, Plan, Step

SHOWN_FIRST = 0.1
"""Where in a video is the frame that is shown until its faces are known: at its beginning it is often dark."""


@dataclass(frozen=True, slots=True)
class Times:
    """When each frame of a video is shown.

    Attributes:
        unit: In seconds.
        pts: One a frame, in units, rising.
    """

    unit: Fraction
    pts: tuple[int, ...]

    @property
    def seconds(self) -> list[float]:
        """One a frame, the first at 0."""
        return [round(float((pts - self.pts[0]) * self.unit), 6) for pts in self.pts]


def read_times(folder: JobFolder) -> Times:
    """Return the times that show() has written.

    Raises:
        NoSuchPhotoError: They are gone, with the video.
    """
    with folder.unless_gone():
        values = json.loads(folder.times.read_bytes())
    return Times(Fraction(*values["unit"]), tuple(values["pts"]))


def opened(folder: JobFolder, job: Job, opener: Opener, most_frames: int | None = None) -> Video:
    """Open a video. Errors are those of open_video(); its bytes are hashed once, when its plan is made."""
    known = "" if job.picture is None else job.picture.sha256
    return opener.open_video(
        folder.original,
        max_pixels=min(job.options.max_pixels, DEFAULT_MAX_PIXELS),
        max_frames=most_frames,
        sha256=known,
    )


def show(folder: JobFolder, video: Video, progress: Progress, passes: int) -> Facts:
    """Make what a person can look at while faces are looked for, unless it is there: a small copy, and a preview.

    Args:
        folder: The video's.
        video: It, open.
        progress: Told of each frame.
        passes: How often the frames are to be worked through after this.

    Returns:
        The video's facts, now that its frames are counted.

    Raises:
        InputError: The video is damaged.
        NoSpaceError: The disk is full.
        OutputError: The copy cannot be written.
    """
    folder.change(lambda job: replace(job, film=job.film or _film(video)))
    said = 0
    if not folder.screening.exists():
        said = estimated_frames(video)
        progress.expect(said * (passes + 1))
        _screen(folder, video, progress)
        passes += 1
    count = len(read_times(folder).pts)
    progress.expect((count - said) * passes)
    folder.change(lambda job: replace(job, film=replace(job.film or _film(video), frames=count)))
    return pipeline_video.facts_of(video, frames=count)


def estimated_frames(video: Video) -> int:
    """Return how many frames a video says it has, or seems to have; 0 if nothing tells."""
    facts = video.facts
    return facts.frames or round((facts.duration or 0) * (facts.rate or 0))


def find(
    folder: JobFolder,
    job: Job,
    video: Video,
    facts: Facts,
    finder: Finder,
    cache: PlanCache | None,
    step: Step,
) -> Plan:
    """Return what is to be covered, and show the frame with most of it from now on."""
    plan = cache.get(job.owner, facts, job.options, finder.models) if cache else None
    if plan is None:
        plan = pipeline.find(video, finder, job.options, step)
        if cache:
            cache.put(job.owner, plan, job.options)
    shown = fullest_frame(plan)
    if shown is not None:
        frame = frame_at(video, read_times(folder), shown)
        _show(folder, frame.pixels, shown)
    return plan


def frame_at(video: Video, times: Times, index: int) -> VideoFrame:
    """Return one frame.

    Raises:
        InputError: The video is damaged.
    """
    with closing(video.frames(index, times.pts[index])) as frames:
        return next(frames)


def fullest_frame(plan: Plan) -> int | None:
    """Return the first frame with the most faces in it; None if there are none."""
    changes = np.zeros(plan.picture.frames + 1, int)
    for region in plan.regions:
        if region.frames is not None:
            changes[region.frames.first] += 1
            changes[region.frames.stop] -= 1
    counts = list(accumulate(changes.tolist()))
    most = max(counts)
    return counts.index(most) if most else None


def _film(video: Video) -> Film:
    facts = video.facts
    seconds = None if facts.duration is None else round(float(facts.duration), 3)
    return Film(facts.width, facts.height, seconds, len(facts.sound), len(facts.subtitles))


def _screen(folder: JobFolder, video: Video, progress: Progress) -> None:
    pts: list[int] = []
    shown = int(estimated_frames(video) * SHOWN_FIRST)

    def frames() -> Iterator[VideoFrame]:
        with closing(video.frames()) as decoded:
            for frame in decoded:
                if frame.index in (0, shown):
                    _show(folder, frame.pixels, frame.index)
                pts.append(frame.pts)
                yield frame
                progress.step()

    with folder.unless_gone(), disk.aside(folder.path) as path:
        with disk.new_file(path) as file:
            video.write_screening(frames(), file)
        unit = video.facts.time_base
        disk.write_whole(folder.times, json.dumps({"unit": [unit.numerator, unit.denominator], "pts": pts}).encode())
        path.replace(folder.screening)


def _show(folder: JobFolder, pixels: Pixels, index: int) -> None:
    """Make a frame the preview."""
    with folder.unless_gone():
        disk.write_whole(folder.preview, steps.small(pixels).data)
    folder.change(lambda job: replace(job, film=job.film and replace(job.film, shown=index)))
