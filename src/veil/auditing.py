"""The command that checks audit logs, and the flags with which other commands add to one."""

import functools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from veil.errors import OutputError, UsageError
from veil.flags import json_option
from veil.options import Options
from veil.types import Plan, Report

if TYPE_CHECKING:  # loaded by those commands that use it
    from veil.audit import Checked, Log
    from veil.audit.signing import Signer
    from veil.batch import Task

LANGUAGES = ("en", "zh")
EXIT_CHANGED = 1

key_option = click.option(
    "--audit-key", metavar="KEY", type=click.Path(path_type=Path), help="Sign each entry with this private key."
)


def _new_job() -> str:
    from veil.audit import new_job

    return new_job()


@dataclass(frozen=True, slots=True)
class Book:
    """Where a command writes down what it did, and how much of it.

    Attributes:
        log: The log; None writes nothing down.
        names: Whether to tell the names of files.
        places: Whether to tell where regions are.
        note: Words to add.
        job: What all entries of one call of the command are of.
    """

    log: "Log | None"
    names: bool
    places: bool
    note: str
    job: str = field(default_factory=_new_job)

    def check(self, tasks: Sequence["Task"]) -> None:
        """Refuse a log that cannot be written, before any work is done.

        Raises:
            OutputError: It would also be an input or a result.
            AuditError: It cannot be written, or is another file.
        """
        if self.log is None:
            return
        path = self.log.path.resolve()
        if any(path in (task.source.resolve(), task.target.resolve()) for task in tasks):
            raise OutputError(f"{path} is also an input or a result; nothing was done.\nName another audit log.")
        self.log.check()

    def add(self, task: "Task", plan: Plan | None, report: Report, options: Options, begun: float) -> None:
        """Write down what was done, before the result gets its name.

        Args:
            task: The input and the result.
            plan: What was covered; None for a sound file.
            report: What was done.
            options: All settings.
            begun: When it was begun, in seconds since 1970.

        Raises:
            AuditError: It cannot be written.
        """
        if self.log is None:
            return
        from veil.audit import Extras, entry_of

        names = (task.source.name, task.target.name) if self.names else ("", "")
        extras = Extras(*names, places=self.places, note=self.note)
        self.log.append(entry_of(report, plan, options, begun=begun, ended=time.time(), extras=extras), self.job)


