"""The second look at results of the studio: before anybody can fetch them; and letting go what it holds back."""

from dataclasses import replace
from pathlib import Path

from veil import report as reports
from veil import verify
from veil.audit import Log, entry_of
from veil.errors import HeldBackError, JobError
from veil.jobs import disk
from veil.jobs.finders import Finders
from veil.jobs.folder import JobFolder, planned
from veil.jobs.job import Job, Order, Problem
from veil.media.files import Opener
from veil.types import Plan, Report, Step


def looked_at(
    report: Report, path: Path, plan: Plan, order: Order, finders: Finders, opener: Opener, step: Step
) -> Report:
    """Return the report on a result that nobody can fetch yet, after a second look at it if one was ordered.

    Args:
        report: On the result.
        path: The result.
        plan: What it was covered by.
        order: What was asked for.
        finders: Load what looks again.
        opener: Opens the result.
        step: Called after each frame.

    Raises:
        VeilError: It cannot be looked at, so that nobody must have it.
    """
    if not order.options.verify:
        return report
    finder = finders.get(plan.profile)
    return verify.with_second_look(report, path, plan, finder, order.options, step=step, opener=opener)


def report_of(plan: Plan, order: Order) -> Report:
    """Return the report on a result of a picture or video, with its hash once it is made."""
    style, sha256 = order.options.style, order.sha256 or None
    report = reports.report(plan, style, sha256, dropped=order.dropped, altered=order.altered)
    return replace(report, second_look=order.look)


def as_needed(order: Order, job: Job) -> Order:
    """Return an order with a second look, if the last one held a result back: nobody gets around that."""
    if job.held_for is None or order.options.verify:
        return order
    return replace(order, options=replace(order.options, verify=True))


def changed(job: Job, plan: Plan) -> Job:
    """Return a photo with another plan: of its results nothing is left but what they are held back for.

    All of that is kept, since a person may take a change back.
    """
    latest = job.looked_again
    held = job.held_for if latest is None else latest.look if latest.is_held_back else None
    left = verify.left_open(held, plan) if held is not None else None
    return replace(job, orders=(), held_for=held, left=left).with_plan(plan)


def held_back(order: Order) -> Problem | None:
    """Return why a result that is made must not be fetched; None if it may."""
    if not order.is_held_back or order.look is None:
        return None
    count = len(order.look.places)
    return Problem(
        HeldBackError.__name__,
        f"A face may still show in the result, at {count} {'place' if count == 1 else 'places'}, so it is held back. "
        "Look there and cover them, or release the result as it is.",
    )


def release(folder: JobFolder, key: str, log: Log) -> Job:
    """Let a result be fetched in which a face may still show, and write down that a person wants that.

    Args:
        folder: The photo's.
        key: Of the order.
        log: Where it is written down.

    Raises:
        JobError: There is no such result that is held back.
        AuditError: It cannot be written down; the result stays held back.
    """
    with folder.changing():
        job = planned(folder.read())
        order = job.order(key)
        if order is None or order.look is None or order.look.passed:
            raise JobError("There is no result with these settings that is held back; nothing was released.")
        if not order.is_held_back:
            return job
        released = replace(order, options=replace(order.options, release=True))
        plan = folder.read_plan(order.revision)
        told = entry_of(report_of(plan, order), plan, released.options, begun=job.created, ended=folder.clock())
        with folder.unless_gone():
            disk.write_whole(folder.entry(order.revision, key), log.append(told, job.id))
        folder.save(job.with_result(released))
    return folder.read()
