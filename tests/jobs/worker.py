"""A Celery worker with a finder of loads.py: ``python -m tests.jobs.worker BROKER STORE LOAD``."""

import sys
from pathlib import Path

from tests.jobs import loads
from veil.jobs.limits import Limits
from veil.jobs.opening import run_worker


def main() -> None:
    broker, folder, load = sys.argv[1:]
    run_worker(broker, Path(folder), limits=Limits(free_bytes=0), load=getattr(loads, load))


if __name__ == "__main__":
    main()
