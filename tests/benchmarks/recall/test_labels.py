"""gt.json is read as it is meant, or refused."""

import json
from pathlib import Path

import pytest
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.labels import check_there, read_json, read_labels

from veil.types import Box


def test_json_is_read(tmp_path: Path) -> None:
    faces = [{"box": [1, 2, 30, 40.5], "easy": True, "hard": 1, "medium": False}, {"box": [0, 0, 1, 1], "invalid": 1}]
    entries = [{"image": "images/x.jpg", "width": 64, "height": 48, "faces": faces}, {"image": "y.jpg", "faces": []}]
    expected = [
        Labelled(
            tmp_path / "images/x.jpg",
            (Face(Box(1, 2, 31, 42.5), sets=frozenset({"easy", "hard"})), Face(Box(0, 0, 1, 1), invalid=True)),
            (64, 48),
        ),
        Labelled(tmp_path / "y.jpg", ()),
    ]
    assert read_json(json.dumps(entries), tmp_path) == expected
    (tmp_path / "gt.json").write_text(json.dumps(entries))
    assert read_labels(tmp_path) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '["x"]',
        '[{"image": "x.jpg"}]',
        '[{"image": "x.jpg", "faces": [{"box": [1, 2, 3]}]}]',
        '[{"image": "x.jpg", "faces": [{"box": [1, 2, -3, 4]}]}]',
        '[{"image": "x.jpg", "faces": [{"box": [1, 2, NaN, 4]}]}]',
    ],
)
def test_wrong_json_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"gt\.json"):
        read_json(text, tmp_path)


def test_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds neither"):
        read_labels(tmp_path)


def test_missing_pictures_are_told(tmp_path: Path) -> None:
    (tmp_path / "there.png").touch()
    there, lost = (Labelled(tmp_path / name, ()) for name in ("there.png", "lost.png"))
    check_there([there])
    with pytest.raises(SystemExit, match=r"1 of 2 .*lost\.png"):
        check_there([there, lost])
    with pytest.raises(SystemExit, match="0 of 0"):
        check_there([])
