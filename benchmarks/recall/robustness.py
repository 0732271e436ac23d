"""How many of the same faces are still covered when the pictures are altered."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

from benchmarks.recall.altered import ALTERATIONS, altered_labels
from benchmarks.recall.faces import Labelled
from benchmarks.recall.judge import Verdict, over_redaction
from benchmarks.recall.looks import judge_look, look, upright
from veil.detect import Finder
from veil.options import Options

LEAST_HEIGHT = 20
AS_THEY_ARE = "as they are"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What altering the pictures does.

    Attributes:
        faces: How many faces are LEAST_HEIGHT pixels or more in the altered pictures.
        coverage: Share of them that is covered there; nan where there are none.
        plain: Share of the same faces that is covered in the pictures as they are.
        over: Over-redaction in the altered pictures.
    """

    faces: int
    coverage: float
    plain: float
    over: float


def robustness(
    pictures: Sequence[Labelled], plain: Sequence[Verdict], finder: Finder, options: Options
) -> dict[str, Comparison]:
    """Return what each alteration does, by its name.

    Args:
        pictures: All pictures.
        plain: How well they are covered as they are, in the same order.
        finder: The loaded models of the profile.
        options: All settings.

    Raises:
        SystemExit: As for looks.look().
    """
    verdicts: dict[str, list[Verdict]] = {name: [] for name in ALTERATIONS}
    for picture in pictures:
        pixels = upright(picture)
        size = (pixels.shape[1], pixels.shape[0])
        for name, alteration in ALTERATIONS.items():
            labelled = altered_labels(picture, alteration, size)
            verdicts[name].append(judge_look(look(labelled, finder, options, pixels=alteration.pixels(pixels))))
    return {name: compare(plain, altered) for name, altered in {AS_THEY_ARE: plain, **verdicts}.items()}


def compare(plain: Sequence[Verdict], altered: Sequence[Verdict]) -> Comparison:
    """Compare the same faces in pictures as they are and altered, in the same order."""
    hits = [
        (before, after)
        for one, other in zip(plain, altered, strict=True)
        for (_, before), (face, after) in zip(one.faces, other.faces, strict=True)
        if before is not None and after is not None and face.box.height >= LEAST_HEIGHT
    ]
    count = len(hits)
    before, after = (sum(each[which] for each in hits) / count if count else nan for which in (0, 1))
    return Comparison(faces=count, coverage=after, plain=before, over=over_redaction(altered))
