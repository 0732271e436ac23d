"""The studio as the web sees it: photos in; plans, previews and results out. It finds and covers nothing itself."""

import json
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from veil import plan as plans
from veil import report as reports
from veil.errors import ConflictError, InputError, JobError, PlanError, UsageError
from veil.jobs import disk, intake, orders, results, second, sounds, steps, videos
from veil.jobs.folder import JobFolder, no_such_photo, planned, settled
from veil.jobs.job import Job, JobState, Order, Problem, Trial
from veil.jobs.limits import Limits
from veil.jobs.queue import Queue
from veil.jobs.results import Result
from veil.jobs.shelf import Shelf
from veil.jobs.sounds import Hearing
from veil.jobs.steps import Preview
from veil.jobs.store import Store
from veil.media.files import Opener
from veil.options import Options
from veil.types import Area, Box, Facts, Kind, Plan, Report, Shape

LOOK_SECONDS = 0.25
PREVIEWS_AT_ONCE = 2  # each takes some tens of megabytes

_DOUBTFUL_FIRST = (
    JobState.REVIEW,
    JobState.FAILED,
    JobState.RUNNING,
    JobState.QUEUED,
    JobState.DONE,
    JobState.EXPIRED,
)


@dataclass(frozen=True, slots=True)
class Followed:
    """An area that is followed through a video.

    Attributes:
        plan: A plan of the video with nothing in it but the area; None until it is ready.
        problem: Why it cannot be followed.
        progress: Frames done and the most that there may be, while that is known.
    """

    plan: Plan | None = None
    problem: Problem | None = None
    progress: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A few seconds of sound that somebody wants to hear before and after.

    Attributes:
        trial: What was asked for, and whether it is ready.
        progress: Steps done and the most that there may be, while that is known.
    """

    trial: Trial
    progress: tuple[int, int] | None = None


class Studio:
    """What the web talks to.

    Owners are opaque strings, such as a browser's cookie; nobody sees or deletes another's photo. All methods with an
    ``owner`` and a ``job_id`` raise NoSuchPhotoError, or ExpiredError where retention deleted the photo, and count as a
    look at the photo. Safe to use from several threads.

    Attributes:
        options: The settings of the server; those that a photo is handed in with go before, except those of stage READ.
        limits: How much is taken.
    """

    def __init__(
        self, store: Store, queue: Queue, options: Options | None = None, opener: Opener | None = None
    ) -> None:
        self._opener = opener or Opener()
        self.options = options or Options()
        self.limits: Limits = store.limits
        self._store = store
        self._queue = queue
        self._previewing = threading.Semaphore(PREVIEWS_AT_ONCE)
        self._shelf = Shelf(self._opener)
        self._closed = threading.Event()

    @property
    def scratch(self) -> Path:
        """A folder on the store's disk for files that nobody sees and that end with their process."""
        return self._store.scratch

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._closed.set()

    def seal(self, text: str) -> str:
        """Return a keyed hash of a text, 64 hexadecimal digits, by the store's secret."""
        return self._store.seal(text)

    def submit(self, owner: str, upload: IO[bytes], options: Options) -> tuple[Job, bool]:
        """Take a photo and have it looked at and covered; return it at once, and whether it is new.

        Handing in the same bytes with the same settings of stage FIND again gives the photo that is there; one that
        failed is tried again.

        Args:
            owner: Who may see it.
            upload: The file's bytes.
            options: All settings.

        Raises:
            UsageError: The format of the result is not known.
            TooLargeError: The file has more bytes than the limit.
            QuotaError: The owner holds too much already.
            NoSpaceError: The store or the disk is full.
        """
        wanted = self._own(options)
        job, is_new = intake.accept(self._store, self._store.owner_key(owner), upload, wanted)
        if job.wants_work:
            self._queue.put(job.id)
        return job, is_new

    def job(self, owner: str, job_id: str) -> Job:
        """Return what is known of a photo."""
        return self._folder(owner, job_id).read()

    def jobs(self, owner: str) -> list[Job]:
        """Return all photos of an owner, those that want a person first; this is no look that keeps them longer.

        First review, of these the ones with a result that is held back, then failed, running, queued, done, expired;
        the oldest first among equals.
        """
        jobs = self._store.jobs(self._store.owner_key(owner))
        place = _DOUBTFUL_FIRST.index
        return sorted(jobs, key=lambda job: (place(job.state), not job.is_held_back, job.created, job.id))

    def changes(self, owner: str, since: str | None, seconds: float) -> str:
        """Wait until something of an owner has changed, and return a token of how things are now.

        Args:
            owner: Whose photos.
            since: An earlier token; None returns at once.
            seconds: The longest time to wait.
        """
        key = self._store.owner_key(owner)
        end = time.monotonic() + seconds
        while (token := self._store.change_token(key)) == since:
            left = end - time.monotonic()
            if left <= 0 or self._closed.wait(min(left, LOOK_SECONDS)):
                break
        return token

    def plan(self, owner: str, job_id: str) -> tuple[Plan, str]:
        """Return what will be covered, and its revision.

        Raises:
            JobError: Faces are still being looked for, or the photo failed (then the error is the one it failed with).
        """
        job, plan = self._folder(owner, job_id).read_settled()
        return plan, job.revision

    def found(self, owner: str, job_id: str) -> Plan:
        """Return what the machine found, without a person's changes. Errors as for plan()."""
        folder = self._folder(owner, job_id)
        return folder.read_plan(planned(folder.read()).found)

    def put_plan(self, owner: str, job_id: str, plan: Plan, expected_revision: str) -> Job:
        """Replace the regions of a plan.

        Args:
            owner: Whose photo it is.
            job_id: Which.
            plan: The new plan; only its regions may differ from the present one.
            expected_revision: The revision that the changes were made to.

        Raises:
            ConflictError: The plan has another revision by now; nothing was changed.
            PlanError: More than the regions differs, or there are too many of them.
        """
        folder = self._folder(owner, job_id)
        plan = self._checked(plan)
        with folder.changing():
            job = planned(folder.read())
            if job.revision != expected_revision:
                raise ConflictError(
                    "The plan of this file has been changed meanwhile; nothing was saved. Load it again, then make "
                    "your changes to that."
                )
            now = folder.read_plan(job.revision)
            if replace(plan, regions=now.regions) != now:
                raise PlanError(
                    "Only the regions of a plan can be changed, and this one differs in more; it was not saved."
                )
            _save_plan(folder, job, plan)
        return folder.read()

    def update(
        self,
        owner: str,
        job_id: str,
        *,
        looked: bool | None = None,
        options: Options | None = None,
        shape: str | None = None,
        grow: float | None = None,
        area: str | None = None,
    ) -> Job:
        """Change what is known of a photo; what is None stays.

        Args:
            owner: Whose photo it is.
            job_id: Which.
            looked: Whether a person has looked at it.
            options: New settings of stages COVER and WRITE.
            shape: Another outline for the faces that were found.
            grow: Another size for them.
            area: Another part of the person to cover.

        Raises:
            JobError: Faces are still being looked for.
            UsageError: A value is not allowed.
        """
        folder = self._folder(owner, job_id)
        with folder.changing():
            job = settled(folder.read())
            if looked is not None:
                job = job.with_look(looked)
            if options is not None:
                job = replace(job, options=orders.with_shaping(job.options, self._own(options)))
            if shape is not None or grow is not None or area is not None:
                job = replace(job, options=_refitted(job.options, shape, grow, area))
                plan = folder.read_plan(planned(job).revision)
                _save_plan(folder, job, _refit(plan, job.options))
            else:
                folder.save(job)
        return folder.read()

    def preview_original(self, owner: str, job_id: str) -> Preview:
        """Return a small picture of the photo as it is, of the first frame of several. Errors as for plan()."""
        folder = self._folder(owner, job_id)
        with folder.unless_gone():
            return steps.read_preview(self._preview_file(folder))

    def preview(self, owner: str, job_id: str, options: Options, plan: Plan | None = None) -> Preview:
        """Return the same with faces covered.

        Args:
            owner: Whose photo it is.
            job_id: Which.
            options: All settings; those of stage COVER are used.
            plan: Unsaved changes; the saved plan if None.

        Raises:
            PlanError: The plan was made for another picture, or holds too many regions.
        """
        folder = self._folder(owner, job_id)
        job, shown = self._shown(folder, plan)
        small = self._preview_file(folder)
        with self._previewing, folder.unless_gone():
            frame = job.film.shown if job.film else 0
            return steps.covered_preview(small, self._opener, shown, self._own(options), frame)

    def screening(self, owner: str, job_id: str) -> Path:
        """Return a small copy of a video or animation to look at, an MP4 file.

        Raises:
            JobError: It is still being made, or this is neither.
        """
        folder = self._folder(owner, job_id)
        _check_film(folder)
        return folder.screening

    def times(self, owner: str, job_id: str) -> list[float]:
        """Return when each frame is shown, in seconds, the first at 0. Errors as for screening()."""
        folder = self._folder(owner, job_id)
        _check_film(folder)
        return videos.read_times(folder).seconds

    def frame(
        self,
        owner: str,
        job_id: str,
        index: int,
        options: Options | None = None,
        plan: Plan | None = None,
    ) -> Preview:
        """Return one frame of a video or animation, no larger than a preview.

        Args:
            owner: Whose it is.
            job_id: Which.
            index: Number of the frame, from 0.
            options: All settings, of which those of stage COVER are used; None shows the frame as it is.
            plan: Unsaved changes; the saved plan if None.

        Raises:
            JobError: Its frames have not been counted, or it is neither; or covered, as for plan().
            PlanError: As for preview().
            UsageError: There is no such frame.
        """
        folder = self._folder(owner, job_id)
        _check_film(folder)
        if options is None:
            with self._previewing:
                return self._shelf.frame(folder, folder.read(), index, None, self.options)
        job, shown = self._shown(folder, plan)
        with self._previewing:
            return self._shelf.frame(folder, job, index, shown, self._own(options))

    def face(self, owner: str, job_id: str, track: int) -> Preview:
        """Return a small picture of a face that was followed through a video or animation, at its best moment.

        Args:
            owner: Whose it is.
            job_id: Which.
            track: Number of the face in the plan.

        Raises:
            JobError: It is neither, or as for plan().
            UsageError: There is no such face.
        """
        folder = self._folder(owner, job_id)
        _check_film(folder)
        return self._shelf.face(folder, settled(folder.read()), track)

    def listening(self, owner: str, job_id: str) -> Path:
        """Return a small copy of a sound file to listen to, an MP3 file.

        Raises:
            JobError: It has not been listened to yet, it failed, or it is not sound alone.
        """
        folder = self._folder(owner, job_id)
        _check_talk(folder)
        return folder.listening

    def hearing(self, owner: str, job_id: str) -> Hearing:
        """Return where speech is in a sound file, and how loud it is when. Errors as for listening()."""
        folder = self._folder(owner, job_id)
        _check_talk(folder)
        return sounds.read_hearing(folder)

    def try_out(self, owner: str, job_id: str, options: Options, at: float | None = None) -> Tried:
        """Have a few seconds of the sound of a video or sound file made as they would be; the same is done once.

        Args:
            owner: Whose it is.
            job_id: Which.
            options: All settings; those that say what becomes of sound are used.
            at: Where they begin, in seconds; None around the first speech.

        Raises:
            JobError: It has not been looked at or listened to yet, it failed, or it is a picture.
            UsageError: There is no such place, or nothing would be altered.
        """
        folder = self._folder(owner, job_id)
        trial = orders.trial_for(self._own(options), at)

        def wanting(job: Job) -> Job:
            known = _sounding(job).trial(trial.key)
            return job if known else replace(job, trials=(*job.trials, trial)[-self.limits.trials :])

        job = self._ask_for(folder, wanting)
        return Tried(job.trial(trial.key) or trial, job.progress)

    def trial(self, owner: str, job_id: str, key: str, which: str) -> Path:
        """Return what try_out() made, a WAV file.

        Args:
            owner: Whose it is.
            job_id: Which.
            key: Of the trial.
            which: "before" or "after".

        Raises:
            UsageError: There is no such trial, or it is not ready.
        """
        folder = self._folder(owner, job_id)
        known = folder.read().trial(key)
        if known is None or known.stretches is None or which not in ("before", "after"):
            raise UsageError("There is nothing to be heard by this name; ask for it anew.")
        return folder.trial(key, which)

    def request_result(self, owner: str, job_id: str, options: Options) -> Result:
        """Return the whole covered photo if it is there, and have it made otherwise.

        Raises:
            UsageError: The format asked for is not known.
        """
        folder = self._folder(owner, job_id)
        with folder.changing():
            before = folder.read()
            order = self._order(before, options)
            job = before if before.problem else results.ordered(before, folder, order, self.limits.results)
            if job != before:
                folder.save(job)
                folder.forget(before, job)
        if job != before:
            self._queue.put(job_id, soon=True)
        return results.result_of(job, folder, order)

    def release(self, owner: str, job_id: str, options: Options) -> Result:
        """Let a result be fetched in which a second look saw a face: a person says so, and that is written down.

        Args:
            owner: Whose photo it is.
            job_id: Which.
            options: The settings of the result.

        Raises:
            JobError: No such result is held back, or as for plan().
            AuditError: It cannot be written down; the result stays held back.
        """
        folder = self._folder(owner, job_id)
        order = self._order(folder.read(), options)
        job = second.release(folder, order.key, self._store.log)
        return results.result_of(job, folder, order)

    def cancel_result(self, owner: str, job_id: str, options: Options) -> None:
        """Have a result not made that is still to be made; one that is finished stays."""

        def without(job: Job) -> Job:
            order = self._order(job, options)
            return replace(job, orders=tuple(one for one in job.orders if one.key != order.key or not one.waits))

        self._folder(owner, job_id).change(without)

    def follow(self, owner: str, job_id: str, frame: int, box: Box, shape: str) -> Followed:
        """Have an area followed that a person drew in one frame of a video or animation; the same is done once.

        Args:
            owner: Whose it is.
            job_id: Which.
            frame: Number of the frame.
            box: The area, in pixels.
            shape: Its outline, ellipse or box.

        Raises:
            JobError: As for plan(), or it is neither.
            UsageError: There is no such frame, area or outline.
        """
        folder = self._folder(owner, job_id)
        _check_film(folder)
        job = settled(folder.read())
        wish = orders.wish_for(frame, box, shape, job)

        def wanting(job: Job) -> Job:
            known = settled(job).wish(wish.key)
            return job if known else replace(job, wishes=(*job.wishes, wish)[-self.limits.wishes :])

        job = self._ask_for(folder, wanting)
        known = job.wish(wish.key) or wish
        if known.ready:
            with folder.unless_gone():
                return Followed(plans.from_json(folder.followed(wish.key).read_bytes()))
        return Followed(problem=known.problem, progress=None if known.problem else job.progress)

    def cancel_follow(self, owner: str, job_id: str, frame: int, box: Box, shape: str) -> None:
        """Have an area no longer followed, or forget that it was; the plan stays as it is. Errors as for follow()."""
        folder = self._folder(owner, job_id)
        with folder.changing():
            before = settled(folder.read())
            key = orders.wish_for(frame, box, shape, before).key
            after = replace(before, wishes=tuple(wish for wish in before.wishes if wish.key != key))
            if after != before:
                folder.save(after)
                folder.forget(before, after)

    def report(self, owner: str, job_id: str, options: Options | None = None) -> Report:
        """Return the report on a photo, with the hash of the result if it is there.

        Args:
            owner: Whose photo it is.
            job_id: Which.
            options: Settings of the result; those that the photo was handed in with if None.

        Raises:
            JobError: As for plan().
        """
        folder = self._folder(owner, job_id)
        job = settled(folder.read())
        if job.talk is not None:
            return self._report_of_sound(folder, job, options or job.options)
        job, plan = folder.read_settled()
        order = self._order(job, options or job.options)
        made = job.order(order.key)
        return second.report_of(plan, made or order)

    def _report_of_sound(self, folder: JobFolder, job: Job, options: Options) -> Report:
        assert job.talk is not None
        talk, order = job.talk, self._order(job, options)
        made = job.order(order.key)
        facts = Facts(talk.format, Kind.SOUND, 0, 0, 0, talk.sha256)
        if made is not None and made.altered is not None:
            return reports.sound_report(facts, made.sha256, dropped=made.dropped, altered=made.altered)
        return reports.sound_report(facts, dropped=talk.dropped, altered=sounds.to_alter(folder, options))

    def audit(self, owner: str, job_id: str, options: Options | None = None) -> dict[str, Any]:
        """Return what the audit log says of a result. Arguments as for report().

        Raises:
            JobError: There is no such result yet, or as for plan().
        """
        folder = self._folder(owner, job_id)
        job = settled(folder.read())
        made = job.order(self._order(job, options or job.options).key)
        if made is None or not made.sha256:
            raise JobError("The result has not been made yet, so nothing is written down of it. Ask for it first.")
        with folder.unless_gone():
            entry: dict[str, Any] = json.loads(folder.entry(made.revision, made.key).read_bytes())
        return entry

    def entries(self, owner: str, job_ids: Collection[str]) -> list[dict[str, Any]]:
        """Return all that the audit log says of some photos, in its order.

        Raises:
            NoSuchPhotoError: The owner does not have all of them.
            AuditError: The log cannot be read.
        """
        for job_id in job_ids:
            self._folder(owner, job_id)
        return list(self._store.log.entries_of(job_ids))

    def delete(self, owner: str, job_id: str) -> None:
        """Delete a photo and all that was made of it; work in hand stops."""
        self._store.delete(self._store.owner_key(owner), job_id)

    def delete_all(self, owner: str) -> None:
        """Delete all photos of an owner."""
        self._store.delete_all(self._store.owner_key(owner))

    def _ask_for(self, folder: JobFolder, wanting: Callable[[Job], Job]) -> Job:
        """Change what is wanted of a photo, have that made soon, and return the photo."""
        with folder.changing():
            before = folder.read()
            job = wanting(before)
            if job != before:
                folder.save(job)
                folder.forget(before, job)
        if job != before:
            self._queue.put(job.id, soon=True)
        return job

    def _folder(self, owner: str, job_id: str) -> JobFolder:
        """Return a photo's folder and count that as a look at it."""
        folder = self._store.folder(self._store.owner_key(owner), job_id)
        folder.look()
        return folder

    def _preview_file(self, folder: JobFolder) -> Path:
        """Return the small picture of a photo. It is made when it is first asked for: many are never looked at.

        Only what a worker has decoded before is decoded here: a photo that kills its process must not kill the server.
        """
        with folder.unless_gone(), self._previewing:
            if not folder.preview.exists():
                job = planned(folder.read())
                try:
                    data = steps.make_preview(folder.original, self._opener, max_pixels=job.options.max_pixels)
                    with folder.changing():  # a worker that begins just now clears away what is unfinished
                        if not folder.preview.exists():  # else it was asked for twice, and may be being read already
                            disk.write_whole(folder.preview, data)
                except InputError:
                    if folder.is_gone():
                        raise no_such_photo() from None
                    raise
        return folder.preview

    def _order(self, job: Job, options: Options) -> Order:
        return orders.order_for(self._own(options), job.kind)

    def _own(self, options: Options) -> Options:
        """Return settings with the server's own limits."""
        return replace(options, max_megapixels=self.options.max_megapixels)

    def _shown(self, folder: JobFolder, plan: Plan | None) -> tuple[Job, Plan]:
        """Return what is known of a photo, and what is to be shown of it: unsaved changes, or the saved plan."""
        if plan is None:
            return folder.read_settled()
        job = planned(folder.read())
        assert job.picture is not None  # it has been looked at
        checked = self._checked(plan)
        plans.check_fits(checked, job.picture)
        return job, checked

    def _checked(self, plan: Plan) -> Plan:
        """Return a plan from outside as one that holds nothing a plan must not hold.

        Raises:
            PlanError: It does, or has too many regions or key frames.
        """
        limits = self.limits
        moves = plan.picture.kind in (Kind.VIDEO, Kind.ANIMATION)
        most = limits.video_regions if moves else limits.regions
        if len(plan.regions) > most:
            raise PlanError(f"The plan has {len(plan.regions)} regions and {most} is the limit; it was not used.")
        keys = sum(len(region.keys) for region in plan.regions)
        if keys > limits.keys:
            raise PlanError(f"The plan has {keys} key frames and {limits.keys} is the limit; it was not used.")
        return plans.from_json(plans.to_json(plan))


