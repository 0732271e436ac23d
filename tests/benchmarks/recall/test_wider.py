"""WIDER FACE's own files are read as they are meant, or refused."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.labels import read_labels
from benchmarks.recall.wider import read_list, read_set
from scipy.io import savemat  # type: ignore[import-untyped]

from veil.types import Box

WIDER = """0--Parade/a b.jpg
2
10 20 30 40 1 0 0 0 2 0
1 2 0 4 2 0 0 1 0 0
0--Parade/none.jpg
0
0 0 0 0 0 0 0 0 0 0
1--Other/c.jpg
1
5 6 7 8 0 0 0 0 0 0
"""
LIST = "wider_face_val_bbx_gt.txt"

Numbers = Mapping[str, Mapping[str, Sequence[int]]]

EASY: Numbers = {"0--Parade": {"a b": [1], "none": []}, "1--Other": {"c": []}}
HARD: Numbers = {"0--Parade": {"a b": [1, 2], "none": []}, "1--Other": {"c": [1]}}


def cells(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Return a column of MATLAB cells."""
    column = np.empty((len(values), 1), object)
    column[:, 0] = values
    return column


def write_set(path: Path, numbers: Numbers) -> None:
    """Write the faces of a set, counted from 1, by folder and picture, as WIDER FACE does."""
    content = {
        "event_list": cells(list(numbers)),
        "file_list": cells([cells(list(pictures)) for pictures in numbers.values()]),
        "gt_list": cells(
            [
                cells([np.array(chosen, np.uint16).reshape(-1, 1) for chosen in pictures.values()])
                for pictures in numbers.values()
            ]
        ),
    }
    savemat(path, content, do_compression=True)  # as the files of WIDER FACE are


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / LIST).write_text(WIDER)
    return tmp_path


def test_list_is_read(tmp_path: Path) -> None:
    assert read_list(WIDER, tmp_path) == [
        Labelled(tmp_path / "0--Parade/a b.jpg", (Face(Box(10, 20, 40, 60)), Face(Box(1, 2, 1, 6), invalid=True))),
        Labelled(tmp_path / "0--Parade/none.jpg", ()),
        Labelled(tmp_path / "1--Other/c.jpg", (Face(Box(5, 6, 12, 14)),)),
    ]


def test_list_without_the_line_of_zeros_is_read(tmp_path: Path) -> None:
    assert read_list(WIDER.replace("0 0 0 0 0 0 0 0 0 0\n1--", "1--"), tmp_path) == read_list(WIDER, tmp_path)


@pytest.mark.parametrize(
    "text", ["a.jpg\n", "a.jpg\nmany\n", "a.jpg\n2\n1 2 3 4 0 0 0 0 0 0\n", "a.jpg\n1\n1 2 3 4\n", "a.jpg\n-1\n"]
)
def test_wrong_list_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"a\.jpg"):
        read_list(text, tmp_path)


@pytest.mark.parametrize("labels", [".", "wider_face_split"])
@pytest.mark.parametrize("images", ["WIDER_val/images", "images"])
@pytest.mark.parametrize("given", [".", "wider_face_split"])
def test_list_is_found(labels: str, images: str, given: str, tmp_path: Path) -> None:
    (tmp_path / "wider_face_split").mkdir()
    (tmp_path / images).mkdir(parents=True)
    (tmp_path / labels / LIST).write_text(WIDER)
    if (labels, given) == (".", "wider_face_split"):
        with pytest.raises(SystemExit, match="holds neither"):
            read_labels(tmp_path / given)
    else:
        assert read_labels(tmp_path / given)[2].path.resolve() == (tmp_path / images / "1--Other/c.jpg").resolve()


def test_list_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / LIST).write_text(WIDER)
    with pytest.raises(SystemExit, match="WIDER_val/images or images"):
        read_labels(tmp_path)


@pytest.mark.parametrize("place", [".", "ground_truth", "eval_tools/ground_truth", "wider_face_split"])
def test_sets_are_read_where_they_lie(place: str, folder: Path) -> None:
    assert all(face.sets == frozenset() for each in read_labels(folder) for face in each.faces)
    (folder / place).mkdir(parents=True, exist_ok=True)
    write_set(folder / place / "wider_easy_val.mat", EASY)
    write_set(folder / place / "wider_hard_val.mat", HARD)
    first, _, third = read_labels(folder)
    assert [face.sets for face in first.faces] == [{"easy", "hard"}, {"hard"}]
    assert [face.sets for face in third.faces] == [{"hard"}]
    assert [face.box for face in first.faces] == [Box(10, 20, 40, 60), Box(1, 2, 1, 6)]


def test_set_is_read_by_name(tmp_path: Path) -> None:
    write_set(tmp_path / "wider_hard_val.mat", HARD)
    assert read_set(tmp_path / "wider_hard_val.mat") == {
        "0--Parade/a b": {0, 1},
        "0--Parade/none": frozenset(),
        "1--Other/c": {0},
    }


@pytest.mark.parametrize(
    "numbers",
    [
        {"0--Parade": {"a b": [3], "none": []}, "1--Other": {"c": []}},
        {"0--Parade": {"a b": [0], "none": []}, "1--Other": {"c": []}},
        {"0--Parade": {"a b": [], "none": [1]}, "1--Other": {"c": []}},
        {"0--Parade": {"a b": [1], "none": []}},
    ],
    ids=["too-many", "counted-from-0", "no-face", "other-pictures"],
)
def test_set_of_other_faces_is_refused(numbers: Numbers, folder: Path) -> None:
    write_set(folder / "wider_medium_val.mat", numbers)
    with pytest.raises(SystemExit, match=r"wider_medium_val\.mat does not fit"):
        read_labels(folder)


def test_damaged_set_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path / "whole.mat", HARD)
    whole = (tmp_path / "whole.mat").read_bytes()
    spoilt = whole[:300] + bytes(20) + whole[320:]
    for content in (b"", b"not from MATLAB" * 20, whole[:300], spoilt):
        (tmp_path / "bad.mat").write_bytes(content)
        with pytest.raises(SystemExit, match=r"bad\.mat is not as it should be"):
            read_set(tmp_path / "bad.mat")
    savemat(tmp_path / "other.mat", {"event_list": cells(["0--Parade"])})
    with pytest.raises(SystemExit, match=r"other\.mat .*file_list"):
        read_set(tmp_path / "other.mat")


def test_set_without_scipy_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_set(folder / "wider_easy_val.mat", EASY)
    monkeypatch.setattr("benchmarks.recall.wider.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="needs scipy"):
        read_labels(folder)
