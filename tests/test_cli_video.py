"""The command line with videos of painted faces: files, exit codes, what is printed."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests import fakes
from tests.footage import Actor, Film, Spotting, screened, shoot, spotter
from tests.media.clips import Sound, heard, make_clip
from tests.test_pipeline_video import assert_covered
from veil import pipeline_video
from veil import plan as plans
from veil.cli import main
from veil.detect import Finder
from veil.media.video import open_video
from veil.types import Span, State

FILM = Film([Actor(0, 20, 8, 20, by=(3, 1))], 20)
GREEN = ("--style", "solid", "--color", "00c800", "--shape", "box", "--quality", "100", "--preset", "ultrafast")


@pytest.fixture(autouse=True)
def painted_models(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Finder]]:
    """Replace the models; the list may be given another finder."""
    finders = [spotter()]
    monkeypatch.setattr("veil.detect.load", lambda profile, streams=1: finders[-1])
    yield finders


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """A video with a face that walks through it."""
    return shoot(FILM, tmp_path / "walk.mp4")


def veil(*arguments: Any, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_run_covers_every_frame_and_leaves_the_input(walk: Path) -> None:
    before = walk.read_bytes()
    result = veil("run", walk, *GREEN)
    target = walk.with_name("walk.veiled.mp4")
    veil("find", walk, "--shape", "box")
    assert_covered(FILM, walk, target, plans.from_json(walk.with_name("walk.plan.json").read_text()))
    assert walk.read_bytes() == before
    assert result.stdout == f"{target}: 1 area covered.\n"


def test_what_is_not_in_the_result_is_said(tmp_path: Path, painted_models: list[Finder]) -> None:
    painted_models.append(fakes.finder(fakes.Silent()))
    source = make_clip(tmp_path / "in.mp4", sounds=[Sound()], metadata={"title": "Ada"})
    result = veil("run", source, "--preset", "ultrafast")
    assert result.stdout.endswith(": nothing found, please look; without sound, metadata.\n")
    assert not heard(tmp_path / "in.veiled.mp4")
    veil("run", source, "--preset", "ultrafast", "--voice", "keep", "--overwrite")
    assert heard(tmp_path / "in.veiled.mp4") == heard(source)


def test_a_folder_may_hold_pictures_and_videos(walk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    walk.rename(folder / "deep/walk.mp4")
    Image.new("RGB", (60, 40), (90, 90, 90)).save(folder / "wall.png")
    (folder / "broken.mkv").write_bytes(b"text")
    result = veil("run", folder, "-o", tmp_path / "out", "--report", tmp_path / "report.json", *GREEN, code=1)
    assert {path.name for path in (tmp_path / "out").rglob("*.*")} == {"walk.mp4", "wall.png"}
    assert "broken.mkv: The file is neither a picture nor a video" in result.output
    told = {each["picture"]["kind"]: each for each in json.loads((tmp_path / "report.json").read_text())["pictures"]}
    assert (told["video"]["covered"], told["video"]["picture"]["frames"], told["video"]["doubtful"]) == (1, 20, 0)
    assert told["video"]["dropped"] == [] and told["still"]["nothing_found"]


@pytest.mark.parametrize("command", ["run", "find"])
def test_videos_are_worked_on_one_after_the_other(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (tmp_path / "in").mkdir(exist_ok=True)
        shoot(Film([], 4), tmp_path / f"in/{number}.mp4")
    at_work: list[int] = []
    watch = pipeline_video._watch

    def watching(*arguments: Any) -> Any:
        at_work.append(1)
        assert len(at_work) == 1
        watched = watch(*arguments)
        at_work.pop()
        return watched

    monkeypatch.setattr("veil.cli._workers", lambda tasks, profile: 3)
    monkeypatch.setattr(pipeline_video, "_watch", watching)
    veil(command, tmp_path / "in", "-o", tmp_path / "out", "--quiet")
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_what_wants_a_look_and_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    shoot(Film([Actor(0, 11, 80, 60)], 40), tmp_path / "in/lost.mp4")
    make_clip(tmp_path / "in/heard.mp4", sounds=[Sound()])
    lines = [line.strip() for line in veil("run", tmp_path / "in", *GREEN).output.splitlines()]
    assert lines[lines.index("Faces covered for a while without being seen, please look:") + 1].endswith("lost.mp4")
    assert "Not in the results of videos: sound." in lines


@pytest.mark.parametrize(
    ("arguments", "name", "container"),
    [
        ((), "walk.veiled.mp4", "mp4"),
        (("--format", "mkv"), "walk.veiled.mkv", "mkv"),
        (("-o", "{folder}/safe.mov"), "safe.mov", "mov"),
    ],
)
def test_the_container_is_the_inputs_own_or_the_one_asked_for(
    arguments: tuple[str, ...], name: str, container: str, walk: Path
) -> None:
    veil("run", walk, *(each.format(folder=walk.parent) for each in arguments), *GREEN)
    with open_video(walk.with_name(name)) as video:
        assert video.facts.container == container


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("--format", "png"), 1, "does not write videos as 'png'"),
        (("--format", "webm", "--codec", "h264"), 1, "does not hold h264"),
        (("-o", "{folder}/safe.xyz"), 2, "'.xyz'"),
        (("-o", "{folder}/walk.mp4", "--overwrite"), 1, "would replace the input"),
        (("--voice", "whisper"), 2, "voice"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_and_leaves_nothing(
    arguments: tuple[str, ...], code: int, reason: str, walk: Path
) -> None:
    before = walk.read_bytes()
    assert reason in veil("run", walk, *(each.format(folder=walk.parent) for each in arguments), code=code).output
    assert [path.name for path in walk.parent.iterdir()] == ["walk.mp4"] and walk.read_bytes() == before


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_damaged_video_is_refused_and_leaves_nothing(cut: float, walk: Path) -> None:
    data = walk.read_bytes()
    walk.write_bytes(data[: int(len(data) * cut)])
    veil("run", walk, code=1)
    assert [path.name for path in walk.parent.iterdir()] == ["walk.mp4"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, KeyError])
@pytest.mark.parametrize("place", ["find", "cover"])
def test_nothing_is_left_half_written(
    error: type[BaseException], place: str, walk: Path, painted_models: list[Finder], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    if place == "find":
        monkeypatch.setattr(Spotting, "detect", fail)
    else:
        monkeypatch.setattr("veil.pipeline_video.redact_planes", fail)
    veil("run", walk, code=130 if error is KeyboardInterrupt else 1)
    assert [path.name for path in walk.parent.iterdir()] == ["walk.mp4"]


ENDING = """
import os, resource, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from tests.footage import spotter
from veil import cli, detect, pipeline_video
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have their background jobs ignore it
last, number, room = map(int, sys.argv[1:4])
steps, stopping, shutdown = [], threading.Event(), ThreadPoolExecutor.shutdown
def shutting_down(*arguments, **more):
    stopping.set()
    shutdown(*arguments, **more)
