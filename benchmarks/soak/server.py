"""A studio whose clock runs fast: ``python -m benchmarks.soak.server STORE TIMES``. Prints its address once it is open.

Only the clocks that decide what is kept and for how long run fast; nobody's patience does.
"""

import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path

from veil.cache import PlanCache
from veil.jobs import opening
from veil.jobs.keeper import Keeper
from veil.jobs.store import Store
from veil.jobs.sweep import Sweeper, steady_clock
from veil.web.server import Doors, serve


def fast(clock: Callable[[], float], times: float) -> Callable[[], float]:
    """Return a clock that begins with another one and runs so many times as fast."""
    start = clock()
    return lambda: start + (clock() - start) * times


def main() -> None:
    """Serve until SIGTERM."""
    folder, times = Path(sys.argv[1]), float(sys.argv[2])
    wall = fast(time.time, times)
    changes = {
        "Store": functools.partial(Store, clock=wall),
        "PlanCache": functools.partial(PlanCache, clock=wall),
        "Keeper": functools.partial(Keeper, clock=fast(time.monotonic, times)),
        "Sweeper": functools.partial(Sweeper, steady=fast(steady_clock, times)),
    }
    for name, faster in changes.items():
        setattr(opening, name, faster)
    with opening.open_studio(folder) as studio:
        serve(studio, Doors(port=0), ready=lambda address: print(address, flush=True))


if __name__ == "__main__":
    main()
