"""Every example does what it says: exactly with a painted face, and as a program of its own with the real models."""

import ast
import io
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests import fakes

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
SMALL, LARGE, DOUBTFUL = (
    (slice(20, 50), slice(30, 60)),
    (slice(90, 150), slice(180, 240)),
    (slice(120, 150), slice(40, 70)),
)


@pytest.fixture(autouse=True)
def painted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Find painted faces, except in tests with the real models."""
    if request.node.get_closest_marker("model") is None:
        monkeypatch.setattr("veil.detect.load", lambda profile, streams=1: fakes.finder())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Return a photo with a small, a large and a doubtful face."""
    path = tmp_path / "photo.png"
    path.write_bytes(fakes.photo(SMALL, LARGE, doubtful=(DOUBTFUL,)))
    return path


def run(name: str, *arguments: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run an example as the program it is, in this process."""
    script = next(path for path in EXAMPLES if path.stem == name)
    monkeypatch.setattr(sys, "argv", [str(script), *map(str, arguments)])
    runpy.run_path(str(script), run_name="__main__")


def read(source: Path | bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        return np.asarray(image.convert("RGB"))


def shows(pixels: NDArray[np.uint8], colour: tuple[int, int, int]) -> bool:
    return bool((pixels == colour).all(axis=2).any())


def untouched(pixels: NDArray[np.uint8], before: Path, place: tuple[slice, slice]) -> bool:
    return np.array_equal(pixels[place], read(before)[place])


def test_one_photo(photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    result = photo.with_name("safe.png")
    run("cover_one_photo", photo, result, monkeypatch=monkeypatch)
    assert not shows(read(result), fakes.MAGENTA)
    assert untouched(read(result), photo, DOUBTFUL)
    assert capsys.readouterr().out.splitlines() == [
        "Faces covered: 2",
        "Perhaps faces, left visible: 1. Please look at the photo.",
    ]


def test_one_photo_without_a_face_asks_for_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.png").write_bytes(fakes.photo())
    run("cover_one_photo", tmp_path / "empty.png", tmp_path / "safe.png", monkeypatch=monkeypatch)
    assert "No face was found" in capsys.readouterr().out


def test_one_photo_is_never_written_over_another(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = photo.read_bytes()
    with pytest.raises(SystemExit, match="replace the input"):
        run("cover_one_photo", photo, photo, monkeypatch=monkeypatch)
    assert photo.read_bytes() == before


def test_review_keeps_the_largest_face_and_covers_the_others(
    photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = photo.with_name("safe.png")
    run("review_plan", photo, result, monkeypatch=monkeypatch)
    pixels = read(result)
    assert untouched(pixels, photo, LARGE)
    assert not shows(pixels[SMALL], fakes.MAGENTA)
    assert not shows(pixels, fakes.ORANGE)
    assert capsys.readouterr().out == "Faces covered: 2, left visible: 1\n"


def test_folder_goes_on_past_a_bad_file(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.png").write_bytes(photo.read_bytes()[:100])
    (tmp_path / "clear.png").write_bytes(fakes.photo(SMALL))
    with pytest.raises(SystemExit) as ended:
        run("cover_folder", tmp_path, tmp_path / "safe", monkeypatch=monkeypatch)
    assert ended.value.code == 1
    assert sorted(path.name for path in (tmp_path / "safe").iterdir()) == ["clear.png", "photo.png"]
    assert not any(shows(read(path), fakes.MAGENTA) for path in (tmp_path / "safe").iterdir())
    broken, clear, reviewed = capsys.readouterr().out.splitlines()
    assert broken.startswith("FAILED broken.png: ")
    assert [clear, reviewed] == ["done clear.png: 1 faces", "review photo.png: 2 faces"]


def service() -> Any:
    script = next(path for path in EXAMPLES if path.stem == "cover_upload")
    return runpy.run_path(str(script))["create_app"]().test_client()


def test_upload_is_answered_with_the_covered_photo(photo: Path) -> None:
    answer = service().post("/", data=photo.read_bytes())
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert not shows(read(answer.data), fakes.MAGENTA)
    assert untouched(read(answer.data), photo, DOUBTFUL)


@pytest.mark.parametrize(
    ("data", "status"), [pytest.param(b"hello", 415, id="not-a-picture"), pytest.param(None, 422, id="cut-short")]
)
def test_upload_that_cannot_be_read_is_refused(photo: Path, data: bytes | None, status: int) -> None:
    answer = service().post("/", data=data or photo.read_bytes()[:100])
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")


def test_drawn_area_is_covered_to_the_pixel(
    photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = photo.with_name("safe.png")
    run("draw_an_area", photo, result, 40, 160, 120, 180, monkeypatch=monkeypatch)
    pixels = read(result)
    assert (pixels[160:180, 40:120] == 40).all()
    frame = pixels[158:182, 38:122].copy()
    frame[2:-2, 2:-2] = 200
    assert (frame == 200).all()
    assert not shows(pixels, fakes.MAGENTA)
    assert capsys.readouterr().out == "Faces covered: 2, areas drawn by hand: 1\n"


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_short_and_documented(script: Path) -> None:
    text = script.read_text("utf-8")
    assert len(text.splitlines()) < 40
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.model
@pytest.mark.parametrize("name", ["cover_one_photo", "review_plan", "draw_an_area"])
def test_programs_run_with_the_real_models(name: str, tmp_path: Path) -> None:
    import skimage.data

    photo, result = tmp_path / "astronaut.png", tmp_path / "safe.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)  # type: ignore[no-untyped-call]
    script = next(path for path in EXAMPLES if path.stem == name)
    plate = ["300", "400", "340", "420"] if name == "draw_an_area" else []
    done = subprocess.run([sys.executable, script, photo, result, *plate], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    changed = (read(photo) != read(result)).any(axis=2)
    assert changed[110, 225] == (name != "review_plan")  # the astronaut's nose
    assert changed[410, 320] == (name == "draw_an_area")
    assert not changed[480:, :].any()
