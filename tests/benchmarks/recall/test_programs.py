"""Rivals are judged from the pixels that they write, and from nothing else."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from benchmarks.recall.faces import Face, Labelled
from benchmarks.recall.programs import PROGRAMS, black_pixels, copies, run_program, timed, veil_path, veil_program
from PIL import Image

from tests import fakes
from tests.benchmarks.recall.samples import LIKE_BLURRY, LIKE_DEFACE, LIKE_VEIL, painted, program
from veil.types import Box

COVERED, OTHER = Face(Box(100, 50, 130, 90)), Face(Box(200, 20, 220, 40))


@pytest.fixture
def pictures(tmp_path: Path) -> list[Labelled]:
    """Two pictures; the programs of these tests cover the first of their two faces."""
    path = painted(tmp_path, (slice(50, 90), slice(100, 130)))
    return [Labelled(path, (COVERED, OTHER), (300, 200)), Labelled(path, (COVERED,))]


@pytest.fixture
def folder(pictures: list[Labelled], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The copies of the pictures; nothing may be left of them or of any results."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    with copies(pictures) as made:
        yield made
        assert sorted(each.name for each in made.iterdir()) == ["000000.png", "000001.png"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_copies_hold_the_pixels_without_pure_black(tmp_path: Path) -> None:
    pixels = np.array([[[0, 0, 0], [0, 7, 255], [1, 2, 3]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "dark.png")
    with copies([Labelled(tmp_path / "dark.png", ())]) as made:
        (copy,) = made.iterdir()
        assert np.asarray(Image.open(copy)).tolist() == [[[1, 1, 1], [1, 7, 255], [1, 2, 3]]]
    assert not made.exists()


def test_picture_of_another_size_is_not_copied(pictures: list[Labelled]) -> None:
    wrong = Labelled(pictures[0].path, (), (200, 300))
    with pytest.raises(SystemExit, match="200 x 300"), copies([pictures[0], wrong]):
        pytest.fail("The copies were made all the same.")


@pytest.mark.parametrize(
    ("name", "code"), [("deface", LIKE_DEFACE), ("blurry", LIKE_BLURRY), ("veil", LIKE_VEIL)], ids=str
)
def test_black_pixels_are_covered(name: str, code: str, folder: Path, pictures: list[Labelled], tmp_path: Path) -> None:
    told = veil_program("fast") if name == "veil" else PROGRAMS[name]
    run = run_program(program(tmp_path, code), told, folder, pictures)
    first, second = run.verdicts
    assert first.faces == ((COVERED, True), (OTHER, False)) and second.faces == ((COVERED, True),)
    assert (first.spilled, first.pixels) == (0, 60_000)
    assert run.unusable == 0 and run.seconds > 0


def test_only_pure_black_is_covered(tmp_path: Path) -> None:
    pixels = np.array([[[0, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [255, 255, 255]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "result.png")
    covered = black_pixels(tmp_path / "result.png")
    assert covered is not None and covered.tolist() == [[True, False, False, False, False]]
    assert black_pixels(tmp_path / "nowhere.png") is None


def test_needless_black_is_over_redaction(folder: Path, pictures: list[Labelled], tmp_path: Path) -> None:
    code = LIKE_DEFACE.replace('.png"))', '.png"), (0, 150, 10, 170))')
    run = run_program(program(tmp_path, code), PROGRAMS["deface"], folder, pictures)
    assert [each.spilled for each in run.verdicts] == [200, 200]
    assert run.verdicts[1].faces == ((COVERED, False),)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param("target.unlink()", id="missing"),
        pytest.param("Image.new('RGB', (200, 300)).save(target)", id="turned"),
        pytest.param("target.write_bytes(target.read_bytes()[:200])", id="damaged"),
        pytest.param("target.write_text('no picture')", id="no-picture"),
    ],
)
def test_all_faces_of_an_unusable_result_are_missed(
    spoil: str, folder: Path, pictures: list[Labelled], tmp_path: Path
) -> None:
    code = f"{LIKE_BLURRY}\ntarget = Path(folder, '000000.blurry.png')\n{spoil}"
    run = run_program(program(tmp_path, code), PROGRAMS["blurry"], folder, pictures)
    assert run.unusable == 1
    first, second = run.verdicts
    assert [hit for _, hit in first.faces] == [False, False] and (first.spilled, first.pixels) == (0, 60_000)
    assert second.faces == ((COVERED, True),)


def test_failing_program_ends_the_measurement_with_one_sentence(
    folder: Path, pictures: list[Labelled], tmp_path: Path
) -> None:
    code = f"{LIKE_DEFACE}\nprint('Traceback')\nraise SystemExit('out of luck')"
    with pytest.raises(SystemExit) as caught:
        run_program(program(tmp_path, code), PROGRAMS["deface"], folder, pictures)
    said = str(caught.value)
    assert said == f"{tmp_path / 'program'} ended with exit code 1 and said 'out of luck'; nothing was measured."


def test_program_that_cannot_start_ends_the_measurement(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"cannot be started .*; nothing was measured\.$"):
        timed([tmp_path / "nowhere"])
    with pytest.raises(SystemExit, match="exit code 3 and said 'nothing'"):
        timed([program(tmp_path, "raise SystemExit(3)")])


def test_what_a_program_wrote_is_not_shown_to_the_next(folder: Path, pictures: list[Labelled], tmp_path: Path) -> None:
    litter = "Path(folder, 'more').mkdir()\nPath(folder, 'more', 'x.png').touch()\nPath(folder, 'notes').touch()"
    for _ in range(2):  # the second would fail to make its folder
        run_program(program(tmp_path, f"{LIKE_DEFACE}\n{litter}"), PROGRAMS["deface"], folder, pictures)


@pytest.mark.model
def test_the_real_command_covers_the_copies(tmp_path: Path) -> None:
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "photo.png")  # type: ignore[no-untyped-call]
    face = Face(Box(195, 80, 255, 160))
    pictures = [Labelled(tmp_path / "photo.png", (face,), (512, 512))]
    with copies(pictures) as made:
        run = run_program(veil_path(), veil_program("fast"), made, pictures)
    assert run.unusable == 0 and run.verdicts[0].faces == ((face, True),)
    assert 0 < run.verdicts[0].spilled < 512 * 512 / 10


def test_fakes_are_not_black() -> None:
    # The tests above would see nothing if the picture itself held black.
    assert np.asarray(Image.open(io.BytesIO(fakes.photo()))).min() > 0
