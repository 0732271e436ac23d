"""A server without a web: works on the photos of a store with a finder of loads.py, until it is killed."""

import sys
import threading
from pathlib import Path

from tests.jobs import loads
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio


def main() -> None:
    folder, load, *broker = sys.argv[1:]
    with open_studio(
        Path(folder), limits=Limits(free_bytes=0), load=getattr(loads, load), broker=broker[0] if broker else ""
    ):
        print("open", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
