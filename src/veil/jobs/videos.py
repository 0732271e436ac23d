"""What is done with videos and animations besides what is done with photos: a copy to look at, times, one frame."""

import json
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

import numpy as np

from veil import pipeline
from veil.cache import PlanCache
from veil.detect import Finder
from veil.jobs import disk, steps
from veil.jobs.folder import JobFolder
from veil.jobs.job import Job
from veil.jobs.progress import Progress
from veil.jobs.reels import AnimationReel, Reel, Shot, VideoReel
from veil.jobs.steps import Preview
from veil.media.files import Opener
from veil.media.video import DEFAULT_MAX_PIXELS, Video, VideoFrame
from veil.types import Facts, Plan, Step

SHOWN_FIRST = 0.1
"""Where in a film is the frame that is shown until its faces are known: at its beginning it is often dark."""


@dataclass(frozen=True, slots=True)
class Times:
    """When each frame of a video or animation is shown.

    Attributes:
        unit: In seconds.
        pts: One a frame, in units, rising.
        stills: Where the small picture of each frame ends in the file of them; empty for a video.
    """

    unit: Fraction
    pts: tuple[int, ...]
    stills: tuple[int, ...] = ()

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
    return Times(Fraction(*values["unit"]), tuple(values["pts"]), tuple(values.get("stills", ())))


def read_still(folder: JobFolder, times: Times, index: int) -> Preview:
    """Return the small picture of one frame of an animation that show() has written.

    Raises:
        NoSuchPhotoError: It is gone, with the animation.
    """
    start, end = (0, *times.stills)[index : index + 2]
    with folder.unless_gone(), folder.stills.open("rb") as file:
        file.seek(start)
        return Preview(file.read(end - start), "jpeg")


def opened(folder: JobFolder, job: Job, opener: Opener, most_frames: int | None = None) -> VideoReel:
    """Open a video. Errors are those of open_video(); its bytes are hashed once, when its plan is made."""
    known = "" if job.picture is None else job.picture.sha256
    video = opener.open_video(
        folder.original,
        max_pixels=min(job.options.max_pixels, DEFAULT_MAX_PIXELS),
        max_frames=most_frames,
        sha256=known,
    )
    return VideoReel(video)


def show(folder: JobFolder, reel: Reel, progress: Progress, passes: int) -> Facts:
    """Make what a person can look at while faces are looked for, unless it is there: a small copy, and a preview.

    Args:
        folder: That of the video or animation.
        reel: It, open.
        progress: Told of each frame.
        passes: How often the frames are to be worked through after this.

    Returns:
        Its facts, now that its frames are counted.

    Raises:
        InputError: It is damaged.
        NoSpaceError: The disk is full.
        OutputError: The copy cannot be written.
    """
    folder.change(lambda job: replace(job, film=job.film or reel.film()))
    said = 0
    if not folder.screening.exists():
        said = reel.estimated
        progress.expect(said * (passes + 1))
        _screen(folder, reel, progress)
        passes += 1
    count = len(read_times(folder).pts)
    progress.expect((count - said) * passes)
    folder.change(lambda job: replace(job, film=replace(job.film or reel.film(), frames=count)))
    return reel.facts(count)


def find(
    folder: JobFolder,
    job: Job,
    reel: Reel,
    facts: Facts,
    finder: Finder,
    cache: PlanCache | None,
    step: Step,
) -> Plan:
    """Return what is to be covered, and show the frame with most of it from now on."""
    plan = cache.get(job.owner, facts, job.options, finder.models) if cache else None
    if plan is None:
        plan = pipeline.find(reel.medium, finder, job.options, step)
        if cache:
            cache.put(job.owner, plan, job.options)
    shown = fullest_frame(plan)
    if shown is not None:
        _show(folder, _small(folder, reel, shown), shown)
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


def _screen(folder: JobFolder, reel: Reel, progress: Progress) -> None:
    """Write the copy and the times, and the stills of an animation."""
    pts: list[int] = []
    ends: list[int] = []
    length = Fraction(0)
    shown = int(reel.estimated * SHOWN_FIRST)

    def seen(shot: Shot) -> None:
        nonlocal length
        if shot.index in (0, shown):
            _show(folder, steps.small(shot.pixels), shot.index)
        if isinstance(reel, AnimationReel):
            stills.write(steps.small(shot.pixels).data)
            ends.append(stills.tell())
        pts.append(shot.pts)
        length = (shot.pts - pts[0]) * reel.unit + shot.duration
        progress.step()

    with folder.unless_gone(), disk.aside(folder.path) as path, disk.aside(folder.path) as stills_path:
        with disk.new_file(path) as file, disk.new_file(stills_path) as stills:
            reel.screen(file, seen)
        values = {"unit": [reel.unit.numerator, reel.unit.denominator], "pts": pts, "stills": ends}
        disk.write_whole(folder.times, json.dumps(values).encode())
        if ends:
            stills_path.replace(folder.stills)
        if reel.film().seconds is None:
            folder.change(
                lambda job: replace(job, film=job.film and replace(job.film, seconds=round(float(length), 3)))
            )
        path.replace(folder.screening)


def _small(folder: JobFolder, reel: Reel, index: int) -> Preview:
    """Return one frame as a small picture."""
    times = read_times(folder)
    if isinstance(reel, AnimationReel):
        return read_still(folder, times, index)
    return steps.small(frame_at(reel.medium, times, index).pixels)


def _show(folder: JobFolder, small: Preview, index: int) -> None:
    """Make a frame the preview."""
    with folder.unless_gone():
        disk.write_whole(folder.preview, small.data)
    folder.change(lambda job: replace(job, film=job.film and replace(job.film, shown=index)))
