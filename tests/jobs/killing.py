"""Kills a process just before each thing that it does in the store, one after the other, and looks at what is left.

It runs as a program, since only one without threads can be split in two: ``python -m tests.jobs.killing WHAT FOLDER``.
After each death the next process, which nobody kills, has to set everything right. Prints the number of deaths.
"""

import io
import os
import signal
import sys
import wave
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2

from tests.footage import Film
from tests.jobs.conftest import BOX, ME, Clock, Hints, accept, folder_of, names, photo, tools
from tests.jobs.films import filmed
from tests.voice.hearing import HearsNothing
from veil import pipeline_sound, pipeline_video
from veil import plan as plans
from veil.errors import JobError
from veil.jobs import videos
from veil.jobs.folder import JobFolder
from veil.jobs.job import Job, JobState
from veil.jobs.limits import Limits
from veil.jobs.results import ResultState
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.sweep import Sweeper
from veil.jobs.work import work
from veil.media.image import open_picture
from veil.media.video import Video, open_video
from veil.options import Options
from veil.types import Box, Kind, Region, Shape

DOING = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "os.link", "fcntl.flock"})
DIED, MISTAKEN = -signal.SIGKILL, 3
LIMITS = Limits(free_bytes=0)
SHORT = Film((), 3, size=(64, 48))
TONE = Options(voice="beep", voice_in="everywhere")
AREA = Box(10, 10, 30, 30)
DRAWN = plans.drawn(Box(200, 100, 250, 150), Shape.BOX)


def stay_there(video: Video, frame: int, box: Box, *, shape: Shape, step: Callable[[], None], **more: Any) -> Region:
    step()
    return plans.drawn(box, shape)


def in_child(do: Callable[[], None]) -> int:
    """Do something in a process of its own; return its exit code, or the negative signal that ended it."""
    child = os.fork()
    if not child:
        try:
            do()
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(MISTAKEN)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die_at(number: int, folder: Path) -> None:
    """Have this process killed just before the so-manieth thing that it does below a folder."""
    left = number

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event not in DOING or not (event == "fcntl.flock" or str(arguments[0]).startswith(str(folder))):
            return
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


