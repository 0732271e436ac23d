"""Opens files in the sandbox of a system that lacks fences, and prints what each could do and what is told of it.

python -m tests.sandbox.lacking LACKS FOLDER DEED...
"""

import json
import os
import socket
import sys
from pathlib import Path

from tests.fakes import photo
from tests.sandbox.hostile import MARK
from veil.errors import VeilError
from veil.sandbox import fences
from veil.sandbox.box import SERVED_BY, Sandbox

BIG = 10**7


def _lack(what: str) -> None:
    """Make this system one without a fence; the processes of the sandbox are forked from this one."""
    if "seccomp" in what:
        vars(fences)["_LIBRARY"] = "libnowhere.so.2"
    if "landlock" in what:
        vars(fences)["_LANDLOCK_CREATE"] = 10_000  # a system call that no kernel has
    if "namespaces" in what:
        vars(fences)["_CLONE_NEWUSER"] = vars(fences)["_CLONE_NEWNET"] = 1  # no flag of unshare()


def _try(box: Sandbox, deed: str, folder: Path) -> str:
    """Return what became of a file that does harm: "done", or the kind of error."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        what = {"connect": server.getsockname()[1], "kill": os.getppid()}.get(deed, folder / deed)
        (folder / "read").write_text("another person's")
        try:
            box.open_picture(photo() + MARK + f"{deed}:{what}".encode(), max_pixels=BIG)
        except VeilError as error:
            return "done" if "It was done!" in str(error) else "refused"
        except Exception as error:
            return type(error).__name__
    raise AssertionError


def main() -> None:
    """Print the outcome as JSON."""
    _, lacks, folder, *deeds = sys.argv
    _lack(lacks)
    with Sandbox(fork_here=True, served_by={**SERVED_BY, "picture": "tests.sandbox.hostile"}) as box:
        told = {"missing": box.missing, **{deed: _try(box, deed, Path(folder)) for deed in deeds}}
        with box.open_picture(photo(), max_pixels=BIG) as picture:
            told["shape"] = next(picture.frames()).pixels.shape
    print(json.dumps(told))


if __name__ == "__main__":
    main()
