import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.footage import TICK, UNIT, spotter
from tests.jobs.conftest import BOX, accept, folder_of, names, tools
from tests.jobs.films import CROWD, EMPTY, FILM, FRAMES, WALKER, filmed
from tests.jobs.loads import crashing, spotting
from tests.media.clips import shown
from veil import pipeline
from veil import plan as plans
from veil.cache import PlanCache
from veil.jobs import videos
from veil.jobs.folder import JobFolder
from veil.jobs.job import Film as Known
from veil.jobs.job import Job, JobState
from veil.jobs.limits import Limits
from veil.jobs.reels import VideoReel
from veil.jobs.store import Store
from veil.jobs.work import Tools, work
from veil.media.image import open_picture
from veil.media.video import Video, open_video
from veil.options import Options
from veil.types import Box, Kind, Pixels, Plan, Region, Shape, Span

LOSSLESS = replace(BOX, quality=100)


def worked(store: Store, data: bytes, using: Tools | None = None, options: Options = LOSSLESS) -> tuple[Job, JobFolder]:
    job = accept(store, data, options=options)
    work(store, job.id, using or tools(spotting))
    folder = folder_of(store, job)
    return folder.read(), folder


def result_of(job: Job, folder: JobFolder) -> Path:
    return folder.result(job.orders[0].revision, job.orders[0].key)


def pixels_of(path: Path) -> list[Pixels]:
    with open_video(path) as video:
        return [frame.pixels for frame in video.frames()]


def preview_of(folder: JobFolder) -> Pixels:
    with open_picture(folder.preview) as picture:
        return next(iter(picture.frames())).pixels


def test_a_video_is_looked_at_shown_and_covered(store: Store) -> None:
    job, folder = worked(store, filmed())
    assert (job.state, job.attempts, job.problem, job.extension) == (JobState.REVIEW, 0, None, ".mp4")
    assert (job.kind, job.tally.covered) == (Kind.VIDEO, 1)
    assert job.film == Known(320, 240, 1.2, 0, 0, frames=FRAMES, shown=job.film.shown if job.film else 0)
    assert job.picture is not None
    assert job.picture.frames == FRAMES
    plan = folder.read_plan(job.revision)
    before, after = pixels_of(folder.original), pixels_of(result_of(job, folder))
    assert len(after) == FRAMES
    for index, (one, other) in enumerate(zip(before, after, strict=True)):
        place = WALKER.place(index)
        if place is not None:
            inner = slice(int(place.top) + 4, int(place.bottom) - 4), slice(int(place.left) + 4, int(place.right) - 4)
            assert (other[inner] < 40).all()
        covered = np.zeros(one.shape[:2], bool)
        for region in plans.to_cover(plan, index):
            left, top, right, bottom = (int(side) for side in region.box)
            covered[max(top - 2, 0) : bottom + 4, max(left - 2, 0) : right + 4] = True
        assert np.abs(one.astype(int) - other)[~covered].max() < 60
    with open_video(result_of(job, folder)) as video:
        assert video.facts.sha256 == job.orders[0].sha256


def test_the_result_is_what_the_pipeline_makes(store: Store, tmp_path: Path) -> None:
    job, folder = worked(store, filmed())
    stream = io.BytesIO()
    with open_video(folder.original) as video:
        plan, report = pipeline.anonymise(video, spotter(), stream, LOSSLESS)
    assert folder.read_plan(job.revision) == plan
    assert result_of(job, folder).read_bytes() == stream.getvalue()
    assert job.orders[0].dropped == report.dropped


def test_the_copy_to_look_at_has_the_same_frames_at_the_same_times(store: Store) -> None:
    uneven = tuple(TICK * at for at in (7, 8, 9, 12, 13, *range(20, 44), 60))
    _, folder = worked(store, filmed(FILM, ".mp4", uneven))
    times = videos.read_times(folder)
    assert [(pts - times.pts[0]) * times.unit for pts in times.pts] == [(at - uneven[0]) * UNIT for at in uneven]
    assert times.seconds[:3] == [0, 0.04, 0.08]
    copied = folder.screening.rename(folder.path / "copied.mp4")
    assert shown(copied).times == [(at - uneven[0]) * UNIT for at in uneven]
    for one, other in zip(pixels_of(folder.original), pixels_of(copied), strict=True):
        assert np.abs(one.astype(int) - other).mean() < 8


def test_the_copy_comes_before_the_search_and_the_record_tells(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, ...]] = []
    find = pipeline.find

    def looking(video: Any, *args: Any) -> Plan:
        job = folder.read()
        seen.append((job.kind, job.picture, job.film and job.film.frames, folder.preview.exists()))
        assert len(videos.read_times(folder).pts) == FRAMES
        return find(video, *args)

    monkeypatch.setattr(pipeline, "find", looking)
    job = accept(store, filmed())
    folder = folder_of(store, job)
    assert job.kind is Kind.VIDEO
    work(store, job.id, tools(spotting))
    assert seen == [(Kind.VIDEO, None, FRAMES, True)]


def test_the_preview_shows_the_frame_with_most_faces(store: Store) -> None:
    job, folder = worked(store, filmed(CROWD))
    assert job.film is not None
    plan = folder.read_plan(job.revision)
    assert len([one for one in plan.regions if one.frames and job.film.shown in range(*one.frames)]) == 2
    with open_video(folder.original) as video:
        frame = list(video.frames())[job.film.shown]
        assert np.abs(preview_of(folder).astype(int) - frame.pixels).mean() < 4


