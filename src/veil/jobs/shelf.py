"""Single frames of videos and animations, for a person who reviews them: covered by the code that makes results."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from veil import pipeline_video
from veil import plan as plans
from veil.errors import InputError, UsageError
from veil.jobs import disk, steps, videos
from veil.jobs.folder import JobFolder, no_such_photo, settled
from veil.jobs.job import Job
from veil.jobs.steps import Preview
from veil.jobs.videos import Times
from veil.keys import box_at
from veil.media.files import Opener
from veil.media.image import DEFAULT_MAX_PIXELS
from veil.media.video import Video
from veil.options import Options
from veil.types import Box, Facts, Key, Pixels, Plan, Region

T = TypeVar("T")

VIDEOS = 16
FACE_SIDE = 192
MARGIN = 1.1  # a picture of a face is so much larger than what is covered of it
LEAD_SECONDS = 0.7  # for which a face is covered before it is seen and afterwards
NEAR_FRAMES = 50  # reading on so far is quicker than entering the file anew
READ_ON_FRAMES = 500  # for faces that nobody has asked for yet


@dataclass(frozen=True)
class Item:
    """What is remembered of a video or animation.

    Attributes:
        folder: Where it is.
        times: When its frames are shown.
        video: Its header; None for an animation, of which there are stills.
    """

    folder: JobFolder
    times: Times
    video: Video | None

    @cached_property
    def moments(self) -> Mapping[int, Key]:
        """Where and when each face that was followed is seen best, by its number."""
        plan = self.folder.read_plan(settled(self.folder.read()).found)
        seconds = self.times.seconds
        return {
            region.track: best_moment(region, plan.picture, seconds)
            for region in plan.regions
            if region.track is not None
        }


class Shelf:
    """Remembers the headers of the last videos and animations that were looked at. Safe to use from several threads.

    Only those that a worker has decoded before are decoded here: one that kills its process must not kill the server.
    All that decodes raises InputError if one is damaged, and NoSuchPhotoError if it is gone.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._items: OrderedDict[Path, Item] = OrderedDict()
        self._changing = threading.Lock()
        self._cutting = threading.Lock()

    def take(self, folder: JobFolder, job: Job) -> Item:
        """Return a video or animation whose frames have been counted."""
        with self._changing:
            item = self._items.get(folder.path)
        if item is None:
            item = _unless_gone(folder, lambda: self._opened(folder, job))
        with self._changing:
            self._items[folder.path] = item
            self._items.move_to_end(folder.path)
            while len(self._items) > VIDEOS:
                self._items.popitem(last=False)
        return item

    def _opened(self, folder: JobFolder, job: Job) -> Item:
        times = videos.read_times(folder)
        return Item(folder, times, None if times.stills else videos.opened(folder, job, self._opener).medium)

    def frame(self, folder: JobFolder, job: Job, index: int, plan: Plan | None, options: Options) -> Preview:
        """Return one frame as a picture of moderate size.

        Args:
            folder: That of the video or animation.
            job: What is known of it.
            index: Number of the frame.
            plan: What to cover; nothing if None.
            options: All settings; those of stage COVER are used.

        Raises:
            UsageError: There is no such frame.
        """
        item = self.take(folder, job)
        if not 0 <= index < len(item.times.pts):
            raise UsageError(
                f"There is no frame {index}: they go from 0 to {len(item.times.pts) - 1}; nothing was made."
            )
        return _unless_gone(folder, lambda: self._preview(item, index, plan, options))

    def _preview(self, item: Item, index: int, plan: Plan | None, options: Options) -> Preview:
        if item.video is None:
            still = videos.read_still(item.folder, item.times, index)
            return still if plan is None else steps.covered_preview(still.data, self._opener, plan, options, index)
        frame = videos.frame_at(item.video, item.times, index)
        if plan is not None:
            frame = pipeline_video.cover_frame(frame, plans.to_cover(plan, index), options)
        return steps.small(frame.pixels)

    def face(self, folder: JobFolder, job: Job, track: int) -> Preview:
        """Return a small picture of a face that was followed, at its best moment.

        It is made when it is first asked for, and with it those that are seen best soon after.

        Args:
            folder: That of the video or animation.
            job: What is known of it; it has a plan.
            track: Number of the face.

        Raises:
            UsageError: There is no such face.
            NoSpaceError: The disk is full.
        """
        path = folder.face(track)
        with self._cutting:
            if not path.exists():
                item = self.take(folder, job)
                if track not in item.moments:
                    raise UsageError(f"Nobody has the number {track} in it; nothing was made.")
                _unless_gone(folder, lambda: self._cut_out(item, track, job))
        with folder.unless_gone():
            return steps.read_preview(path)

    def _cut_out(self, item: Item, track: int, job: Job) -> None:
        if item.video is not None:
            return _cut_from_video(item, item.video, track)
        assert job.picture is not None  # it has been looked at
        key = item.moments[track]
        still = videos.read_still(item.folder, item.times, key.frame)
        with self._opener.open_picture(still.data, max_pixels=DEFAULT_MAX_PIXELS) as picture:
            (frame,) = picture.frames()
        box = steps.scaled_box(
            key.box, picture.facts.width / job.picture.width, picture.facts.height / job.picture.height
        )
        return _write_face(item.folder, track, frame.pixels, box)


