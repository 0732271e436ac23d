"""Labels are read as they are meant, and every figure is exact on painted pictures."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.recall import (
    FACTORS,
    MOST_MISSES,
    TILE,
    Face,
    Labelled,
    Look,
    Mask,
    Verdict,
    contact_sheet,
    coverage,
    covered_share,
    cut_out,
    judge,
    judge_look,
    largest_misses,
    look,
    main,
    over_redaction,
    plot,
    read_json,
    read_labels,
    read_wider,
    sweep,
    table,
)
from PIL import Image

from tests import fakes
from veil.errors import DetectorError
from veil.options import Options
from veil.types import Box, Detection

FACE = Box(10, 10, 20, 20)
# Centres of pixels in the ellipse inscribed in FACE, row by row, counted by hand.
ELLIPSE = 4 + 8 + 8 + 10 + 10 + 10 + 10 + 8 + 8 + 4

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


def test_json_is_read(tmp_path: Path) -> None:
    faces = [{"box": [1, 2, 30, 40.5], "easy": True, "hard": 1, "medium": False}, {"box": [0, 0, 1, 1], "invalid": 1}]
    entries = [{"image": "images/x.jpg", "width": 64, "height": 48, "faces": faces}, {"image": "y.jpg", "faces": []}]
    assert read_json(json.dumps(entries), tmp_path) == [
        Labelled(
            tmp_path / "images/x.jpg",
            (Face(Box(1, 2, 31, 42.5), sets=frozenset({"easy", "hard"})), Face(Box(0, 0, 1, 1), invalid=True)),
            (64, 48),
        ),
        Labelled(tmp_path / "y.jpg", ()),
    ]


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


def test_wider_is_read(tmp_path: Path) -> None:
    assert read_wider(WIDER, tmp_path) == [
        Labelled(tmp_path / "0--Parade/a b.jpg", (Face(Box(10, 20, 40, 60)), Face(Box(1, 2, 1, 6), invalid=True))),
        Labelled(tmp_path / "0--Parade/none.jpg", ()),
        Labelled(tmp_path / "1--Other/c.jpg", (Face(Box(5, 6, 12, 14)),)),
    ]


def test_wider_without_the_line_of_zeros_is_read(tmp_path: Path) -> None:
    assert read_wider(WIDER.replace("0 0 0 0 0 0 0 0 0 0\n1--", "1--"), tmp_path) == read_wider(WIDER, tmp_path)


@pytest.mark.parametrize(
    "text", ["a.jpg\n", "a.jpg\nmany\n", "a.jpg\n2\n1 2 3 4 0 0 0 0 0 0\n", "a.jpg\n1\n1 2 3 4\n", "a.jpg\n-1\n"]
)
def test_wrong_wider_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"a\.jpg"):
        read_wider(text, tmp_path)


@pytest.mark.parametrize("labels", [".", "wider_face_split"])
@pytest.mark.parametrize("images", ["WIDER_val/images", "images"])
@pytest.mark.parametrize("given", [".", "wider_face_split"])
def test_wider_is_found(labels: str, images: str, given: str, tmp_path: Path) -> None:
    (tmp_path / "wider_face_split").mkdir()
    (tmp_path / images).mkdir(parents=True)
    (tmp_path / labels / "wider_face_val_bbx_gt.txt").write_text(WIDER)
    if (labels, given) == (".", "wider_face_split"):
        with pytest.raises(SystemExit, match="holds neither"):
            read_labels(tmp_path / given)
    else:
        assert read_labels(tmp_path / given)[2].path.resolve() == (tmp_path / images / "1--Other/c.jpg").resolve()


def test_wider_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wider_face_val_bbx_gt.txt").write_text(WIDER)
    with pytest.raises(SystemExit, match="WIDER_val/images or images"):
        read_labels(tmp_path)


@pytest.mark.parametrize(("pixels", "hit"), [(71, False), (72, True), (80, True), (0, False)])
def test_face_counts_from_nine_tenths_of_its_ellipse(pixels: int, hit: bool) -> None:
    assert ELLIPSE == 80
    rows, columns = np.mgrid[:100, :100]
    ellipse = (rows - 14.5) ** 2 + (columns - 14.5) ** 2 <= 25
    covered = mask()
    covered[tuple(each[:pixels] for each in np.nonzero(ellipse))] = True
    assert covered_share(FACE, covered) == pixels / 80
    assert judge([Face(FACE)], covered) == Verdict(((Face(FACE), hit),), 0, 10_000)


def test_nine_tenths_are_meant_to_the_pixel() -> None:
    rows, columns = np.nonzero(mask((slice(None), slice(None))))
    inside = (rows - 49.5) ** 2 + (columns - 49.5) ** 2 <= 40**2
    needed = -(-9 * int(inside.sum()) // 10)
    for pixels, hit in ((needed - 1, False), (needed, True)):
        covered = mask()
        covered[rows[inside][:pixels], columns[inside][:pixels]] = True
        assert judge([Face(Box(10, 10, 90, 90))], covered).faces[0][1] is hit


def test_corners_of_the_box_need_no_cover() -> None:
    covered = mask((slice(10, 20), slice(10, 20)))
    covered[10:13, 10] = covered[10, 10:13] = False
    assert covered_share(FACE, covered) == 1


def test_only_what_lies_in_the_picture_counts() -> None:
    assert covered_share(Box(-5, 10, 5, 20), mask((slice(10, 20), slice(0, 5)))) == 1
    assert covered_share(Box(-5, 10, 5, 20), mask((slice(10, 15), slice(0, 5)))) == 0.5


@pytest.mark.parametrize(
    "box",
    [
        Box(5, 5, 5, 9),
        Box(5, 5, 9, 5),
        Box(200, 5, 210, 15),
        Box(5, -20, 15, -10),
        Box(5, 5, 5.2, 5.2),
        Box(5.5, 5, 5.5, 9),
    ],
)
def test_face_without_a_pixel_does_not_count(box: Box) -> None:
    assert covered_share(box, mask()) is None
    assert judge([Face(box)], mask()).faces == ()


def test_over_redaction_is_what_lies_outside_the_grown_boxes() -> None:
    everything = mask((slice(None), slice(None)))
    assert judge([Face(FACE)], everything).spilled == 10_000 - 17 * 17
    assert judge([Face(FACE)], mask((slice(7, 24), slice(7, 24)))).spilled == 0
    assert judge([Face(FACE)], mask((slice(6, 25), slice(6, 25)))).spilled == 19 * 19 - 17 * 17
    assert judge([Face(FACE), Face(Box(-50, -50, -40, -40))], everything).spilled == 10_000 - 17 * 17
    assert judge([Face(Box(-5, 95, 5, 105))], everything).spilled == 10_000 - 9 * 8
    assert judge([Face(Box(95, -5, 105, 5))], everything).spilled == 10_000 - 9 * 8
    assert judge([], everything).spilled == 10_000


def test_invalid_face_neither_counts_nor_is_over_redaction() -> None:
    invalid = Face(FACE, invalid=True)
    assert judge([invalid], mask((slice(7, 24), slice(7, 24)))) == Verdict((), 0, 10_000)


def test_shares_are_of_all_pictures_together() -> None:
    verdicts = [Verdict((), 10, 100), Verdict((), 0, 900)]
    assert over_redaction(verdicts) == 0.01


def test_faces_are_counted_by_height_and_set() -> None:
    heights = {9.9: True, 10: False, 19.9: True, 20: True, 40: True, 79: False, 80: False, 500: True}
    faces = tuple((Face(Box(0, 0, 100, height)), hit) for height, hit in heights.items())
    hard = (Face(Box(0, 0, 100, 5), sets=frozenset({"medium", "hard"})), True)
    assert coverage([Verdict(faces, 0, 1), Verdict((hard,), 0, 1)]) == {
        "all": (6, 9),
        "10-20": (1, 2),
        "20-40": (1, 1),
        "40-80": (1, 2),
        "80+": (1, 2),
        "easy": (0, 0),
        "medium": (1, 1),
        "hard": (1, 1),
    }


def test_table_holds_every_figure() -> None:
    face, hard = Face(Box(0, 0, 9, 12)), Face(Box(0, 0, 9, 90), sets=frozenset({"hard"}))
    verdicts = {
        "fast": [Verdict(((face, True), (face, False), (hard, False)), 5, 1000)],
        "balanced": [Verdict(((face, True), (face, True), (hard, True)), 20, 1000)],
    }
    text = table(verdicts, {"fast": 0.123, "balanced": 1.5})
    assert len({len(line) for line in text.splitlines()[2:]}) == 1
    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "all 10-20 20-40 40-80 80+ hard over-redaction s a picture",
        "faces 3 2 0 0 1 1",
        "fast 33.3 % 50.0 % - - 0.0 % 0.0 % 0.500 % 0.12",
        "balanced 100.0 % 100.0 % - - 100.0 % 100.0 % 2.000 % 1.50",
    ]


def test_look_covers_what_is_sure_and_remembers_the_rest(tmp_path: Path) -> None:
    sure, doubtful = (slice(50, 90), slice(100, 130)), (slice(20, 40), slice(20, 40))
    path = painted(tmp_path, sure, doubtful=(doubtful,))
    faces = (Face(Box(100, 50, 130, 90)), Face(Box(20, 20, 40, 40)))
    seen = look(Labelled(path, faces, (300, 200)), fakes.finder(), Options())
    assert [(each.box, each.score) for each in seen.detections] == [(faces[0].box, 0.9), (faces[1].box, 0.3)]
    assert [region.face for region in seen.regions] == [faces[0].box]
    assert seen.size == (300, 200) and seen.seconds > 0
    verdict = judge_look(seen)
    assert verdict.faces == ((faces[0], True), (faces[1], False)) and verdict.pixels == 60_000


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda picture: replace(picture, size=(200, 300)), "300 x 200.*200 x 300"),
        (lambda picture: (picture.path.write_bytes(b"GIF89a"), picture)[1], r"photo\.png"),
    ],
)
def test_a_picture_that_cannot_be_measured_stops_all(
    spoil: Callable[[Labelled], Labelled], said: str, tmp_path: Path
) -> None:
    picture = spoil(Labelled(painted(tmp_path), ()))
    with pytest.raises(SystemExit, match=said):
        look(picture, fakes.finder(), Options())


def test_animation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "two.gif"
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(SystemExit, match="2 frames"):
        look(Labelled(path, ()), fakes.finder(), Options())


def test_failing_detector_stops_all(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="failed while looking") as caught:
        look(Labelled(painted(tmp_path), ()), fakes.finder(fakes.Crashing()), Options())
    assert isinstance(caught.value.__cause__, DetectorError)


def sweepable() -> Look:
    """Three faces seen with scores 0.2, 0.5 and 0.9; the second is not labelled."""
    detections = [
        Detection(Box(left, 50, left + 20, 70), score, "fake") for left, score in ((50, 0.2), (150, 0.5), (250, 0.9))
    ]
    faces = (Face(detections[0].box), Face(detections[2].box))
    return Look(Labelled(Path("x.png"), faces), (400, 100), (), detections, 0)


def test_sweep_moves_the_thresholds() -> None:
    points = {point.factor: point for point in sweep([sweepable()], [(1e9, 0.4)], Options(grow=1.0, shape="box"))}
    assert tuple(points) == FACTORS
    # A box of 20 x 20 pixels in a picture of 400 x 100 is 1 %.
    expected = {0.5: (1.0, 0.01), 0.6: (0.5, 0.01), 1.0: (0.5, 0.01), 1.25: (0.5, 0.01), 1.5: (0.5, 0.0), 2.5: (0, 0)}
    assert {factor: points[factor][1:] for factor in expected} == expected


def test_sweep_without_labelled_faces_has_no_coverage() -> None:
    bare = replace(sweepable(), picture=Labelled(Path("x.png"), ()))
    (over,) = {p.over for p in sweep([bare], [(1e9, 0.1)], Options(grow=1.0, shape="box")) if p.factor <= 1.5}
    assert over == 0.03
    assert all(np.isnan(point.coverage) for point in sweep([bare], [(1e9, 0.1)], Options()))


def test_sweep_at_one_is_the_table(tmp_path: Path) -> None:
    path = painted(tmp_path, (slice(50, 90), slice(100, 130)), doubtful=((slice(20, 40), slice(20, 40)),))
    picture = Labelled(path, (Face(Box(100, 50, 130, 90)), Face(Box(20, 20, 40, 40))))
    finder, options = fakes.finder(), Options(grow=3.0)
    seen = look(picture, finder, options)
    own = next(point for point in sweep([seen], finder.cover, options) if point.factor == 1)
    assert own.coverage == 0.5
    assert own.over == over_redaction([judge_look(seen)]) > 0


def test_plot_is_written(tmp_path: Path) -> None:
    plot({"fast": sweep([sweepable()], [(1e9, 0.4)], Options())}, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as image:
        assert image.size == (1050, 675)


def test_largest_misses_come_first() -> None:
    small, large, covered = (Face(Box(0, 0, side, side)) for side in (10, 30, 90))
    pictures = [Labelled(Path("a"), ()), Labelled(Path("b"), ())]
    verdicts = [Verdict(((small, False), (covered, True)), 0, 1), Verdict(((large, False),), 0, 1)]
    assert largest_misses(pictures, verdicts) == [(Path("b"), large.box), (Path("a"), small.box)]
    many = [Verdict(((small, False),) * (MOST_MISSES + 1), 0, 1)]
    assert len(largest_misses(pictures[:1], many)) == MOST_MISSES


def test_cut_out_shows_a_face_and_as_much_around_it(tmp_path: Path) -> None:
    path = painted(tmp_path, (slice(0, 40), slice(100, 140)))
    pixels = np.asarray(cut_out(path, Box(100, 0, 140, 40)))
    assert pixels.shape == (TILE, TILE, 3)
    grey, black = (200, 200, 200), (0, 0, 0)
    assert (pixels[TILE // 2, TILE // 2] == fakes.MAGENTA).all()
    assert (pixels[TILE // 2, 5] == grey).all() and (pixels[5, TILE // 2] == black).all()  # beside; above the picture
    magenta = (pixels == fakes.MAGENTA).all(axis=2)
    assert abs(int(magenta.any(axis=0).sum()) - TILE // 2) <= 4


def test_contact_sheet_fills_rows() -> None:
    tiles = [Image.new("RGB", (TILE, TILE), (number + 1, 0, 0)) for number in range(21)]
    pixels = np.asarray(contact_sheet(tiles))
    assert pixels.shape == (2 * TILE, 20 * TILE, 3)
    assert pixels[TILE - 1 :: TILE, ::TILE, 0].tolist() == [list(range(1, 21)), [21] + [0] * 19]
    assert contact_sheet(tiles[:3]).size == (3 * TILE, TILE)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one face that is found and one that is not."""
    monkeypatch.setattr("benchmarks.recall.load", lambda profile: fakes.finder())
    painted(tmp_path, (slice(50, 90), slice(100, 130)))
    return labelled(tmp_path, [100, 50, 30, 40], [200, 20, 20, 20])


