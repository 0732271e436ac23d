"""A look tells what Veil would cover, and what it would cover with other thresholds."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.judge import over_redaction
from benchmarks.recall.looks import FACTORS, judge_look, look, sweep, upright
from PIL import Image

from tests import fakes
from tests.benchmarks.recall.samples import painted, sweepable
from veil.errors import DetectorError
from veil.media.image import encode, picture_from_array
from veil.options import Options
from veil.types import Box


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


def test_look_at_pixels_leaves_the_file_alone() -> None:
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[10:40, 20:50] = fakes.MAGENTA
    seen = look(Labelled(Path("not there.png"), ()), fakes.finder(), Options(), pixels=pixels)
    assert [each.box for each in seen.detections] == [Box(20, 10, 50, 40)]
    assert seen.size == (80, 60)


def test_face_in_a_transparent_picture_is_seen_once(tmp_path: Path) -> None:
    pixels = np.full((60, 80, 4), 255, np.uint8)
    pixels[10:40, 20:50, :3] = fakes.MAGENTA
    pixels[:5, :, 3] = 0
    stream = io.BytesIO()
    picture = picture_from_array(pixels)
    encode(picture.frames(), picture, stream, format="png")
    path = tmp_path / "clear.png"
    path.write_bytes(stream.getvalue())
    (seen,) = look(Labelled(path, ()), fakes.finder(), Options()).detections
    assert seen.box == Box(20, 10, 50, 40)


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
    with pytest.raises(SystemExit, match=said):
        upright(picture)


def test_animation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "two.gif"
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(SystemExit, match="2 frames"):
        look(Labelled(path, ()), fakes.finder(), Options())
    with pytest.raises(SystemExit, match="2 frames"):
        upright(Labelled(path, ()))


def test_failing_detector_stops_all(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="failed while looking") as caught:
        look(Labelled(painted(tmp_path), ()), fakes.finder(fakes.Crashing()), Options())
    assert isinstance(caught.value.__cause__, DetectorError)


def test_upright_pixels_follow_the_tag(tmp_path: Path) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:5, :10] = (10, 20, 30)
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = 6  # to be turned clockwise by a quarter
    image.save(tmp_path / "tagged.png", exif=image.getexif())
    seen = upright(Labelled(tmp_path / "tagged.png", (), (20, 30)))
    np.testing.assert_array_equal(seen, np.rot90(pixels, -1))


def test_upright_pixels_of_16_bits_become_8(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 255, 256, 65535]], np.uint16)).save(tmp_path / "deep.png")
    seen = upright(Labelled(tmp_path / "deep.png", ()))
    assert seen.dtype == np.uint8 and seen[0, :, 0].tolist() == [0, 0, 1, 255]


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
