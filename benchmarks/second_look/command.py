"""How many faces that a profile leaves uncovered does the second look name, how often in vain, and at what cost?

    python benchmarks/second_look FOLDER
    python benchmarks/second_look FOLDER --profile fast --look balanced
    python benchmarks/second_look FOLDER --limit 20

FOLDER is labelled as for benchmarks/recall. Each picture is covered with the profile and written in its own format;
the file is then decoded and looked at again. A face is uncovered if less than 90 % of the ellipse in its box is
covered. Only faces of 20 pixels and more are counted. benchmarks/README.md says the rest.
"""

import argparse
import io
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.recall.faces import Labelled
from benchmarks.recall.judge import judge
from benchmarks.recall.labels import check_there, read_labels
from benchmarks.recall.looks import check_fits
from benchmarks.second_look.judge import Named, alarms_per_picture, judge_places, share_named
from veil import pipeline, verify
from veil.detect import Finder, load, load_second
from veil.errors import VeilError
from veil.media.image import open_picture
from veil.options import Options
from veil.plan import to_cover
from veil.redact import cover_mask
from veil.types import Profile


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one picture: how well it was named, and seconds of processor time of both halves."""

    named: Named
    covering: float
    looking: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return the exit code."""
    options = _parser().parse_args(arguments)
    pictures = read_labels(options.folder)[: options.limit]
    check_there(pictures)
    try:
        rows = [
            _row(profile, options.look or profile, measure(pictures, profile, options.look or profile))
            for profile in options.profile or map(str, Profile)
        ]
    except VeilError as error:
        raise SystemExit(f"{error}\nNothing was measured.") from error
    print("\n".join([_HEAD, *rows]))
    return 0


_HEAD = (
    f"{'covered with':<13}{'looked at with':<15}{'uncovered':>10}{'named':>8}{'1st half':>10}{'2nd half':>10}"
    f"{'in vain':>9}{'1st half':>10}{'2nd half':>10}{'s covering':>12}{'s looking':>11}{'cost':>7}"
)


def _row(profile: str, look: str, measured: Sequence[Measured]) -> str:
    named = [each.named for each in measured]
    halves = (named, named[::2], named[1::2])
    covering, looking = (
        sum(seconds) / len(measured)
        for seconds in ([each.covering for each in measured], [each.looking for each in measured])
    )
    shares = [f"{share_named(each):.1%}" for each in halves]
    alarms = [f"{alarms_per_picture(each):.2f}" for each in halves if each]
    return (
        f"{profile:<13}{look:<15}{sum(each.uncovered for each in named):>10}{shares[0]:>8}"
        + "".join(f"{each:>10}" for each in shares[1:])
        + f"{alarms[0]:>9}"
        + "".join(f"{each:>10}" for each in alarms[1:])
        + f"{covering:>12.3f}{looking:>11.3f}{looking / covering:>7.0%}"
    )


def measure(pictures: Sequence[Labelled], profile: str, look: str) -> list[Measured]:
    """Cover every picture with a profile and look again.

    Args:
        pictures: All pictures.
        profile: What covers them; a value of Profile.
        look: What looks again; a value of Profile.

    Raises:
        SystemExit: A picture has several frames, or another size than its labels say.
        VeilError: A picture cannot be read, or a model failed.
    """
    print(f"{profile}: covering {len(pictures)} pictures, and looking again", file=sys.stderr, flush=True)
    first, second = load(profile), load_second(look)
    return [_measure(each, first, second, Options(profile=profile)) for each in pictures]


def _measure(picture: Labelled, first: Finder, second: Finder, options: Options) -> Measured:
    stream = io.BytesIO()
    start = time.process_time()
    with open_picture(picture.path) as opened:
        check_fits(picture, opened.facts)
        plan, _ = pipeline.anonymise(opened, first, stream, options)
    covered = time.process_time()
    with open_picture(stream.getvalue()) as result:
        told = verify.look_again(result, plan, second)
    looked = time.process_time()
    mask = cover_mask(to_cover(plan, 0), plan.picture.height, plan.picture.width)
    return Measured(judge_places(judge(picture.faces, mask), told.places), covered - start, looked - covered)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks/second_look", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="pictures and their labels")
    parser.add_argument("--profile", action="append", choices=tuple(Profile), help="only this one; may be repeated")
    parser.add_argument("--look", choices=tuple(Profile), help="look again with this profile's second look instead")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N pictures")
    return parser
