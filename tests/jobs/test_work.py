import errno
import io
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import fakes
from tests.jobs.conftest import BOX, FACE, Clock, accept, folder_of, names, photo, tools
from tests.jobs.loads import crashing, painted, silent
from veil import pipeline
from veil.cache import PlanCache
from veil.detect import Finder
from veil.errors import DetectorError, NoSpaceError, StoppedError
from veil.jobs.endings import NO_MEMORY, UNFORESEEN
from veil.jobs.folder import JobFolder
from veil.jobs.job import Job, JobState
from veil.jobs.limits import Limits
from veil.jobs.orders import order_for
from veil.jobs.progress import Progress, Stopped
from veil.jobs.store import Store
from veil.jobs.work import Tools, work
from veil.media.image import open_picture
from veil.options import Options
from veil.types import Plan


def worked(store: Store, data: bytes, using: Tools | None = None, options: Options = BOX) -> tuple[Job, JobFolder]:
    job = accept(store, data, options=options)
    work(store, job.id, using or tools())
    folder = folder_of(store, job)
    return folder.read(), folder


def result_of(job: Job, folder: JobFolder, number: int = 0) -> Path:
    return folder.result(job.orders[number].revision, job.orders[number].key)


def animation(frames: int) -> bytes:
    pictures = [Image.fromarray(np.full((20, 30, 3), 20 * index, np.uint8)) for index in range(frames)]
    stream = io.BytesIO()
    pictures[0].save(stream, "PNG", save_all=True, append_images=pictures[1:], duration=50)
    return stream.getvalue()


def test_a_photo_is_looked_at_and_covered(store: Store) -> None:
    job, folder = worked(store, photo())
    assert (job.state, job.attempts, job.problem, job.extension) == (JobState.DONE, 0, None, ".png")
    assert job.tally.covered == 1
    assert job.found == job.revision
    with open_picture(result_of(job, folder)) as picture:
        pixels = next(iter(picture.frames())).pixels
        assert picture.facts.sha256 == job.orders[0].sha256
    assert (pixels[FACE] == 0).all()
    assert (pixels[:30] == 200).all()


def test_the_result_is_what_the_pipeline_makes(store: Store) -> None:
    job, folder = worked(store, photo(format="jpeg"))
    stream = io.BytesIO()
    with open_picture(photo(format="jpeg")) as picture:
        plan, _ = pipeline.anonymise(picture, fakes.finder(), stream, BOX)
    assert result_of(job, folder).read_bytes() == stream.getvalue()
    assert folder.read_plan(job.revision) == plan


