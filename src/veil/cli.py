"""The command line: run, find, cover. Thin: flags come from Options, the work is done by pipeline.

Their flags are in flags.py, what they tell at the end is in outcomes.py. The commands of the studio are in serving.py,
that of audits is in auditing.py, that of second looks in checking.py.
"""

import functools
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from veil.auditing import Book, audit, audit_options
from veil.boxed import boxed
from veil.checking import Ending, check
from veil.errors import OutputError, UsageError, VeilError
from veil.fence import Fence
from veil.flags import json_option, output_option, overwrite_option, quiet_option, setting_options, strict_option
from veil.options import Options, Stage
from veil.outcomes import leave, report_of, tell, told_of
from veil.serving import serve, worker
from veil.types import Profile

if TYPE_CHECKING:  # models and codecs are loaded when a command uses them, so that help comes at once
    from veil.batch import Outcome, Task
    from veil.sandbox.box import Sandbox
    from veil.types import Report

EXIT_STOPPED = 130

LARGE_FILE = 3_000_000  # bytes

PICTURES_EACH = 16
"""How many pictures of a batch are read by one process behind the fences: a new one for each takes a third longer."""

EXIT_CODES = """
\b
Exit codes:
  0    every file is done
  1    some of them failed; each is named with its reason
  2    the command was not understood
  3    all are done, but something wants a person's eye (with --strict), or was withheld (with --verify)
  130  stopped with Ctrl-C; nothing is left half-written
"""


