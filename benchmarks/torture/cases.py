"""What is tried: every file of some folders as it is, and damaged copies of those that are not too large."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from benchmarks.torture.mutations import MUTATIONS
from veil.media.formats import is_media, is_named_like_sound, is_named_like_video

AS_IT_IS = "as it is"
ONE_IN_FIVE = 0.2  # damaged files that are videos, and that are sounds


class Sort(StrEnum):
    """What a file is, by its name."""

    PICTURE = "picture"
    VIDEO = "video"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Case:
    """One file to try.

    Attributes:
        number: Tells it from the others; a damaged file is the same for the same number, seed and folders.
        sort: What it is.
        source: The file that it is, or is made from.
        damage: AS_IT_IS, or a key of MUTATIONS.
        ending: Of the result's name.
        words: Options of veil run.
    """

    number: int
    sort: Sort
    source: Path
    damage: str
    ending: str
    words: tuple[str, ...]


def cases(folders: Sequence[Path], mutations: int, seed: int, largest: int) -> list[Case]:
    """Return the files below folders, then damaged ones, in the same order each time.

    Args:
        folders: Where pictures, videos and sounds lie.
        mutations: How many damaged files.
        seed: Of what is drawn.
        largest: Only files of up to so many bytes are damaged.
    """
    files = {sort: [path for folder in folders for path in _files(folder, sort)] for sort in Sort}
    plain = [(sort, path) for sort, paths in files.items() for path in paths]
    small = {sort: [path for path in paths if 0 < path.stat().st_size <= largest] for sort, paths in files.items()}
    made = [_case(number, sort, path, AS_IT_IS, seed) for number, (sort, path) in enumerate(plain)]
    for number in range(len(plain), len(plain) + mutations):
        chance = Random(f"{seed} {number} what")
        wanted = chance.choices(list(Sort), (1 - 2 * ONE_IN_FIVE, ONE_IN_FIVE, ONE_IN_FIVE))[0]
        sort = wanted if small[wanted] else next(sort for sort in Sort if small[sort])
        made.append(_case(number, sort, chance.choice(small[sort]), chance.choice(list(MUTATIONS)), seed))
    return made


def content(case: Case, seed: int, others: Sequence[Path]) -> bytes:
    """Return what the file of a case holds; ``others`` are files whose headers may be put before it."""
    data = case.source.read_bytes()
    if case.damage == AS_IT_IS:
        return data
    chance = Random(f"{seed} {case.number} how")
    return MUTATIONS[case.damage](data, chance, chance.choice(others).read_bytes())


def _files(folder: Path, sort: Sort) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _sort(path) is sort:
            yield path


def _sort(path: Path) -> Sort | None:
    if is_named_like_video(path):
        return Sort.VIDEO
    if is_named_like_sound(path):
        return Sort.SOUND
    return Sort.PICTURE if is_media(path) else None


def _case(number: int, sort: Sort, source: Path, damage: str, seed: int) -> Case:
    """Return a case with options that are drawn for it."""
    chance = Random(f"{seed} {number} options")
    words = ["--style", chance.choice(("veil", "solid", "gaussian", "mosaic"))]
    ending = source.suffix
    if sort is Sort.PICTURE:
        ending = chance.choice((ending, ending, ending, ".png", ".jpg", ".webp"))
    elif sort is Sort.VIDEO:
        words += ["--preset", "ultrafast", "--voice", chance.choice(("mute", "keep", "beep", "disguise"))]
    else:
        words += ["--voice", chance.choice(("beep", "disguise"))]
    return Case(number, sort, source, damage, ending, tuple(words))
