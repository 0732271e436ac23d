"""The pages about the studio hold: examples run, commands are understood, and what is shipped leads nowhere."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests import fakes
from tests.jobs.films import FRAMES, WALKER, filmed
from tests.jobs.test_sounds import recorded
from tests.media.sounds import load
from tests.test_docs import BLOCK
from tests.web.test_server import served
from veil import cli
from veil.media.image import open_picture
from veil.media.video import open_video
from veil.types import Pixels
from veil.web import archive, events, server
from veil.web.access import FAILURES
from veil.web.operations import REFUSALS

ROOT = Path(__file__).parents[2]
REST, OFFICE = ((ROOT / "docs" / name).read_text("utf-8") for name in ("rest.md", "office.md"))
FACE = (slice(40, 80), slice(100, 130))


def blocks(page: str, language: str) -> list[str]:
    return [code for name, code in BLOCK.findall(page) if name == language]


def pixels_of(file: Path) -> Pixels:
    with open_picture(file) as picture:
        return next(iter(picture.frames())).pixels


@pytest.fixture
def party(tmp_path: Path) -> Path:
    """A folder with the photo that the page speaks of; what it holds counts, not its name."""
    (tmp_path / "party.jpg").write_bytes(fakes.photo(FACE))
    return tmp_path


@pytest.mark.parametrize("program", [["sh", "-eu", "-c"], [sys.executable, "-c"]], ids=["curl", "python"])
def test_the_examples_run(party: Path, tmp_path_factory: pytest.TempPathFactory, program: list[str]) -> None:
    code = blocks(REST, "bash" if program[0] == "sh" else "py")[0]
    with served(tmp_path_factory.mktemp("served")) as (_, address):
        code = code.replace("http://127.0.0.1:8000", address)
        done = subprocess.run([*program, code], cwd=party, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    covered = (pixels_of(party / "safe.jpg")[FACE] != fakes.MAGENTA).any(axis=2)
    assert covered.all() if program[0] == "sh" else not covered.any()


def test_the_example_of_a_video_runs(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (tmp_path / "talk.mp4").write_bytes(filmed())
    with served(tmp_path_factory.mktemp("served")) as (_, address):
        code = blocks(REST, "bash")[1].replace("http://127.0.0.1:8000", address)
        done = subprocess.run(["sh", "-eu", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with open_video(tmp_path / "safe.mp4") as video:
        frames = [frame.pixels for frame in video.frames()]
    assert len(frames) == FRAMES
    for index in (5, 10, 20):
        place = WALKER.place(index)
        assert place is not None
        inner = slice(int(place.top) + 8, int(place.bottom) - 8), slice(int(place.left) + 8, int(place.right) - 8)
        assert frames[index][inner].max() < 40, "the area that was followed is covered"


def test_the_example_of_a_sound_file_runs(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (tmp_path / "interview.wav").write_bytes(recorded())
    with served(tmp_path_factory.mktemp("served")) as (_, address):
        code = blocks(REST, "bash")[2].replace("http://127.0.0.1:8000", address)
        done = subprocess.run(["sh", "-eu", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (original, shape), (safe, same) = load(tmp_path / "interview.wav"), load(tmp_path / "safe.wav")
    assert (safe.shape, same) == (original.shape, shape)
    assert json.loads((tmp_path / "report.json").read_text())["altered"]["stretches"] == 1
    before, after = (load(tmp_path / f"{which}.wav")[0] for which in ("before", "after"))
    assert before.shape == after.shape
    assert (before != after).any()


def test_every_status_and_no_other_is_explained() -> None:
    told = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", REST, re.M) for code in row.split(",")}
    assert told == set(REFUSALS)


def test_the_figures_are_those_of_the_code() -> None:
    words = {3: "three", 5: "five", 8: "eight"}
    page = " ".join(OFFICE.split())
    assert f"It has {server.THREADS} threads" in page
    assert f"limited to {events.STREAMS}" in page and f"limited to {archive.ARCHIVES}" in page
    assert f"So {server.SMALL_REQUESTS} are always left" in page
    assert f"After {words[FAILURES]} wrong" in page and f"After {words[FAILURES]} wrong" in REST
    rest = " ".join(REST.split())
    assert f"more than {events.STREAMS} listeners, or more than {words[events.STREAMS_A_SESSION]} in" in rest


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8")))


@pytest.mark.parametrize("name", ["server", "worker"])
def test_compose_starts_what_there_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = compose()["services"][name]
    monkeypatch.setenv("VEIL_BROKER", service["environment"]["VEIL_BROKER"])
    program, command, *arguments = shlex.split(service["command"])
    assert program == "veil"
    veil = cli.main.make_context("veil", [], resilient_parsing=True)
    cli.main.commands[command].make_context(command, arguments, parent=veil)


def test_compose_leads_nowhere() -> None:
    whole = compose()
    assert whole["networks"]["inside"]["internal"] is True
    for name, service in whole["services"].items():
        assert service.get("networks") == (["inside", "front"] if name == "server" else ["inside"])
        assert service.get("ports", []) == (["127.0.0.1:8000:8000"] if name == "server" else [])
        assert service["cap_drop"] == ["ALL"] and service["read_only"] is True
    assert whole["services"]["server"]["environment"]["VEIL_TOKEN"].startswith("${VEIL_TOKEN:?")


def test_compose_gives_nobody_more_than_they_need() -> None:
    whole = compose()
    for service in whole["services"].values():
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["pids_limit"] <= 512 and service["cpus"] <= 4 and service["mem_limit"] in ("256m", "6g")
        assert [each.split(":")[0] for each in service["tmpfs"]] == ["/tmp"]
        assert "privileged" not in service and "cap_add" not in service and "devices" not in service
        assert service.get("volumes", ["store:/store"]) == ["store:/store"]


def instructions() -> list[tuple[str, str]]:
    """The instructions of the last stage of the Dockerfile, and what follows each."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [(name, rest) for name, rest in lines]
    return pairs[max(at for at, (name, _) in enumerate(pairs) if name == "FROM") :]


