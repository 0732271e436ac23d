"""With a real redis-server and real workers, some of which are killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.jobs import loads
from tests.jobs.conftest import BOX, ME, photo, until
from tests.jobs.films import filmed
from tests.jobs.test_sounds import BEEP, recorded
from tests.jobs.test_studio import submit
from veil.errors import UsageError
from veil.jobs import keeper
from veil.jobs.celery import LATER, SOON, make_app
from veil.jobs.job import JobState
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.jobs.results import ResultState
from veil.jobs.studio import Studio
from veil.options import Options
from veil.types import Box, Kind

pytestmark = pytest.mark.celery

LIMITS = Limits(free_bytes=0)
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs, and ends them at last with all that they started."""
    with ExitStack() as ending:

        def start(*command: object) -> "subprocess.Popen[bytes]":
            running = subprocess.Popen([str(part) for part in command], process_group=0)

            def end() -> None:
                if running.poll() is None:
                    os.killpg(running.pid, signal.SIGKILL)
                running.wait()

            ending.callback(end)
            return running

        yield start


@pytest.fixture
def socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redis") / "socket"  # a short path: sockets take no long ones


@pytest.fixture
def broker(socket: Path) -> str:
    return f"redis+socket://{socket}"


@pytest.fixture
def serve_redis(start: Start, socket: Path) -> Callable[[], "subprocess.Popen[bytes]"]:
    def serve() -> "subprocess.Popen[bytes]":
        server = start("redis-server", "--port", 0, "--unixsocket", socket, "--save", "", "--loglevel", "warning")
        client = redis.Redis(unix_socket_path=str(socket))

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        until(answers)
        client.close()
        return server

    return serve


@pytest.fixture
def work(start: Start, broker: str, tmp_path: Path) -> Start:
    def work(load: str = "painted") -> "subprocess.Popen[bytes]":
        return start(sys.executable, "-m", "tests.jobs.worker", broker, tmp_path / "store", load)

    return work


@pytest.fixture
def studio(broker: str, tmp_path: Path) -> Iterator[Studio]:
    with open_studio(tmp_path / "store", broker=broker, limits=LIMITS) as studio:
        yield studio


def is_done(studio: Studio) -> bool:
    return not any(job.wants_work for job in studio.jobs(ME))


def test_workers_do_what_the_server_takes(serve_redis: Callable[[], object], work: Start, studio: Studio) -> None:
    serve_redis()
    work()
    work()
    jobs = [submit(studio, photo(seed=seed)) for seed in range(5)]
    until(lambda: is_done(studio))
    assert {job.state for job in studio.jobs(ME)} == {JobState.DONE}
    wanted = Options(style="gaussian")
    assert studio.request_result(ME, jobs[0].id, wanted).state is ResultState.MAKING
    until(lambda: studio.request_result(ME, jobs[0].id, wanted).state is ResultState.READY)


def test_workers_take_videos_and_follow_areas(serve_redis: Callable[[], object], work: Start, studio: Studio) -> None:
    serve_redis()
    work("spotting")
    job = submit(studio, filmed())
    until(lambda: is_done(studio))
    (known,) = studio.jobs(ME)
    assert (known.state, known.kind) == (JobState.REVIEW, Kind.VIDEO)
    assert studio.request_result(ME, job.id, known.options).state is ResultState.READY
    area = Box(30, 60, 70, 100)
    until(lambda: studio.follow(ME, job.id, 5, area, "box").plan is not None)


def test_workers_take_sound_files_and_let_parts_be_heard(
    serve_redis: Callable[[], object], work: Start, studio: Studio
) -> None:
    serve_redis()
    work()
    job = submit(studio, recorded(), options=BEEP)
    until(lambda: is_done(studio))
    (known,) = studio.jobs(ME)
    assert (known.state, known.kind) == (JobState.DONE, Kind.SOUND)
    assert studio.request_result(ME, job.id, BEEP).state is ResultState.READY
    until(lambda: not studio.try_out(ME, job.id, BEEP).trial.waits)


