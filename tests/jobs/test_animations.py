"""Animations in the studio: shown, stepped through and decided on as videos are."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.footage import Actor, Film
from tests.jobs.conftest import BOX, ME, accept, folder_of, names, tools
from tests.jobs.films import FILM, FRAMES, WALKER, animated
from tests.jobs.loads import crashing, silent, spotting
from tests.test_pipeline import file_of
from veil import pipeline
from veil import plan as plans
from veil.errors import JobError, NoSuchPhotoError, UsageError
from veil.jobs import steps, videos
from veil.jobs.job import Film as Known
from veil.jobs.job import Job, JobState
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.work import work
from veil.media.image import open_picture
from veil.media.video import open_video
from veil.types import Box, Kind, Pixels, Shape

UNEVEN = (40, 2000, 20) * 10
"""Milliseconds: as different as those of animations are."""


def worked(store: Store, data: bytes, load: Any = spotting) -> Job:
    job = accept(store, data)
    work(store, job.id, tools(load))
    return folder_of(store, job).read()


@pytest.fixture
def animation(store: Store) -> Job:
    return worked(store, animated())


def pixels_of(data: bytes) -> Pixels:
    with open_picture(data) as picture:
        return next(iter(picture.frames())).pixels


def inside(place: Box) -> tuple[slice, slice]:
    return slice(int(place.top) + 5, int(place.bottom) - 5), slice(int(place.left) + 5, int(place.right) - 5)


@pytest.mark.parametrize("format", ["webp", "png", "gif"])
def test_an_animation_is_looked_at_shown_and_covered(store: Store, format: str) -> None:
    job = worked(store, animated(format=format, durations=UNEVEN))
    folder = folder_of(store, job)
    assert (job.kind, job.problem) == (Kind.ANIMATION, None)
    assert job.film == Known(320, 240, 20.6, 0, 0, frames=FRAMES, shown=job.film.shown if job.film else 0)
    with open_video(folder.screening) as copy:
        shown = list(copy.frames())
        assert (copy.facts.width, copy.facts.height, copy.facts.sound) == (320, 240, ())
    times = videos.read_times(folder).seconds
    assert [float(frame.time) for frame in shown] == pytest.approx(times, abs=1e-4)
    assert times == pytest.approx([sum(UNEVEN[:index]) / 1000 for index in range(FRAMES)])
    assert shown[-1].duration == Fraction(20, 1000)
    for index in (0, 15, FRAMES - 1):
        assert np.abs(shown[index].pixels.astype(int) - FILM.picture(index)).mean() < 8
    with open_picture(folder.result(job.orders[0].revision, job.orders[0].key)) as result:
        frames = list(result.frames())
    assert [frame.duration for frame in frames] == [Fraction(each, 1000) for each in UNEVEN]
    for index, frame in enumerate(frames):
        if place := WALKER.place(index):
            assert frame.pixels[inside(place)].max() < 30


def test_single_frames_are_shown_as_they_are_and_covered(studio: Studio, animation: Job) -> None:
    for index in (0, 13, FRAMES - 1):
        shown = pixels_of(studio.frame(ME, animation.id, index).data)
        assert np.abs(shown.astype(int) - FILM.picture(index)).mean() < 6
        place = WALKER.place(index)
        if place is not None:
            covered = pixels_of(studio.frame(ME, animation.id, index, BOX).data)
            assert covered[inside(place)].max() < 30
            assert np.abs(covered[180:].astype(int) - FILM.picture(index)[180:]).mean() < 8
    with pytest.raises(UsageError, match="from 0 to 29"):
        studio.frame(ME, animation.id, FRAMES)
    plan, _ = studio.plan(ME, animation.id)
    bare = pixels_of(studio.frame(ME, animation.id, 13, BOX, replace(plan, regions=())).data)
    assert np.abs(bare.astype(int) - FILM.picture(13)).mean() < 8


def test_a_face_is_shown_at_its_best_moment(studio: Studio, animation: Job) -> None:
    (region,) = studio.plan(ME, animation.id)[0].regions
    assert region.track is not None
    face = pixels_of(studio.face(ME, animation.id, region.track).data).astype(int)
    middle = face[64:128, 64:128]
    assert (np.minimum(middle[..., 0], middle[..., 2]) > 2 * middle[..., 1] - 20).mean() > 0.9
    with pytest.raises(UsageError, match="Nobody has the number 9"):
        studio.face(ME, animation.id, 9)


def test_faces_of_a_large_animation_are_cut_from_smaller_stills(
    store: Store, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = steps.small
    monkeypatch.setattr(steps, "small", lambda pixels: small(pixels, 160))
    job = worked(store, animated())
    monkeypatch.undo()
    (region,) = studio.plan(ME, job.id)[0].regions
    face = pixels_of(studio.face(ME, job.id, region.track or 0).data).astype(int)
    middle = face[64:128, 64:128]
    assert (np.minimum(middle[..., 0], middle[..., 2]) > 2 * middle[..., 1] - 20).mean() > 0.9


def test_the_preview_shows_the_frame_with_most_faces(store: Store, studio: Studio) -> None:
    late = Film((Actor(2, 28, 30, 60, (4, 2)), Actor(22, 28, 250, 100)), FRAMES, cuts=(22,))
    job = worked(store, animated(late))
    assert job.film is not None and job.film.shown == 22
    preview = pixels_of(folder_of(store, job).preview.read_bytes())
    assert np.abs(preview.astype(int) - late.picture(22)).mean() < 6
    covered = pixels_of(studio.preview(ME, job.id, BOX).data)
    for actor in late.actors:
        place = actor.place(22)
        assert place is not None
        assert covered[inside(place)].max() < 30


def test_an_area_is_followed_from_where_it_was_drawn(store: Store, studio: Studio) -> None:
    job = worked(store, animated(), load=silent)
    box = WALKER.place(10)
    assert box is not None
    assert studio.follow(ME, job.id, 10, box, "box").plan is None
    work(store, job.id, tools(crashing))  # no face is looked for
    followed = studio.follow(ME, job.id, 10, box, "box")
    assert followed.problem is None and followed.plan is not None
    (region,) = followed.plan.regions
    assert region.shape is Shape.BOX
    for frame in (4, 10, 20):
        place = WALKER.place(frame)
        (here,) = plans.to_cover(followed.plan, frame)
        assert place is not None
        assert here.box == pytest.approx(place, abs=6)


def test_sound_is_not_to_be_had(studio: Studio, animation: Job) -> None:
    with pytest.raises(JobError, match="A picture has no sound"):
        studio.try_out(ME, animation.id, replace(BOX, voice="beep"))


def test_many_regions_of_slides_can_be_saved(store: Store, studio: Studio, animation: Job) -> None:
    plan, revision = studio.plan(ME, animation.id)
    many = tuple(replace(plan.regions[0], track=number) for number in range(studio.limits.regions + 1))
    assert studio.put_plan(ME, animation.id, replace(plan, regions=many), revision).tally.covered == len(many)


def test_what_was_made_of_it_outlives_a_killed_worker(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = accept(store, animated())
    folder = folder_of(store, job)
    find = pipeline.find

    def killed(*args: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "find", killed)
    with pytest.raises(KeyboardInterrupt):
        work(store, job.id, tools(spotting))
    written = folder.screening.stat().st_ino, folder.stills.stat().st_ino
    monkeypatch.setattr(pipeline, "find", find)
    work(store, job.id, tools(spotting))
    assert (folder.screening.stat().st_ino, folder.stills.stat().st_ino) == written
    assert folder.read().tally.covered == 1


def test_a_deleted_animation_leaves_nothing_and_shows_nothing(store: Store, studio: Studio, animation: Job) -> None:
    folder = folder_of(store, animation)
    assert {"stills", "screening", "times"} <= names(folder.path)
    studio.frame(ME, animation.id, 3)
    studio.delete(ME, animation.id)
    assert not folder.path.exists()
    with pytest.raises(NoSuchPhotoError):
        studio.frame(ME, animation.id, 3)


def test_pages_are_not_played(store: Store, studio: Studio) -> None:
    job = worked(store, file_of(FILM.picture(3), FILM.picture(9), format="TIFF"))
    assert (job.kind, job.film, job.state) == (Kind.PAGES, None, JobState.DONE)
    with pytest.raises(JobError, match="neither a video nor an animation"):
        studio.times(ME, job.id)
