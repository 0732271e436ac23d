"""``veil`` as it is, and ``veil`` but for the sandbox: files are read and written in the program itself.

python benchmarks/sandbox/program.py fenced run FOLDER -o OUTPUT
python benchmarks/sandbox/program.py bare run FOLDER -o OUTPUT
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from veil import cli
from veil.media.files import Opener


class Bare(Opener):
    """What stands where the sandbox was."""

    def close(self) -> None:
        """Do nothing: there are no processes to end."""


@contextmanager
def _no_sandbox(**settings: object) -> Iterator[Bare]:
    yield Bare()


def main() -> None:
    """Run the command that follows the first word."""
    if sys.argv.pop(1) == "bare":
        vars(cli)["boxed"] = _no_sandbox
    cli.start()


if __name__ == "__main__":
    main()
