"""Working on one photo: look at it, make the results that were asked for.

Each finished thing gets its name in one step, and only then the record says that it is there. So a process may be
killed at any moment, and the next one goes on from what the record says.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

from veil import detect, pipeline, pipeline_sound
from veil import plan as plans
from veil.audit import Log, entry_of
from veil.cache import PlanCache
from veil.detect import Finder
from veil.errors import InputError, NoSuchPhotoError, VeilError
from veil.jobs import disk, second, sounds, steps, videos
from veil.jobs.finders import Finders
from veil.jobs.folder import JobFolder, no_such_photo
from veil.jobs.job import LOOKED_AT, UNFINISHED, Job, JobState, Order, Problem, Talk, Trial, Wish
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

UNFORESEEN = Problem("VeilError", "Something went wrong inside Veil; nothing was made of the photo.")
NO_MEMORY = Problem(InputError.__name__, "There is not enough memory for this picture; nothing was made of it.")

log = logging.getLogger(__name__)


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
        problem = _problem_of(lambda: _serve(folder, tools, limits), folder)
        if problem is not None:
            folder.change(lambda job: failed(job, problem))
            folder.forget_progress()
    except NoSuchPhotoError:
        return False
    except Stopped:
        with suppress(NoSuchPhotoError):
            folder.change(_given_back)
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
    folder.change(_rested)  # what was begun may not be wanted any more, so that nothing has said that it ended
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
            _answer_all(folder, sound, counting)
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
                folder.change(lambda now: _heard(now, talk))
                folder.look()
            while True:
                if _answer_all(folder, sound, counting):
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
            _answer_all(folder, reel, counting)
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
        is_expected = not _answer_all(folder, reel, counting) and is_expected
        order = _next_order(folder)
        if order is None:
            return
        if not is_expected:
            progress = counting()
            progress.expect(facts.frames * order.passes)
        _cover(folder, reel.medium, order, tools, progress)
        is_expected = False


def _answer_all(folder: JobFolder, medium: Reel | Sound, counting: Callable[[], Progress]) -> bool:
    """Follow all areas and make all parts of the sound that somebody waits for; say whether there were any."""
    some = False
    while (job := folder.read()).is_urgent:
        some = True
        trial = next((trial for trial in job.trials if trial.waits), None)
        wish = next((wish for wish in job.wishes if wish.waits), None)
        if trial is not None:
            _try_out(folder, medium, trial, counting())
        elif wish is not None and not isinstance(medium, Sound):
            _follow(folder, medium, wish, counting())
    return some


def _try_out(folder: JobFolder, medium: Reel | Sound, trial: Trial, progress: Progress) -> None:
    """Make a few seconds of sound before and after; if they cannot be made, the trial tells why."""

    def check() -> None:
        if folder.read().trial(trial.key) is None:
            raise Superseded

    def try_out() -> None:
        with suppress(Superseded):
            ready = sounds.try_out(folder, medium, trial, lambda: progress.step(check))
            folder.change(lambda now: _rested(now.with_trial(ready)))

    problem = _problem_of(try_out, folder)
    if problem is not None:
        refused = replace(trial, problem=problem)
        folder.change(lambda now: _rested(now.with_trial(refused)))


def _follow(folder: JobFolder, reel: Reel, wish: Wish, progress: Progress) -> None:
    """Follow one area; if it cannot be followed, the wish tells why."""
    _, plan = folder.read_settled()

    def check() -> None:
        if folder.read().wish(wish.key) is None:
            raise Superseded

    def follow() -> None:
        times = videos.read_times(folder)
        progress.expect(len(times.pts))
        with suppress(Superseded):
            region = reel.follow(wish, times.pts, lambda: progress.step(check))
            with folder.unless_gone():
                disk.write_whole(folder.followed(wish.key), plans.to_json(replace(plan, regions=(region,))).encode())
            folder.change(lambda now: _rested(now.with_wish(replace(wish, ready=True))))

    problem = _problem_of(follow, folder)
    if problem is not None:
        folder.change(lambda now: _rested(now.with_wish(replace(wish, problem=problem))))


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
    folder.change(lambda job: _looked_at(job, plan))
    folder.look()


def _cover(folder: JobFolder, picture: "Picture | Video", order: Order, tools: Tools, progress: Progress) -> None:
    """Make one result of a picture or video."""
    job, plan = folder.read_settled()

    def write(file: BinaryIO, step: Step) -> Report:
        return pipeline.cover(picture, plan, file, order.options, step)

    _make(folder, job, plan, order, tools, progress, write)


def _alter(folder: JobFolder, sound: Sound, order: Order, tools: Tools, progress: Progress) -> None:
    """Make one result of a sound file."""
    heard = sounds.read_hearing(folder).heard

    def write(file: BinaryIO, step: Step) -> Report:
        return pipeline_sound.anonymise(sound, file, order.options, step, heard=heard)

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
                    folder.save(_rested(now.with_result(made)))

    problem = _problem_of(make, folder)
    if problem is not None:
        refused = replace(order, problem=problem)
        folder.change(lambda now: _rested(now.with_order(refused)) if _is_wanted(now, order, job.revision) else now)


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


def _given_back(job: Job) -> Job:
    return replace(job, state=JobState.QUEUED if job.state in UNFINISHED else job.state, attempts=0)


def _heard(job: Job, talk: Talk) -> Job:
    return _rested(replace(job.with_talk(talk), extension=steps.result_format(talk.format, type(job.options)())[1]))


def _looked_at(job: Job, plan: Plan) -> Job:
    job = job.with_plan(plan)
    return _rested(
        replace(job, found=job.revision, extension=steps.result_format(plan.picture.format, type(job.options)())[1])
    )


def _rested(job: Job) -> Job:
    return job if job.wants_work else replace(job, attempts=0)


def failed(job: Job, problem: Problem) -> Job:
    """Return a photo of which nothing more can be made: it failed, or what was asked for since it was looked at did."""
    if job.state in UNFINISHED:
        return replace(job, state=JobState.FAILED, problem=problem, attempts=0)
    orders = tuple(replace(order, problem=problem) if order.waits else order for order in job.orders)
    wishes = tuple(replace(wish, problem=problem) if wish.waits else wish for wish in job.wishes)
    trials = tuple(replace(trial, problem=problem) if trial.waits else trial for trial in job.trials)
    return replace(job, orders=orders, wishes=wishes, trials=trials, attempts=0)


def _problem_of(do: Callable[[], None], folder: JobFolder) -> Problem | None:
    """Do something and return what went wrong with this photo; other photos and this process go on.

    Raises:
        NoSuchPhotoError: The photo was deleted meanwhile, which explains everything else.
        Stopped: The process is to end.
    """
    try:
        do()
    except (NoSuchPhotoError, Stopped):
        raise
    except VeilError as error:
        problem = Problem.of(error)
    except MemoryError:
        problem = NO_MEMORY
    except Exception as error:
        _log_unless_gone(error, folder)
        problem = UNFORESEEN
    else:
        return None
    if folder.is_gone():
        raise no_such_photo()
    return problem


def _log_unless_gone(error: Exception, folder: JobFolder) -> None:
    """Log the type and the place of an error, which tell enough: its message could hold something of the photo."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is not None and not folder.is_gone():
        log.error("%s at %s:%d", type(error).__name__, place.tb_frame.f_code.co_filename, place.tb_lineno)
