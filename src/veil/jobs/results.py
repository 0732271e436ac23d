"""Results as those see them who ask for them."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from veil.jobs import second, steps
from veil.jobs.folder import JobFolder
from veil.jobs.job import Job, Order, Problem
from veil.types import Altered


class ResultState(StrEnum):
    """How far a result is."""

    READY = "ready"
    MAKING = "making"
    HELD_BACK = "held-back"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """A result that was asked for.

    Attributes:
        state: How far it is.
        path: The finished file; None until it is ready. It vanishes when the photo is deleted or its plan changed.
        format: Name of its format, "jpeg" for instance; empty until the photo has been looked at.
        extension: Ending of its name, ".jpg" for instance; empty until the photo has been looked at.
        bytes: Size of the file; 0 until it is ready.
        sha256: Hash of the file, in hexadecimal; empty until it is ready.
        problem: Why it cannot be made, or is held back.
        altered: What was done to the sound, once it is ready.
        dropped: In plain words, what the photo holds and the result does not, once it is ready.
        progress: Frames done and frames in all, while it is made and that is known.
    """

    state: ResultState
    path: Path | None = None
    format: str = ""
    extension: str = ""
    bytes: int = 0
    sha256: str = ""
    problem: Problem | None = None
    altered: Altered | None = None
    dropped: tuple[str, ...] = ()
    progress: tuple[int, int] | None = None


def ordered(job: Job, folder: JobFolder, order: Order, most: int) -> Job:
    """Return a photo of which a result is wanted, besides the latest ones that were asked for before.

    One that was made without a second look, and is wanted with it, is made anew; one that was looked at stays so.
    """
    order = second.as_needed(order, job)
    known = job.order(order.key)
    is_enough = known is not None and (known.options.verify or not order.options.verify)
    if known and is_enough and (known.waits or known.problem or folder.result(known.revision, known.key).exists()):
        return job
    others = [each for each in job.orders if each.key != order.key]
    return replace(job, orders=(*others, order)[-most:])


def result_of(job: Job, folder: JobFolder, order: Order) -> Result:
    """Return how far a result is that was ordered.

    Raises:
        NoSuchPhotoError: It is gone.
    """
    name, ending = steps.result_format(job.format, order.options) if job.format else ("", "")
    known = job.order(order.key)
    problem = job.problem or (known.problem if known else None)
    if problem is not None:
        return Result(ResultState.FAILED, format=name, extension=ending, problem=problem)
    if known is None or known.waits:
        return Result(ResultState.MAKING, format=name, extension=ending, progress=job.progress)
    problem = second.held_back(known)
    if problem is not None:
        return Result(ResultState.HELD_BACK, format=name, extension=ending, problem=problem)
    path = folder.result(known.revision, known.key)
    with folder.unless_gone():
        size = path.stat().st_size
    return Result(
        ResultState.READY, path, name, ending, size, known.sha256, altered=known.altered, dropped=known.dropped
    )
