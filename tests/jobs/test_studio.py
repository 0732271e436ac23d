import io
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import fakes
from tests.jobs.conftest import BOX, FACE, ME, OTHER, Clock, Hints, folder_of, photo, tools, until
from tests.jobs.loads import crashing, painted, silent
from veil import plan as plans
from veil.errors import (
    ConflictError,
    DetectorError,
    ExpiredError,
    JobError,
    NoSuchPhotoError,
    PlanError,
    UsageError,
)
from veil.jobs import disk, steps
from veil.jobs.finders import Load
from veil.jobs.job import Job, JobState
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio, run_worker
from veil.jobs.results import ResultState
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.work import work
from veil.media.image import open_picture
from veil.options import Options
from veil.types import Box, Pixels, Plan, Shape, State

SOLID = Options(style="solid", color=(0, 0, 255))
DOUBTFUL = fakes.photo(doubtful=(FACE,))


def submit(studio: Studio, data: bytes, owner: str = ME, options: Options = BOX) -> Job:
    return studio.submit(owner, io.BytesIO(data), options)[0]


def looked_at(studio: Studio, store: Store, data: bytes, load: Load = painted, owner: str = ME) -> Job:
    job = submit(studio, data, owner)
    work(store, job.id, tools(load))
    return studio.job(owner, job.id)


def pixels(source: Path | bytes) -> Pixels:
    with open_picture(source) as picture:
        return next(iter(picture.frames())).pixels


def drawn(plan: Plan) -> Plan:
    return replace(plan, regions=(*plan.regions, plans.drawn(Box(200, 100, 250, 150), Shape.BOX)))


def test_a_photo_is_taken_hinted_and_given_back(studio: Studio, store: Store, hints: Hints) -> None:
    job, is_new = studio.submit(ME, io.BytesIO(photo()), BOX)
    assert is_new
    assert hints.given == [job.id]
    assert studio.request_result(ME, job.id, BOX).state is ResultState.MAKING
    work(store, job.id, tools())
    again, is_new = studio.submit(ME, io.BytesIO(photo()), BOX)
    assert (again.id, is_new, hints.given) == (job.id, False, [job.id])
    result = studio.request_result(ME, job.id, BOX)
    assert (result.state, result.format, result.extension) == (ResultState.READY, "png", ".png")
    assert result.path is not None
    assert result.bytes == result.path.stat().st_size
    assert (pixels(result.path)[FACE] == 0).all()
    assert hints.soon == []


def test_a_result_that_is_not_there_is_made_soon_and_once(studio: Studio, store: Store, hints: Hints) -> None:
    job = looked_at(studio, store, photo())
    for _ in range(3):
        assert studio.request_result(ME, job.id, SOLID).state is ResultState.MAKING
    assert hints.soon == [job.id]
    assert studio.job(ME, job.id).state is JobState.DONE
    work(store, job.id, tools())
    result = studio.request_result(ME, job.id, SOLID)
    assert result.path is not None
    assert (pixels(result.path)[FACE] == (0, 0, 255)).all()


def test_a_result_asked_for_before_the_photo_was_looked_at_is_made_with_it(studio: Studio, store: Store) -> None:
    job = submit(studio, photo())
    assert studio.request_result(ME, job.id, SOLID).state is ResultState.MAKING
    work(store, job.id, tools())
    assert studio.request_result(ME, job.id, SOLID).state is ResultState.READY


