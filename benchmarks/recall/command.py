"""How many labelled faces does Veil cover, and how much does it cover needlessly?

    python benchmarks/recall FOLDER
    python benchmarks/recall FOLDER --profile balanced --limit 20
    python benchmarks/recall FOLDER --rival deface=peer/bin/deface --rival seed     beside other programs
    python benchmarks/recall FOLDER --altered                     in poor light, noisy, turned, halved ..., too
    python benchmarks/recall FOLDER --plot recall.png             the same with other thresholds, as curves
    python benchmarks/recall FOLDER --profile fast --misses misses.png

FOLDER holds gt.json, a list of {"image": "images/x.jpg", "width": 640, "height": 480, "faces": [{"box": [left, top,
width, height]}]}, in which a face may have "invalid", "easy", "medium" and "hard" (true or false); or else WIDER
FACE's own wider_face_val_bbx_gt.txt with the pictures under WIDER_val/images/ or images/.

A face counts as covered when at least 90 % of the pixels of the ellipse inscribed in its labelled box are covered, as
style solid covers them. Over-redaction is the share of all pixels that are covered outside every labelled box grown to
1.6 times its size, its edges included. Invalid faces are not counted, and covering them is not over-redaction.
benchmarks/README.md says the rest.
"""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

from benchmarks.recall.drawing import plot
from benchmarks.recall.faces import Labelled
from benchmarks.recall.labels import check_there, read_labels
from benchmarks.recall.looks import Look, judge_look, look, sweep
from benchmarks.recall.misses import MOST_MISSES, write_misses
from benchmarks.recall.precision import precisions
from benchmarks.recall.programs import PROGRAMS, copies, run_program, veil_path, veil_program
from benchmarks.recall.results import Result, as_json, tables
from benchmarks.recall.robustness import robustness
from benchmarks.recall.seed import load_seed, seed_look
from veil.detect import load
from veil.errors import VeilError
from veil.options import Options
from veil.types import Profile

SEED = "seed"
RIVALS = ", ".join(f"{name}=PROGRAM" for name in PROGRAMS) + f" or {SEED}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables and write what was asked for; return the exit code."""
    options = _options(arguments)
    pictures = read_labels(options.folder)[: options.limit]
    check_there(pictures)
    try:
        # Rivals come first: a program that fails ends the measurement, and had better do so soon.
        rivals, command_seconds = measure_programs(pictures, options.rivals, options.profile)
        if SEED in options.rivals:
            rivals[SEED] = measure_seed(pictures)
        results = {
            profile: replace(
                measure_profile(pictures, profile, curve=bool(options.plot or options.json), altered=options.altered),
                command_seconds=command_seconds.get(profile),
            )
            for profile in options.profile
        } | rivals
    except VeilError as error:
        raise SystemExit(f"{error}\nNothing was measured.") from error
    print(tables(results))
    if options.json:
        options.json.write_text(as_json(results), "utf-8")
    if options.plot:
        plot(results, options.plot)
    if options.misses:
        shown = write_misses(pictures, results[options.profile[0]].verdicts, options.misses)
        print(
            f"{options.misses} shows {shown} of the uncovered faces; delete it when you have looked."
            if shown
            else "No face was missed; no contact sheet was written."
        )
    return 0


def measure_profile(pictures: Sequence[Labelled], profile: str, *, curve: bool, altered: bool) -> Result:
    """Find the faces of every picture with a profile and return all figures but the time of the whole command.

    Args:
        pictures: All pictures.
        profile: A value of Profile.
        curve: Whether to try other thresholds.
        altered: Whether to look at altered pictures, too.

    Raises:
        SystemExit: A picture cannot be measured.
        DetectorError: A model cannot be loaded.
    """
    _tell(f"{profile}: looking at {len(pictures)} pictures")
    settings, finder = Options(profile=profile), load(profile)
    looks = [look(each, finder, settings) for each in pictures]
    result = _judged(looks)
    if altered:
        _tell(f"{profile}: looking at them altered")
    return replace(
        result,
        precision=precisions(looks),
        curve=sweep(looks, finder.cover, settings) if curve else (),
        altered=robustness(pictures, result.verdicts, finder, settings) if altered else {},
    )