def _check_film(folder: JobFolder) -> None:
    """Refuse what only a video or animation has, once its frames have been counted."""
    job = folder.read()
    if job.film is not None and job.film.frames:
        return
    if job.problem is not None:
        raise job.problem.error()
    if job.picture is not None or job.talk is not None:
        raise JobError("This is neither a video nor an animation; nothing was made of it.")
    raise JobError("This is still being read, or is neither a video nor an animation. Ask again soon.")


def _check_talk(folder: JobFolder) -> None:
    """Refuse what only a sound file has that has been listened to."""
    if settled(folder.read()).talk is None:
        raise JobError("This is not sound alone; nothing was made of it.")


def _sounding(job: Job) -> Job:
    """Return the job of a video or sound file.

    Raises:
        JobError: It is a picture, or as for settled().
    """
    if settled(job).talk is None and (job.film is None or job.kind is Kind.ANIMATION):
        raise JobError("A picture has no sound; nothing was made of it.")
    return job


def _save_plan(folder: JobFolder, job: Job, plan: Plan) -> None:
    """Make a plan that of a photo; results by another plan are forgotten, not what they are held back for.

    For who is in changing().
    """
    before = folder.read()
    after = job.with_plan(plan)
    if after.revision != before.revision:
        folder.save_plan(plan)
        after = second.changed(job, plan)
    folder.save(after)
    folder.forget(before, after)


def _refitted(options: Options, shape: str | None, grow: float | None, area: str | None) -> Options:
    """Return settings with those changed that are given."""
    return replace(
        options,
        shape=options.shape if shape is None else shape,
        grow=options.grow if grow is None else grow,
        area=options.area if area is None else area,
    )


def _refit(plan: Plan, options: Options) -> Plan:
    return plans.refit(plan, shape=Shape(options.shape), grow=options.grow, area=Area(options.area))