def test_command_prints_a_row_for_each_profile(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(data)]) == 0
    rows = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert rows[2:] == [["fast", "50.0", "%"], ["balanced", "50.0", "%"], ["thorough", "50.0", "%"]]
    assert sorted(path.name for path in data.iterdir()) == ["gt.json", "images"]


def test_command_writes_misses_only_when_asked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = data / "misses.png"
    assert main([str(data), "--profile", "fast", "--misses", str(target)]) == 0
    assert "shows 1 of the uncovered faces" in capsys.readouterr().out
    with Image.open(target) as image:
        assert image.size == (TILE, TILE)


def test_command_writes_no_misses_where_there_are_none(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled(data, [100, 50, 30, 40])
    assert main([str(data), "--profile", "fast", "--misses", str(data / "misses.png")]) == 0
    assert "No face was missed" in capsys.readouterr().out and not (data / "misses.png").exists()


def test_command_stops_at_once_if_a_picture_is_missing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = json.loads((data / "gt.json").read_text())
    (data / "gt.json").write_text(json.dumps([*entries, entries[0] | {"image": "images/lost.png"}]))
    assert main([str(data), "--limit", "1"]) == 0
    monkeypatch.setattr("benchmarks.recall.load", lambda profile: pytest.fail("It began all the same."))
    with pytest.raises(SystemExit, match=r"lost\.png"):
        main([str(data)])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--limit", "0"],
        ["--misses", "m.png"],
        ["--profile", "fast", "--misses", "m.jpg"],
        ["--profile", "fast", "--misses", "nowhere/m.png"],
        ["--plot", "nowhere/p.png"],
        ["--profile", "best"],
    ],
)
def test_wrong_options_are_refused_before_any_work(arguments: list[str], data: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main([str(data), *arguments])
    assert caught.value.code == 2


def test_plot_without_matplotlib_is_refused_before_any_work(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.recall.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as caught:
        main([str(data), "--plot", str(data / "p.png")])
    assert caught.value.code == 2 and not (data / "p.png").exists()


def test_help_says_that_misses_show_faces(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "SHOWS FACES" in " ".join(capsys.readouterr().out.split())