def measure_seed(pictures: Sequence[Labelled]) -> Result:
    """Cover every picture by the recipe that Veil grew from.

    Raises:
        SystemExit: A picture cannot be measured.
        DetectorError: The model cannot be loaded.
    """
    _tell(f"{SEED}: looking at {len(pictures)} pictures")
    detector = load_seed()
    return _judged([seed_look(each, detector) for each in pictures])


def _judged(looks: Sequence[Look]) -> Result:
    return Result([judge_look(each) for each in looks], seconds=fmean(each.seconds for each in looks))


def measure_programs(
    pictures: Sequence[Labelled], rivals: Mapping[str, Path | None], profiles: Sequence[str]
) -> tuple[dict[str, Result], dict[str, float]]:
    """Run other programs on copies of all pictures and, if there are any, Veil's own command on the same copies.

    Args:
        pictures: All pictures.
        rivals: The path of each program, by its name in PROGRAMS; those without a path are left out.
        profiles: The profiles of Veil.

    Returns:
        The figures of each program, and the seconds a picture of Veil's whole command for each profile.

    Raises:
        SystemExit: A picture cannot be measured, or a program failed.
    """
    chosen = {name: path for name, path in rivals.items() if path}
    if not chosen:
        return {}, {}
    found, command_seconds = {}, {}
    with copies(pictures) as folder:
        for name, path in chosen.items():
            _tell(f"{name}: covering {len(pictures)} pictures")
            run = run_program(path, PROGRAMS[name], folder, pictures)
            found[name] = Result(run.verdicts, command_seconds=run.seconds, unusable=run.unusable)
        for profile in profiles:
            _tell(f"veil run, {profile}: covering {len(pictures)} pictures")
            run = run_program(veil_path(), veil_program(profile), folder, pictures)
            if run.unusable:
                raise SystemExit(f"veil run made no sound result of {run.unusable} pictures; nothing was measured.")
            command_seconds[profile] = run.seconds
    return found, command_seconds


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    options.profile = list(dict.fromkeys(options.profile or map(str, Profile)))
    options.rivals = dict(options.rival or ())
    if options.limit is not None and options.limit < 1:
        parser.error(f"--limit {options.limit}: give 1 or more")
    if options.misses and (len(options.profile) != 1 or options.misses.suffix != ".png"):
        parser.error("--misses needs the name of a .png and exactly one --profile")
    if options.plot and options.plot.suffix not in (".png", ".svg"):
        parser.error("--plot needs the name of a .png or .svg")
    for target in (options.plot, options.misses, options.json):
        if target and not target.parent.is_dir():
            parser.error(f"there is no folder {target.parent} for {target.name}")
    if options.plot and find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib: pip install -r benchmarks/requirements.txt")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks/recall", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="pictures and their labels")
    parser.add_argument("--profile", action="append", choices=tuple(Profile), help="only this one; may be repeated")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N pictures")
    parser.add_argument(
        "--rival",
        action="append",
        type=_rival,
        metavar="NAME=PROGRAM",
        help=f"measure another program, too: {RIVALS}, the recipe that Veil grew from, which needs no program; "
        "may be repeated",
    )
    parser.add_argument("--altered", action="store_true", help="measure the profiles on altered pictures, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON, too")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw coverage against over-redaction for other thresholds"
    )
    parser.add_argument(
        "--misses",
        type=Path,
        metavar="FILE",
        help=f"write the largest uncovered faces, at most {MOST_MISSES}, for one --profile. IT SHOWS FACES",
    )
    return parser


def _rival(text: str) -> tuple[str, Path | None]:
    """Return the name of a rival and the path of its program, None for SEED."""
    name, _, program = text.partition("=")
    if text == SEED:
        return name, None
    if name not in PROGRAMS or not program:
        raise argparse.ArgumentTypeError(f"{text!r}: give {RIVALS}")
    found = shutil.which(program)
    if found is None:
        raise argparse.ArgumentTypeError(f"there is no program {program}")
    return name, Path(found)
