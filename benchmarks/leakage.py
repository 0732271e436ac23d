"""How well can a trained attacker still tell who is who behind each style?

    python benchmarks/leakage.py FOLDER
    python benchmarks/leakage.py FOLDER --share 0.8 --plot leakage.png --write covered/

FOLDER holds one folder of pictures per person, each picture filled by a face, for instance the AT&T (ORL) faces. The
same central ellipse of every picture is covered with each style. The attacker knows the style: it learns from half of
each person's covered pictures and names the people on the other half (the "parrot" attack of Newton, Sweeney and
Malin, 2005; with learning machines, McPherson, Shokri and Shmatikov, 2016). What counts is the better of two
attackers, as the mean over five splits. A style that hides everything scores chance.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from veil.options import Options
from veil.plan import ELLIPSE_REACH
from veil.redact import cover_mask, redact
from veil.types import Box, Pixels, Region, Shape, State, Style

ATTACKER_SIZE = (46, 56)  # width, height, in pixels
SPLITS = 5
# Each style has a least strength in pixels. Smaller pictures are enlarged so that they are not covered more strongly,
# beside the face, than a photo would be.
LEAST_HEIGHT = 112
# What Veil itself covers on the AT&T faces: 1.16 of the width and 1.17 of the height (medians of 80 pictures), so all
# but the corners.
OWN_SHARE = 1.17

Cover = Callable[[Pixels, Region], Pixels]
Rows = NDArray[np.float32]
People = NDArray[np.intp]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return the exit code."""
    options = _parser().parse_args(arguments)
    pictures, people = load(options.folder, options.height)
    chance = 1 / len(np.unique(people))
    print(f"{len(pictures)} pictures of {chance**-1:.0f} people; ellipse over {options.share:g} of width and height")
    print(f"{'style':<15} {'whole picture':>16} {'inside alone':>16} {'chance':>7}")
    scores = {}
    for name, cover in covers().items():
        covered = [cover(each, central_ellipse(each, options.share)) for each in pictures]
        if options.write:
            write(covered, people, options.write / name.replace(" ", "-"))
        whole = attack(covered, people)
        inside = attack([inside_alone(each, central_ellipse(each, options.share)) for each in covered], people)
        scores[name] = float(whole.mean())
        print(f"{name:<15} {_percent(whole):>16} {_percent(inside):>16} {chance:>7.1%}", flush=True)
    same = sum(fill_adds_nothing(each, central_ellipse(each, options.share)) for each in pictures)
    print(f"veil minus solid: {100 * (scores[Style.VEIL] - scores[Style.SOLID]):+.1f} points")
    print(f"veil made from the solid picture is the same, bit for bit: {same} of {len(pictures)}")
    if options.plot:
        plot(scores, chance, options.plot)
    return 0


def covers() -> Mapping[str, Cover]:
    """Return what is done to a picture, by the name of its row."""
    styles = {
        str(style): lambda pixels, region, style=style: redact(pixels, [region], style)
        for style in (Style.GAUSSIAN, Style.MOSAIC, Style.VEIL, Style.SOLID)
    }
    return {"none": lambda pixels, _: pixels, **styles, "nothing around": nothing_around}


def nothing_around(pixels: Pixels, region: Region) -> Pixels:
    """Return the picture covered with solid black and everything around the region black too."""
    return inside_alone(redact(pixels, [region], Style.SOLID), region)


