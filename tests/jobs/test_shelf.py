import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.jobs.conftest import BOX, ME, OTHER, accept, folder_of, tools
from tests.jobs.films import CROWD, FILM, FRAMES, WALKER, filmed
from tests.jobs.loads import crashing, spotting
from veil import pipeline_video
from veil import plan as plans
from veil.errors import JobError, NoSuchPhotoError, PlanError, UsageError
from veil.jobs import shelf
from veil.jobs.job import Job
from veil.jobs.steps import Preview
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.work import work
from veil.media.files import Opener
from veil.media.image import open_picture
from veil.media.video import Video, open_video
from veil.types import Box, Key, Pixels, Shape, Span


@pytest.fixture
def video(store: Store) -> Job:
    job = accept(store, filmed())
    work(store, job.id, tools(spotting))
    return folder_of(store, job).read()


def pixels_of(preview: Preview) -> Pixels:
    with open_picture(preview.data) as picture:
        return next(iter(picture.frames())).pixels


@pytest.mark.parametrize("index", [0, 13, FRAMES - 1])
def test_a_frame_is_shown_as_it_is(studio: Studio, video: Job, index: int) -> None:
    shown = pixels_of(studio.frame(ME, video.id, index))
    assert np.abs(shown.astype(int) - FILM.picture(index)).mean() < 6


def test_a_covered_frame_is_that_of_the_result(studio: Studio, video: Job, store: Store) -> None:
    plan, _ = studio.plan(ME, video.id)
    for index in (2, 15):
        place = WALKER.place(index)
        assert place is not None
        with open_video(folder_of(store, video).original) as opened:
            frame = list(opened.frames())[index]
            exact = pipeline_video.cover_frame(frame, plans.to_cover(plan, index), BOX).pixels
        covered = pixels_of(studio.frame(ME, video.id, index, BOX))
        assert np.abs(covered.astype(int) - exact).mean() < 3
        inner = slice(int(place.top) + 5, int(place.bottom) - 5), slice(int(place.left) + 5, int(place.right) - 5)
        assert covered[inner].max() < 30


def test_unsaved_changes_are_shown_in_the_frames_they_are_about(studio: Studio, video: Job) -> None:
    plan, _ = studio.plan(ME, video.id)
    drawn = plans.drawn(Box(200, 150, 300, 230), Shape.BOX, Span(5, 8))
    changed = replace(plan, regions=(drawn,))
    for index, there in ((4, False), (5, True), (7, True), (8, False)):
        covered = pixels_of(studio.frame(ME, video.id, index, BOX, changed))
        assert (covered[155:225, 205:295].max() < 30) == there
        place = WALKER.place(index)
        assert place is not None
        assert covered[int(place.top) + 10, int(place.left) + 10].max() > 40, "the face is no longer covered"


def test_plans_of_others_and_frames_that_are_not_there_are_refused(studio: Studio, video: Job) -> None:
    plan, _ = studio.plan(ME, video.id)
    with pytest.raises(PlanError):
        studio.frame(ME, video.id, 0, BOX, replace(plan, picture=replace(plan.picture, sha256="0" * 64)))
    for index in (FRAMES, -1):
        with pytest.raises(UsageError, match="no frame"):
            studio.frame(ME, video.id, index)
    with pytest.raises(NoSuchPhotoError):
        studio.frame(OTHER, video.id, 0)


def test_frames_can_be_seen_before_faces_are_known(studio: Studio, store: Store) -> None:
    job = accept(store, filmed())
    with pytest.raises(JobError, match="still being read"):
        studio.frame(ME, job.id, 0)
    work(store, job.id, tools(crashing))
    assert studio.frame(ME, job.id, 3).format == "jpeg"
    with pytest.raises(Exception, match="crash"):
        studio.frame(ME, job.id, 3, BOX)