ThreadPoolExecutor.shutdown = shutting_down
def counted(function):
    def ending(*arguments, **more):
        steps.append(1)
        if len(steps) == last:
            os.kill(os.getpid(), number)
            stopping.wait()  # until the main thread has noticed
            if number != signal.SIGINT:
                os.kill(os.getpid(), number)  # a terminal that is closed and its shell both tell
        return function(*arguments, **more)
    return ending
pipeline_video.Watcher.see = counted(pipeline_video.Watcher.see)
pipeline_video.cover_frame = counted(pipeline_video.cover_frame)
detect.load = lambda profile, streams=1: spotter()
if room:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
sys.argv[:4] = ["veil"]
cli.start()
"""
NEVER = 10**6


def run_until(step: int, number: int, source: Path, *, room: int = 0) -> subprocess.CompletedProcess[str]:
    """Run veil in a process of its own that gets a signal at a step: one for each frame seen and each one covered."""
    words = [str(step), str(int(number)), str(room), "run", str(source), *GREEN]
    command = [sys.executable, "-c", ENDING, *words]
    return subprocess.run(command, check=False, cwd=Path(__file__).parents[1], capture_output=True, text=True)


def kill_while_writing(source: Path) -> None:
    assert run_until(FILM.frames + 9, signal.SIGKILL, source).returncode == -signal.SIGKILL


@pytest.mark.parametrize("step", [1, 7, 20, 21, 33, 40])
def test_after_kill_9_at_any_moment_the_next_run_makes_the_same_file_and_leaves_nothing_else(
    step: int, walk: Path
) -> None:
    target = walk.with_name("walk.veiled.mp4")
    veil("run", walk, *GREEN)
    expected = target.read_bytes()
    target.unlink()
    assert run_until(step, signal.SIGKILL, walk).returncode == -signal.SIGKILL
    assert not target.exists()
    veil("run", walk, *GREEN)
    assert target.read_bytes() == expected
    assert sorted(path.name for path in walk.parent.iterdir()) == ["walk.mp4", "walk.veiled.mp4"]


@pytest.mark.parametrize(
    ("step", "number"),
    [
        (1, signal.SIGINT),
        (7, signal.SIGTERM),
        (21, signal.SIGINT),
        (33, signal.SIGINT),
        (33, signal.SIGTERM),
        (33, signal.SIGHUP),
    ],
)
def test_whoever_ends_it_at_any_moment_leaves_nothing(step: int, number: signal.Signals, walk: Path) -> None:
    ended = run_until(step, number, walk)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "veil: stopped; finished results were kept and nothing is left half-written.\n"
    assert [path.name for path in walk.parent.iterdir()] == ["walk.mp4"]


def test_a_closed_terminal_does_not_end_what_was_started_to_outlive_it() -> None:
    code = """