def inside_alone(pixels: Pixels, region: Region) -> Pixels:
    """Return the rectangle around a region with all that lies outside the region black."""
    mask = cover_mask([region], *pixels.shape[:2])
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    alone = pixels.copy()
    alone[~mask] = 0
    return alone[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def fill_adds_nothing(pixels: Pixels, region: Region) -> bool:
    """Tell whether style veil can be made from the solid picture, so that it cannot hold more than that one."""
    solid = redact(pixels, [region], Style.SOLID, color=(255, 0, 255))
    return np.array_equal(redact(solid, [region], Style.VEIL), redact(pixels, [region], Style.VEIL))


def central_ellipse(pixels: Pixels, share: float) -> Region:
    """Return an ellipse in the middle of a picture, ``share`` times as wide and high, for the face that fits it."""
    height, width = pixels.shape[:2]
    face_share = share / (Options().grow * ELLIPSE_REACH)
    return Region(
        _central(width, height, share), Shape.ELLIPSE, State.DRAWN, None, "user", _central(width, height, face_share)
    )


def _central(width: int, height: int, share: float) -> Box:
    left, top = width * (1 - share) / 2, height * (1 - share) / 2
    return Box(left, top, width - left, height - top)


def load(folder: Path, height: int = LEAST_HEIGHT) -> tuple[list[Pixels], People]:
    """Return all pictures, at least so many pixels high, and the number of the person on each."""
    pictures: list[Pixels] = []
    people: list[int] = []
    for number, person in enumerate(sorted(each for each in folder.iterdir() if each.is_dir())):
        for path in sorted(person.iterdir()):
            with Image.open(path) as image:
                picture = image.convert("RGB")
            if picture.height < height:
                size = (round(picture.width * height / picture.height), height)
                picture = picture.resize(size, Image.Resampling.BICUBIC)
            pictures.append(np.asarray(picture))
            people.append(number)
    if len(set(people)) < 2:
        raise SystemExit(f"{folder} does not hold folders of pictures for two people or more; nothing was measured.")
    return pictures, np.array(people)


def write(pictures: Sequence[Pixels], people: People, folder: Path) -> None:
    """Write covered pictures as PNG, one folder per person, for other judges."""
    for number, (pixels, person) in enumerate(zip(pictures, people.tolist(), strict=True)):
        target = folder / f"{person:03d}" / f"{number:04d}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(target)


def attack(pictures: Sequence[Pixels], people: People) -> NDArray[np.float64]:
    """Return the share of people named rightly by the better attacker, for each of the splits."""
    seen = np.array([_as_seen(each) for each in pictures])
    if not np.ptp(seen, axis=0).any():  # all pictures are the same: there is nothing to learn
        return np.full(SPLITS, 1 / len(np.unique(people)))
    return np.array([_best_share(seen, people, training_half(people, split)) for split in range(SPLITS)])


def training_half(people: People, split: int) -> NDArray[np.bool_]:
    """Return which pictures to learn from: half of each person's, drawn at random."""
    chosen = np.zeros(len(people), bool)
    random = np.random.default_rng(split)
    for person in np.unique(people):
        own = random.permutation(np.flatnonzero(people == person))
        chosen[own[: len(own) // 2]] = True
    return chosen


def _as_seen(pixels: Pixels) -> Rows:
    small = Image.fromarray(pixels).resize(ATTACKER_SIZE, Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel()


def _best_share(seen: Rows, people: People, learnt: NDArray[np.bool_]) -> float:
    """Return the better share of right names: of a linear support vector machine and of the nearest neighbour."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    parts = min(100, int(learnt.sum()) - 1)
    attackers: list[Any] = [
        make_pipeline(PCA(parts, whiten=True, random_state=0), LinearSVC(C=0.1)),
        KNeighborsClassifier(1),
    ]
    named = [each.fit(seen[learnt], people[learnt]).predict(seen[~learnt]) for each in attackers]
    return max(float((names == people[~learnt]).mean()) for names in named)


def plot(scores: Mapping[str, float], chance: float, target: Path) -> None:
    """Draw the scores as bars and chance as a line."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.5), layout="constrained")
    bars = axes.barh(list(scores), [100 * score for score in scores.values()], color="#3b6ea5")
    axes.bar_label(bars, fmt="%.1f %%", padding=4)
    axes.axvline(100 * chance, color="#a33", linestyle="--", label=f"chance, {chance:.1%}")
    axes.invert_yaxis()
    axes.set(xlim=(0, 112), xlabel="people named rightly by a trained attacker, %")
    axes.legend(loc="lower right")
    figure.savefig(target, dpi=150)


def _percent(shares: NDArray[np.float64]) -> str:
    return f"{shares.mean():.1%} ± {shares.std():.1%}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="one folder of pictures per person")
    parser.add_argument(
        "--share", type=float, default=OWN_SHARE, help="size of the ellipse beside the picture (default: %(default)s)"
    )
    parser.add_argument(
        "--height",
        type=int,
        default=LEAST_HEIGHT,
        help="enlarge lower pictures to so many pixels (default: %(default)s)",
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the table as a chart")
    parser.add_argument("--write", type=Path, metavar="DIR", help="keep the covered pictures, a folder per style")
    return parser


if __name__ == "__main__":
    sys.exit(main())
