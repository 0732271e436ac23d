"""Working on one file: look at it, make the results that were asked for.

Each finished thing gets its name in one step, and only then the record says that it is there. So a process may be
killed at any moment, and the next one goes on from what the record says.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

from veil import detect, pipeline, pipeline_sound
from veil.audit import Log, entry_of
from veil.cache import PlanCache
from veil.detect import Finder
from veil.errors import NoSuchPhotoError
from veil.jobs import disk, second, sounds, urgent, videos
from veil.jobs.endings import failed, given_back, heard, looked_at, problem_of, rested
from veil.jobs.finders import Finders
from veil.jobs.folder import JobFolder
from veil.jobs.job import LOOKED_AT, UNFINISHED, Job, Order
from veil.jobs.limits import Limits
from veil.jobs.orders import order_for
from veil.jobs.progress import Progress, Stopped, Superseded
from veil.jobs.reels import AnimationReel, Reel
from veil.jobs.store import Store
from veil.jobs.turns import Turns
from veil.media.files import Opener, is_video
from veil.media.image import Picture
from veil.media.sound import Sound
from veil.types import Kind, Plan, Report, Step

if TYPE_CHECKING:
    from veil.media.video import Video


@dataclass(frozen=True, slots=True)
class Tools:
    """What work needs besides the store.

    Attributes:
        finders: Loaded models.
        seconds: Loaded models for second looks at results.
        cache: Plans of photos that were looked at before; None keeps none.
        stopping: Set when this process is to end.
        turns: Let one video or sound file be worked on at a time.
        log: Where it is written down what was made; None writes nothing down.
        opener: Opens files.
    """

    finders: Finders
    seconds: Finders = field(default_factory=lambda: Finders(detect.load_second, streams=1))
    cache: PlanCache | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    turns: Turns = field(default_factory=Turns)
    log: Log | None = None
    opener: Opener = field(default_factory=Opener)


def work(store: Store, job_id: str, tools: Tools) -> None:
    """Do what a photo wants, unless somebody else is at it. What goes wrong is told in the photo's record.

    Args:
        store: Where the photo is.
        job_id: Which photo.
        tools: Models and the like.

    Raises:
        NoSpaceError: Not even that could be written, as the disk is full.
    """
    while claim := store.claim(job_id):
        with claim:
            ended_well = _attempt(claim.folder, tools, store.limits)
        # Whoever asked for more while the claim was held could not get anybody else to do it: look once more.
        if not ended_well or not _wants_work(claim.folder):
            return


def _attempt(folder: JobFolder, tools: Tools, limits: Limits) -> bool:
    """Do what a photo wants; say whether nothing stopped that."""
    try:
        problem = problem_of(lambda: _serve(folder, tools, limits), folder)
        if problem is not None:
            folder.change(lambda job: failed(job, problem))
            folder.forget_progress()
    except NoSuchPhotoError:
        return False
    except Stopped:
        with suppress(NoSuchPhotoError):
            folder.change(given_back)
        return False
    return True


def _serve(folder: JobFolder, tools: Tools, limits: Limits) -> None:
    """Do what a photo, video or sound file wants."""
    job = folder.read()
    if not job.wants_work:
        return
    if tools.opener.is_sound(folder.original):  # some videos are none
        _serve_sound(folder, job, tools, limits)
    elif is_video(folder.original):
        _serve_video(folder, job, tools, limits)
    else:
        _serve_photo(folder, job, tools, limits)
    folder.change(rested)  # what was begun may not be wanted any more, so that nothing has said that it ended
    folder.look()  # its hour begins now


def _serve_photo(folder: JobFolder, job: Job, tools: Tools, limits: Limits) -> None:
    """Decode a photo once, if it has one frame, for all that is done."""
    finder = _finder(job, tools)
    job = _begin(folder)
    progress = Progress(folder, tools.stopping, limits.work_seconds)
    progress.go_on()
    with tools.opener.open_picture(folder.original, max_pixels=job.options.max_pixels) as opened:
        if opened.facts.kind is Kind.ANIMATION:
            _serve_animation(folder, job, AnimationReel(opened), finder, tools, limits)
            return
        picture = pipeline.decoded_once(opened)
        progress.expect(picture.facts.frames * (_passes(job) + (finder is not None)))
        if finder is not None:
            _look(folder, job, picture, finder, tools.cache, progress)
        while (order := _next_order(folder)) is not None:
            _cover(folder, picture, order, tools, progress)


def _serve_animation(
    folder: JobFolder, job: Job, reel: AnimationReel, finder: Finder | None, tools: Tools, limits: Limits
) -> None:
    """Do what an animation wants: it is shown as a video is, but as small as a photo, so it waits for no other."""

    def room() -> None:
        limits.check_disk(folder.path)

    def counting() -> Progress:
        return Progress(folder, tools.stopping, limits.work_seconds, check=room)

    _work_through(folder, job, reel, finder, tools, counting)
    folder.forget_progress()


def _passes(job: Job) -> int:
    """Return how often the frames are gone through for all results that are asked for."""
    return sum(order.passes for order in job.orders if order.waits)


def _serve_sound(folder: JobFolder, job: Job, tools: Tools, limits: Limits) -> None:
    """Do first what somebody waits for; then the rest, if no other sound file or video is worked on."""

    def counting() -> Progress:
        return _counting(folder, tools, limits)

    if job.state in LOOKED_AT and job.is_urgent:
        job = _begin(folder)
        with tools.opener.open_sound(folder.original) as sound:
            urgent.answer_all(folder, sound, counting)
    if not folder.read().wants_work:
        folder.forget_progress()
        return
    if not tools.turns.begin(job.id, soon=job.state in LOOKED_AT):
        raise Stopped
    try:
        job = _begin(folder)
        limits.check_disk(folder.path, more=folder.original.stat().st_size)
        with tools.opener.open_sound(folder.original) as sound:
            steps_once, progress = sounds.steps_of(sound), counting()
            if job.state in UNFINISHED:
                folder.change(_as_sound)
                progress.expect(steps_once * (2 + sum(order.waits for order in folder.read().orders)))
                hearing = sounds.listen(folder, sound, progress, limits.sound_seconds)
                talk = sounds.talk_of(sound, hearing)
                folder.change(lambda now: heard(now, talk))
                folder.look()
            while True:
                if urgent.answer_all(folder, sound, counting):
                    progress = counting()
                    progress.expect(steps_once)
                order = _next_order(folder)
                if order is None:
                    break
                _alter(folder, sound, order, tools, progress)
                progress = counting()
                progress.expect(steps_once)
    finally:
        tools.turns.end()
    folder.forget_progress()


def _as_sound(job: Job) -> Job:
    """Return the job of a file that is sound, whatever it begins as; what was ordered of a video is one of sound."""
    orders = () if not job.options.alters_sound else (order_for(job.options, Kind.SOUND),)
    return job if job.begins_as is Kind.SOUND else replace(job, begins_as=Kind.SOUND, orders=orders)


def _counting(folder: JobFolder, tools: Tools, limits: Limits) -> Progress:
    """Return what counts the steps of a long work, each of which may take as long as a photo."""

    def room() -> None:
        limits.check_disk(folder.path)

    return Progress(folder, tools.stopping, limits.work_seconds, each=True, check=room)


def _serve_video(folder: JobFolder, job: Job, tools: Tools, limits: Limits) -> None:
    """Do first what somebody waits for; then the rest, if no other video is worked on."""

    def counting() -> Progress:
        return _counting(folder, tools, limits)

    if job.state in LOOKED_AT and job.is_urgent:
        job = _begin(folder)
        reel = videos.opened(folder, job, tools.opener)
        with reel.medium:
            urgent.answer_all(folder, reel, counting)
    if not folder.read().wants_work:
        folder.forget_progress()
        return
    if not tools.turns.begin(job.id, soon=job.state in LOOKED_AT):
        raise Stopped
    try:
        finder = _finder(job, tools)
        job = _begin(folder)
        limits.check_disk(folder.path, more=folder.original.stat().st_size)
        reel = videos.opened(folder, job, tools.opener, limits.frames)
        with reel.medium:
            _work_through(folder, job, reel, finder, tools, counting)
    finally:
        tools.turns.end()
    folder.forget_progress()


def _work_through(
    folder: JobFolder,
    job: Job,
    reel: Reel,
    finder: Finder | None,
    tools: Tools,
    counting: Callable[[], Progress],
) -> None:
    """Do all that a video or animation wants."""
    progress = counting()
    progress.go_on()
    facts = videos.show(folder, reel, progress, _passes(job) + (finder is not None))
    if finder is not None:
        plan = videos.find(folder, job, reel, facts, finder, tools.cache, progress.step)
        _save(folder, plan, progress)
    is_expected = True  # all that was wanted at first is; what comes later is counted by itself
    while True:
        is_expected = not urgent.answer_all(folder, reel, counting) and is_expected
        order = _next_order(folder)
        if order is None:
            return
        if not is_expected:
            progress = counting()
            progress.expect(facts.frames * order.passes)
        _cover(folder, reel.medium, order, tools, progress)
        is_expected = False


def _finder(job: Job, tools: Tools) -> Finder | None:
    """Return the models if faces are still to be looked for.

    Loading them may take longest. It is no fault of the photo if the process dies in it, so it comes first.
    """
    return tools.finders.get(job.options.profile) if job.state in UNFINISHED else None


def _begin(folder: JobFolder) -> Job:
    """Note that work has begun, and clear away what was broken off."""
    with folder.changing():
        folder.note_begun()
        job = folder.read()
        folder.tidy(job)
    return job


def _look(
    folder: JobFolder, job: Job, picture: Picture, finder: Finder, cache: PlanCache | None, progress: Progress
) -> None:
    """Make the plan of a photo."""
    plan = cache.get(job.owner, picture.facts, job.options, finder.models) if cache else None
    if plan is None:
        plan = pipeline.find(picture, finder, job.options, progress.step)
        if cache:
            cache.put(job.owner, plan, job.options)
    _save(folder, plan, progress)


def _save(folder: JobFolder, plan: Plan, progress: Progress) -> None:
    """Say what was found."""
    progress.go_on()
    folder.save_plan(plan)
    folder.change(lambda job: looked_at(job, plan))
    folder.look()


def _cover(folder: JobFolder, picture: "Picture | Video", order: Order, tools: Tools, progress: Progress) -> None:
    """Make one result of a picture or video."""
    job, plan = folder.read_settled()

    def write(file: BinaryIO, step: Step) -> Report:
        return pipeline.cover(picture, plan, file, order.options, step)

    _make(folder, job, plan, order, tools, progress, write)


def _alter(folder: JobFolder, sound: Sound, order: Order, tools: Tools, progress: Progress) -> None:
    """Make one result of a sound file."""
    hearing = sounds.read_hearing(folder)

    def write(file: BinaryIO, step: Step) -> Report:
        return pipeline_sound.anonymise(sound, file, order.options, step, heard=hearing.heard)

    _make(folder, folder.read(), None, order, tools, progress, write)


def _make(
    folder: JobFolder,
    job: Job,
    plan: Plan | None,
    order: Order,
    tools: Tools,
    progress: Progress,
    write: Callable[[BinaryIO, Step], Report],
) -> None:
    """Make one result and write that down before anybody can fetch it; if it cannot be made, the order tells why."""

    def check() -> None:
        now = folder.read()
        if not _is_wanted(now, order, job.revision) or now.is_urgent:
            raise Superseded

    def step() -> None:
        progress.step(check)

    def make() -> None:
        with folder.unless_gone(), disk.aside(folder.results) as path, suppress(Superseded):
            with disk.new_file(path) as file:
                report = write(file, step)
            if plan is not None:
                report = second.looked_at(report, path, plan, order, tools.seconds, tools.opener, step)
            with folder.changing():
                now = folder.read()
                if _is_wanted(now, order, job.revision):
                    if tools.log is not None:
                        told = entry_of(report, plan, order.options, begun=job.created, ended=folder.clock())
                        disk.write_whole(folder.entry(job.revision, order.key), tools.log.append(told, job.id))
                    path.replace(folder.result(job.revision, order.key))
                    made = replace(
                        order,
                        revision=job.revision,
                        sha256=report.output_sha256 or "",
                        dropped=report.dropped,
                        altered=report.altered,
                        look=report.second_look,
                    )
                    folder.save(rested(now.with_result(made)))

    problem = problem_of(make, folder)
    if problem is not None:
        refused = replace(order, problem=problem)
        folder.change(lambda now: rested(now.with_order(refused)) if _is_wanted(now, order, job.revision) else now)


def _next_order(folder: JobFolder) -> Order | None:
    return next((order for order in folder.read().orders if order.waits), None)


def _is_wanted(job: Job, order: Order, revision: str) -> bool:
    """Say whether a result that has just been made is still the one asked for.

    The plan may have been changed meanwhile, or a second look be wanted by now.
    """
    known = job.order(order.key)
    same = known is not None and known.waits and known.options.verify == order.options.verify
    return same and job.revision == revision


def _wants_work(folder: JobFolder) -> bool:
    try:
        return folder.read().wants_work
    except NoSuchPhotoError:
        return False
