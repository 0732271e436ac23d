"""How many labelled faces does Veil cover, and how much does it cover needlessly?

    python benchmarks/recall.py FOLDER
    python benchmarks/recall.py FOLDER --profile balanced --limit 20
    python benchmarks/recall.py FOLDER --plot recall.png           the same with other thresholds, as curves
    python benchmarks/recall.py FOLDER --profile fast --misses misses.png

FOLDER holds gt.json, a list of {"image": "images/x.jpg", "width": 640, "height": 480, "faces": [{"box": [left, top,
width, height]}]}, in which a face may have "invalid", "easy", "medium" and "hard" (true or false); or else WIDER
FACE's own wider_face_val_bbx_gt.txt with the pictures under WIDER_val/images/ or images/.

A face counts as covered when at least 90 % of the pixels of the ellipse inscribed in its labelled box are covered, as
style solid covers them. Over-redaction is the share of all pixels that are covered outside every labelled box grown to
1.6 times its size, its edges included. Invalid faces are not counted, and covering them is not over-redaction.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from math import isfinite, nan
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import veil
from veil import boxes
from veil.detect import Detector, Finder, load
from veil.errors import VeilError
from veil.media.image import open_picture, to_pil
from veil.options import Options
from veil.plan import Steps, regions, to_cover
from veil.redact import cover_mask
from veil.types import Box, Detection, Profile, Region, Shape

JSON_NAME = "gt.json"
WIDER_NAME = "wider_face_val_bbx_gt.txt"
WIDER_IMAGES = ("WIDER_val/images", "images")

COVERED_SHARE = 0.9
GROWN = 1.6
BANDS = {"10-20": (10, 20), "20-40": (20, 40), "40-80": (40, 80), "80+": (80, np.inf)}
SETS = ("easy", "medium", "hard")

FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)

CONTEXT = 2
MOST_MISSES = 200
TILE = 96
COLUMNS = 20

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Face:
    """One labelled face.

    Attributes:
        box: Where it is, in pixels of the upright picture.
        invalid: Whether it is too poor to be counted.
        sets: Those of SETS that it belongs to.
    """

    box: Box
    invalid: bool = False
    sets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture and its faces.

    Attributes:
        path: The file.
        faces: All of its faces.
        size: (width, height) of the upright picture as the labels say, or None where they do not.
    """

    path: Path
    faces: tuple[Face, ...]
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What Veil made of one picture.

    Attributes:
        picture: The picture and its labels.
        size: (width, height) in pixels.
        regions: What it would cover.
        detections: All that its detector saw, low scores too.
        seconds: To decode the picture and to find the faces.
    """

    picture: Labelled
    size: tuple[int, int]
    regions: Sequence[Region]
    detections: Sequence[Detection]
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well one picture is covered.

    Attributes:
        faces: The faces that count, and whether each is covered.
        spilled: How many pixels are covered needlessly.
        pixels: How many pixels there are.
    """

    faces: tuple[tuple[Face, bool], ...]
    spilled: int
    pixels: int


class Point(NamedTuple):
    """Coverage of all faces (nan where there are none) and over-redaction, with thresholds multiplied by a factor."""

    factor: float
    coverage: float
    over: float


class Recording:
    """A detector that remembers what another one saw."""

    def __init__(self, detector: Detector) -> None:
        """Take the detector that does the work."""
        self.name = detector.name
        self.seen: list[Detection] = []
        self._detector = detector

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Ask the other detector. See veil.detect.Detector."""
        found = self._detector.detect(pixels)
        self.seen += found
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return the exit code."""
    options = _options(arguments)
    pictures = read_labels(options.folder)[: options.limit]
    _check_there(pictures)
    looks, curves = {}, {}
    try:
        for profile in options.profile:
            print(f"{profile}: looking at {len(pictures)} pictures", file=sys.stderr)
            settings, finder = Options(profile=profile), load(profile)
            looks[profile] = [look(each, finder, settings) for each in pictures]
            if options.plot:
                curves[profile] = sweep(looks[profile], finder.cover, settings)
    except VeilError as error:
        raise SystemExit(f"{error}\nNothing was measured.") from error
    verdicts = {profile: [judge_look(each) for each in seen] for profile, seen in looks.items()}
    print(table(verdicts, {profile: fmean(each.seconds for each in seen) for profile, seen in looks.items()}))
    if options.plot:
        plot(curves, options.plot)
    if options.misses:
        write_misses(pictures, verdicts[options.profile[0]], options.misses)
    return 0


