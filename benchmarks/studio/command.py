"""The command: three measurements of the studio, each by itself.

    python benchmarks/studio load                    50 clients hand in photos of 12 megapixels at the same time
    python benchmarks/studio overhead FOLDER         the photos of a folder by the studio, and by veil run
    python benchmarks/studio kill                    100 photos, while the studio is killed 20 times
    python benchmarks/studio kill --queue celery     the same with workers of their own, which are killed, too

Each starts a studio of its own on a free port, with a store in a temporary folder. The photos of ``load`` and ``kill``
are painted. ``kill --queue celery`` needs redis-server and the extra ``veil[celery]``.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.studio import kill, load, overhead

PROFILES = ("fast", "balanced", "thorough")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table and return the exit code: 1 if something failed."""
    options = _parser().parse_args(arguments)
    match options.what:
        case "load":
            return load.measure(options.clients, options.megapixels, options.profile)
        case "overhead":
            return overhead.measure(options.folder, options.profile, options.runs)
        case _:
            return kill.measure(options.photos, options.kills, options.profile, celery=options.queue == "celery")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ways = parser.add_subparsers(dest="what", required=True)
    loaded = ways.add_parser("load")
    loaded.add_argument("--clients", type=int, default=50)
    loaded.add_argument("--megapixels", type=float, default=12)
    loaded.add_argument("--profile", choices=PROFILES, default="balanced")
    beside = ways.add_parser("overhead")
    beside.add_argument("folder", type=Path)
    beside.add_argument("--profile", choices=PROFILES, default="balanced")
    beside.add_argument("--runs", type=int, default=3)
    killed = ways.add_parser("kill")
    killed.add_argument("--photos", type=int, default=100)
    killed.add_argument("--kills", type=int, default=20)
    killed.add_argument("--profile", choices=PROFILES, default="fast")
    killed.add_argument("--queue", choices=("threads", "celery"), default="threads")
    return parser