def test_nothing_found_in_a_video_wants_a_person(store: Store) -> None:
    job, folder = worked(store, filmed(EMPTY))
    assert (job.state, job.tally.nothing_found) == (JobState.REVIEW, True)
    assert result_of(job, folder).exists()
    assert folder.preview.exists()


@pytest.mark.parametrize(
    "broken", [filmed()[:3000], b"\x1a\x45\xdf\xa3" + bytes(100), filmed()[:60]], ids=["cut", "empty-mkv", "head"]
)
def test_a_bad_video_fails_alone_with_a_plain_sentence(store: Store, broken: bytes) -> None:
    job, folder = worked(store, broken)
    assert (job.state, job.attempts, job.wants_work) == (JobState.FAILED, 0, False)
    assert job.problem is not None
    assert isinstance(job.problem.error(), ValueError)
    assert names(folder.path) == {"original", "job.json", "seen"}


def test_a_failing_detector_leaves_no_plan_and_no_result(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a word of how far the work is, which is noted after each frame here."""
    monkeypatch.setattr("veil.jobs.progress.EVERY_SECONDS", 0)
    job, folder = worked(store, filmed(), tools(crashing))
    assert job.state is JobState.FAILED
    assert names(folder.path) == {"original", "job.json", "seen", "preview", "times", "screening"}
    again, _ = worked(store, filmed())
    assert (again.id, again.state) == (job.id, JobState.REVIEW)
    assert again.film is not None
    assert again.film.frames == FRAMES


def test_a_video_seen_before_is_not_searched_again(store: Store) -> None:
    cache = PlanCache(store.path / "cache", store.secret)
    first, _ = worked(store, filmed(), tools(spotting, cache))
    store.delete(first.owner, first.id)
    again, folder = worked(store, filmed(), tools(crashing, cache))
    assert again.revision == first.revision
    assert result_of(again, folder).exists()


def test_progress_counts_the_copy_the_search_and_the_result(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.jobs.progress.EVERY_SECONDS", 0)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(JobFolder, "note_progress", lambda self, done, total: told.append((done, total)))
    worked(store, filmed())
    assert told == [(done, 3 * FRAMES) for done in range(1, 3 * FRAMES)]


def test_a_video_that_does_not_say_how_long_it_is_is_counted_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("veil.jobs.progress.EVERY_SECONDS", 0)
    monkeypatch.setattr(VideoReel, "estimated", 0)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(JobFolder, "note_progress", lambda self, done, total: told.append((done, total)))
    worked(store, filmed())
    assert told == [(done, 3 * FRAMES) for done in range(FRAMES + 1, 3 * FRAMES)]


@pytest.mark.parametrize("when", ["screening", "find", "cover"])
def test_a_video_deleted_while_it_is_worked_on_leaves_nothing(
    store: Store, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = accept(store, filmed())
    room, name = {"screening": (Video, "write_screening"), "find": (pipeline, "find"), "cover": (pipeline, "cover")}[
        when
    ]
    real = getattr(room, name)

    def delete_first(*args: Any) -> Any:
        store.delete(job.owner, job.id)
        return real(*args)

    monkeypatch.setattr(room, name, delete_first)
    work(store, job.id, tools(spotting))
    assert not list(store.folders())
    assert not any(store.trash.iterdir())


def test_a_process_that_ends_gives_the_video_back_with_its_copy(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    using = tools(spotting)
    find = pipeline.find

    def stopping(*args: Any) -> Plan:
        using.stopping.set()
        return find(*args)

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "find", stopping)
        job, folder = worked(store, filmed(), using)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    made = folder.screening.stat()
    work(store, job.id, tools(spotting))
    assert folder.read().state is JobState.REVIEW
    assert folder.screening.stat().st_ino == made.st_ino


def test_a_video_with_too_many_frames_fails_before_it_is_looked_at(store: Store) -> None:
    store.limits = Limits(free_bytes=0, frames=FRAMES - 1)
    job, folder = worked(store, filmed(), tools(crashing))
    assert job.problem is not None
    assert job.problem.kind == "TooLargeError"
    assert not folder.screening.exists()
    store.limits = Limits(free_bytes=0, frames=FRAMES)
    assert worked(store, filmed())[0].state is JobState.REVIEW


@pytest.mark.parametrize(("looks", "files"), [(10, set()), (FRAMES + 10, {"times", "screening"})])
def test_a_disk_that_fills_up_on_the_way_is_left_some_room(
    store: Store, monkeypatch: pytest.MonkeyPatch, looks: int, files: set[str]
) -> None:
    monkeypatch.setattr("veil.jobs.progress.EVERY_SECONDS", 0)
    left = [1 << 40] * looks
    job = accept(store, filmed())
    store.limits = Limits(free_bytes=1)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=left.pop() if left else 0, total=9))
    work(store, job.id, tools(spotting))
    folder = folder_of(store, job)
    failed = folder.read()
    assert failed.state is JobState.FAILED
    assert failed.problem is not None
    assert failed.problem.kind == "NoSpaceError"
    assert names(folder.path) == {"original", "job.json", "seen", "preview"} | files


def region(first: int, stop: int) -> Region:
    return plans.drawn(Box(0, 0, 9, 9), Shape.BOX, Span(first, stop))


@pytest.mark.parametrize(
    ("spans", "fullest"),
    [([], None), ([(3, 5)], 3), ([(0, 9), (4, 6), (5, 7)], 5), ([(0, 3), (3, 6)], 0)],
)
def test_the_fullest_frame(spans: list[tuple[int, int]], fullest: int | None, store: Store) -> None:
    job, folder = worked(store, filmed(EMPTY))
    plan = folder.read_plan(job.revision)
    assert videos.fullest_frame(replace(plan, regions=tuple(region(*span) for span in spans))) == fullest
