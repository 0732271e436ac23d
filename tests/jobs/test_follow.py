from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.jobs.conftest import BOX, ME, OTHER, Hints, accept, folder_of, names, tools
from tests.jobs.films import FRAMES, filmed
from tests.jobs.loads import spotting
from veil import pipeline, pipeline_video
from veil.errors import InputError, JobError, NoSuchPhotoError, UsageError
from veil.jobs.job import Job, JobState, from_json, to_json
from veil.jobs.limits import Limits
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.work import work
from veil.types import Box, Key, Region, Shape, Span, State

AREA = Box(10, 20, 60, 80)
MOVING = Region(
    box=Box(10, 20, 90, 80),
    shape=Shape.BOX,
    state=State.DRAWN,
    score=None,
    source="user",
    frames=Span(3, 10),
    keys=(Key(3, AREA), Key(9, Box(40, 20, 90, 80))),
    doubtful=(Span(8, 10),),
)


def follow(video: Any, frame: int, box: Box, *, shape: Shape, pts: Any, step: Callable[[], None]) -> Region:
    assert len(pts) == FRAMES
    for _ in range(7):
        step()
    return replace(MOVING, shape=shape)


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Areas are followed to the same places, at once."""
    monkeypatch.setattr("veil.jobs.progress.EVERY_SECONDS", 0)
    monkeypatch.setattr(pipeline_video, "follow", follow, raising=False)


@pytest.fixture
def video(store: Store) -> Job:
    job = accept(store, filmed())
    work(store, job.id, tools(spotting))
    return folder_of(store, job).read()


def test_an_area_is_followed_by_a_worker_and_told_as_a_region(
    studio: Studio, video: Job, store: Store, hints: Hints
) -> None:
    asked = studio.follow(ME, video.id, 3, AREA, "box")
    assert (asked.plan, asked.problem) == (None, None)
    assert hints.soon == [video.id]
    assert studio.follow(ME, video.id, 3, AREA, "box").plan is None
    assert hints.soon == [video.id], "the same wish"
    work(store, video.id, tools(spotting))
    told = studio.follow(ME, video.id, 3, AREA, "box")
    assert told.plan is not None
    assert told.plan.regions == (MOVING,)
    plan, revision = studio.plan(ME, video.id)
    assert revision == video.revision, "the plan is the page's to change"
    saved = studio.put_plan(ME, video.id, replace(plan, regions=(*plan.regions, *told.plan.regions)), revision)
    assert (saved.tally.drawn, saved.tally.doubtful) == (1, video.tally.doubtful + 1)
    assert not studio.job(ME, video.id).wants_work


def test_wishes_differ_by_frame_area_and_outline(studio: Studio, video: Job) -> None:
    for frame, box, shape in ((3, AREA, "box"), (4, AREA, "box"), (3, AREA, "ellipse"), (3, Box(0, 0, 9, 9), "box")):
        studio.follow(ME, video.id, frame, box, shape)
    wishes = studio.job(ME, video.id).wishes
    assert len({wish.key for wish in wishes}) == 4
    assert wishes[2].shape is Shape.ELLIPSE


def test_only_the_latest_wishes_are_remembered(tmp_path: Any, video: Job, store: Store, hints: Hints) -> None:
    studio = Studio(Store(store.path, Limits(free_bytes=0, wishes=2), store.clock), hints)
    for frame in (1, 2):
        studio.follow(ME, video.id, frame, AREA, "box")
    work(store, video.id, tools(spotting))
    folder = folder_of(store, video)
    assert len([name for name in names(folder.path) if name.startswith("follow-")]) == 2
    studio.follow(ME, video.id, 3, AREA, "box")
    assert [wish.frame for wish in studio.job(ME, video.id).wishes] == [2, 3]
    assert len([name for name in names(folder.path) if name.startswith("follow-")]) == 1


@pytest.mark.parametrize(
    ("frame", "box", "shape"),
    [
        (-1, AREA, "box"),
        (FRAMES, AREA, "box"),
        (3, AREA, "polygon"),
        (3, Box(5, 5, 5, 9), "box"),
        (3, Box(9, 5, 5, 9), "box"),
        (3, Box(320, 0, 330, 10), "box"),
        (3, Box(-10, 0, 0, 10), "box"),
        (3, Box(0, 240, 10, 250), "box"),
        (3, Box(0, 0, float("nan"), 10), "box"),
        (3, Box(0, 0, float("inf"), 10), "box"),
    ],
)
def test_areas_that_cannot_be_followed_are_refused(
    studio: Studio, video: Job, frame: int, box: Box, shape: str
) -> None:
    with pytest.raises(UsageError):
        studio.follow(ME, video.id, frame, box, shape)


def test_only_the_owner_of_a_video_that_was_looked_at_may_ask(studio: Studio, video: Job, store: Store) -> None:
    with pytest.raises(NoSuchPhotoError):
        studio.follow(OTHER, video.id, 3, AREA, "box")
    waiting = accept(store, filmed(), options=replace(BOX, grow=2.0))
    with pytest.raises(JobError):
        studio.follow(ME, waiting.id, 3, AREA, "box")


def test_a_wish_that_is_taken_back_is_not_fulfilled(
    studio: Studio, video: Job, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    def taking_back(*args: Any, step: Callable[[], None], **more: Any) -> Region:
        for number in range(9):
            if number == 2:
                studio.cancel_follow(ME, video.id, 3, AREA, "box")
            steps.append(number)
            step()
        raise AssertionError("it should have stopped")

    monkeypatch.setattr(pipeline_video, "follow", taking_back)
    studio.follow(ME, video.id, 3, AREA, "box")
    work(store, video.id, tools(spotting))
    assert steps == [0, 1, 2]
    known = studio.job(ME, video.id)
    assert (known.wishes, known.wants_work, known.attempts) == ((), False, 0)
    studio.cancel_follow(ME, video.id, 3, AREA, "box")


def test_a_wish_that_was_fulfilled_can_be_forgotten(studio: Studio, video: Job, store: Store) -> None:
    studio.follow(ME, video.id, 3, AREA, "box")
    work(store, video.id, tools(spotting))
    studio.cancel_follow(ME, video.id, 3, AREA, "box")
    assert not [name for name in names(folder_of(store, video).path) if name.startswith("follow-")]
    assert studio.follow(ME, video.id, 3, AREA, "box").plan is None


def test_what_cannot_be_followed_tells_why_and_harms_nothing_else(
    studio: Studio, video: Job, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*args: Any, **more: Any) -> Region:
        raise InputError("The video is damaged; nothing was made from it.")

    monkeypatch.setattr(pipeline_video, "follow", failing)
    studio.follow(ME, video.id, 3, AREA, "box")
    work(store, video.id, tools(spotting))
    told = studio.follow(ME, video.id, 3, AREA, "box")
    assert told.problem is not None
    assert isinstance(told.problem.error(), InputError)
    known = studio.job(ME, video.id)
    assert (known.state, known.wants_work) == (JobState.REVIEW, False)


def test_a_video_deleted_meanwhile_leaves_nothing(
    studio: Studio, video: Job, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleting(*args: Any, step: Callable[[], None], **more: Any) -> Region:
        studio.delete(ME, video.id)
        step()
        raise AssertionError("it should have stopped")

    monkeypatch.setattr(pipeline_video, "follow", deleting)
    studio.follow(ME, video.id, 3, AREA, "box")
    work(store, video.id, tools(spotting))
    assert not list(store.folders())
    assert not any(store.trash.iterdir())


def test_following_goes_before_a_result_in_the_making(
    studio: Studio, video: Job, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(BOX, style="veil")
    studio.request_result(ME, video.id, other)
    done: list[str] = []
    cover = pipeline.cover

    def asking(picture: Any, plan: Any, stream: Any, options: Any, step: Callable[[], None]) -> Any:
        done.append("cover")
        if len(done) == 1:
            studio.follow(ME, video.id, 3, AREA, "box")
        report = cover(picture, plan, stream, options, step)
        done.append("covered")
        return report

    def following(*args: Any, **more: Any) -> Region:
        done.append("follow")
        return follow(*args, **more)

    monkeypatch.setattr(pipeline, "cover", asking)
    monkeypatch.setattr(pipeline_video, "follow", following)
    work(store, video.id, tools(spotting))
    assert done == ["cover", "follow", "cover", "covered"]
    assert studio.request_result(ME, video.id, other).path is not None
    assert studio.follow(ME, video.id, 3, AREA, "box").plan is not None


def test_following_waits_for_no_other_video(studio: Studio, video: Job, store: Store) -> None:
    using = tools(spotting)
    assert using.turns.begin("another")
    studio.follow(ME, video.id, 3, AREA, "box")
    studio.request_result(ME, video.id, replace(BOX, style="veil"))
    work(store, video.id, using)
    assert studio.follow(ME, video.id, 3, AREA, "box").plan is not None
    assert studio.job(ME, video.id).wants_work, "the result has to wait"
    using.turns.end()
    assert using.turns.next() == video.id


@pytest.mark.parametrize("how", ["cancel", "change"])
def test_a_result_that_nobody_wants_any_more_is_not_made_to_its_end(
    studio: Studio, video: Job, store: Store, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    other = replace(BOX, style="veil")
    studio.request_result(ME, video.id, other)
    cover = pipeline.cover
    ended: list[str] = []

    def leaving(*args: Any) -> Any:
        if how == "cancel":
            studio.cancel_result(ME, video.id, other)
        else:
            plan, revision = studio.plan(ME, video.id)
            studio.put_plan(ME, video.id, replace(plan, regions=()), revision)
        cover(*args)
        ended.append("to its end")

    monkeypatch.setattr(pipeline, "cover", leaving)
    work(store, video.id, tools(spotting))
    known = studio.job(ME, video.id)
    assert not ended
    assert not known.wants_work
    assert all(order.sha256 for order in known.orders)
    assert len(names(folder_of(store, video).results)) == len(known.orders)


def test_a_finished_result_is_not_cancelled(studio: Studio, video: Job) -> None:
    studio.cancel_result(ME, video.id, video.orders[0].options)
    assert studio.request_result(ME, video.id, video.orders[0].options).path is not None


def test_wishes_survive_as_json(studio: Studio, video: Job) -> None:
    studio.follow(ME, video.id, 3, AREA, "ellipse")
    known = studio.job(ME, video.id)
    assert from_json(to_json(known)).wishes == known.wishes