def test_so_many_results_are_kept(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    for quality in (10, 20, 30, 40):
        wanted = Options(format="jpg", quality=quality)
        studio.request_result(ME, job.id, wanted)
        work(store, job.id, tools())
        assert studio.request_result(ME, job.id, wanted).state is ResultState.READY
        assert len(list(folder_of(store, job).results.iterdir())) <= 3
    assert len(studio.job(ME, job.id).orders) == 3


def test_a_result_that_has_vanished_is_made_again(studio: Studio, store: Store, hints: Hints) -> None:
    job = looked_at(studio, store, photo())
    path = studio.request_result(ME, job.id, BOX).path
    assert path is not None
    path.unlink()
    assert studio.request_result(ME, job.id, BOX).state is ResultState.MAKING
    work(store, job.id, tools())
    assert studio.request_result(ME, job.id, BOX).path == path
    assert path.exists()


def test_a_photo_that_failed_tells_why(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo(), crashing)
    result = studio.request_result(ME, job.id, BOX)
    assert result.state is ResultState.FAILED
    assert result.problem is not None
    assert isinstance(result.problem.error(), DetectorError)
    asks: list[Callable[[], object]] = [
        lambda: studio.plan(ME, job.id),
        lambda: studio.found(ME, job.id),
        lambda: studio.report(ME, job.id),
        lambda: studio.preview(ME, job.id, BOX),
        lambda: studio.update(ME, job.id, looked=True),
    ]
    for ask in asks:
        with pytest.raises(DetectorError):
            ask()


def test_before_a_photo_was_looked_at_there_is_nothing_to_see(studio: Studio) -> None:
    job = submit(studio, photo())
    asks: list[Callable[[], object]] = [
        lambda: studio.plan(ME, job.id),
        lambda: studio.found(ME, job.id),
        lambda: studio.report(ME, job.id),
        lambda: studio.preview(ME, job.id, BOX),
        lambda: studio.preview_original(ME, job.id),
        lambda: studio.update(ME, job.id, looked=True),
    ]
    for ask in asks:
        with pytest.raises(JobError, match=r"still being"):
            ask()


@pytest.mark.parametrize(
    "ask",
    [
        lambda studio, name: studio.job(OTHER, name),
        lambda studio, name: studio.plan(OTHER, name),
        lambda studio, name: studio.found(OTHER, name),
        lambda studio, name: studio.put_plan(OTHER, name, studio.plan(ME, name)[0], ""),
        lambda studio, name: studio.update(OTHER, name, looked=True),
        lambda studio, name: studio.preview_original(OTHER, name),
        lambda studio, name: studio.preview(OTHER, name, BOX),
        lambda studio, name: studio.request_result(OTHER, name, BOX),
        lambda studio, name: studio.report(OTHER, name),
        lambda studio, name: studio.delete(OTHER, name),
        lambda studio, name: studio.job(ME, "../" + name),
        lambda studio, name: studio.job(ME, "0" * 32),
    ],
)
def test_another_owner_or_id_sees_nothing(studio: Studio, store: Store, ask: Callable[[Studio, str], object]) -> None:
    job = looked_at(studio, store, photo())
    with pytest.raises(NoSuchPhotoError):
        ask(studio, job.id)
    assert studio.jobs(OTHER) == []
    studio.delete_all(OTHER)
    assert studio.job(ME, job.id).state is JobState.DONE


def test_photos_that_want_a_person_come_first(studio: Studio, store: Store, clock: Clock) -> None:
    def at(second: int, job: Job) -> str:
        clock.now += 1
        return job.id

    queued = at(0, submit(studio, photo(seed=1)))
    done = at(1, looked_at(studio, store, photo(seed=2)))
    failed = at(2, looked_at(studio, store, b"text"))
    first = at(3, looked_at(studio, store, photo(seed=3), silent))
    second = at(4, looked_at(studio, store, DOUBTFUL))
    running = at(5, submit(studio, photo(seed=4)))
    folder_of(store, studio.job(ME, running)).change(lambda job: replace(job, state=JobState.RUNNING))
    expired = looked_at(studio, store, photo(seed=5))
    store.leave_trace(expired)
    store.remove(folder_of(store, expired))
    assert [job.id for job in studio.jobs(ME)] == [first, second, failed, running, queued, done, expired.id]


def test_a_plan_is_changed_by_who_knows_it(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    plan, revision = studio.plan(ME, job.id)
    assert revision == job.revision == plans.digest(plan)
    after = studio.put_plan(ME, job.id, drawn(plan), revision)
    assert after.revision != revision
    assert after.tally.drawn == 1
    assert studio.plan(ME, job.id) == (drawn(plan), after.revision)
    assert studio.found(ME, job.id) == plan
    with pytest.raises(ConflictError):
        studio.put_plan(ME, job.id, plan, revision)
    assert studio.plan(ME, job.id)[0] == drawn(plan)
    assert studio.put_plan(ME, job.id, plan, after.revision).revision == revision
    assert studio.found(ME, job.id) == plan


def test_results_of_an_earlier_plan_are_never_served(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    before = studio.request_result(ME, job.id, BOX)
    assert before.path is not None
    plan, revision = studio.plan(ME, job.id)
    studio.put_plan(ME, job.id, drawn(plan), revision)
    assert not before.path.exists()
    assert studio.report(ME, job.id).output_sha256 is None
    assert studio.request_result(ME, job.id, BOX).state is ResultState.MAKING
    work(store, job.id, tools())
    after = studio.request_result(ME, job.id, BOX)
    assert after.path is not None
    assert after.path != before.path
    assert (pixels(after.path)[100:150, 200:250] == 0).all()
    assert studio.report(ME, job.id).output_sha256 == after.sha256


def test_the_same_plan_again_keeps_its_results(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    plan, revision = studio.plan(ME, job.id)
    assert studio.put_plan(ME, job.id, plan, revision).revision == revision
    assert studio.request_result(ME, job.id, BOX).state is ResultState.READY


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda plan: replace(plan, picture=replace(plan.picture, width=301)), id="picture"),
        pytest.param(lambda plan: replace(plan, models={"other": "00" * 32}), id="models"),
        pytest.param(lambda plan: replace(plan, profile="fast"), id="profile"),
        pytest.param(lambda plan: replace(plan, regions=plan.regions * 11), id="too-many"),
        pytest.param(
            lambda plan: replace(plan, regions=(replace(plan.regions[0], box=Box(9, 9, 3, 3)),)), id="inside-out"
        ),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(store: Store, hints: Hints, spoil: Callable[[Plan], Plan]) -> None:
    store.limits = Limits(free_bytes=0, regions=10)
    studio = Studio(store, hints)
    job = looked_at(studio, store, photo())
    plan, revision = studio.plan(ME, job.id)
    with pytest.raises(PlanError):
        studio.put_plan(ME, job.id, spoil(plan), revision)
    assert studio.plan(ME, job.id) == (plan, revision)


def test_of_two_who_save_at_once_one_is_told(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    plan, revision = studio.plan(ME, job.id)
    together = threading.Barrier(4)
    told: list[str] = []

    def save(number: int) -> None:
        mine = replace(plan, regions=(*plan.regions, plans.drawn(Box(0, 0, 10 + number, 10), Shape.BOX)))
        together.wait(30)
        try:
            told.append(studio.put_plan(ME, job.id, mine, revision).revision)
        except ConflictError:
            told.append("conflict")

    threads = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert told.count("conflict") == 3
    assert studio.plan(ME, job.id)[1] in told


def test_a_person_has_looked(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, DOUBTFUL)
    assert (job.state, job.tally.suggested, job.doubt) == (JobState.REVIEW, 1, fakes.DOUBTFUL)
    assert studio.update(ME, job.id, looked=True).state is JobState.DONE
    assert studio.update(ME, job.id, looked=False).state is JobState.REVIEW
    plan, revision = studio.plan(ME, job.id)
    decided = replace(plan, regions=tuple(replace(each, state=State.COVERED) for each in plan.regions))
    assert studio.put_plan(ME, job.id, decided, revision).state is JobState.DONE


def test_found_areas_are_made_anew_with_other_settings(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    after = studio.update(ME, job.id, shape="ellipse", grow=2.0)
    assert (after.options.shape, after.options.grow, after.options.area) == ("ellipse", 2.0, "face")
    assert after.revision != job.revision
    (region,) = studio.plan(ME, job.id)[0].regions
    assert region.shape is Shape.ELLIPSE
    assert region.box.width > 2 * 30
    assert studio.found(ME, job.id).regions[0].shape is Shape.BOX
    with pytest.raises(UsageError):
        studio.update(ME, job.id, grow=99.0)
    assert studio.update(ME, job.id, options=SOLID).options.color == SOLID.color


def test_previews_are_small_pictures(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    shown = pixels(studio.preview_original(ME, job.id).data).astype(int)
    inside = (slice(45, 75), slice(105, 125))
    assert np.abs(shown[inside] - fakes.MAGENTA).max() < 40
    covered = pixels(studio.preview(ME, job.id, SOLID).data).astype(int)
    assert np.abs(covered[inside] - (0, 0, 255)).max() < 40
    plan, revision = studio.plan(ME, job.id)
    unsaved = pixels(studio.preview(ME, job.id, SOLID, drawn(plan)).data).astype(int)
    assert np.abs(unsaved[105:145, 205:245] - (0, 0, 255)).max() < 40
    assert studio.plan(ME, job.id)[1] == revision
    with pytest.raises(PlanError):
        studio.preview(ME, job.id, SOLID, replace(plan, picture=replace(plan.picture, sha256="00" * 32)))


def test_a_preview_is_made_once_when_it_is_first_asked_for(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    folder = folder_of(store, job)
    assert not folder.preview.exists()
    first = studio.preview_original(ME, job.id)
    assert first.format == "jpeg"
    folder.original.unlink()
    assert studio.preview_original(ME, job.id) == first


def test_a_preview_that_is_made_twice_at_once_is_not_replaced(
    studio: Studio, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = looked_at(studio, store, photo())
    folder = folder_of(store, job)
    real: Callable[..., bytes] = steps.make_preview
    others: list[int] = []

    def second(*args: Any, **more: Any) -> bytes:
        data = real(*args, **more)
        disk.write_whole(folder.preview, data)
        others.append(folder.preview.stat().st_ino)
        return data

    monkeypatch.setattr(steps, "make_preview", second)
    studio.preview_original(ME, job.id)
    assert others == [folder.preview.stat().st_ino]  # somebody may be reading it by now


def test_a_worker_that_begins_meanwhile_clears_no_preview_away(
    studio: Studio, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = looked_at(studio, store, photo())
    folder = folder_of(store, job)
    real: Callable[..., Any] = steps.write_preview

    def begin_first(*args: Any) -> Any:
        real(*args)
        with folder.changing():
            folder.tidy(folder.read())

    monkeypatch.setattr(steps, "write_preview", begin_first)
    assert studio.preview_original(ME, job.id).format == "jpeg"
    assert folder.preview.exists()


def test_a_photo_deleted_while_its_preview_is_made_is_gone(
    studio: Studio, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = looked_at(studio, store, photo())
    real: Callable[..., Any] = steps.make_preview

    def delete_first(*args: Any, **more: Any) -> Any:
        studio.delete(ME, job.id)
        return real(*args, **more)

    monkeypatch.setattr(steps, "make_preview", delete_first)
    with pytest.raises(NoSuchPhotoError):
        studio.preview_original(ME, job.id)
    assert not list(store.folders())


def test_the_report_tells_what_was_done(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    report = studio.report(ME, job.id)
    assert (report.covered, report.style) == (1, "solid")
    assert report.output_sha256 == studio.request_result(ME, job.id, BOX).sha256
    assert studio.report(ME, job.id, Options(style="mosaic")).output_sha256 is None


def test_a_format_that_nobody_knows_is_refused_at_once(studio: Studio, store: Store) -> None:
    with pytest.raises(UsageError):
        submit(studio, photo(), options=Options(format="exe"))
    assert studio.jobs(ME) == []
    job = looked_at(studio, store, photo())
    with pytest.raises(UsageError):
        studio.request_result(ME, job.id, Options(format="exe"))


def test_the_server_says_how_large_pictures_may_be(store: Store, hints: Hints) -> None:
    studio = Studio(store, hints, Options(max_megapixels=0.05))
    job = submit(studio, photo(), options=Options(max_megapixels=4000))
    work(store, job.id, tools())
    problem = studio.job(ME, job.id).problem
    assert problem is not None
    assert problem.kind == "TooLargeError"


def test_every_look_keeps_a_photo_longer_but_lists_do_not(studio: Studio, store: Store, clock: Clock) -> None:
    job = looked_at(studio, store, photo())
    clock.now += 100
    assert studio.jobs(ME)[0].seen == clock.now - 100
    studio.plan(ME, job.id)
    assert studio.jobs(ME)[0].seen == clock.now


def test_what_retention_deleted_is_told(studio: Studio, store: Store) -> None:
    job = looked_at(studio, store, photo())
    store.leave_trace(job)
    store.remove(folder_of(store, job))
    with pytest.raises(ExpiredError):
        studio.request_result(ME, job.id, BOX)
    assert [each.state for each in studio.jobs(ME)] == [JobState.EXPIRED]
    studio.delete(ME, job.id)
    assert studio.jobs(ME) == []


def test_changes_are_waited_for(studio: Studio, store: Store) -> None:
    before = studio.changes(ME, None, 0)
    assert studio.changes(ME, before, 0) == before
    job = submit(studio, photo())
    after = studio.changes(ME, before, 60)
    assert after != before
    told: list[str] = []
    waiting = threading.Thread(target=lambda: told.append(studio.changes(ME, after, 60)))
    waiting.start()
    studio.delete(ME, job.id)
    waiting.join(60)
    assert told != [after]
    idle = threading.Thread(target=lambda: told.append(studio.changes(ME, told[0], 3600)))
    idle.start()
    studio.close()
    idle.join(60)
    assert told[0] == told[1]


def test_an_open_studio_works_and_its_private_photos_are_gone_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with open_studio(load=painted, limits=Limits(free_bytes=0)) as studio:
        job = submit(studio, photo())
        until(lambda: not studio.job(ME, job.id).wants_work)
        assert studio.job(ME, job.id).state is JobState.DONE
        assert any(tmp_path.iterdir())
    assert not any(tmp_path.iterdir())


def test_photos_in_a_named_folder_stay_and_work_goes_on(tmp_path: Path) -> None:
    limits = Limits(free_bytes=0)
    with open_studio(tmp_path / "store", load=painted, limits=limits, workers=0) as studio:
        job = submit(studio, photo())
    with open_studio(tmp_path / "store", load=painted, limits=limits) as studio:
        until(lambda: not studio.job(ME, job.id).wants_work)
        assert studio.seal("text") == Store(tmp_path / "store").seal("text")


def test_two_studios_share_a_store(tmp_path: Path) -> None:
    limits = Limits(free_bytes=0)
    folder = tmp_path / "store"
    with (
        open_studio(folder, load=painted, limits=limits) as one,
        open_studio(folder, load=painted, limits=limits) as other,
    ):
        jobs = [submit(studio, photo(seed=seed)) for seed in range(4) for studio in (one, other)]
        until(lambda: not any(job.wants_work for job in one.jobs(ME)))
        assert {job.state for job in other.jobs(ME)} == {JobState.DONE}
        assert {job.id for job in one.jobs(ME)} == {job.id for job in jobs}


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be used"), open_studio(tmp_path / "file"):
        pass
    with pytest.raises(UsageError, match="--store"), open_studio(broker="redis://127.0.0.1/0"):
        pass
    for url in ("http://user:password@127.0.0.1", "", "sqs://", "memory://"):
        with pytest.raises(UsageError) as told:
            run_worker(url, tmp_path / "store")
        assert "password" not in str(told.value)
    assert not (tmp_path / "store").exists()
