"""Single frames of videos, for a person who reviews them: covered by the same code that makes results."""

import threading
from collections import OrderedDict
from pathlib import Path

from veil import pipeline_video
from veil import plan as plans
from veil.errors import InputError, UsageError
from veil.jobs import steps, videos
from veil.jobs.folder import JobFolder, no_such_photo
from veil.jobs.job import Job
from veil.jobs.steps import Preview
from veil.jobs.videos import Times
from veil.media.video import Video
from veil.options import Options
from veil.types import Plan

VIDEOS = 16


class Shelf:
    """Remembers the headers of the last videos that were looked at. Safe to use from several threads.

    Only videos that a worker has decoded before are decoded here: one that kills its process must not kill the server.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Path, tuple[Video, Times]] = OrderedDict()
        self._changing = threading.Lock()

    def take(self, folder: JobFolder, job: Job) -> tuple[Video, Times]:
        """Return a video whose frames have been counted, and its times.

        Raises:
            NoSuchPhotoError: It is gone.
        """
        with self._changing:
            known = self._known.get(folder.path)
        if known is None:
            known = _read(folder, job)
        with self._changing:
            self._known[folder.path] = known
            self._known.move_to_end(folder.path)
            while len(self._known) > VIDEOS:
                self._known.popitem(last=False)
        return known

    def frame(self, folder: JobFolder, job: Job, index: int, plan: Plan | None, options: Options) -> Preview:
        """Return one frame as a picture of moderate size.

        Args:
            folder: The video's.
            job: What is known of it.
            index: Number of the frame.
            plan: What to cover; nothing if None.
            options: All settings; those of stage COVER are used.

        Raises:
            UsageError: There is no such frame.
            NoSuchPhotoError: The video is gone.
        """
        video, times = self.take(folder, job)
        if not 0 <= index < len(times.pts):
            raise UsageError(
                f"There is no frame {index}: those of this video go from 0 to {len(times.pts) - 1}; nothing was made."
            )
        try:
            frame = videos.frame_at(video, times, index)
        except InputError:
            if folder.is_gone():
                raise no_such_photo() from None
            raise
        if plan is not None:
            frame = pipeline_video.cover_frame(frame, plans.to_cover(plan, index), options)
        return steps.small(frame.pixels)


def _read(folder: JobFolder, job: Job) -> tuple[Video, Times]:
    try:
        return videos.opened(folder, job), videos.read_times(folder)
    except InputError:
        if folder.is_gone():
            raise no_such_photo() from None
        raise
