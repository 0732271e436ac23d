"""Painted pictures, their labels and stand-ins for programs, for the tests beside this file."""

import json
import sys
from pathlib import Path

import numpy as np
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.judge import Mask
from benchmarks.recall.looks import Look

from tests import fakes
from veil.types import Box, Detection

FACE = Box(10, 10, 20, 20)


def mask(*covered: tuple[slice, slice], height: int = 100, width: int = 100) -> Mask:
    pixels = np.zeros((height, width), bool)
    for place in covered:
        pixels[place] = True
    return pixels


def painted(folder: Path, *faces: tuple[slice, slice], doubtful: tuple[tuple[slice, slice], ...] = ()) -> Path:
    path = folder / "images" / "photo.png"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(fakes.photo(*faces, doubtful=doubtful))
    return path


def labelled(folder: Path, *boxes: list[float], **entry: object) -> Path:
    """Write gt.json for the picture that painted() writes."""
    faces = [{"box": box} for box in boxes]
    content = [{"image": "images/photo.png", "width": 300, "height": 200, "faces": faces} | entry]
    (folder / "gt.json").write_text(json.dumps(content))
    return folder


def scored(left: float, score: float, *, top: float = 50) -> Detection:
    """Return a detection of 20 x 20 pixels."""
    return Detection(Box(left, top, left + 20, top + 20), score, "fake")


def sweepable() -> Look:
    """Three faces seen with scores 0.2, 0.5 and 0.9; the second is not labelled."""
    detections = [scored(50, 0.2), scored(150, 0.5), scored(250, 0.9)]
    faces = (Face(detections[0].box), Face(detections[2].box))
    return Look(Labelled(Path("x.png"), faces), (400, 100), (), detections, 0)


def program(folder: Path, code: str, *, name: str = "program") -> Path:
    """Write a program that can be run; sys, Path and Image are imported, and ``cover`` paints a face black."""
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "from pathlib import Path\n"
        "from PIL import Image\n"
        "def cover(source, target, box=(100, 50, 130, 90)):\n"
        "    image = Image.open(source)\n"
        "    image.paste((0, 0, 0), box)\n"
        "    image.save(target)\n"
        f"{code}\n"
    )
    path.chmod(0o755)
    return path


LIKE_DEFACE = """
folder, *rest = sys.argv[1:]
assert rest == ["--replacewith", "solid"], rest
for path in sorted(Path(folder).iterdir()):
    cover(path, path.with_name(path.stem + "_anonymized.png"))
"""

LIKE_BLURRY = """
*paths, option, folder = sys.argv[1:]
assert option == "--output" and Path(folder).is_dir(), sys.argv
for path in map(Path, paths):
    cover(path, Path(folder, path.stem + ".blurry.png"))
"""

LIKE_VEIL = """
command, source, option, target, *rest = sys.argv[1:]
assert (command, option) == ("run", "--output"), sys.argv
for path in sorted(Path(source).iterdir()):
    cover(path, Path(target, path.name))
"""