def best_moment(region: Region, picture: Facts, seconds: Sequence[float]) -> Key:
    """Return where a face that was followed is largest; where it was seen, if there is such a place.

    Just after it begins to be covered and just before that ends, it may not be there.

    Args:
        region: What is covered of it, in key frames.
        picture: Facts of the video or animation.
        seconds: When each frame is shown.
    """

    def size(key: Key) -> tuple[bool, float]:
        unseen = any(key.frame in range(*span) for span in region.doubtful)
        width = min(key.box.right, picture.width) - max(key.box.left, 0)
        height = min(key.box.bottom, picture.height) - max(key.box.top, 0)
        return not unseen, max(width, 0) * max(height, 0)

    first, last = region.keys[0].frame, region.keys[-1].frame
    begins, ends = seconds[first], seconds[last]
    margin = min(LEAD_SECONDS, (ends - begins) / 3)
    middle = (first + last) // 2
    inner = [key for key in region.keys if begins + margin <= seconds[key.frame] <= ends - margin]
    return max(inner, key=size) if inner else Key(middle, box_at(region.keys, middle) or region.box)


def cut_out(pixels: Pixels, box: Box) -> Pixels:
    """Return a face with some of what is around it, shape (FACE_SIDE, FACE_SIDE, 3), uint8.

    Args:
        pixels: RGB, shape (H, W, 3), uint8.
        box: What is covered of the face.
    """
    height, width = pixels.shape[:2]
    side = max(1, min(round(max(box.width, box.height) * MARGIN), width, height))
    left = round(np.clip((box.left + box.right - side) / 2, 0, width - side))
    top = round(np.clip((box.top + box.bottom - side) / 2, 0, height - side))
    part: Any = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    picture: Pixels = cv2.resize(part, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_AREA)
    return picture


def _cut_from_video(item: Item, video: Video, track: int) -> None:
    """Write the picture of a face, and of those whose best moments are met by reading on from there."""
    first = item.moments[track].frame
    wanted = {
        number: key
        for number, key in item.moments.items()
        if first <= key.frame < first + READ_ON_FRAMES and not item.folder.face(number).exists()
    }
    last = first
    for index in sorted({key.frame for key in wanted.values()}):
        last = index if index - last <= NEAR_FRAMES else last
    with closing(video.frames(first, item.times.pts[first])) as frames:
        for frame in frames:
            for number, key in wanted.items():
                if key.frame == frame.index:
                    _write_face(item.folder, number, frame.pixels, key.box)
            if frame.index >= last:
                return


def _write_face(folder: JobFolder, track: int, pixels: Pixels, box: Box) -> None:
    data = steps.small(cut_out(pixels, box)).data
    with folder.changing():  # a worker that begins just now clears away what is unfinished
        disk.write_whole(folder.face(track), data)


def _unless_gone(folder: JobFolder, read: Callable[[], T]) -> T:
    """Read something of a film; errors of one that is gone say so."""
    try:
        with folder.unless_gone():
            return read()
    except InputError:
        if folder.is_gone():
            raise no_such_photo() from None
        raise
