"""The sandbox that the commands read and write files in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # what it needs is loaded when a command uses it, so that help comes at once
    from veil.sandbox.box import Sandbox


@contextmanager
def boxed(*, files_each: int = 1) -> Iterator["Sandbox"]:
    """Give a sandbox; which fences the system lacks is said once, after the work.

    Args:
        files_each: As for Sandbox.
    """
    from veil.sandbox.box import Sandbox

    with Sandbox(files_each=files_each, fork_here=threading.active_count() == 1) as sandbox:
        yield sandbox
        if sandbox.missing:
            click.echo(f"veil: note: this system does not offer all fences: {'; '.join(sandbox.missing)}.", err=True)
