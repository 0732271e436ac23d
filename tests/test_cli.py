"""The command line with painted faces: files, exit codes, what is printed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests import fakes
from veil import plan as plans
from veil.cli import main
from veil.detect import Finder
from veil.options import settings

Paint = Callable[..., Path]


@pytest.fixture(autouse=True)
def painted_models(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Finder]]:
    """Replace the models; the list may be given another finder."""
    finders = [fakes.finder()]
    monkeypatch.setattr("veil.detect.load", lambda profile, streams=1: finders[-1])
    yield finders


def veil(*arguments: Any, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def pixels_of(path: Path) -> Any:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def is_covered(path: Path) -> bool:
    return not (np.abs(pixels_of(path)[20:40, 30:50].astype(int) - fakes.MAGENTA) < 40).all(axis=2).any()


def no_parts(folder: Path) -> bool:
    return not list(folder.rglob("*.part"))


def test_run_covers_and_leaves_the_input(paint: Paint) -> None:
    photo = paint("party.png")
    before = photo.read_bytes()
    result = veil("run", photo)
    assert is_covered(photo.with_name("party.veiled.png"))
    assert photo.read_bytes() == before
    assert result.stdout == f"{photo.with_name('party.veiled.png')}: 1 area covered.\n"


def test_run_on_a_folder_keeps_going_past_bad_files_and_names_them(paint: Paint, tmp_path: Path) -> None:
    paint("in/a.png")
    paint("in/deep/b.png")
    (tmp_path / "in/broken.jpg").write_bytes((tmp_path / "in/deep/b.png").read_bytes()[:500])
    (tmp_path / "in/talk.mp4").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0")
    (tmp_path / "in/notes.txt").write_text("notes")
    result = veil("run", tmp_path / "in", "-o", tmp_path / "out", code=1)
    files = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files == {"a.png", "deep/b.png"}
    assert is_covered(tmp_path / "out/a.png") and is_covered(tmp_path / "out/deep/b.png")
    failed = [line for line in result.output.splitlines() if line.startswith("Failed:")]
    assert len(failed) == 2 and "broken.jpg" in failed[0] and "video" in failed[1]
    assert "Left out, not pictures, videos or results of earlier runs: 1." in result.output


def test_run_never_replaces_a_result_without_being_told_to(paint: Paint) -> None:
    photo = paint("party.png")
    target = photo.with_name("party.veiled.png")
    target.write_bytes(b"older")
    result = veil("run", photo, code=1)
    assert target.read_bytes() == b"older" and "exists and was left as it is" in result.output
    veil("run", photo, "--overwrite")
    assert is_covered(target)


def test_run_never_replaces_an_input(paint: Paint) -> None:
    photo = paint("party.png")
    before = photo.read_bytes()
    result = veil("run", photo, "-o", photo, "--overwrite", code=1)
    assert photo.read_bytes() == before and "would replace the input" in result.output


def test_an_error_leaves_no_file(paint: Paint, painted_models: list[Finder], tmp_path: Path) -> None:
    painted_models.append(fakes.finder(fakes.Crashing()))
    veil("run", paint("party.png"), "-o", tmp_path / "out.png", code=1)
    assert not (tmp_path / "out.png").exists() and no_parts(tmp_path)


def test_a_bug_in_one_picture_is_said_and_leaves_no_file(
    paint: Paint, painted_models: list[Finder], tmp_path: Path
) -> None:
    class Buggy(fakes.Painted):
        def detect(self, pixels: Any, /) -> Any:
            raise KeyError("a bug")

    painted_models.append(fakes.finder(Buggy()))
    result = veil("run", paint("party.png"), "-o", tmp_path / "out.png", code=1)
    assert "has a bug" in result.output and not (tmp_path / "out.png").exists() and no_parts(tmp_path)


def test_ctrl_c_leaves_nothing_half_written(paint: Paint, painted_models: list[Finder], tmp_path: Path) -> None:
    class Interrupting(fakes.Painted):
        def detect(self, pixels: Any, /) -> Any:
            raise KeyboardInterrupt

    painted_models.append(fakes.finder(Interrupting()))
    result = veil("run", paint("party.png"), "-o", tmp_path / "out.png", code=130)
    assert "stopped" in result.output and not (tmp_path / "out.png").exists() and no_parts(tmp_path)


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        (fakes.MAGENTA, "1 area covered."),
        (fakes.ORANGE, "0 areas covered, 1 doubtful left visible, please look."),
        (None, "nothing found, please look."),
    ],
)
def test_one_picture_is_told_in_one_line(paint: Paint, colour: tuple[int, int, int] | None, words: str) -> None:
    assert veil("run", paint("party.png", colour=colour)).stdout.endswith(f": {words}\n")


@pytest.mark.parametrize(
    ("colour", "code"),
    [
        pytest.param(fakes.MAGENTA, 0, id="all-sure"),
        pytest.param(fakes.ORANGE, 3, id="suggestions"),
        pytest.param(None, 3, id="nothing-found"),
    ],
)
def test_strict_asks_for_a_persons_eye(paint: Paint, colour: tuple[int, int, int] | None, code: int) -> None:
    photo = paint("party.png", colour=colour)
    veil("run", photo, "--strict", code=code)
    veil("run", photo, "--overwrite")
    assert photo.with_name("party.veiled.png").exists()


def test_what_wants_a_look_is_named(paint: Paint, tmp_path: Path) -> None:
    paint("in/empty.png", colour=None)
    paint("in/doubtful.png", colour=fakes.ORANGE)
    lines = [line.strip() for line in veil("run", tmp_path / "in").output.splitlines()]
    assert lines[lines.index("Nothing found, please look:") + 1].endswith("empty.png")
    assert lines[lines.index("Doubtful places left visible, please look:") + 1].endswith("doubtful.png")


def test_json_tells_each_picture(paint: Paint, tmp_path: Path) -> None:
    paint("in/a.png")
    (tmp_path / "in/b.png").write_bytes(b"")
    one, other = json.loads(veil("run", tmp_path / "in", "-o", tmp_path / "out", "--json", code=1).stdout)
    assert (one["status"], one["covered"], one["output"]) == ("done", 1, str(tmp_path / "out/a.png"))
    assert other["status"] == "failed" and "empty" in other["error"]


def test_the_report_holds_no_names(paint: Paint, tmp_path: Path) -> None:
    photo = paint("Ada-Lovelace.png")
    veil("run", photo, tmp_path / "Ada-missing.png", "-o", tmp_path / "out", "--report", tmp_path / "r.json", code=1)
    text = (tmp_path / "r.json").read_text()
    assert "Ada" not in text and str(tmp_path) not in text
    report = json.loads(text)
    assert report["failed"] == 1 and report["pictures"][0]["covered"] == 1


@pytest.mark.parametrize("name", ["party.png", "party.veiled.png", "../{folder}/party.png"])
def test_the_report_never_replaces_an_input_or_a_result(paint: Paint, tmp_path: Path, name: str) -> None:
    photo = paint("party.png")
    before = photo.read_bytes()
    report = tmp_path / name.format(folder=tmp_path.name)
    veil("run", photo, "--report", report, "--overwrite", code=1)
    assert photo.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["party.png"]


def test_quiet_prints_errors_only(paint: Paint, tmp_path: Path) -> None:
    assert veil("run", paint("party.png"), "--quiet").output == ""
    assert "missing.png" in veil("run", tmp_path / "missing.png", "--quiet", code=1).output


def test_the_name_of_the_output_decides_the_format(paint: Paint, tmp_path: Path) -> None:
    photo = paint("party.bmp")
    veil("run", photo, "-o", tmp_path / "safe.png")
    with Image.open(tmp_path / "safe.png") as picture:
        assert picture.format == "PNG"
    veil("run", photo, "-o", tmp_path / "safe.xyz", code=2)
    veil("run", photo, "-o", tmp_path / "safe.webp", "--format", "png", code=2)
    assert not (tmp_path / "safe.xyz").exists() and not (tmp_path / "safe.webp").exists()


def test_format_changes_endings_in_a_folder(paint: Paint, tmp_path: Path) -> None:
    paint("in/a.bmp")
    veil("run", tmp_path / "in", "-o", tmp_path / "out", "--format", "png", "--style", "solid", "--color", "ff00ff")
    assert (pixels_of(tmp_path / "out/a.png")[20:40, 30:50] == (255, 0, 255)).all()


def test_regions_by_hand(paint: Paint, tmp_path: Path) -> None:
    photo = paint("party.png", colour=None)
    out = tmp_path / "out.png"
    veil(
        "run", photo, "-o", out, "--region", "0,0,5,5", "--region", "70,50,80,60", "--shape", "box", "--style", "solid"
    )
    changed = (pixels_of(out) != pixels_of(photo)).any(axis=2)
    assert changed[:5, :5].all() and changed[50:, 70:].all() and changed.sum() == 25 + 100


def test_find_then_cover_makes_what_run_makes(paint: Paint, tmp_path: Path) -> None:
    photo = paint("party.png")
    veil("run", photo, "-o", tmp_path / "once.png")
    veil("find", photo, "-o", tmp_path / "plan.json")
    veil("cover", photo, "--plan", tmp_path / "plan.json", "-o", tmp_path / "twice.png")
    assert (tmp_path / "once.png").read_bytes() == (tmp_path / "twice.png").read_bytes()


def test_find_writes_a_plan_beside_the_picture(paint: Paint) -> None:
    photo = paint("party.png")
    veil("find", photo)
    text = photo.with_name("party.plan.json").read_text()
    assert "party" not in text and len(plans.from_json(text).regions) == 1


def test_find_as_json_prints_plans_and_writes_nothing(paint: Paint, tmp_path: Path) -> None:
    paint("party.png")
    (entry,) = json.loads(veil("find", tmp_path / "party.png", "--json").stdout)
    assert len(plans.from_json(json.dumps(entry["plan"])).regions) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["party.png"]


def test_cover_refuses_a_plan_for_another_picture(paint: Paint, tmp_path: Path) -> None:
    veil("find", paint("party.png"), "-o", tmp_path / "plan.json")
    other = paint("other.png", seed=1)
    result = veil("cover", other, "--plan", tmp_path / "plan.json", "-o", tmp_path / "out.png", code=1)
    assert "another picture" in result.output and not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("text", [None, "", "{}"])
def test_cover_refuses_a_bad_plan(paint: Paint, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "plan.json").write_text(text)
    code = 2 if text is None else 1
    veil("cover", paint("party.png"), "--plan", tmp_path / "plan.json", "-o", tmp_path / "out.png", code=code)
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--grow", "9"],
        ["--color", "red"],
        ["--region", "1,2,3"],
        ["--style", "blur"],
        ["--quality", "0"],
        ["--format", "psd"],
        ["--nonsense"],
    ],
)
def test_wrong_options_are_usage_errors(paint: Paint, tmp_path: Path, arguments: list[str]) -> None:
    photo = paint("party.png")
    veil("run", photo, *arguments, code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["party.png"]


@pytest.mark.parametrize("arguments", [["{long}"], ["{photo}", "-o", "{long}/o.png"], ["{photo}", "-o", "{long}.png"]])
def test_names_that_the_system_refuses_are_one_sentence(paint: Paint, tmp_path: Path, arguments: list[str]) -> None:
    photo, long = paint("party.png"), str(tmp_path / ("x" * 300))
    told = veil("run", *(each.format(photo=photo, long=long) for each in arguments), code=1).output
    assert "File name too long" in told and "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["party.png"]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("command", ["run", "find", "check"])
def test_no_name_of_a_file_acts_on_the_terminal(
    paint: Paint, command: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("veil.detect.load_second", lambda profile, streams=1: fakes.finder())
    photos = [str(paint(f"\x1b[31m{number}\x9b\u202e\u3000脸.png")) for number in range(count)]
    if command == "check":  # only what does not pass is named
        for photo in photos:
            Path(photo).write_bytes(b"")
    told = [CliRunner().invoke(main, [command, *photos]).output for _ in range(2)]  # written, and then in the way
    assert not set("".join(told)) & set("\x1b\x9b\u202e")
    assert "?[31m0??\u3000脸" in told[1]


def test_an_empty_folder_is_a_usage_error(tmp_path: Path) -> None:
    assert "no picture" in veil("run", tmp_path, code=2).output


def test_limits_can_be_set(paint: Paint, tmp_path: Path) -> None:
    result = veil("run", paint("party.png"), "-o", tmp_path / "o.png", "--max-megapixels", "0.0101")
    assert result.exit_code == 0
    big = tmp_path / "big.png"
    Image.new("RGB", (200, 100)).save(big)
    result = veil("run", big, "-o", tmp_path / "p.png", "--max-megapixels", "0.0101", code=1)
    assert "more than the limit" in result.output and not (tmp_path / "p.png").exists()


def test_the_studio_is_served_to_this_machine_only() -> None:
    veil("serve", "--host", "0.0.0.0", code=2)


@pytest.mark.parametrize("command", ["run", "find", "cover", "serve"])
def test_every_command_has_examples(command: str) -> None:
    assert f"veil {command}" in veil(command, "--help").output.split("Examples:")[1]


def test_every_setting_is_a_flag_of_run() -> None:
    shown = veil("run", "--help").output
    assert all(f"--{name.replace('_', '-')} " in shown for name in settings())


def test_help_loads_no_models_and_no_codecs() -> None:
    code = "import sys; from veil.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"openvino", "cv2", "PIL", "flask", "rich", "jsonschema_rs"} & set(loaded)
