"""The command that looks at results a second time, check; and that look in the commands that write them."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from veil.auditing import Book
from veil.boxed import boxed
from veil.errors import UsageError, VeilError
from veil.flags import json_option
from veil.options import Options
from veil.types import Plan, Profile, Report, SecondLook, Step

if TYPE_CHECKING:  # loaded by those commands that use it
    from veil.batch import Task
    from veil.detect import Finder
    from veil.media.files import Opener

EXIT_CODES = """
\b
Exit codes:
  0    no face shows that is not covered or kept on purpose
  1    some results could not be looked at; each is named with its reason
  2    the command was not understood
  3    a face may still show; each place is named
"""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is done about a result that is written, before it gets its name.

    Attributes:
        book: Where it is written down.
        second: Looks at it again; None where that is not wanted.
        options: All settings.
        opener: Opens it to be looked at.
    """

    book: Book
    second: "Finder | None"
    options: Options
    opener: "Opener"

    def end(self, task: "Task", plan: Plan, report: Report, stream: BinaryIO, step: Step, begun: float) -> Report:
        """Look at a result again if that is wanted, write down what came of it, and return the report on it.

        Args:
            task: The input and the result.
            plan: What was covered.
            report: What was done.
            stream: The file that was written.
            step: Called after each frame.
            begun: When it was begun, in seconds since 1970.

        Raises:
            WithheldError: A face may still show, and such results are not released.
            AuditError: It cannot be written down.
            VeilError: As for verify.look_again().
        """
        if self.second is None:
            self.book.add(task, plan, report, self.options, begun)
            return report
        from veil.verify import check_passed, with_second_look

        stream.flush()
        written = Path(stream.name)
        report = with_second_look(report, written, plan, self.second, self.options, step=step, opener=self.opener)
        self.book.add(task, plan, report, self.options, begun)
        check_passed(report.second_look, self.options, task.target)
        return report


@click.command(epilog=EXIT_CODES)
@click.argument("outputs", nargs=-1, required=True, metavar="OUTPUT...")
@click.option("--plan", "plan_file", metavar="PLAN", type=click.Path(path_type=Path), help="The plan of one OUTPUT.")
@click.option(
    "--profile",
    type=click.Choice([str(each) for each in Profile]),
    default=str(Profile.BALANCED),
    show_default=True,
    help="How hard to look.",
)
@json_option
def check(outputs: tuple[str, ...], plan_file: Path | None, profile: str, as_json: bool) -> None:
    """Look again at each OUTPUT of veil run or veil cover, and name each place where a face may still show.

    An OUTPUT is a picture, a video, a pattern in quotes, or a folder with all below it. With the plan that it was made
    by it is judged by what the plan covers and keeps. Without it, whatever is smooth counts as covered, and faces
    that were kept on purpose are named, too.

    \b
    Examples:
      veil check safe.jpg
      veil check safe/ --json
      veil check safe.jpg --plan party.plan.json
    """
    from veil import detect, plan
    from veil.api import check as look_at
    from veil.batch import Task, results, work
    from veil.media.formats import is_media

    paths = results(outputs, is_media)
    if not paths:
        raise UsageError("There is no picture and no video in what was given; nothing was looked at.")
    if plan_file is not None and len(paths) > 1:
        raise UsageError("A plan is that of one result, but several were given; nothing was looked at.")
    made = plan.from_json(_read(plan_file)) if plan_file is not None else None
    workers = min(len(paths), len(os.sched_getaffinity(0)))
    options = Options(profile=profile)
    with boxed() as sandbox:
        finder = detect.load_second(profile, streams=workers)
        ended = {
            outcome.task.source: outcome.result or outcome.error
            for outcome in work(
                [Task(path, path) for path in dict.fromkeys(paths)],
                lambda task, step: look_at(task.source, made, options, finder=finder, step=step, sandbox=sandbox),
                workers=workers,
                give_up=sandbox.close,
            )
        }
    outcomes = [(path, ended[path]) for path in dict.fromkeys(paths)]
    if as_json:
        click.echo(json.dumps([_entry(path, told) for path, told in outcomes], indent=2))
    else:
        from veil.console import tell_looks

        tell_looks(outcomes)
    if any(isinstance(told, VeilError) for _, told in outcomes):
        raise SystemExit(1)
    if any(not told.passed for _, told in outcomes if not isinstance(told, VeilError | None)):
        raise SystemExit(3)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"The plan {path} cannot be read ({error.strerror}); nothing was looked at.") from error


def _entry(path: Path, told: "SecondLook | VeilError | None") -> dict[str, Any]:
    """Return what is printed as JSON of one result."""
    from veil.report import look_to_dict

    if told is None or isinstance(told, VeilError):
        return {"output": str(path), "status": "failed", "error": str(told)}
    return {"output": str(path), "status": "done", **look_to_dict(told)}
