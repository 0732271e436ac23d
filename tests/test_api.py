import doctest
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import veil
from tests import fakes
from veil import api
from veil import plan as plans
from veil.detect import Finder
from veil.errors import InputError, OutputError, PlanError, TooLargeError, UsageError

SOLID = veil.Options(style="solid", color=(0, 200, 0), shape="box", grow=1)
FACE = np.s_[20:40, 30:50]


@pytest.fixture
def finder() -> Finder:
    return fakes.finder()


def photo(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(4).integers(0, 250, (60, 80, 3), np.uint8)
    pixels[FACE] = fakes.MAGENTA
    return Image.fromarray(pixels).convert(mode)


def png() -> bytes:
    stream = io.BytesIO()
    photo().save(stream, "png")
    return stream.getvalue()


def assert_only_the_face_is_green(after: Any) -> None:
    before = np.asarray(photo())
    pixels = np.asarray(after)[..., :3]
    assert (pixels[FACE] == (0, 200, 0)).all()
    outside = np.ones((60, 80), bool)
    outside[FACE] = False
    np.testing.assert_array_equal(pixels[outside], before[outside])


def test_arrays(finder: Finder) -> None:
    before = np.asarray(photo()).copy()
    after = veil.anonymise(before, SOLID, finder=finder)
    assert_only_the_face_is_green(after)
    np.testing.assert_array_equal(before, np.asarray(photo()))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pil_pictures_keep_their_mode(finder: Finder, mode: str) -> None:
    after = veil.anonymise(photo(mode), SOLID, finder=finder)
    assert after.mode == mode
    assert_only_the_face_is_green(after)


def test_bytes(finder: Finder) -> None:
    after = veil.anonymise(png(), SOLID, finder=finder)
    with Image.open(io.BytesIO(after)) as picture:
        assert picture.format == "PNG"
        assert_only_the_face_is_green(picture)


@pytest.mark.parametrize("kind", [str, Path])
def test_files(finder: Finder, tmp_path: Path, kind: type[str] | type[Path]) -> None:
    source, output = tmp_path / "in.png", tmp_path / "out.png"
    source.write_bytes(png())
    report = veil.anonymise(kind(source), SOLID, finder=finder, output=kind(output))
    assert report.covered == 1
    with Image.open(output) as picture:
        assert_only_the_face_is_green(picture)


@pytest.mark.parametrize("kind", ["array", "pil", "bytes", "file"])
def test_find_then_cover(finder: Finder, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "in.png"
    file.write_bytes(png())
    source: Any = {"array": np.asarray(photo()), "pil": photo(), "bytes": png(), "file": file}[kind]
    plan = plans.from_json(plans.to_json(veil.find(source, SOLID, finder=finder)))
    if kind == "file":
        veil.cover(source, plan, SOLID, output=tmp_path / "out.png")
        assert_only_the_face_is_green(Image.open(tmp_path / "out.png"))
    else:
        after: Any = veil.cover(source, plan, SOLID)
        assert_only_the_face_is_green(Image.open(io.BytesIO(after)) if kind == "bytes" else after)


def test_a_plan_for_other_pixels_is_refused(finder: Finder) -> None:
    pixels = np.asarray(photo()).copy()
    plan = veil.find(pixels, SOLID, finder=finder)
    pixels[0, 0, 0] ^= 1
    with pytest.raises(PlanError):
        veil.cover(pixels, plan, SOLID)


def test_files_need_an_output_and_never_replace_anything_unasked(finder: Finder, tmp_path: Path) -> None:
    source, other = tmp_path / "in.png", tmp_path / "other.png"
    source.write_bytes(png())
    other.write_bytes(b"older")
    with pytest.raises(UsageError, match="output="):
        veil.anonymise(source, SOLID, finder=finder)  # type: ignore[call-overload]
    with pytest.raises(OutputError, match="exists"):
        veil.anonymise(source, SOLID, finder=finder, output=other)
    with pytest.raises(OutputError, match="would replace the input"):
        veil.anonymise(source, SOLID, finder=finder, output=source, overwrite=True)
    assert source.read_bytes() == png() and other.read_bytes() == b"older"
    veil.anonymise(source, SOLID, finder=finder, output=other, overwrite=True)
    assert other.read_bytes() != b"older"


def test_pictures_in_memory_take_no_output(finder: Finder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is returned"):
        veil.anonymise(png(), SOLID, finder=finder, output=tmp_path / "out.png")  # type: ignore[call-overload]


def test_errors_are_veils_and_builtin(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        veil.find(tmp_path / "missing.png")
    with pytest.raises(ValueError, match="not a picture"):
        veil.find(b"text")


def test_the_limit_holds(finder: Finder) -> None:
    stream = io.BytesIO()
    Image.new("L", (200, 100)).save(stream, "png")
    with pytest.raises(TooLargeError):
        veil.find(stream.getvalue(), veil.Options(max_megapixels=0.01), finder=finder)


def test_every_public_name_is_there() -> None:
    assert all(getattr(veil, name) for name in veil.__all__)
    with pytest.raises(AttributeError):
        veil.nonsense  # noqa: B018


@pytest.mark.model
def test_the_examples_of_the_docstrings_hold() -> None:
    results = doctest.testmod(api)
    assert (results.failed, results.attempted) == (0, 7)