def read_labels(folder: Path) -> list[Labelled]:
    """Return the pictures of a folder and their faces, in the order of the labels.

    Raises:
        SystemExit: There are no labels, or they are not as they should be.
    """
    if (folder / JSON_NAME).is_file():
        return read_json((folder / JSON_NAME).read_text("utf-8"), folder)
    for labels in (folder / WIDER_NAME, folder / "wider_face_split" / WIDER_NAME):
        if labels.is_file():
            around = dict.fromkeys((folder, labels.parent, labels.parent.parent))
            roots = [base / images for base in around for images in WIDER_IMAGES]
            root = next((root for root in roots if root.is_dir()), None)
            if root is None:
                raise SystemExit(f"No folder {' or '.join(WIDER_IMAGES)} lies beside or below {labels}.")
            return read_wider(labels.read_text("utf-8"), root)
    raise SystemExit(f"{folder} holds neither {JSON_NAME} nor {WIDER_NAME}; nothing was measured.")


def read_json(text: str, folder: Path) -> list[Labelled]:
    """Return what a gt.json says; its names are relative to ``folder``.

    Raises:
        SystemExit: It is not as described at the top of this file.
    """
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise SystemExit(f"{JSON_NAME} is not valid JSON ({error}); nothing was measured.") from error
    if not isinstance(entries, list):
        raise SystemExit(f"{JSON_NAME} is not a list of pictures; nothing was measured.")
    found = []
    for number, entry in enumerate(entries):
        try:
            faces = tuple(_face_from_json(each) for each in entry["faces"])
            size = (int(entry["width"]), int(entry["height"])) if "width" in entry else None
            found.append(Labelled(folder / entry["image"], faces, size))
        except (KeyError, TypeError, ValueError) as error:
            raise SystemExit(f"Entry {number} of {JSON_NAME} is not as it should be: {error!r}.") from error
    return found


def _face_from_json(face: Mapping[str, Any]) -> Face:
    left, top, width, height = face["box"]
    return Face(_box(left, top, width, height), bool(face.get("invalid")), frozenset(s for s in SETS if face.get(s)))