def test_the_image_does_not_run_as_root_and_tells_whether_it_works() -> None:
    said = instructions()
    (user,) = (rest for name, rest in said if name == "USER")
    assert int(user) > 0
    assert any(f"--uid {user} veil" in rest for name, rest in said if name == "RUN")
    (health,) = (rest for name, rest in said if name == "HEALTHCHECK")
    python, flag, program = json.loads(health[health.index("CMD") + 3 :])
    assert (python, flag) == ("python", "-c")
    compile(program, "health", "exec")
    assert "/health" in program


def test_what_the_image_is_made_of_is_let_in() -> None:
    let_in = (ROOT / ".dockerignore").read_text("utf-8").split()
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    ]
    for name in copied:
        assert (ROOT / name).exists() and f"!{name}" in let_in


def test_the_steps_of_the_image_work_without_a_container(tmp_path: Path) -> None:
    """All but fetching packages: they are those of this environment."""
    source, folder = tmp_path / "source", tmp_path / "veil"
    source.mkdir()
    for name in ("src", "pyproject.toml", "README.md", "LICENSE", "requirements-dev.lock"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    offline = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    environment = os.environ | offline | {"PYTHONPATH": sysconfig.get_path("purelib")}

    def step(*words: object) -> None:
        command = ["sh", str(ROOT / "scripts/build_image.sh"), *map(str, words)]
        subprocess.run(command, check=True, env=environment, capture_output=True, cwd=tmp_path, timeout=300)

    step("install", source, folder)
    step("trim", folder)
    step("store", tmp_path / "store")
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700
    assert not list(folder.glob("lib/*/site-packages/pip"))
    told = subprocess.run(
        [folder / "bin/veil", "--version"], check=True, env=environment, capture_output=True, text=True
    )
    assert "veil" in told.stdout
    assert list(folder.glob("lib/*/site-packages/veil/models/centerface.onnx"))
