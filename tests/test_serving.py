from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from veil import cli
from veil.jobs import opening
from veil.web import server

TOKEN = "a-token-of-the-office"


class Seen:
    """What the commands hand on, instead of serving."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.opened: dict[str, Any] = {}
        self.doors: Any = None
        self.worker: dict[str, Any] = {}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    seen = Seen()

    @contextmanager
    def open_studio(folder: Path | None, **how: Any) -> Iterator[object]:
        seen.folder, seen.opened = folder, how
        yield object()

    def serve(studio: object, doors: object, *, ready: Any) -> None:
        seen.doors = doors
        ready("http://127.0.0.1:8000")

    def run_worker(broker: str, folder: Path, **how: Any) -> None:
        seen.worker = {"broker": broker, "folder": folder, **how}

    monkeypatch.setattr(opening, "open_studio", open_studio)
    monkeypatch.setattr(opening, "run_worker", run_worker)
    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.delenv("VEIL_TOKEN", raising=False)
    monkeypatch.delenv("VEIL_BROKER", raising=False)
    return seen


def veil(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(cli.main, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


def test_without_flags_the_studio_is_for_this_computer_and_keeps_nothing(seen: Seen) -> None:
    said = veil("serve").output
    assert "open at http://127.0.0.1:8000" in said and "every file in it is deleted" in said
    assert seen.doors == server.Doors("127.0.0.1", 8000)
    assert (seen.folder, seen.opened["broker"], seen.opened["caching"]) == (None, "", True)
    limits = seen.opened["limits"]
    assert (limits.upload_bytes, limits.photos, limits.keep_seconds) == (4_000_000_000, 500, 3600)
    assert seen.opened["workers"] >= 1


def test_flags_are_handed_on(seen: Seen, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    said = veil(
        "serve", "--host", "0.0.0.0", "--port", 9000, "--token-file", tmp_path / "token", "--store", tmp_path / "store",
        "--public-name", "veil.example", "--public-name", "10.0.0.5", "--proxy", "10.0.0.1", "--workers", 3,
        "--queue", "celery", "--broker", "redis://localhost", "--keep-seconds", 60, "--max-upload", 5,
        "--max-photos", 7, "--max-megapixels", 12, "--no-cache",
    ).output  # fmt: skip
    assert "deleted then" not in said and TOKEN not in said
    assert seen.doors == server.Doors("0.0.0.0", 9000, TOKEN, ("veil.example", "10.0.0.5"), "10.0.0.1")
    assert seen.folder == tmp_path / "store"
    assert (seen.opened["broker"], seen.opened["workers"], seen.opened["caching"]) == ("redis://localhost", 3, False)
    limits = seen.opened["limits"]
    assert (limits.upload_bytes, limits.photos, limits.keep_seconds) == (5_000_000, 7, 60)
    assert seen.opened["options"].max_megapixels == 12


def test_the_token_comes_from_the_environment_too(seen: Seen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VEIL_TOKEN", TOKEN)
    veil("serve", "--host", "0.0.0.0")
    assert seen.doors.token == TOKEN
    monkeypatch.setenv("VEIL_TOKEN", "")
    assert "VEIL_TOKEN" in veil("serve", "--host", "0.0.0.0", code=2).output


def test_other_hosts_without_a_token_are_refused_before_anything_is_opened(seen: Seen) -> None:
    said = veil("serve", "--host", "0.0.0.0", code=2).output
    assert "not started" in said and "--token-file" in said
    assert seen.opened == {}


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_token_file_that_holds_none_is_refused(seen: Seen, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    assert "not started" in veil("serve", "--token-file", tmp_path / "token", code=2).output
    assert seen.opened == {}


@pytest.mark.parametrize("flags", [[], ["--broker", "redis://x"], ["--store", "here"]])
def test_celery_needs_a_broker_and_a_folder(seen: Seen, flags: list[str]) -> None:
    assert "--broker" in veil("serve", "--queue", "celery", *flags, code=2).output
    assert seen.opened == {}


def test_a_broker_in_the_environment_does_no_harm(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEIL_BROKER", "redis://localhost")
    veil("serve")
    assert seen.opened["broker"] == ""


def test_a_worker_is_started(seen: Seen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    veil("worker", "--broker", "redis://localhost", "--store", tmp_path, "--workers", 2, "--no-cache")
    assert (seen.worker["broker"], seen.worker["folder"], seen.worker["workers"]) == ("redis://localhost", tmp_path, 2)
    assert (seen.worker["caching"], seen.worker["limits"].keep_seconds) == (False, 3600)
    monkeypatch.setenv("VEIL_BROKER", "redis://elsewhere")
    veil("worker", "--store", tmp_path)
    assert seen.worker["broker"] == "redis://elsewhere"


@pytest.mark.parametrize("flags", [[], ["--broker", "redis://x"], ["--store", "here"]])
def test_a_worker_needs_a_broker_and_a_folder(seen: Seen, flags: list[str]) -> None:
    assert "Missing option" in veil("worker", *flags, code=2).output


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_examples_are_shown(command: str) -> None:
    assert f"veil {command}" in veil(command, "--help").output.split("Examples:")[1]
