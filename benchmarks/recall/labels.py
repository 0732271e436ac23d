"""A folder in, labelled pictures out: from gt.json, or from WIDER FACE as it is handed out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.recall import wider
from benchmarks.recall.faces import SETS, Face, Labelled, labelled_box

JSON_NAME = "gt.json"


def read_labels(folder: Path) -> list[Labelled]:
    """Return the pictures of a folder and their faces, in the order of the labels.

    Raises:
        SystemExit: There are no labels, or they are not as they should be.
    """
    if (folder / JSON_NAME).is_file():
        return read_json((folder / JSON_NAME).read_text("utf-8"), folder)
    if wider.lists(folder):
        return wider.read_folder(folder)
    raise SystemExit(f"{folder} holds neither {JSON_NAME} nor {wider.LIST_NAME}; nothing was measured.")


def read_json(text: str, folder: Path) -> list[Labelled]:
    """Return what a gt.json says; its names are relative to ``folder``.

    Raises:
        SystemExit: It is not as described in benchmarks/README.md.
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
            faces = tuple(_face(each) for each in entry["faces"])
            size = (int(entry["width"]), int(entry["height"])) if "width" in entry else None
            found.append(Labelled(folder / entry["image"], faces, size))
        except (KeyError, TypeError, ValueError) as error:
            raise SystemExit(f"Entry {number} of {JSON_NAME} is not as it should be: {error!r}.") from error
    return found


def _face(face: Mapping[str, Any]) -> Face:
    sets = frozenset(name for name in SETS if face.get(name))
    left, top, width, height = face["box"]
    return Face(labelled_box(left, top, width, height), bool(face.get("invalid")), sets)


def check_there(pictures: Sequence[Labelled]) -> None:
    """Stop before any work is done if there is nothing to measure or something is missing.

    Raises:
        SystemExit: A picture is missing, or there is none at all.
    """
    missing = [str(each.path) for each in pictures if not each.path.is_file()]
    if missing or not pictures:
        raise SystemExit(
            f"{len(missing)} of {len(pictures)} pictures are missing, {missing[:3]}; nothing was measured."
        )
