"""Other programs that cover faces, run as a user would run them, and judged from the pixels that they write."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.recall.faces import Labelled
from benchmarks.recall.judge import Mask, Verdict, judge
from benchmarks.recall.looks import upright
from veil.errors import VeilError
from veil.media.image import open_picture


@dataclass(frozen=True, slots=True)
class Program:
    """How a program is told to cover all pictures of a folder in solid black.

    Attributes:
        arguments: What follows its name, for the folder of pictures and an empty folder for results.
        result: Where it writes the result for a picture, given the picture and the folder for results.
    """

    arguments: Callable[[Path, Path], Sequence[str | Path]]
    result: Callable[[Path, Path], Path]


# Each with its own defaults, save that it covers in black.
PROGRAMS: Mapping[str, Program] = {
    "deface": Program(
        lambda pictures, results: [pictures, "--replacewith", "solid"],
        lambda picture, results: picture.with_name(f"{picture.stem}_anonymized.png"),
    ),
    "blurry": Program(
        lambda pictures, results: [*sorted(pictures.iterdir()), "--output", results],
        lambda picture, results: results / f"{picture.stem}.blurry.png",
    ),
}


def veil_program(profile: str) -> Program:
    """Return how Veil's own command line is told the same."""
    return Program(
        lambda pictures, results: [
            *("run", pictures, "--output", results),
            *("--profile", profile, "--style", "solid", "--quiet"),
        ],
        lambda picture, results: results / picture.name,
    )


def veil_path() -> Path:
    """Return the command ``veil`` of the environment that this runs in."""
    return Path(sys.executable).with_name("veil")


@dataclass(frozen=True, slots=True)
class Run:
    """What a program made of all pictures.

    Attributes:
        verdicts: How well each picture is covered, in order.
        unusable: How many results are missing, damaged or of another size; all faces in them count as missed.
        seconds: A picture: those of the whole command, from start to end, divided by the number of pictures.
    """

    verdicts: tuple[Verdict, ...]
    unusable: int
    seconds: float


@contextmanager
def copies(pictures: Sequence[Labelled]) -> Iterator[Path]:
    """Make a folder with a PNG of each picture, numbered, and delete it in the end.

    The PNGs hold upright RGB, 8 bits a channel, and no pixel is pure black: what is black in a result is covered.

    Raises:
        SystemExit: A picture cannot be read, has several frames, or another size than its labels say.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for number, picture in enumerate(pictures):
            Image.fromarray(np.maximum(upright(picture), 1)).save(Path(scratch, copy_name(number)), compress_level=1)
        yield Path(scratch)


def copy_name(number: int) -> str:
    """Return the name of the copy of a picture, by its number."""
    return f"{number:06}.png"


def run_program(path: Path, program: Program, folder: Path, pictures: Sequence[Labelled]) -> Run:
    """Run a program on all pictures, once, and judge what it writes. Its results are deleted.

    Args:
        path: The program.
        program: How it is run.
        folder: From copies().
        pictures: What was copied.

    Raises:
        SystemExit: The program cannot be started or says that it failed.
    """
    try:
        with tempfile.TemporaryDirectory() as results:
            seconds = timed([path, *program.arguments(folder, Path(results))])
            verdicts, unusable = [], 0
            for number, picture in enumerate(pictures):
                copy = folder / copy_name(number)
                shape = size_of(copy)
                covered = black_pixels(program.result(copy, Path(results)))
                if covered is None or covered.shape != shape:
                    unusable += 1
                    covered = np.zeros(shape, bool)
                verdicts.append(judge(picture.faces, covered))
    finally:
        _sweep(folder, keep=len(pictures))
    return Run(tuple(verdicts), unusable, seconds / len(pictures))


def timed(command: Sequence[str | Path]) -> float:
    """Run a command and return the seconds from its start to its end.

    Raises:
        SystemExit: It cannot be started or says that it failed.
    """
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace"
        )
    except OSError as error:
        raise SystemExit(f"{command[0]} cannot be started ({error.strerror}); nothing was measured.") from error
    seconds = time.perf_counter() - start
    if done.returncode:
        said = (done.stdout.strip().splitlines() or ["nothing"])[-1]
        raise SystemExit(
            f"{command[0]} ended with exit code {done.returncode} and said {said!r}; nothing was measured."
        )
    return seconds


def black_pixels(path: Path) -> Mask | None:
    """Return which pixels of a picture are pure black, shape (height, width); None if there is no sound picture."""
    try:
        with open_picture(path) as picture:
            return np.asarray(~next(picture.frames()).pixels.any(axis=2))
    except VeilError:
        return None


def size_of(path: Path) -> tuple[int, int]:
    """Return the height and width of a picture, in pixels."""
    with Image.open(path) as image:
        return image.height, image.width


def _sweep(folder: Path, *, keep: int) -> None:
    """Delete what a program wrote beside the copies, so that the next one sees only these."""
    kept = {copy_name(number) for number in range(keep)}
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
