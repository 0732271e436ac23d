"""A short painted film as bytes, for tests that hand in videos."""

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.footage import Actor, Film, shoot

FRAMES = 30
WALKER = Actor(2, 28, 30, 60, (4, 2))
FILM = Film((WALKER,), FRAMES)
EMPTY = Film((), FRAMES)
CROWD = Film((WALKER, Actor(12, 30, 250, 100)), FRAMES)


@cache
def filmed(film: Film = FILM, ending: str = ".mp4", times: Sequence[int] | None = None) -> bytes:
    """Return a film as a file; each ending is another container."""
    with tempfile.TemporaryDirectory() as folder:
        return shoot(film, Path(folder) / f"film{ending}", times=times).read_bytes()
