"""What a person sees of a batch in the terminal: a bar while it runs, then what was done and what to look at."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from veil.batch import Outcome, Ticks
from veil.errors import VeilError, WithheldError, plain
from veil.types import Report, SecondLook

LISTED = 20


class Frames(ProgressColumn):
    """Shows how many frames were looked at or written: the one thing that moves while a long video is done."""

    def __init__(self, ticks: Ticks) -> None:
        super().__init__()
        self._ticks = ticks

    def render(self, task: Task) -> Text:
        """Return the count."""
        return Text(f"{self._ticks.count:,} frames")


def watch(outcomes: Iterable[Outcome[Report]], total: int, ticks: Ticks) -> Iterator[Outcome[Report]]:
    """Pass outcomes on, with a progress bar on standard error if that is a terminal.

    Args:
        outcomes: As work() yields them.
        total: How many there will be.
        ticks: Counts frames meanwhile.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Frames(ticks),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Looking for faces", total=total)
        for outcome in outcomes:
            yield outcome
            progress.advance(bar)


def summarise(outcomes: Sequence[Outcome[Report]], left_out: Sequence[Path]) -> None:
    """Print what failed, what wants a person's eye, and the counts."""
    console = Console(highlight=False, soft_wrap=True)
    reports = [(outcome.task.source, outcome.result) for outcome in outcomes if outcome.result is not None]
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    deaf = [source for source, report in reports if report.heard_nothing]
    empty = [source for source, report in reports if report.nothing_found and source not in deaf]
    doubtful = [source for source, report in reports if report.suggested]
    lost = [source for source, report in reports if report.doubtful]
    dropped = sorted({each for _, report in reports for each in report.dropped})
    for outcome in failed:
        # The reason alone: the advice that follows it is for single files.
        reason = str(outcome.error).splitlines()[0]
        what = "[yellow]Withheld:[/]" if isinstance(outcome.error, WithheldError) else "[red]Failed:[/]"
        console.print(f"{what} {_harmless(str(outcome.task.source))}: {_harmless(reason)}")
    _name("Nothing found, please look:", empty, console)
    _name("Doubtful places left visible, please look:", doubtful, console)
    _name("No speech heard, please listen:", deaf, console)
    _name("Faces covered for a while without being seen, please look:", lost, console)
    if dropped:
        console.print(f"Not in the results of videos: {', '.join(dropped)}.")
    if left_out:
        console.print(f"Left out, not pictures, videos or results of earlier runs: {len(left_out)}.")

    table = Table()
    for heading in ("files", "faces covered", "suggestions", "nothing found", "failed"):
        table.add_column(heading, justify="right")
    table.add_row(
        str(len(outcomes)),
        str(sum(report.covered + report.drawn for _, report in reports)),
        str(sum(report.suggested for _, report in reports)),
        str(len(empty)),
        str(len(failed)),
    )
    console.print(table)


def tell_looks(looks: Sequence[tuple[Path, SecondLook | VeilError | None]]) -> None:
    """Print what second looks told: each place where a face may still show, then the counts."""
    console = Console(highlight=False, soft_wrap=True)
    places = Table()
    for heading in ("file", "frame", "time", "left, top, right, bottom", "score"):
        places.add_column(heading)
    told = [look for _, look in looks if isinstance(look, SecondLook)]
    for path, look in looks:
        if isinstance(look, VeilError):
            console.print(f"[red]Failed:[/] {_harmless(str(path))}: {_harmless(str(look).splitlines()[0])}")
        for place in look.places if isinstance(look, SecondLook) else ():
            when = "" if place.time is None else f"{place.time:.2f} s"
            sides = ", ".join(f"{side:.0f}" for side in place.box)
            places.add_row(_harmless(str(path)), str(place.frame), when, sides, f"{place.score:.2f}")
    if places.rows:
        console.print("[yellow]A face may still show, please look:[/]")
        console.print(places)
    passed = sum(look.passed for look in told)
    console.print(f"{passed} of {len(looks)} {'result' if len(looks) == 1 else 'results'} passed.")


def _name(heading: str, sources: Sequence[Path], console: Console) -> None:
    if not sources:
        return
    console.print(f"[yellow]{heading}[/]")
    for source in sources[:LISTED]:
        console.print(f"  {_harmless(str(source))}")
    if len(sources) > LISTED:
        console.print(f"  and {len(sources) - LISTED} more; --json lists all.")


def _harmless(text: str) -> str:
    """Return text, such as the name of a file, that acts neither on the terminal nor as markup."""
    return escape(plain(text))