import signal, sys
from veil import cli
signal.signal(signal.SIGHUP, signal.SIG_IGN)
sys.argv = ["veil", "--version"]
try:
    cli.start()
finally:
    print(signal.getsignal(signal.SIGHUP).name)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "SIG_IGN"


@pytest.mark.parametrize("room", [100, 20_000])
def test_a_disk_that_fills_up_is_said_in_one_sentence_and_leaves_nothing(room: int, walk: Path) -> None:
    """The plan does not fit, or the video does not."""
    ended = run_until(NEVER, signal.SIGTERM, walk, room=room)
    assert ended.returncode == 1 and "could not be written (File too large)" in ended.stderr
    assert "Traceback" not in ended.stderr and ended.stdout == ""
    assert [path.name for path in walk.parent.iterdir()] == ["walk.mp4"]


def test_kill_9_leaves_no_result_and_the_next_run_goes_on_from_the_plan(
    walk: Path, painted_models: list[Finder], tmp_path: Path
) -> None:
    target = walk.with_name("walk.veiled.mp4")
    kill_while_writing(walk)
    assert not target.exists()
    assert {path.suffix for path in walk.parent.iterdir() if path.name.startswith(".")} == {".part", ".plan"}
    blind = Spotting()
    painted_models.append(spotter(blind))
    veil("run", walk, *GREEN)
    assert not blind.looks and not list(walk.parent.glob(".*"))
    veil("find", walk, "--shape", "box")
    assert_covered(FILM, walk, target, plans.from_json(walk.with_name("walk.plan.json").read_text()))


@pytest.mark.parametrize("other", [("--grow", "2"), ("-o", "{folder}/other.mp4")])
def test_the_plan_of_a_killed_run_is_for_the_same_run_only(
    other: tuple[str, ...], walk: Path, painted_models: list[Finder]
) -> None:
    kill_while_writing(walk)
    looking = Spotting()
    painted_models.append(spotter(looking))
    veil("run", walk, *GREEN, *(each.format(folder=walk.parent) for each in other))
    assert looking.looks


def test_a_damaged_plan_of_a_killed_run_is_made_anew(walk: Path, painted_models: list[Finder]) -> None:
    kill_while_writing(walk)
    (left,) = walk.parent.glob(".*.plan")
    left.write_bytes(left.read_bytes()[:-20])
    veil("run", walk, *GREEN)
    assert not left.exists() and len(screened(walk.with_name("walk.veiled.mp4"))) == FILM.frames


