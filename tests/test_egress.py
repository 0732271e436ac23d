"""Nothing leaves the machine: system calls of whole sessions are traced, those of libraries in C too.

The studio with a browser is watched in web/page/test_egress.py.
"""

import os
import signal
import socket
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.detect.contract import portrait
from tests.jobs.conftest import ME, until
from tests.jobs.test_studio import submit
from tests.media import sounds
from tests.watching import outside, watched
from veil.jobs.job import JobState
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio

VEIL = str(Path(sys.executable).with_name("veil"))
NOISE = np.random.default_rng(0).normal(0, 0.1, (1, 24_000)).astype(np.float32)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a photo of a face, a video with sound, and a sound file."""
    folder = tmp_path / "files"
    folder.mkdir()
    Image.fromarray(portrait()).save(folder / "photo.jpg")
    sounds.film(folder / "film.mp4", {Fraction(0): NOISE}, codec="aac", frames=10)
    sounds.save(folder / "talk.wav", NOISE, sounds.shape(24_000, 1))
    return folder


@pytest.mark.parametrize(
    ("line", "is_outside"),
    [
        ('connect(5, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = 0', True),
        ('connect(5, {sa_family=AF_INET, sin_port=htons(6379), sin_addr=inet_addr("127.0.0.1")}, 16) = 0', False),
        ('connect(5, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0', True),
        ('sendto(4, "x", 1, 0, {sa_family=AF_INET6, sin6_port=htons(9), inet_pton(AF_INET6, "::1", &a)}) = 1', False),
        ('sendto(4, "x", 1, 0, {sa_family=AF_INET6, sin6_port=htons(9), inet_pton(AF_INET6, "2001:db8::1", &a)', True),
        ('sendmmsg(4, [{msg_hdr={msg_name={sa_family=AF_INET, sin_addr=inet_addr("192.0.2.1")}}}], 2, 0)', True),
        (r'sendto(3, "\2\0\0\0\r\0\0\0\6\0\0\0hosts\0", 18, MSG_NOSIGNAL, NULL, 0) = 18', True),
        (r'sendto(3, "\2\0\0\0\16\0\0\0\20\0\0\0www.example.com\0", 28, MSG_NOSIGNAL, NULL, 0) = 28', True),
        (r'sendto(3, "\2\0\0\0\v\0\0\0\7\0\0\0passwd\0", 19, MSG_NOSIGNAL, NULL, 0) = 19', False),
        ('connect(3, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42) = 0', True),
        ('connect(3, {sa_family=AF_UNIX, sun_path="/tmp/redis"}, 13) = 0', False),
        ("socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 6", False),
        ("socket(AF_PACKET, SOCK_RAW, 768) = 6", True),
        ("connect(5, {sa_family=AF_INET, ...}, 16) = 0", True),
        ("io_uring_setup(8, 0x7ffe) = 7", True),
    ],
)
def test_what_reaches_outside_is_told_from_what_does_not(line: str, is_outside: bool) -> None:
    assert bool(outside(line)) is is_outside


def test_the_watch_sees_what_a_child_sends(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    sends = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"  # sends nothing
    starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sends!r}])"
    subprocess.run([*watched(trace), sys.executable, "-c", starts], check=True)
    (line,) = outside(trace.read_text())
    assert "192.0.2.1" in line


@pytest.mark.model
def test_the_command_line_reaches_nobody(files: Path, tmp_path: Path) -> None:
    trace, safe = tmp_path / "trace", tmp_path / "safe"
    options = ["--profile", "thorough", "--voice", "disguise", "--preset", "ultrafast"]
    command = [*watched(trace), VEIL, "run", str(files), "-o", str(safe), *options]
    subprocess.run(command, check=True, capture_output=True)
    assert sorted(path.name for path in safe.iterdir()) == ["film.mp4", "photo.jpg", "talk.wav"]
    assert outside(trace.read_text()) == []


@pytest.mark.model
@pytest.mark.celery
def test_a_worker_reaches_its_broker_alone(files: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    trace, store, broker = tmp_path / "trace", tmp_path / "store", f"redis://127.0.0.1:{port}/0"
    redis = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]
    )
    working = [VEIL, "worker", "--broker", broker, "--store", str(store), "--workers", "1"]
    worker = subprocess.Popen([*watched(trace), *working], start_new_session=True)
    try:
        with open_studio(store, broker=broker, limits=Limits(free_bytes=0)) as studio:
            for name in ("photo.jpg", "film.mp4"):
                submit(studio, (files / name).read_bytes())
            until(lambda: not any(job.wants_work for job in studio.jobs(ME)))
            assert {job.problem for job in studio.jobs(ME)} == {None}
            assert len({job.state for job in studio.jobs(ME)} - {JobState.DONE, JobState.REVIEW}) == 0
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait()
        redis.terminate()
        redis.wait()
    seen = trace.read_text()
    assert f"htons({port})" in seen, "the worker and its broker never met"
    assert outside(seen) == []