def test_a_still_is_decoded_once_for_everything(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    once = pipeline.decoded_once

    def counting(picture: Any) -> Any:
        header = picture.header

        def told() -> Any:
            decoded.append("frame")
            return header.decode()

        picture._header = replace(header, decode=told)
        return once(picture)

    monkeypatch.setattr(pipeline, "decoded_once", counting)
    job, _ = worked(store, photo())
    assert job.state is JobState.DONE
    assert decoded == ["frame"]


def test_nothing_found_wants_a_person(store: Store) -> None:
    job, folder = worked(store, photo(), tools(silent))
    assert job.state is JobState.REVIEW
    assert job.tally.nothing_found
    assert result_of(job, folder).exists()


@pytest.mark.parametrize(
    "broken", [b"", b"%PDF-1.7", photo()[:200], photo(format="jpeg")[:600]], ids=["empty", "text", "cut", "cut-jpeg"]
)
def test_a_bad_photo_fails_alone_with_a_plain_sentence(store: Store, broken: bytes) -> None:
    job, folder = worked(store, broken)
    assert (job.state, job.attempts, job.wants_work) == (JobState.FAILED, 0, False)
    assert job.problem is not None
    assert isinstance(job.problem.error(), ValueError)
    assert names(folder.path) - {"progress"} == {"original", "job.json", "seen"}
    assert worked(store, photo())[0].state is JobState.DONE


def test_a_failing_detector_leaves_no_plan_and_no_result(store: Store) -> None:
    job, folder = worked(store, photo(), tools(crashing))
    assert job.state is JobState.FAILED
    assert job.problem is not None
    assert isinstance(job.problem.error(), DetectorError)
    assert names(folder.path) == {"original", "job.json", "seen"}


def test_models_that_cannot_be_loaded_fail_the_photo_and_are_tried_again(store: Store) -> None:
    tries: list[str] = []

    def sometimes(profile: str, *, streams: int) -> Finder:
        tries.append(profile)
        if len(tries) == 1:
            raise DetectorError("The model is damaged; nothing was written.")
        return fakes.finder()

    using = tools(sometimes)
    assert worked(store, photo(), using)[0].state is JobState.FAILED
    assert worked(store, photo(seed=1), using)[0].state is JobState.DONE
    assert worked(store, photo(seed=2), using)[0].state is JobState.DONE
    assert tries == ["balanced", "balanced"]


def test_an_unforeseen_error_fails_this_photo_alone_and_is_logged_without_its_message(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def surprise(*args: Any) -> None:
        raise RuntimeError("what is in the photo")

    monkeypatch.setattr(pipeline, "find", surprise)
    job, _ = worked(store, photo())
    assert (job.state, job.problem) == (JobState.FAILED, UNFORESEEN)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().startswith("RuntimeError at ")
    assert "what is in the photo" not in caplog.text
    caplog.clear()


def test_too_little_memory_fails_this_photo_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(*args: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(pipeline, "find", hungry)
    assert worked(store, photo())[0].problem == NO_MEMORY


def test_a_format_that_cannot_hold_the_photo_fails_the_result_alone(store: Store) -> None:
    job, folder = worked(store, animation(2), options=Options(format="jpg"))
    assert job.state is JobState.REVIEW
    assert job.orders[0].problem is not None
    assert "animation" in job.orders[0].problem.detail
    assert not any(folder.results.iterdir())


def test_too_many_pixels_fail_the_photo(store: Store) -> None:
    job, _ = worked(store, photo(), options=Options(max_megapixels=0.05))
    assert job.problem is not None
    assert job.problem.kind == "TooLargeError"


@pytest.mark.parametrize("step", ["find", "cover"])
def test_a_photo_deleted_while_it_is_worked_on_leaves_nothing(
    store: Store, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = accept(store, photo())
    real: Callable[..., Any] = getattr(pipeline, step)

    def delete_first(*args: Any) -> Any:
        store.delete(job.owner, job.id)
        return real(*args)

    monkeypatch.setattr(pipeline, step, delete_first)
    work(store, job.id, tools())
    assert not list(store.folders())
    assert not any(store.trash.iterdir())
    assert store.unfinished() == []


def test_a_photo_deleted_in_the_last_moment_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = accept(store, photo())
    save = JobFolder.save

    def delete_first(folder: JobFolder, after: Job) -> None:
        if after.orders[0].sha256:
            store.delete(job.owner, job.id)
        save(folder, after)

    monkeypatch.setattr(JobFolder, "save", delete_first)
    work(store, job.id, tools())
    assert not list(store.folders())
    assert not any(store.trash.iterdir())


def test_a_process_that_ends_gives_the_photo_back(store: Store) -> None:
    using = tools()
    using.stopping.set()
    job, folder = worked(store, photo(), using)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    work(store, job.id, tools())
    assert folder.read().state is JobState.DONE


def test_what_is_claimed_is_left_alone(store: Store) -> None:
    job = accept(store, photo())
    claim = store.claim(job.id)
    assert claim is not None
    with claim:
        work(store, job.id, tools())
        assert folder_of(store, job).read().state is JobState.QUEUED
    work(store, "0" * 32, tools())


def test_two_workers_do_the_work_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = accept(store, photo())
    finds: list[str] = []
    find = pipeline.find
    together = threading.Barrier(4)

    def counting(*args: Any) -> Plan:
        finds.append("find")
        return find(*args)

    monkeypatch.setattr(pipeline, "find", counting)

    def worker() -> None:
        together.wait(30)
        work(store, job.id, tools())

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert finds == ["find"]
    assert folder_of(store, job).read().state is JobState.DONE


def test_a_result_asked_for_in_the_last_moment_is_made(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hint may come to nothing, as the claim is still held then."""
    job = accept(store, photo())
    folder = folder_of(store, job)
    looks: list[str] = []
    look = JobFolder.look

    def ask_at_the_end(self: JobFolder) -> None:
        looks.append("look")
        if len(looks) == 2:  # the last thing that is done under the claim
            order = order_for(Options(style="gaussian"))
            folder.change(lambda known: replace(known, orders=(*known.orders, order)))
        look(self)

    monkeypatch.setattr(JobFolder, "look", ask_at_the_end)
    work(store, job.id, tools())
    known = folder.read()
    assert [order.waits for order in known.orders] == [False, False]
    assert result_of(known, folder, 1).exists()


def test_a_result_of_a_plan_that_was_changed_meanwhile_is_thrown_away(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = accept(store, photo())
    folder = folder_of(store, job)
    cover = pipeline.cover
    covered: list[int] = []

    def change_first(picture: Any, plan: Plan, *args: Any) -> Any:
        covered.append(len(plan.regions))
        if len(covered) == 1:
            empty = replace(plan, regions=())
            folder.save_plan(empty)
            folder.change(lambda known: known.with_plan(empty))
        return cover(picture, plan, *args)

    monkeypatch.setattr(pipeline, "cover", change_first)
    work(store, job.id, tools())
    known = folder.read()
    assert covered == [1, 0]
    assert known.orders[0].revision == known.revision
    assert [path.name for path in folder.results.iterdir()] == [result_of(known, folder).name]
    with open_picture(result_of(known, folder)) as picture:
        assert (next(iter(picture.frames())).pixels[FACE] == fakes.MAGENTA).all(), "as the present plan says"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing_fails_the_photo_or_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(*args: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        job = None
        with pytest.raises(NoSpaceError):
            job = accept(store, photo())
        assert job is None
    job = accept(store, photo())
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(NoSpaceError):
            work(store, job.id, tools())
    assert folder_of(store, job).read().state is JobState.QUEUED
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "cover", full)
        work(store, job.id, tools())
    known = folder_of(store, job).read()
    assert known.state is JobState.DONE
    assert known.orders[0].problem is not None
    assert known.orders[0].problem.kind == "NoSpaceError"


def test_what_was_looked_at_before_is_taken_from_the_cache(store: Store) -> None:
    cache = PlanCache(store.path / "cache", store.secret)
    first, _ = worked(store, photo(), tools(painted, cache))
    store.delete(first.owner, first.id)
    again, folder = worked(store, photo(), tools(crashing, cache))
    assert again.state is JobState.DONE
    assert again.revision == first.revision
    assert result_of(again, folder).exists()
    assert worked(store, photo(), tools(crashing, cache), Options(profile="fast"))[0].state is JobState.FAILED


def test_progress_of_many_frames_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.jobs.progress.EVERY_SECONDS", 0)
    told: list[tuple[int, int] | None] = []
    announce = JobFolder.announce

    def listening(folder: JobFolder) -> None:
        announce(folder)
        if folder.record.exists():
            told.append(folder.read().progress)

    monkeypatch.setattr(JobFolder, "announce", listening)
    job, _ = worked(store, animation(3))
    seen = [each for each in told if each is not None]
    assert sorted(set(seen)) == [(done, 9) for done in range(1, 9)], "the copy, the search and the result"
    assert job.progress is None


def test_work_that_takes_too_long_is_given_up(store: Store) -> None:
    folder = folder_of(store, accept(store, photo()))
    clock = Clock(0)
    progress = Progress(folder, threading.Event(), 60, clock)
    clock.now = 60
    progress.step()
    clock.now = 61
    with pytest.raises(StoppedError, match="took too long"):
        progress.step()


def test_a_video_may_take_long_as_long_as_it_goes_on(store: Store) -> None:
    folder = folder_of(store, accept(store, photo()))
    clock = Clock(0)
    progress = Progress(folder, threading.Event(), 60, clock, each=True)
    for _ in range(10):
        clock.now += 60
        progress.step()
    clock.now += 61
    with pytest.raises(StoppedError, match="took too long"):
        progress.step()


def test_a_photo_that_takes_too_long_fails_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", Limits(free_bytes=0, work_seconds=-1))
    job, folder = worked(store, photo())
    assert job.state is JobState.FAILED
    assert job.problem is not None
    assert job.problem.kind == "StoppedError"
    assert names(folder.results) == set()


def test_progress_is_told_now_and_then_and_never_of_stills(store: Store) -> None:
    folder = folder_of(store, accept(store, photo()))
    clock = Clock(0)
    stopping = threading.Event()
    progress = Progress(folder, stopping, clock=clock)
    progress.expect(100)
    told = []
    for frame in range(10):
        clock.now = frame * 0.25
        progress.step()
        told.append(folder.read().progress)
    assert told == [None, None, *((done, 100) for done in (3, 3, 5, 5, 7, 7, 9, 9))]
    stopping.set()
    with pytest.raises(Stopped):
        progress.step()
    still = Progress(folder, threading.Event(), clock=clock)
    still.expect(1)
    clock.now += 100
    still.step()
    assert folder.read().progress == (9, 100)
