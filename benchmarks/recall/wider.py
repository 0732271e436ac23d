"""WIDER FACE as it is handed out: its list of faces, and the files that say which are easy, medium and hard."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recall.faces import SETS, Face, Labelled, labelled_box

LIST_NAME = "wider_face_val_bbx_gt.txt"
LIST_FOLDERS = (".", "wider_face_split")
IMAGE_FOLDERS = ("WIDER_val/images", "images")
SET_NAMES = {name: f"wider_{name}_val.mat" for name in SETS}
SET_FOLDERS = (".", "wider_face_split", "ground_truth", "eval_tools/ground_truth")

Sets = Mapping[str, Mapping[str, Collection[int]]]
"""Which faces belong to a set: by name of the set, then of the picture without its ending, numbers from 0."""


def lists(folder: Path) -> list[Path]:
    """Return the lists of faces that a folder holds."""
    return [folder / below / LIST_NAME for below in LIST_FOLDERS if (folder / below / LIST_NAME).is_file()]


def read_folder(folder: Path) -> list[Labelled]:
    """Return the pictures of a folder that holds a list of faces, with their sets where it says them.

    Raises:
        SystemExit: There are no pictures, or something is not as it should be.
    """
    labels = lists(folder)[0]
    around = list(dict.fromkeys((folder, labels.parent, labels.parent.parent)))
    root = next((base / below for base in around for below in IMAGE_FOLDERS if (base / below).is_dir()), None)
    if root is None:
        raise SystemExit(f"No folder {' or '.join(IMAGE_FOLDERS)} lies beside or below {labels}.")
    return read_list(labels.read_text("utf-8"), root, find_sets(around))


def read_list(text: str, root: Path, sets: Sets | None = None) -> list[Labelled]:
    """Return what the list of faces says; its names are relative to ``root``.

    For each picture it has a line with the file's name, one with the number of faces, and one for each face: left, top,
    width, height, blur, expression, illumination, invalid, occlusion, pose. Where there is no face, a line of zeros
    stands for it. It does not say which faces are easy, medium or hard; ``sets`` does.

    Raises:
        SystemExit: A line is not as it should be, or a set is not one of these pictures.
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
            faces = tuple(_face(row) for row in rows)
        except (IndexError, ValueError) as error:
            raise SystemExit(f"What {LIST_NAME} says of {name} is not as it should be: {error}.") from error
        found.append(Labelled(root / name, _with_sets(faces, name, sets or {})))
        at += 2 + count
        if not count and at < len(lines) and set(lines[at]) == {"0"}:
            at += 1
    return found


def _face(row: Sequence[str]) -> Face:
    left, top, width, height, _blur, _expression, _illumination, invalid, _occlusion, _pose = map(int, row)
    return Face(labelled_box(left, top, width, height), bool(invalid))


def _with_sets(faces: Sequence[Face], name: str, sets: Sets) -> tuple[Face, ...]:
    """Return the faces of a picture with the names of the sets that they belong to."""
    own = {each: pictures.get(name.removesuffix(".jpg"), (-1,)) for each, pictures in sets.items()}
    for each, numbers in own.items():
        if any(not 0 <= number < len(faces) for number in numbers):
            raise SystemExit(f"{SET_NAMES[each]} does not fit what {LIST_NAME} says of {name}; nothing was measured.")
    return tuple(
        Face(face.box, face.invalid, frozenset(each for each, numbers in own.items() if number in numbers))
        for number, face in enumerate(faces)
    )


def find_sets(folders: Sequence[Path]) -> Sets:
    """Return what the files with the sets say, where they lie in or below one of these folders.

    Raises:
        SystemExit: A file cannot be read.
    """
    found = {}
    for name, file_name in SET_NAMES.items():
        places = [base / below / file_name for base in folders for below in SET_FOLDERS]
        path = next((place for place in places if place.is_file()), None)
        if path is not None:
            found[name] = read_set(path)
    return found


def read_set(path: Path) -> Mapping[str, Collection[int]]:
    """Return which faces of each picture belong to a set, from a file of WIDER FACE's evaluation, MATLAB version 5.

    Its cells ``event_list``, ``file_list`` and ``gt_list`` hold the folders, the pictures of each, and for each picture
    the numbers of its faces in the set, counted from 1 in the order of the list of faces.

    Returns:
        Numbers from 0, by the name of the picture without its ending, such as "0--Parade/photo".

    Raises:
        SystemExit: It is not such a file, or scipy is missing.
    """
    if find_spec("scipy") is None:
        raise SystemExit(f"{path.name} needs scipy: pip install -r benchmarks/requirements.txt. Nothing was measured.")
    from scipy.io import loadmat  # type: ignore[import-untyped]
    from scipy.io.matlab import MatReadError  # type: ignore[import-untyped]

    try:
        content = loadmat(path)
        events, files, numbers = (content[name].ravel() for name in ("event_list", "file_list", "gt_list"))
        return {
            f"{_text(event)}/{_text(file)}": frozenset((np.ravel(chosen).astype(int) - 1).tolist())
            for event, names, chosens in zip(events, files, numbers, strict=True)
            for file, chosen in zip(names.ravel(), chosens.ravel(), strict=True)
        }
    except (LookupError, TypeError, ValueError, OSError, NotImplementedError, zlib.error, MatReadError) as error:
        raise SystemExit(f"{path.name} is not as it should be ({error!r}); nothing was measured.") from error


def _text(cell: Any) -> str:
    return str(np.ravel(cell)[0])