def read_wider(text: str, root: Path) -> list[Labelled]:
    """Return what WIDER FACE's own list says; its names are relative to ``root``.

    For each picture it has a line with the file's name, one with the number of faces, and one for each face: left, top,
    width, height, blur, expression, illumination, invalid, occlusion, pose. Where there is no face, a line of zeros
    stands for it. It does not say which faces are easy, medium or hard.

    Raises:
        SystemExit: A line is not as it should be.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    found, at = [], 0
    while at < len(lines):
        name = " ".join(lines[at])
        try:
            (count,) = map(int, lines[at + 1])
            rows = lines[at + 2 : at + 2 + count]
            if not 0 <= count == len(rows):
                raise ValueError(f"{count} faces are announced and {len(rows)} follow")
            faces = tuple(_face_from_wider(row) for row in rows)
        except (IndexError, ValueError) as error:
            raise SystemExit(f"What {WIDER_NAME} says of {name} is not as it should be: {error}.") from error
        found.append(Labelled(root / name, faces))
        at += 2 + count
        if not count and at < len(lines) and set(lines[at]) == {"0"}:
            at += 1
    return found


def _face_from_wider(row: Sequence[str]) -> Face:
    left, top, width, height, _blur, _expression, _illumination, invalid, _occlusion, _pose = map(int, row)
    return Face(_box(left, top, width, height), bool(invalid))


def _box(left: float, top: float, width: float, height: float) -> Box:
    if not all(map(isfinite, (left, top, width, height))) or width < 0 or height < 0:
        raise ValueError(f"{[left, top, width, height]} is not a box")
    return Box(left, top, left + width, top + height)


def _check_there(pictures: Sequence[Labelled]) -> None:
    """Stop before any work is done if there is nothing to measure or something is missing."""
    missing = [str(each.path) for each in pictures if not each.path.is_file()]
    if missing or not pictures:
        raise SystemExit(
            f"{len(missing)} of {len(pictures)} pictures are missing, {missing[:3]}; nothing was measured."
        )


def look(picture: Labelled, finder: Finder, options: Options) -> Look:
    """Find the faces of one picture.

    Raises:
        SystemExit: It cannot be read, has several frames, or another size than its labels say. A figure without it
            would be one for other pictures.
    """
    recording = Recording(finder.detector)
    start = time.perf_counter()
    try:
        plan = veil.find(picture.path, options, finder=replace(finder, detector=recording))
    except VeilError as error:
        raise SystemExit(f"{picture.path}: {error}\nNothing was measured.") from error
    seconds = time.perf_counter() - start
    size = (plan.picture.width, plan.picture.height)
    if plan.picture.frames != 1 or size != (picture.size or size):
        raise SystemExit(
            f"{picture.path} has {plan.picture.frames} frames of {size[0]} x {size[1]} pixels, and its labels are for "
            f"one{' of {} x {}'.format(*picture.size) if picture.size else ''}; nothing was measured."
        )
    # Pictures with transparent parts are looked at twice; both looks count as one.
    return Look(picture, size, to_cover(plan, 0), recording.seen, seconds)


def judge_look(seen: Look) -> Verdict:
    """Return how well a picture is covered by the regions that were found."""
    width, height = seen.size
    return judge(seen.picture.faces, cover_mask(seen.regions, height, width))


def judge(faces: Iterable[Face], covered: Mask) -> Verdict:
    """Return how well a picture is covered.

    Args:
        faces: Its labelled faces. Those that are invalid, or in whose ellipse no centre of a pixel lies, do not count.
        covered: Which of its pixels are covered, shape (height, width).
    """
    needless = covered.copy()
    judged = []
    for face in faces:
        needless[_allowed(face.box)] = False
        under = covered_share(face.box, covered)
        if under is not None and not face.invalid:
            judged.append((face, under >= COVERED_SHARE))
    return Verdict(tuple(judged), int(needless.sum()), covered.size)


def _allowed(box: Box) -> tuple[slice, slice]:
    """Return the rows and columns that a grown box touches; those that begin right at its lower or right edge, too."""
    left, top, right, bottom = np.floor(boxes.grow(boxes.stack([box]), GROWN)[0]).astype(int).tolist()
    return slice(max(top, 0), max(bottom + 1, 0)), slice(max(left, 0), max(right + 1, 0))


def covered_share(box: Box, covered: Mask) -> float | None:
    """Return how much of the ellipse inscribed in a box is covered, 0 to 1; None where no centre of a pixel lies in it.

    Only what lies in the picture counts.
    """
    if not (box.width and box.height):
        return None
    rows, columns = boxes.round_out(box, covered.shape[1], covered.shape[0])
    down = (np.arange(rows.start, rows.stop) + 0.5 - (box.top + box.bottom) / 2) / (box.height / 2)
    across = (np.arange(columns.start, columns.stop) + 0.5 - (box.left + box.right) / 2) / (box.width / 2)
    inside = down[:, None] ** 2 + across[None, :] ** 2 <= 1
    return float(covered[rows, columns][inside].mean()) if inside.any() else None


def coverage(verdicts: Iterable[Verdict]) -> dict[str, tuple[int, int]]:
    """Return how many faces are covered, and how many there are: of all, by height in pixels, and in each of SETS."""
    counts = {name: [0, 0] for name in ("all", *BANDS, *SETS)}
    for face, hit in (each for verdict in verdicts for each in verdict.faces):
        for name in _columns_of(face):
            counts[name][0] += hit
            counts[name][1] += 1
    return {name: (hits, total) for name, (hits, total) in counts.items()}


def _columns_of(face: Face) -> Iterator[str]:
    yield "all"
    yield from (name for name, (low, high) in BANDS.items() if low <= face.box.height < high)
    yield from face.sets


def over_redaction(verdicts: Sequence[Verdict]) -> float:
    """Return the share of all pixels that are covered needlessly."""
    return sum(each.spilled for each in verdicts) / sum(each.pixels for each in verdicts)


def table(verdicts: Mapping[str, Sequence[Verdict]], seconds: Mapping[str, float]) -> str:
    """Return the figures as text.

    Args:
        verdicts: Of the same pictures, by profile.
        seconds: A picture, by profile.
    """
    counts = {profile: coverage(each) for profile, each in verdicts.items()}
    faces = {name: total for name, (_, total) in next(iter(counts.values())).items() if total or name not in SETS}
    lines = [
        f"{'':<10}" + "".join(f" {name:>8}" for name in faces) + f" {'over-redaction':>15} {'s a picture':>12}",
        f"{'faces':<10}" + "".join(f" {total:>8}" for total in faces.values()),
    ]
    for profile, own in counts.items():
        cells = "".join(f" {_percent(*own[name]):>8}" for name in faces)
        over = f"{100 * over_redaction(verdicts[profile]):.3f} %"
        lines.append(f"{profile:<10}{cells} {over:>15} {seconds[profile]:>12.2f}")
    return "\n".join(lines)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def sweep(looks: Sequence[Look], cover: Steps, options: Options) -> list[Point]:
    """Return what would be covered if the thresholds were other ones, without looking again.

    Args:
        looks: Of all pictures, with one profile.
        cover: The profile's thresholds, as in veil.detect.Finder.
        options: The settings of the looks.
    """
    points = []
    for factor in FACTORS:
        steps = [(height, threshold * factor) for height, threshold in cover]
        verdicts = [judge_look(replace(each, regions=_decided(each.detections, steps, options))) for each in looks]
        hits, total = coverage(verdicts)["all"]
        points.append(Point(factor, hits / total if total else nan, over_redaction(verdicts)))
    return points


def _decided(detections: Sequence[Detection], steps: Steps, options: Options) -> list[Region]:
    return regions(
        detections,
        cover=steps,
        suggest=steps,
        shape=Shape(options.shape),
        grow=options.grow,
        min_height=options.min_size,
    )


def plot(curves: Mapping[str, Sequence[Point]], target: Path) -> None:
    """Draw coverage against over-redaction, a curve for each profile, with a ring at its own thresholds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for profile, points in curves.items():
        over, covered = [100 * each.over for each in points], [100 * each.coverage for each in points]
        (line,) = axes.plot(over, covered, marker=".", label=profile)
        own = FACTORS.index(1.0)
        axes.plot(over[own], covered[own], marker="o", markersize=11, fillstyle="none", color=line.get_color())
        for each in (0, -1):
            axes.annotate(f"x{points[each].factor:g}", (over[each], covered[each]), fontsize=8)
    axes.set(xlabel="covered needlessly, % of pixels", ylabel="faces covered, %")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", title="thresholds x0.5 to x3,\nring: as they are")
    figure.savefig(target, dpi=150)


