"""The uncovered faces as one picture, to see what is missed. It shows faces."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from benchmarks.recall.faces import Labelled
from benchmarks.recall.judge import Verdict
from benchmarks.recall.looks import upright
from veil.types import Box

CONTEXT = 2
MOST_MISSES = 200
TILE = 96
COLUMNS = 20


def write_misses(pictures: Sequence[Labelled], verdicts: Sequence[Verdict], target: Path) -> int:
    """Write the uncovered faces as one picture, the largest first, and return how many it shows; no file for none."""
    misses = largest_misses(pictures, verdicts)
    if misses:
        contact_sheet([cut_out(picture, box) for picture, box in misses]).save(target)
    return len(misses)


def largest_misses(pictures: Sequence[Labelled], verdicts: Sequence[Verdict]) -> list[tuple[Labelled, Box]]:
    """Return the uncovered faces and the pictures they are in, the largest first, at most MOST_MISSES."""
    misses = [
        (picture, face.box)
        for picture, verdict in zip(pictures, verdicts, strict=True)
        for face, hit in verdict.faces
        if hit is False
    ]
    return sorted(misses, key=lambda miss: -miss[1].width * miss[1].height)[:MOST_MISSES]


def cut_out(picture: Labelled, box: Box) -> Image.Image:
    """Return a square of TILE pixels, CONTEXT times as long as the longer side of a face, black outside the picture."""
    half = max(box.width, box.height) * CONTEXT / 2
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    square = (round(across - half), round(down - half), round(across + half), round(down + half))
    return Image.fromarray(upright(picture)).crop(square).resize((TILE, TILE), Image.Resampling.BICUBIC)


def contact_sheet(tiles: Sequence[Image.Image]) -> Image.Image:
    """Return tiles side by side, row by row, on black."""
    sheet = Image.new("RGB", (min(len(tiles), COLUMNS) * TILE, -(-len(tiles) // COLUMNS) * TILE))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % COLUMNS * TILE, number // COLUMNS * TILE))
    return sheet
