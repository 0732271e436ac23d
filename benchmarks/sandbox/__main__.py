"""Starts the measurement, as ``python benchmarks/sandbox`` or ``python -m benchmarks.sandbox``."""

import sys
from pathlib import Path

if not __package__:
    # Python was given the folder and looks for modules in it; they are named by the place of the folder.
    sys.path[0] = str(Path(__file__).parents[2])

from benchmarks.sandbox.command import main

if __name__ == "__main__":
    sys.exit(main())
