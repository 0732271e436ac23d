"""The second look in the studio: before a result can be fetched, and what becomes of one that is held back."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests import fakes
from tests.jobs.conftest import BOX, FACE, ME, folder_of
from tests.jobs.films import filmed
from tests.jobs.loads import crashing, painted, silent, spotting
from veil import plan as plans
from veil.audit import verify
from veil.audit.checking import entries
from veil.detect import Finder
from veil.errors import DetectorError, HeldBackError, JobError
from veil.jobs.finders import Finders, Load
from veil.jobs.job import Job, JobState
from veil.jobs.results import ResultState
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.work import Tools, work
from veil.options import Options
from veil.types import Box, Detection, Shape, State

AGAIN = replace(BOX, verify=True)
PLACE = Box(100, 40, 130, 80)


def using(store: Store, second: Load, first: Load = silent) -> Tools:
    return Tools(Finders(first, 1), Finders(second, 1), log=store.log)


@pytest.fixture
def handed_in(studio: Studio, store: Store) -> Callable[..., Job]:
    """Hands in a photo with a face that the first look does not see, or something else, and has it worked on."""

    def hand_in(second: Load = painted, options: Options = AGAIN, data: bytes = b"", first: Load = silent) -> Job:
        job, _ = studio.submit(ME, io.BytesIO(data or fakes.photo(FACE)), options)
        work(store, job.id, using(store, second, first))
        return studio.job(ME, job.id)

    return hand_in


def outcomes(store: Store) -> list[str]:
    assert verify(store.log.path).passed
    return [entry["told"]["outcome"] for entry in entries(store.log.path)]


def test_a_result_in_which_a_face_shows_is_held_back(
    handed_in: Callable[..., Job], studio: Studio, store: Store
) -> None:
    job = handed_in()
    assert job.look is not None
    assert (job.state, [place.box for place in job.look.places]) == (JobState.REVIEW, [PLACE])
    result = studio.request_result(ME, job.id, AGAIN)
    assert (result.state, result.path) == (ResultState.HELD_BACK, None)
    assert result.problem is not None and isinstance(result.problem.error(), HeldBackError)
    assert "1 place," in result.problem.detail
    assert outcomes(store) == ["withheld"] == [studio.audit(ME, job.id, AGAIN)["told"]["outcome"]]
    assert studio.report(ME, job.id, AGAIN).second_look == job.look
    assert studio.update(ME, job.id, looked=True).state is JobState.REVIEW


def test_one_in_which_none_shows_is_given_out(handed_in: Callable[..., Job], studio: Studio, store: Store) -> None:
    job = handed_in(first=painted)
    assert job.look is not None and job.look.passed and job.state is JobState.DONE
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.READY
    assert outcomes(store) == ["given"]


def test_the_places_covered_it_is_looked_at_anew_and_given_out(
    handed_in: Callable[..., Job], studio: Studio, store: Store
) -> None:
    job = handed_in()
    plan, revision = studio.plan(ME, job.id)
    covered = replace(plan, regions=(plans.drawn(PLACE, Shape.BOX),))
    assert studio.put_plan(ME, job.id, covered, revision).look is None
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.MAKING
    work(store, job.id, using(store, painted))
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.READY
    assert outcomes(store) == ["withheld", "given"]


def test_a_person_can_release_it_and_that_is_written_down_once(
    handed_in: Callable[..., Job], studio: Studio, store: Store
) -> None:
    job = handed_in()
    path = folder_of(store, job).result(job.orders[0].revision, job.orders[0].key)
    assert studio.release(ME, job.id, AGAIN).path == path == studio.release(ME, job.id, AGAIN).path
    assert studio.request_result(ME, job.id, AGAIN).path == path
    assert outcomes(store) == ["withheld", "released"]
    told = studio.audit(ME, job.id, AGAIN)["told"]
    assert (told["outcome"], told["options"]["release"], told["second_look"]["found"]) == ("released", True, 1)
    assert not studio.job(ME, job.id).is_held_back


@pytest.mark.parametrize("options", [replace(AGAIN, style="veil"), AGAIN])
def test_nothing_else_is_released(options: Options, handed_in: Callable[..., Job], studio: Studio) -> None:
    job = handed_in(painted if options != AGAIN else silent)
    with pytest.raises(JobError, match="nothing was released"):
        studio.release(ME, job.id, options)


def test_a_look_that_is_wanted_later_is_made_then_and_cannot_be_undone_by_not_asking(
    handed_in: Callable[..., Job], studio: Studio, store: Store
) -> None:
    job = handed_in(options=BOX)
    assert studio.request_result(ME, job.id, BOX).state is ResultState.READY
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.MAKING
    work(store, job.id, using(store, painted))
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.HELD_BACK
    assert studio.request_result(ME, job.id, BOX).state is ResultState.HELD_BACK


def test_a_look_that_is_wanted_while_the_result_is_made_is_made_too(store: Store, studio: Studio) -> None:
    job, _ = studio.submit(ME, io.BytesIO(fakes.photo(FACE)), BOX)

    class Asking:
        name = "asking"

        def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
            studio.request_result(ME, job.id, AGAIN)
            return []

    def load(profile: str, *, streams: int) -> Finder:
        return fakes.finder(Asking())

    work(store, job.id, using(store, painted, load))
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.HELD_BACK


def test_nothing_can_be_fetched_before_the_look_has_ended(store: Store, studio: Studio) -> None:
    job, _ = studio.submit(ME, io.BytesIO(fakes.photo()), AGAIN)
    seen: list[Any] = []

    class Watching:
        name = "watching"

        def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
            seen.append((studio.request_result(ME, job.id, AGAIN).state, store.log.path.exists()))
            return []

    def load(profile: str, *, streams: int) -> Finder:
        return fakes.finder(Watching())

    work(store, job.id, using(store, load))
    assert seen == [(ResultState.MAKING, False)]
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.READY


def test_a_look_that_fails_gives_nothing_out(handed_in: Callable[..., Job], studio: Studio, store: Store) -> None:
    job = handed_in(crashing)
    result = studio.request_result(ME, job.id, AGAIN)
    assert result.state is ResultState.FAILED and result.problem is not None
    assert isinstance(result.problem.error(), DetectorError)
    assert not list(folder_of(store, job).results.iterdir()) and not store.log.path.exists()


def test_of_videos_the_moments_are_told(handed_in: Callable[..., Job], studio: Studio) -> None:
    job = handed_in(spotting, data=filmed())
    assert job.look is not None and job.look.frames == 3
    assert [(place.frame, place.time) for place in job.look.places] == [(13, 0.52), (26, 1.04)]
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.HELD_BACK


def test_results_that_are_held_back_come_first(handed_in: Callable[..., Job], studio: Studio) -> None:
    doubtful = handed_in(data=fakes.photo(doubtful=(FACE,)), first=painted)
    held = handed_in()
    assert [job.id for job in studio.jobs(ME)] == [held.id, doubtful.id]


def test_places_that_a_change_leaves_open_stay_open_whatever_is_asked_for(
    handed_in: Callable[..., Job], studio: Studio, store: Store
) -> None:
    other = (slice(100, 140), slice(200, 230))
    job = handed_in(data=fakes.photo(FACE, other))
    plan, revision = studio.plan(ME, job.id)
    kept = replace(plans.drawn(PLACE, Shape.BOX), state=State.KEPT)
    job = studio.put_plan(ME, job.id, replace(plan, regions=(kept,)), revision)
    assert job.look is not None and [place.box for place in job.look.places] == [Box(200, 100, 230, 140)]
    assert (job.state, job.is_held_back) == (JobState.REVIEW, True)
    assert studio.request_result(ME, job.id, BOX).state is ResultState.MAKING
    work(store, job.id, using(store, painted))
    assert studio.request_result(ME, job.id, BOX).state is ResultState.HELD_BACK
    assert studio.release(ME, job.id, BOX).state is ResultState.READY
    assert not studio.job(ME, job.id).is_held_back


def test_a_place_that_is_uncovered_again_is_open_again(
    handed_in: Callable[..., Job], studio: Studio, store: Store
) -> None:
    job = handed_in()
    plan, revision = studio.plan(ME, job.id)
    job = studio.put_plan(ME, job.id, replace(plan, regions=(plans.drawn(PLACE, Shape.BOX),)), revision)
    assert (job.look, job.state) == (None, JobState.DONE)
    assert studio.put_plan(ME, job.id, plan, job.revision).look == handed_in().look
    assert studio.request_result(ME, job.id, BOX).state is ResultState.MAKING
    work(store, job.id, using(store, painted))
    assert studio.request_result(ME, job.id, BOX).state is ResultState.HELD_BACK


def test_the_latest_look_says_how_a_photo_is(handed_in: Callable[..., Job], studio: Studio, store: Store) -> None:
    job = handed_in()
    other = replace(AGAIN, style="veil")
    studio.request_result(ME, job.id, other)
    work(store, job.id, using(store, silent))
    job = studio.job(ME, job.id)
    assert job.look is not None and job.look.passed and not job.is_held_back
    assert studio.request_result(ME, job.id, other).state is ResultState.READY
    assert studio.request_result(ME, job.id, AGAIN).state is ResultState.HELD_BACK
