"""Starts the measurement, as ``python benchmarks/recall`` or ``python -m benchmarks.recall``."""

import signal
import sys
from pathlib import Path

if not __package__:
    # Python was given the folder and looks for modules in it; they are named by the place of the folder.
    sys.path[0] = str(Path(__file__).parents[2])

from benchmarks.recall.command import main

if __name__ == "__main__":
    # A measurement that is ended from outside deletes its copies of the pictures, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