class Scene:
    """One store, what is done in it, and what has to be so afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()

    @property
    def store(self) -> Store:
        return Store(self.folder, LIMITS, self.clock)

    @property
    def studio(self) -> Studio:
        return Studio(self.store, Hints())

    def prepare(self) -> None:
        """Before."""

    def do(self) -> None:
        """What is killed."""

    def check(self) -> None:
        """After the next process has done what a server does when it starts."""

    def recover(self) -> None:
        store = self.store
        for job_id, _ in store.unfinished():
            work(store, job_id, tools())
        Sweeper(store, steady=Clock()).sweep()
        assert store.unfinished() == []
        assert not any(store.incoming.iterdir())
        assert not any(store.trash.iterdir())
        for job in store.all_jobs():
            check_whole(store, job.id)


def check_whole(store: Store, job_id: str) -> None:
    """A photo is done, its results are whole and by the present plan, and nothing else lies about."""
    folder = store.find(job_id)
    assert folder is not None
    if folder.read().kind is Kind.SOUND:
        return check_sound(folder)
    job, plan = folder.read_settled()
    film = job.kind is Kind.VIDEO
    assert (job.state, job.attempts) == (JobState.REVIEW if film else JobState.DONE, 0)
    assert plans.digest(plan) == job.revision
    expected = {"original", "job.json", "seen", f"plan-{job.revision}.json", f"plan-{job.found}.json"}
    if film:
        expected |= {"preview", "times", "screening", *(f"follow-{wish.key}" for wish in job.wishes)}
        check_film(folder, job)
    for order in job.orders:
        path = folder.result(order.revision, order.key)
        expected.add(f"results/{path.name}")
        assert order.revision == job.revision
        if film:
            assert sha256(path.read_bytes()).hexdigest() == order.sha256
            assert frames_of(path) == SHORT.frames
            continue
        with open_picture(path) as picture:
            assert picture.facts.sha256 == order.sha256
            pixels = next(iter(picture.frames())).pixels
        for region in plans.to_cover(plan, 0):
            left, top, right, bottom = map(int, region.box)
            assert (pixels[top:bottom, left:right] == 0).all()
    leftovers = names(folder.path) - expected
    # What was broken off may leave files that the record does not name, so that nobody sees them. They go when the
    # photo is worked on again or deleted.
    assert all(name.startswith((".aside-", "plan-", "follow-", "results/", "progress")) for name in leftovers), (
        leftovers
    )


def check_sound(folder: JobFolder) -> None:
    """A sound file has been listened to, its results are whole, and nothing else lies about."""
    job = folder.read()
    assert (job.state, job.attempts) == (JobState.REVIEW, 0)
    expected = {"original", "job.json", "seen", "hearing", "listening"}
    for trial in job.trials:
        assert trial.stretches == 1
        expected |= {f"{which}-{trial.key}" for which in ("before", "after")}
    leftovers = names(folder.path) - expected
    assert all(name.startswith((".aside-", "before-", "after-", "progress")) for name in leftovers), leftovers


def check_film(folder: JobFolder, job: Job) -> None:
    assert job.film is not None
    assert job.film.frames == len(videos.read_times(folder).pts) == SHORT.frames
    assert frames_of(folder.screening) == SHORT.frames


def frames_of(path: Path) -> int:
    with open_video(path) as video:
        return sum(1 for _ in video.frames())


class Accepting(Scene):
    def do(self) -> None:
        accept(self.store, photo())

    def check(self) -> None:
        store = self.store
        assert len(list(store.all_jobs())) <= 1
        again = accept(store, photo())  # as a client does that got no answer
        assert [job.id for job in store.all_jobs()] == [again.id]


class Working(Scene):
    def prepare(self) -> None:
        accept(self.store, photo())

    def do(self) -> None:
        store = self.store
        (job,) = store.all_jobs()
        work(store, job.id, tools())

    def check(self) -> None:
        (job,) = self.store.all_jobs()
        assert len(job.orders) == 1
        assert len(list(folder_of(self.store, job).results.iterdir())) == 1


class Looked(Scene):
    def prepare(self) -> None:
        store = self.store
        work(store, accept(store, photo()).id, tools())


class Ordering(Looked):
    def do(self) -> None:
        (job,) = self.store.all_jobs()
        wanted = replace(BOX, color=(0, 0, 0), quality=50)
        self.studio.request_result(ME, job.id, wanted)
        work(self.store, job.id, tools())

    def check(self) -> None:
        (job,) = self.store.all_jobs()
        for order in job.orders:
            assert self.studio.request_result(ME, job.id, order.options).state is ResultState.READY


class Changing(Looked):
    def do(self) -> None:
        (job,) = self.store.all_jobs()
        plan, revision = self.studio.plan(ME, job.id)
        self.studio.put_plan(ME, job.id, replace(plan, regions=(*plan.regions, DRAWN)), revision)
        self.studio.request_result(ME, job.id, BOX)
        work(self.store, job.id, tools())

    def check(self) -> None:
        (job,) = self.store.all_jobs()
        plan, revision = self.studio.plan(ME, job.id)
        assert len(plan.regions) in (1, 2)
        assert self.studio.found(ME, job.id).regions == plan.regions[:1]
        self.studio.put_plan(ME, job.id, replace(plan, regions=(DRAWN,)), revision)


class Deleting(Looked):
    def do(self) -> None:
        (job,) = self.store.all_jobs()
        self.studio.delete(ME, job.id)

    def check(self) -> None:
        for job in list(self.store.all_jobs()):
            self.studio.delete(ME, job.id)
        assert not list(self.store.all_jobs())
        assert accept(self.store, photo()).state is JobState.QUEUED


class Expiring(Looked):
    def do(self) -> None:
        self.clock.now += 3600
        sweeper = Sweeper(self.store, steady=self.clock)
        sweeper.sweep()

    def check(self) -> None:
        store = self.store
        (job,) = store.jobs(store.owner_key(ME))
        assert job.state in (JobState.DONE, JobState.EXPIRED)
        try:
            self.studio.job(ME, job.id)
        except JobError:
            assert job.state is JobState.EXPIRED
        self.do()
        assert [job.state for job in store.jobs(store.owner_key(ME))] == [JobState.EXPIRED]


class Filming(Working):
    def prepare(self) -> None:
        accept(self.store, filmed(SHORT))


class Following(Scene):
    def prepare(self) -> None:
        store = self.store
        work(store, accept(store, filmed(SHORT)).id, tools())

    def do(self) -> None:
        (job,) = self.store.all_jobs()
        self.studio.follow(ME, job.id, 1, AREA, "box")
        self.studio.frame(ME, job.id, 1)
        work(self.store, job.id, tools())

    def check(self) -> None:
        (job,) = self.store.all_jobs()
        told = self.studio.follow(ME, job.id, 1, AREA, "box")
        if job.wishes:
            assert told.plan is not None
            assert told.plan.regions[0].box == AREA
        self.studio.cancel_follow(ME, job.id, 1, AREA, "box")


class Sounding(Scene):
    def prepare(self) -> None:
        accept(self.store, hum(), options=Options())

    def do(self) -> None:
        store = self.store
        (job,) = store.all_jobs()
        work(store, job.id, tools())
        self.studio.try_out(ME, job.id, TONE, 0.0)
        work(store, job.id, tools())

    def check(self) -> None:
        (job,) = self.store.all_jobs()
        for trial in job.trials:
            assert self.studio.trial(ME, job.id, trial.key, "after").exists()


def hum() -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return stream.getvalue()


SCENES = {
    scene.__name__.lower(): scene
    for scene in (Accepting, Working, Ordering, Changing, Deleting, Expiring, Filming, Following, Sounding)
}


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    pipeline_video.follow = stay_there
    vars(pipeline_sound)["SpeechNetwork"] = HearsNothing
    cv2.setNumThreads(0)  # its threads do not come along into a child
    os.fsync = lambda fd: None  # a killed process loses nothing that it has written; only a lost disk does
    deaths = 0
    while died(SCENES[what](folder / str(deaths)), deaths + 1):
        deaths += 1
    print(deaths)


def died(scene: Scene, number: int) -> bool:
    """Have a scene's process killed before the so-manieth thing that it does, if it does so many; then look."""

    def killed() -> None:
        die_at(number, scene.folder)
        scene.do()

    def look() -> None:
        scene.recover()
        scene.check()

    assert in_child(scene.prepare) == 0
    code = in_child(killed)
    assert code in (0, DIED), code
    assert in_child(look) == 0, f"killed before the thing number {number}"
    return code == DIED


if __name__ == "__main__":
    main()