def test_find_then_cover_makes_what_run_makes(walk: Path, tmp_path: Path) -> None:
    veil("run", walk, "-o", tmp_path / "once.mp4", *GREEN)
    veil("find", walk, "-o", tmp_path / "plan.json", "--shape", "box")
    covering = [each for each in GREEN if each not in ("--shape", "box")]
    veil("cover", walk, "--plan", tmp_path / "plan.json", "-o", tmp_path / "twice.mp4", *covering)
    assert (tmp_path / "once.mp4").read_bytes() == (tmp_path / "twice.mp4").read_bytes()


def test_the_library_takes_videos_as_files(walk: Path, tmp_path: Path, painted_models: list[Finder]) -> None:
    from veil import Options, anonymise, cover, find
    from veil.errors import UnsupportedError

    options = Options(style="solid", color=(0, 200, 0), shape="box", quality=100, preset="ultrafast")
    once, twice = tmp_path / "once.mp4", tmp_path / "twice.mp4"
    report = anonymise(walk, options, output=once)
    plan = find(str(walk), options)
    assert cover(walk, plan, options, output=twice) == report and once.read_bytes() == twice.read_bytes()
    assert_covered(FILM, walk, once, plan)
    with pytest.raises(UnsupportedError, match="looks like a video"):
        find(walk.read_bytes())


def test_progress_counts_frames(walk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from veil import console

    seen: list[int] = []
    watch: Callable[..., Any] = console.watch

    def spying(outcomes: Any, total: int, ticks: Any) -> Any:
        yield from watch(outcomes, total, ticks)
        seen.append(ticks.count)

    monkeypatch.setattr(console, "watch", spying)
    veil("run", walk, *GREEN)
    assert seen == [2 * FILM.frames]


def test_a_person_can_be_kept_by_changing_the_plan(tmp_path: Path) -> None:
    film = Film([Actor(0, 20, 8, 20, by=(3, 1)), Actor(0, 20, 250, 170)], 20)
    source, target, plan_file = shoot(film, tmp_path / "in.mp4"), tmp_path / "out.mp4", tmp_path / "plan.json"
    veil("find", source, "--shape", "box", "-o", plan_file)
    lines = plan_file.read_text().splitlines()
    (kept,) = [number for number, line in enumerate(lines) if '"track": 1,' in line]
    lines[kept] = lines[kept].replace('"state": "covered"', '"state": "kept"')
    plan_file.write_text("\n".join(lines))
    plan = plans.from_json(plan_file.read_text())
    result = veil("cover", source, "--plan", plan_file, "-o", target, *GREEN[:4], *GREEN[6:])
    assert result.stdout == f"{target}: 1 area covered.\n"
    (left,) = [region for region in plan.regions if region.state is State.KEPT]
    actors = [each for each in film.actors if (each.x < 100) != (left.box.left < 100)]
    assert_covered(film._replace(actors=actors), source, target, plan)


def test_areas_with_times(walk: Path, tmp_path: Path, painted_models: list[Finder]) -> None:
    painted_models.append(fakes.finder(fakes.Silent()))
    box = FILM.actors[0].place(10)
    assert box
    where = ",".join(f"{side:g}" for side in box)
    target = walk.with_name("walk.veiled.mp4")
    veil("run", walk, *GREEN, "--region", f"{where}@0.4,follow", "--region", "200,200,220,220@0:00.2-0.4")
    veil("find", walk, "--shape", "box", "--region", f"{where}@0.4,follow", "--region", "200,200,220,220@0:00.2-0.4")
    plan = plans.from_json(walk.with_name("walk.plan.json").read_text())
    assert [region.frames for region in plan.regions] == [Span(0, 20), Span(5, 10)]
    assert_covered(FILM._replace(actors=[]), walk, target, plan)


@pytest.mark.parametrize(
    ("region", "code", "said"),
    [
        ("1,2,3,4@2-1", 2, "'1,2,3,4@2-1' is not an area; END must be later than START"),
        ("1,2,3,4@9-", 1, "The area 1,2,3,4 begins at 9 s, after the end at"),
        ("900,2,903,4@0,follow", 1, "The area 900,2,903,4 lies outside of the picture"),
    ],
)
def test_areas_that_cannot_be_are_one_sentence(walk: Path, region: str, code: int, said: str) -> None:
    assert said in veil("run", walk, "--region", region, code=code).output
    assert not walk.with_name("walk.veiled.mp4").exists()