def test_a_video_is_opened_once_and_never_hashed_again(
    studio: Studio, video: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = open_video

    def counting(path: Path, **how: object) -> Video:
        opened.append(str(how["sha256"]))
        return real(path, **how)  # type: ignore[arg-type]

    monkeypatch.setattr("veil.media.video.open_video", counting)
    for index in (3, 4, 5):
        studio.frame(ME, video.id, index)
    assert video.picture is not None
    assert opened == [video.picture.sha256]


def test_the_shelf_forgets_what_nobody_looked_at_for_long(
    studio: Studio, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "VIDEOS", 1)
    kept = shelf.Shelf(Opener())
    folders = []
    for film in (FILM, FILM._replace(frames=20)):
        job = accept(store, filmed(film))
        work(store, job.id, tools(spotting))
        folders.append(folder_of(store, job))
    first = kept.take(folders[0], folders[0].read())
    assert kept.take(folders[0], folders[0].read()) is first
    kept.take(folders[1], folders[1].read())
    assert kept.take(folders[0], folders[0].read()) is not first


def test_a_face_is_cut_out_where_it_is_largest_and_was_seen(studio: Studio, video: Job, store: Store) -> None:
    plan, _ = studio.plan(ME, video.id)
    (region,) = plan.regions
    assert region.track is not None
    picture = pixels_of(studio.face(ME, video.id, region.track))
    assert picture.shape == (192, 192, 3)
    red, green, _ = picture[96, 96].astype(int)
    assert red > 2 * green, "the magenta face is in the middle"
    with pytest.raises(UsageError, match="Nobody"):
        studio.face(ME, video.id, 99)
    with pytest.raises(NoSuchPhotoError):
        studio.face(OTHER, video.id, region.track)
    assert (folder_of(store, video).path / f"face-{region.track}").exists()


def test_the_best_moment_is_one_at_which_the_face_was_seen(studio: Studio, video: Job) -> None:
    plan, _ = studio.plan(ME, video.id)
    seconds = [frame / 10 for frame in range(100)]
    keys = tuple(
        Key(frame, Box(0, 0, side, side))
        for frame, side in ((0, 90), (6, 90), (20, 60), (40, 50), (60, 70), (94, 90), (99, 90))
    )
    region = replace(plan.regions[0], keys=keys, doubtful=(Span(55, 65),))
    assert shelf.best_moment(region, plan.picture, seconds) == keys[2]
    assert shelf.best_moment(replace(region, doubtful=()), plan.picture, seconds) == keys[4]
    assert shelf.best_moment(replace(region, doubtful=(Span(0, 100),)), plan.picture, seconds) == keys[4]
    outside = (*keys[:4], Key(60, Box(-60, 0, 10, 70)), *keys[5:])
    assert shelf.best_moment(replace(region, keys=outside, doubtful=()), plan.picture, seconds) == keys[2]
    short = (Key(10, Box(0, 0, 40, 40)), Key(14, Box(8, 0, 48, 40)))
    assert shelf.best_moment(replace(region, keys=short), plan.picture, seconds) == Key(12, Box(4, 0, 44, 40))


@pytest.mark.parametrize(
    ("box", "corner"),
    [
        (Box(100, 100, 140, 140), (98, 98)),
        (Box(-30, -10, 10, 30), (0, 0)),
        (Box(300, 220, 340, 260), (276, 196)),
        (Box(-1000, -1000, 1320, 1000), (40, 0)),
    ],
)
def test_what_is_cut_out_is_square_and_in_the_picture(box: Box, corner: tuple[int, int]) -> None:
    rows, columns = np.mgrid[0:240, 0:320]
    pixels = np.stack([columns % 256, rows, columns // 256], axis=2).astype(np.uint8)
    part = shelf.cut_out(pixels, box)
    assert part.shape == (192, 192, 3)
    left, top = int(part[0, 0, 0]) + 256 * int(part[0, 0, 2]), int(part[0, 0, 1])
    assert abs(left - corner[0]) <= 1
    assert abs(top - corner[1]) <= 1


def test_faces_seen_best_soon_after_are_cut_out_too(
    studio: Studio, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = accept(store, filmed(CROWD))
    work(store, job.id, tools(spotting))
    plan, _ = studio.plan(ME, job.id)
    seconds = studio.times(ME, job.id)
    moments = {region.track: shelf.best_moment(region, plan.picture, seconds) for region in plan.regions}
    first, second = sorted(plan.regions, key=lambda region: moments[region.track].frame)
    assert first.track is not None
    assert second.track is not None
    reads: list[int] = []
    frames = Video.frames

    def counting(self: Video, start: int = 0, pts: int | None = None) -> Any:
        reads.append(start)
        return frames(self, start, pts)

    monkeypatch.setattr(Video, "frames", counting)
    studio.face(ME, job.id, first.track)
    studio.face(ME, job.id, second.track)
    studio.face(ME, job.id, first.track)
    assert reads == [moments[first.track].frame]


def test_a_video_deleted_meanwhile_is_gone(studio: Studio, video: Job, store: Store) -> None:
    folder = folder_of(store, video)
    kept = shelf.Shelf(Opener())
    kept.take(folder, video)
    studio.delete(ME, video.id)
    with pytest.raises(NoSuchPhotoError):
        kept.frame(folder, video, 0, None, BOX)
    with pytest.raises(NoSuchPhotoError):
        shelf.Shelf(Opener()).frame(folder, video, 0, None, BOX)


def test_a_frame_is_no_larger_than_a_preview() -> None:
    from veil.jobs import steps

    preview = steps.small(np.zeros((100, 3200, 3), np.uint8))
    with open_picture(io.BytesIO(preview.data).getvalue()) as picture:
        assert (picture.facts.width, picture.facts.height) == (1600, 50)
