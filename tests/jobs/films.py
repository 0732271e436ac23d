"""A short painted film as bytes, for tests that hand in videos and animations."""

import io
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from tests.footage import Actor, Film, shoot

FRAMES = 30
WALKER = Actor(2, 28, 30, 60, (4, 2))
FILM = Film((WALKER,), FRAMES)
EMPTY = Film((), FRAMES)
CROWD = Film((WALKER, Actor(12, 30, 250, 100)), FRAMES)
SAVED: dict[str, dict[str, Any]] = {"webp": {"lossless": True, "method": 0}, "png": {}, "gif": {}}


@cache
def filmed(film: Film = FILM, ending: str = ".mp4", times: Sequence[int] | None = None) -> bytes:
    """Return a film as a file; each ending is another container."""
    with tempfile.TemporaryDirectory() as folder:
        return shoot(film, Path(folder) / f"film{ending}", times=times).read_bytes()


@cache
def animated(film: Film = FILM, format: str = "webp", durations: Sequence[int] | int = 40) -> bytes:
    """Return a film as an animation; ``durations`` are in milliseconds, one for all frames or one a frame."""
    pictures = [film.picture(index) for index in range(film.frames)]
    for index, picture in enumerate(pictures):
        picture[0, index] = (200, 40, 0)  # frames that are alike would be stored as one
    first, *others = (Image.fromarray(picture) for picture in pictures)
    stream = io.BytesIO()
    times = durations if isinstance(durations, int) else list(durations)
    first.save(stream, format, save_all=True, append_images=others, duration=times, loop=0, **SAVED[format])
    return stream.getvalue()
