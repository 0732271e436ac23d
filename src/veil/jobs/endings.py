"""How work on a file ends: what its record says then, and what is told of what went wrong."""

import logging
from collections.abc import Callable
from dataclasses import replace

from veil.errors import InputError, NoSuchPhotoError, VeilError
from veil.jobs import steps
from veil.jobs.folder import JobFolder, no_such_photo
from veil.jobs.job import UNFINISHED, Job, JobState, Problem, Talk
from veil.jobs.progress import Stopped
from veil.types import Plan

UNFORESEEN = Problem("VeilError", "Something went wrong inside Veil; nothing was made of the file.")
NO_MEMORY = Problem(InputError.__name__, "There is not enough memory for this file; nothing was made of it.")

log = logging.getLogger(__name__)


def problem_of(do: Callable[[], None], folder: JobFolder) -> Problem | None:
    """Do something and return what went wrong with this file; other files and this process go on.

    Raises:
        NoSuchPhotoError: The file was deleted meanwhile, which explains everything else.
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
    """Log the type and the place of an error, which tell enough: its message could hold something of the file."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is not None and not folder.is_gone():
        log.error("%s at %s:%d", type(error).__name__, place.tb_frame.f_code.co_filename, place.tb_lineno)


def rested(job: Job) -> Job:
    """Return a job of which a part is done, or not wanted any more; once nothing waits, attempts are forgotten."""
    return job if job.wants_work else replace(job, attempts=0)


def looked_at(job: Job, plan: Plan) -> Job:
    """Return the job of a photo or video in which faces have been looked for."""
    job = job.with_plan(plan)
    return rested(
        replace(job, found=job.revision, extension=steps.result_format(plan.picture.format, type(job.options)())[1])
    )


def heard(job: Job, talk: Talk) -> Job:
    """Return the job of a sound file that has been listened to."""
    return rested(replace(job.with_talk(talk), extension=steps.result_format(talk.format, type(job.options)())[1]))


def given_back(job: Job) -> Job:
    """Return a job that is to be gone on with by another process, as this one ends."""
    return replace(job, state=JobState.QUEUED if job.state in UNFINISHED else job.state, attempts=0)


def failed(job: Job, problem: Problem) -> Job:
    """Return a job of which nothing more can be made: it failed, or what was asked for since it was looked at did."""
    if job.state in UNFINISHED:
        return replace(job, state=JobState.FAILED, problem=problem, attempts=0)
    orders = tuple(replace(order, problem=problem) if order.waits else order for order in job.orders)
    wishes = tuple(replace(wish, problem=problem) if wish.waits else wish for wish in job.wishes)
    trials = tuple(replace(trial, problem=problem) if trial.waits else trial for trial in job.trials)
    return replace(job, orders=orders, wishes=wishes, trials=trials, attempts=0)
