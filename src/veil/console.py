"""What a person sees of a batch in the terminal: a bar while it runs, then what was done and what to look at."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from veil.batch import Outcome
from veil.types import Report

LISTED = 20


def watch(outcomes: Iterable[Outcome[Report]], total: int) -> Iterator[Outcome[Report]]:
    """Pass outcomes on, with a progress bar on standard error if that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
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
    empty = [source for source, report in reports if report.nothing_found]
    doubtful = [source for source, report in reports if report.suggested]
    for outcome in failed:
        # The reason alone: the advice that follows it is for single files.
        reason = str(outcome.error).splitlines()[0]
        console.print(f"[red]Failed:[/] {escape(str(outcome.task.source))}: {escape(reason)}")
    _name("Nothing found, please look:", empty, console)
    _name("Doubtful places left visible, please look:", doubtful, console)
    if left_out:
        console.print(f"Left out, not pictures or results of earlier runs: {len(left_out)}.")

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


def _name(heading: str, sources: Sequence[Path], console: Console) -> None:
    if not sources:
        return
    console.print(f"[yellow]{heading}[/]")
    for source in sources[:LISTED]:
        console.print(f"  {escape(str(source))}")
    if len(sources) > LISTED:
        console.print(f"  and {len(sources) - LISTED} more; --json lists all.")
