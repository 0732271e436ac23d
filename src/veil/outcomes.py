"""What is told of the files of one call: in the terminal, as JSON, in a report and by the exit code."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from veil.errors import WithheldError

if TYPE_CHECKING:  # loaded once there is something to tell
    from veil.batch import Outcome
    from veil.types import Report

EXIT_FAILED = 1
EXIT_REVIEW = 3


def tell(outcomes: Sequence["Outcome[Report]"], left_out: Sequence[Path], as_json: bool, quiet: bool) -> None:
    """Print how all files ended: as JSON, a sentence each, or as a table where there are several."""
    if as_json:
        click.echo(json.dumps([told_of(outcome) for outcome in outcomes], indent=2))
    elif quiet or (len(outcomes) == 1 and not left_out):
        for outcome in outcomes:
            if outcome.result is None:
                click.echo(f"veil: {outcome.task.source}: {outcome.error}", err=True)
            elif not quiet:
                from veil.report import in_words

                click.echo(f"{outcome.task.target}: {in_words(outcome.result)}.")
    else:
        from veil.console import summarise

        summarise(outcomes, left_out)


def told_of(outcome: "Outcome[Report]", writes: bool = True) -> dict[str, Any]:
    """Return what is printed as JSON of one file; ``writes`` says whether a result was written."""
    from veil.report import to_dict

    entry: dict[str, Any] = {"input": str(outcome.task.source), "status": "done" if outcome.result else "failed"}
    if outcome.result:
        return entry | ({"output": str(outcome.task.target)} if writes else {}) | to_dict(outcome.result)
    if isinstance(outcome.error, WithheldError):
        from veil.report import look_to_dict

        entry |= {"status": "withheld", "second_look": look_to_dict(outcome.error.look)}
    return entry | {"error": str(outcome.error)}


def report_of(outcomes: Sequence["Outcome[Report]"]) -> dict[str, Any]:
    """Return what --report writes: no names, since reports are passed on."""
    from veil import __version__
    from veil.report import to_dict

    done = [to_dict(outcome.result) for outcome in outcomes if outcome.result]
    return {"veil_report": 1, "version": __version__, "failed": len(outcomes) - len(done), "pictures": done}


def leave(outcomes: Sequence["Outcome[Report]"], strict: bool) -> None:
    """Leave with the exit code that the outcomes call for."""
    errors = [outcome.error for outcome in outcomes if outcome.error]
    if errors:
        raise SystemExit(EXIT_REVIEW if all(isinstance(error, WithheldError) for error in errors) else EXIT_FAILED)
    looks = [outcome.result.second_look for outcome in outcomes if outcome.result]
    if any(look and not look.passed for look in looks):
        raise SystemExit(EXIT_REVIEW)
    if strict and any(outcome.result and outcome.result.wants_review for outcome in outcomes):
        raise SystemExit(EXIT_REVIEW)
