"""Make the pictures in docs/images with the real models.

    python scripts/make_pictures.py

They show Eileen Collins, photographed by NASA (public domain); scikit-image brings the photo along.
"""

from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import veil
from veil.types import Style

FOLDER = Path(__file__).parents[1] / "docs" / "images"
BUST = slice(0, 325)  # rows, down to above the name on her suit
HEAD = (slice(0, 240), slice(105, 345))  # rows, columns around the astronaut's head
GAP = 12
LABEL_HEIGHT = 30

Photo = NDArray[np.uint8]


def main() -> None:
    """Write both pictures."""
    photo: Photo = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    finder = veil.load_finder(veil.Options().profile)
    plan = veil.find(photo, finder=finder)
    covered = {str(style): veil.cover(photo, plan, veil.Options(style=style)) for style in Style}
    FOLDER.mkdir(parents=True, exist_ok=True)
    side_by_side([photo[BUST], covered["veil"][BUST]]).save(FOLDER / "before-after.png", optimize=True)
    heads = {"before": photo, **covered}
    labelled = [with_label(each[HEAD], name) for name, each in heads.items()]
    side_by_side(labelled).save(FOLDER / "styles.png", optimize=True)


def side_by_side(pictures: list[Photo]) -> Image.Image:
    """Return pictures of one height in a row, with white between them."""
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    row = [part for picture in pictures for part in (picture, gap)][:-1]
    return Image.fromarray(np.concatenate(row, axis=1))


def with_label(pixels: Photo, text: str) -> Photo:
    """Return a picture with a line of text on white below it."""
    height, width = pixels.shape[:2]
    sheet = Image.new("RGB", (width, height + LABEL_HEIGHT), "white")
    sheet.paste(Image.fromarray(pixels))
    place = (width / 2, height + LABEL_HEIGHT / 2)
    ImageDraw.Draw(sheet).text(place, text, fill="#222222", font=ImageFont.load_default(18), anchor="mm")
    return np.asarray(sheet)


if __name__ == "__main__":
    main()