def write_misses(pictures: Sequence[Labelled], verdicts: Sequence[Verdict], target: Path) -> None:
    """Write the uncovered faces as one picture, the largest first. It shows faces."""
    misses = largest_misses(pictures, verdicts)
    if not misses:
        print("No face was missed; no contact sheet was written.")
        return
    contact_sheet([cut_out(path, box) for path, box in misses]).save(target)
    print(f"{target} shows {len(misses)} of the uncovered faces; delete it when you have looked.")


def largest_misses(pictures: Sequence[Labelled], verdicts: Sequence[Verdict]) -> list[tuple[Path, Box]]:
    """Return the uncovered faces and the pictures they are in, the largest first, at most MOST_MISSES."""
    misses = [
        (picture.path, face.box)
        for picture, verdict in zip(pictures, verdicts, strict=True)
        for face, hit in verdict.faces
        if not hit
    ]
    return sorted(misses, key=lambda miss: -miss[1].width * miss[1].height)[:MOST_MISSES]


def cut_out(path: Path, box: Box) -> Image.Image:
    """Return a square of TILE pixels, CONTEXT times as long as the longer side of a face, black outside the picture."""
    with open_picture(path) as picture:
        image = to_pil(next(picture.frames()), picture).convert("RGB")
    half = max(box.width, box.height) * CONTEXT / 2
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    square = image.crop((round(across - half), round(down - half), round(across + half), round(down + half)))
    return square.resize((TILE, TILE), Image.Resampling.BICUBIC)


def contact_sheet(tiles: Sequence[Image.Image]) -> Image.Image:
    """Return tiles side by side, row by row, on black."""
    sheet = Image.new("RGB", (min(len(tiles), COLUMNS) * TILE, -(-len(tiles) // COLUMNS) * TILE))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % COLUMNS * TILE, number // COLUMNS * TILE))
    return sheet


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="pictures and their labels")
    parser.add_argument("--profile", action="append", choices=tuple(Profile), help="only this one; may be repeated")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N pictures")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw coverage against over-redaction for other thresholds"
    )
    parser.add_argument(
        "--misses",
        type=Path,
        metavar="FILE",
        help=f"write the largest uncovered faces, at most {MOST_MISSES}, for one --profile. IT SHOWS FACES",
    )
    options = parser.parse_args(arguments)
    options.profile = list(dict.fromkeys(options.profile or map(str, Profile)))
    if options.limit is not None and options.limit < 1:
        parser.error(f"--limit {options.limit}: give 1 or more")
    if options.misses and (len(options.profile) != 1 or options.misses.suffix != ".png"):
        parser.error("--misses needs the name of a .png and exactly one --profile")
    for target in (options.plot, options.misses):
        if target and not target.parent.is_dir():
            parser.error(f"there is no folder {target.parent} for {target.name}")
    if options.plot and find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib: pip install -r benchmarks/requirements.txt")
    return options


if __name__ == "__main__":
    sys.exit(main())
