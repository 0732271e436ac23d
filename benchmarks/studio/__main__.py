"""Starts the measurement, as ``python benchmarks/studio`` or ``python -m benchmarks.studio``."""

import signal
import sys
from pathlib import Path

if not __package__:
    # Python was given the folder and looks for modules in it; they are named by the place of the folder.
    sys.path[0] = str(Path(__file__).parents[2])

from benchmarks.studio.command import main

if __name__ == "__main__":
    # A measurement that is ended from outside ends the studio that it started, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