class Commands(click.Group):
    """A group whose commands end with one clear sentence and an exit code, never with a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(context)
        except VeilError as error:
            click.echo(f"veil: {error}", err=True)
            context.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("veil: stopped; finished results were kept and nothing is left half-written.", err=True)
            context.exit(EXIT_STOPPED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(package_name="veil", prog_name="veil")
def main() -> None:
    """Find every face in photos and videos and cover it so that nobody can tell who it was.

    Nothing leaves this machine, and inputs are never changed.

    \b
    Examples:
      veil run party.jpg              writes party.veiled.jpg
      veil run talk.mp4               writes talk.veiled.mp4, without sound
      veil run photos/ -o safe/       a whole folder, under the same names
      veil serve                      the studio, in a browser
    """


def start() -> None:
    """Run the command line as a program of its own, which reaches no other machine."""
    fence = Fence()
    fence.stand()
    main(obj=fence)


@main.command(epilog=EXIT_CODES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@output_option
@setting_options(Stage.READ, Stage.FIND, Stage.COVER, Stage.WRITE, Stage.CHECK, Stage.RELEASE)
@click.option(
    "--report", "report_file", metavar="FILE", type=click.Path(path_type=Path), help="Write a report, without names."
)
@audit_options
@overwrite_option
@strict_option
@json_option
@quiet_option
def run(
    inputs: tuple[str, ...],
    output: Path | None,
    report_file: Path | None,
    book: Book,
    overwrite: bool,
    strict: bool,
    as_json: bool,
    quiet: bool,
    **values: Any,
) -> None:
    """Find and cover every face in each INPUT and write new files.

    An INPUT is a picture, a video, a pattern in quotes, or a folder with all below it. Without --output, the result of
    photo.jpg is photo.veiled.jpg beside it. Of a sound file the voices are changed as --voice says.

    \b
    Examples:
      veil run party.jpg
      veil run party.jpg -o safe.png --style solid --color ff8800
      veil run photos/ -o safe/ --profile thorough --strict
      veil run "scans/*.tif" -o safe/ --report safe/report.json
      veil run plate.jpg --region 40,300,180,340
      veil run talk.mp4 --region 40,300,180,340@0:05,follow
      veil run talk.mov -o safe.mp4 --voice disguise
      veil run interview.wav --voice beep
    """
    from veil import detect, pipeline
    from veil.batch import refuse_inputs
    from veil.files import check_target, sweep, write_aside
    from veil.media.image import Picture

    options = Options(**values)
    tasks, left_out, options = _tasks(inputs, output, options, sounds=options.alters_sound)
    if report_file:
        check_target(report_file, overwrite=overwrite)
        refuse_inputs([report_file], tasks)
        if report_file.resolve() in {task.target.resolve() for task in tasks}:
            raise OutputError(f"{report_file} is also the name of a result; nothing was done.\nChoose another name.")
    book.check(tasks)
    for folder in {task.target.parent for task in tasks}:
        sweep(folder)
    workers = _workers(len(tasks), options.profile)
    one_video = threading.Lock()  # a video uses all processors by itself, and much memory
    with boxed(files_each=PICTURES_EACH) as sandbox:
        is_sound = functools.cache(sandbox.is_sound)
        looks = not all(is_sound(task.source) for task in tasks)
        finder = detect.load(options.profile, streams=workers) if looks else None
        second = detect.load_second(options.profile, streams=workers) if looks and options.verify else None
        ending = Ending(book, second, options, sandbox)

        def do(task: "Task", step: Callable[[], None]) -> "Report":
            begun = time.time()
            if finder is None or is_sound(task.source):
                from veil import pipeline_sound

                with sandbox.open_sound(task.source) as sound:
                    return pipeline_sound.anonymise_file(
                        sound,
                        task.target,
                        options,
                        step,
                        overwrite=overwrite,
                        done=lambda report: book.add(task, None, report, options, begun),
                    )
            with (
                sandbox.open_media(task.source, max_pixels=options.max_pixels, is_sound=False) as opened,
                write_aside(task.target, overwrite=overwrite) as stream,
            ):
                if isinstance(opened, Picture):
                    plan, report = pipeline.anonymise(opened, finder, stream, options, step)
                    return ending.end(task, plan, report, stream, step, begun)
                from veil import resume  # what decodes videos is loaded when there is one

                with one_video, resume.planned(opened, finder, options, step, target=task.target) as plan:
                    report = pipeline.cover(opened, plan, stream, options, step)
                    return ending.end(task, plan, report, stream, step, begun)

        outcomes = _work(tasks, do, workers, sandbox, shows_progress=not (quiet or as_json))
    if report_file:
        _write_text(report_file, json.dumps(report_of(outcomes), indent=2) + "\n", overwrite)
    tell(outcomes, left_out, as_json, quiet)
    leave(outcomes, strict)


@main.command(epilog=EXIT_CODES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", metavar="PLAN", type=click.Path(path_type=Path), help="File or folder for the plans.")
@setting_options(Stage.READ, Stage.FIND)
@overwrite_option
@strict_option
@json_option
@quiet_option
def find(
    inputs: tuple[str, ...],
    output: Path | None,
    overwrite: bool,
    strict: bool,
    as_json: bool,
    quiet: bool,
    **values: Any,
) -> None:
    """Find every face in each INPUT and write a plan of what to cover, to be read, edited and used by veil cover.

    Without --output, the plan for photo.jpg is photo.plan.json. With --json and no --output plans are only printed.

    \b
    Examples:
      veil find party.jpg
      veil find party.jpg --json
      veil find photos/ -o plans/
    """
    from veil import detect, pipeline, plan, report
    from veil.media.image import Picture

    options = Options(**values)
    writes = output is not None or not as_json
    tasks, left_out, options = _tasks(inputs, output, options, plans=True)
    workers = _workers(len(tasks), options.profile)
    plans: dict[Path, Any] = {}
    one_video = threading.Lock()
    with boxed(files_each=PICTURES_EACH) as sandbox:
        finder = detect.load(options.profile, streams=workers)

        def do(task: "Task", step: Callable[[], None]) -> "Report":
            with (
                sandbox.open_media(task.source, max_pixels=options.max_pixels) as picture,
                nullcontext() if isinstance(picture, Picture) else one_video,
            ):
                made = pipeline.find(picture, finder, options, step)
            text = plan.to_json(made)
            if writes:
                _write_text(task.target, text, overwrite)
            plans[task.source] = json.loads(text)
            return report.report(made, options.style)

        outcomes = _work(tasks, do, workers, sandbox, shows_progress=not (quiet or as_json))
    if as_json:
        entries = [told_of(each, writes) | {"plan": plans.get(each.task.source)} for each in outcomes]
        click.echo(json.dumps(entries, indent=2))
    else:
        tell(outcomes, left_out, as_json, quiet)
    leave(outcomes, strict)


@main.command(epilog=EXIT_CODES)
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option("--plan", "plan_file", metavar="PLAN", type=click.Path(path_type=Path), required=True, help="The plan.")
@click.option("-o", "--output", metavar="OUT", type=click.Path(path_type=Path), required=True, help="File to write.")
@setting_options(Stage.READ, Stage.COVER, Stage.WRITE, Stage.CHECK, Stage.RELEASE)
@audit_options
@overwrite_option
@strict_option
@json_option
@quiet_option
def cover(
    source: Path,
    plan_file: Path,
    output: Path,
    book: Book,
    overwrite: bool,
    strict: bool,
    as_json: bool,
    quiet: bool,
    **values: Any,
) -> None:
    """Cover INPUT as a plan says, without looking for faces again.

    \b
    Examples:
      veil find party.jpg -o party.plan.json
      veil cover party.jpg --plan party.plan.json -o safe.jpg
    """
    from veil import detect, pipeline, plan
    from veil.files import write_aside

    tasks, _, options = _tasks([str(source)], output, Options(**values))
    made = plan.from_json(_read(plan_file))
    book.check(tasks)
    with boxed(files_each=PICTURES_EACH) as sandbox:
        second = detect.load_second(made.profile) if options.verify else None
        ending = Ending(book, second, options, sandbox)

        def do(task: "Task", step: Callable[[], None]) -> "Report":
            begun = time.time()
            with (
                sandbox.open_media(task.source, max_pixels=options.max_pixels) as picture,
                write_aside(task.target, overwrite=overwrite) as stream,
            ):
                report = pipeline.cover(picture, made, stream, options, step)
                return ending.end(task, made, report, stream, step, begun)

        outcomes = _work(tasks, do, 1, sandbox, shows_progress=False)
    tell(outcomes, [], as_json, quiet)
    leave(outcomes, strict)


main.add_command(audit)
main.add_command(check)
main.add_command(serve)
main.add_command(worker)


def _tasks(
    inputs: Sequence[str], output: Path | None, options: Options, *, plans: bool = False, sounds: bool = False
) -> tuple[list["Task"], list[Path], Options]:
    """Return what to do, the files left out, and the options with the format that the output's name asks for.

    With ``sounds``, sound files in folders are meant, too.
    """
    from veil.batch import MARK, gather
    from veil.media.formats import is_media, is_named_like_sound, media_extension, media_named

    ending = media_extension(options.format) if options.format else ""

    def name(source: Path) -> str:
        return f"{source.stem}.plan.json" if plans else f"{source.stem}{ending or source.suffix}"

    def beside(source: Path) -> str:
        return name(source) if plans else f"{source.stem}{MARK}{ending or source.suffix}"

    def takes(path: Path) -> bool:
        return is_media(path) or (sounds and is_named_like_sound(path))

    tasks, left_out = gather(inputs, output, name=name, beside=beside, takes=takes)
    if not tasks:
        raise UsageError("There is no picture, no video and no sound file in what was given; nothing was done.")
    if output is None or plans or [task.target for task in tasks] != [output]:
        return tasks, left_out, options
    wanted = media_named(output.suffix)
    if options.format and media_named(options.format) != wanted:
        raise UsageError(f"{output} is not a name for the format {options.format}; nothing was done.")
    return tasks, left_out, replace(options, format=wanted)


def _workers(tasks: int, profile: str) -> int:
    """Return how many files to do side by side: one for each processor that this process may use.

    The fast profile does one more, a tenth sooner, since its workers wait much for the disk and for Python's lock. The
    others would only hold more memory.
    """
    return max(1, min(tasks, len(os.sched_getaffinity(0)) + (profile == Profile.FAST)))


def _work(
    tasks: Sequence["Task"],
    do: Callable[["Task", Callable[[], None]], "Report"],
    workers: int,
    sandbox: "Sandbox",
    *,
    shows_progress: bool,
) -> list["Outcome[Report]"]:
    """Do all tasks and return how they ended, in the order of the tasks."""
    from veil.batch import Ticks, work

    ticks = Ticks()
    outcomes = work(tasks, ticks.counting(_guarded(do)), workers=workers, give_up=sandbox.close)
    if shows_progress and (len(tasks) > 1 or _takes_long(tasks[0].source)):
        from veil.console import watch

        outcomes = watch(outcomes, len(tasks), ticks)
    ended = {outcome.task: outcome for outcome in outcomes}
    return [ended[task] for task in tasks]


def _takes_long(source: Path) -> bool:
    """Return whether one file is worth a progress bar; a small picture is done before the bar could be read."""
    from veil.media.formats import is_named_like_sound, is_named_like_video

    moves = is_named_like_video(source) or is_named_like_sound(source)
    return source.is_file() and (source.stat().st_size > LARGE_FILE or moves)


def _guarded(do: Callable[["Task", Callable[[], None]], "Report"]) -> Callable[["Task", Callable[[], None]], "Report"]:
    """Turn an error that nobody foresaw into a failure of that file alone."""
    from veil.batch import Stopped

    def attempt(task: "Task", step: Callable[[], None]) -> "Report":
        try:
            return do(task, step)
        except (VeilError, MemoryError, Stopped):
            raise
        except Exception as error:
            logging.getLogger("veil").debug("unforeseen", exc_info=True)
            raise VeilError(
                f"Veil has a bug that shows with this file ({type(error).__name__}); nothing was written for it.\n"
                "Please report it."
            ) from error

    return attempt


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"The plan {path} cannot be read ({error.strerror}); nothing was covered.") from error


def _write_text(path: Path, text: str, overwrite: bool) -> None:
    from veil.files import write_aside

    with write_aside(path, overwrite=overwrite) as stream:
        stream.write(text.encode())