def test_a_killed_worker_of_a_video_is_followed_by_another(
    serve_redis: Callable[[], object], work: Start, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(loads.GATE, str(tmp_path))
    serve_redis()
    first = work("gated")
    job = submit(studio, filmed())
    until((tmp_path / "looks").exists)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert studio.job(ME, job.id).film is not None
    (tmp_path / "go").touch()
    work("gated")
    until(lambda: is_done(studio))
    assert studio.job(ME, job.id).problem is None


def test_messages_hold_ids_alone_and_nothing_comes_back(
    serve_redis: Callable[[], object], studio: Studio, socket: Path, work: Start
) -> None:
    serve_redis()
    job = submit(studio, photo())
    client = redis.Redis(unix_socket_path=str(socket), decode_responses=True)
    until(lambda: client.llen(LATER) == 1)
    (message,) = client.lrange(LATER, 0, -1)
    told = json.loads(message)
    assert told["headers"]["argsrepr"] == f"['{job.id}']"
    for private in (ME, job.owner, job.content, "solid"):
        assert private not in message
    work()
    until(lambda: is_done(studio))
    until(lambda: not client.exists(LATER, SOON, "unacked"))
    assert [key for key in client.scan_iter() if not str(key).startswith("_kombu.binding")] == []
    client.close()


def test_the_photo_of_a_killed_worker_is_done_by_another_once(
    serve_redis: Callable[[], object],
    work: Start,
    studio: Studio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve_redis()
    monkeypatch.setenv(loads.GATE, str(tmp_path))
    looks = tmp_path / "looks"
    first = work("gated")
    job = submit(studio, photo())
    until(looks.exists)
    assert studio.job(ME, job.id).state is JobState.RUNNING
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    (tmp_path / "go").touch()
    second, third = work("gated"), work("gated")
    until(lambda: is_done(studio))
    known = studio.job(ME, job.id)
    assert (known.state, known.attempts) == (JobState.DONE, 0)
    assert len(looks.read_text().split()) == 2, "looked at once by the killed one, once by another"
    result = studio.request_result(ME, job.id, BOX)
    assert result.path is not None
    entry = result.path.with_name(f"{result.path.name}.audit")
    assert sorted(result.path.parent.iterdir()) == [result.path, entry]
    assert second.poll() is third.poll() is None


def test_a_broker_that_is_away_loses_no_photo(
    serve_redis: Callable[[], "subprocess.Popen[bytes]"], work: Start, broker: str, tmp_path: Path
) -> None:
    with open_studio(tmp_path / "store", broker=broker, limits=LIMITS) as studio:
        jobs = [submit(studio, photo(seed=seed)) for seed in range(3)]
        assert {job.state for job in studio.jobs(ME)} == {JobState.QUEUED}
    serve_redis()
    work()
    with open_studio(tmp_path / "store", broker=broker, limits=LIMITS) as studio:
        until(lambda: is_done(studio))
        assert {job.id for job in studio.jobs(ME)} == {job.id for job in jobs}
        assert {job.state for job in studio.jobs(ME)} == {JobState.DONE}


def test_a_broker_that_is_lost_and_comes_back_loses_no_photo(
    serve_redis: Callable[[], "subprocess.Popen[bytes]"],
    work: Start,
    broker: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It forgets all messages; server and worker go on running."""
    monkeypatch.setattr(keeper, "FIRST_WAIT_SECONDS", 0.5)
    monkeypatch.setattr(keeper, "TICK_SECONDS", 0.5)
    redis_server = serve_redis()
    worker = work()
    with open_studio(tmp_path / "store", broker=broker, limits=LIMITS) as studio:
        jobs = [submit(studio, photo())]
        until(lambda: is_done(studio))
        redis_server.kill()
        redis_server.wait()
        jobs += [submit(studio, photo(seed=seed)) for seed in (1, 2)]
        serve_redis()
        until(lambda: is_done(studio))
        assert {job.id for job in studio.jobs(ME)} == {job.id for job in jobs}
        assert {job.state for job in studio.jobs(ME)} == {JobState.DONE}
    assert worker.poll() is None


def test_a_worker_that_is_asked_to_end_finishes_its_photo(
    serve_redis: Callable[[], object],
    work: Start,
    studio: Studio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve_redis()
    monkeypatch.setenv(loads.GATE, str(tmp_path))
    worker = work("gated")
    submit(studio, photo())
    until((tmp_path / "looks").exists)
    worker.terminate()
    (tmp_path / "go").touch()
    assert worker.wait(60) == 0
    assert is_done(studio)


def test_nothing_but_work_goes_over_the_broker() -> None:
    conf = make_app("redis://127.0.0.1:1/0").conf
    assert conf.task_acks_late and conf.task_reject_on_worker_lost and conf.task_ignore_result
    assert not (conf.worker_enable_remote_control or conf.worker_send_task_events or conf.result_backend)
    assert (conf.worker_prefetch_multiplier, conf.accept_content) == (1, ["json"])


@pytest.mark.parametrize("url", ["", "http://h", "memory://", "sqla+sqlite:///x"])
def test_only_brokers_that_are_meant(url: str) -> None:
    with pytest.raises(UsageError):
        make_app(url)