def audit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the flags of audits; it is called with a Book as ``book``."""

    @functools.wraps(command)
    def with_book(
        *arguments: Any,
        audit: Path | None,
        audit_key: Path | None,
        audit_names: bool,
        audit_places: bool,
        audit_note: str,
        **others: Any,
    ) -> Any:
        if audit is None and (audit_key or audit_names or audit_places or audit_note):
            raise UsageError("--audit-key, -names, -places and -note need --audit FILE; nothing was done.")
        book = Book(_log(audit, audit_key) if audit else None, audit_names, audit_places, audit_note)
        return command(*arguments, book=book, **others)

    flags = (
        click.option(
            "--audit",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Add an entry for each result to this audit log, without names, places and pictures.",
        ),
        key_option,
        click.option("--audit-names", is_flag=True, help="Tell the names of input and result in the audit log."),
        click.option(
            "--audit-places",
            is_flag=True,
            help="Tell in the audit log where each region is, of faces left visible, too.",
        ),
        click.option(
            "--audit-note", metavar="TEXT", default="", help="Words for the audit log, such as a case number."
        ),
    )
    decorated: Callable[..., Any] = with_book
    for flag in reversed(flags):
        decorated = flag(decorated)
    return decorated


def signer(path: Path | None) -> "Signer | None":
    """Return what signs with the key in a file; None for none. Errors as for signing.read_key()."""
    if path is None:
        return None
    from veil.audit.signing import read_key

    return read_key(path)


def _log(path: Path, key: Path | None) -> "Log":
    from veil.audit import Log

    return Log(path, signer(key))


@click.command()
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--public-key",
    metavar="KEY",
    type=click.Path(path_type=Path),
    help="Check that each entry is signed with the private key that belongs to this public one.",
)
@click.option(
    "--jobs",
    "by_jobs",
    is_flag=True,
    help="FILE holds entries of some jobs that were taken from a log, as in the studio's ZIP files: check each job's.",
)
@click.option("--html", metavar="OUT", type=click.Path(path_type=Path), help="Write the entries as a page to print.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the page: English or Chinese."
)
@click.option("--overwrite", is_flag=True, help="Replace a page that exists.")
@json_option
@click.option(
    "--make-key",
    metavar="NEW",
    type=click.Path(path_type=Path),
    help="Write a new private key to sign with, and beside it its public key; nothing else.",
)
def audit(
    file: Path | None,
    public_key: Path | None,
    by_jobs: bool,
    html: Path | None,
    language: str,
    overwrite: bool,
    as_json: bool,
    make_key: Path | None,
) -> None:
    """Check that no entry of an audit log was changed, removed, added or moved.

    Ends with exit code 0 if none was, and with 1 otherwise; then the first wrong line is named. Entries removed at the
    end show only by the hash of the last one: write it down elsewhere, or sign.

    A job is one call of veil run or veil cover, or one file in the studio. Its entries have a chain of their own.

    \b
    Examples:
      veil run photos/ -o safe/ --audit audit.jsonl
      veil audit audit.jsonl
      veil audit audit.jsonl --html audit.html
      veil audit --make-key office.key
      veil audit audit.jsonl --public-key office.key.pub
      veil audit from-the-zip/audit.jsonl --jobs
    """
    if make_key:
        _make_key(make_key, alone=file is None and public_key is None and html is None and not by_jobs)
        return
    if file is None:
        raise UsageError("Name an audit log, or a new key with --make-key; nothing was done.")
    from veil.audit import verify, verify_jobs
    from veil.audit.signing import read_public_key

    check = verify_jobs if by_jobs else verify
    checked = check(file, read_public_key(public_key) if public_key else None)
    if html:
        _write_page(file, checked, html, language, overwrite)
    if as_json:
        click.echo(json.dumps({"passed": checked.passed, **asdict(checked)}, indent=2))
    else:
        click.echo(_in_words(file, checked, signed=public_key is not None), err=not checked.passed)
    if not checked.passed:
        raise SystemExit(EXIT_CHANGED)


def _make_key(path: Path, *, alone: bool) -> None:
    if not alone:
        raise UsageError("--make-key goes alone; no key was made.")
    from veil.audit.signing import make_key

    public = make_key(path)
    click.echo(f"{path}: the private key; keep it to yourself.\n{public}: the public key; give it to who checks.")


def _write_page(file: Path, checked: "Checked", target: Path, language: str, overwrite: bool) -> None:
    from veil.audit.checking import entries
    from veil.audit.page import render
    from veil.files import write_aside

    with write_aside(target, overwrite=overwrite) as stream:
        stream.write(render(islice(entries(file), checked.entries), language, checked).encode())


def _in_words(file: Path, checked: "Checked", *, signed: bool) -> str:
    from veil.audit.words import WORDS

    if checked.problem:
        problem = WORDS["en"][f"problem.{checked.problem}"].format(entries=checked.entries)
        right = _counted(checked.entries, "entry", "entries")
        return f"veil: {file}: line {checked.line}: {problem}.\nWhat stands before it is as it was written: {right}."
    words = f"{file}: {_counted(checked.entries, 'entry', 'entries')}"
    if not checked.whole:
        words += f" of {_counted(checked.jobs, 'job', 'jobs')}, none missing between those of each"
    words += ", as they were written" + (" and signed" if signed else "")
    for line in checked.torn:
        words += f".\nLine {line} was never finished, as the entry after it says"
    return f"{words}.\nHash of the last one: {checked.head}"


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"
