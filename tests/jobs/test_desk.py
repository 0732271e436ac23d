import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from tests import fakes
from veil.detect import Finder
from veil.errors import DeskFullError, DetectorError, JobError, NoSuchPhotoError, TooLargeError, UnsupportedError
from veil.jobs import desk as desks
from veil.jobs import steps
from veil.jobs.desk import Desk, Limits, Phase
from veil.media.image import open_picture
from veil.options import Options
from veil.types import Plan

ME, OTHER = "me", "other"
FACE = (slice(40, 80), slice(100, 130))
MAGENTA_SOLID = Options(style="solid", color=(0, 0, 255))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def photo() -> bytes:
    return fakes.photo(FACE)


def load(profile: str, *, streams: int) -> Finder:
    return fakes.finder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("veil.jobs.room.tempfile.mkdtemp", lambda prefix: str(tmp_path))
    return tmp_path


@pytest.fixture
def desk(clock: Clock, room: Path) -> Iterator[Desk]:
    with Desk(load=load, clock=clock) as desk:
        yield desk


def submit(desk: Desk, data: bytes, owner: str = ME) -> str:
    return desk.submit(owner, io.BytesIO(data), Options(shape="box"))


def finished(desk: Desk, photo_id: str, owner: str = ME) -> desks.Status:
    done = threading.Event()
    finding = desk._photo(owner, photo_id).finding
    assert finding is not None
    finding.add_done_callback(lambda _: done.set())
    assert done.wait(30)
    return desk.status(owner, photo_id)


def test_a_photo_is_looked_at_once_and_then_covered_from_its_plan(desk: Desk) -> None:
    photo_id = submit(desk, photo())
    status = finished(desk, photo_id)
    assert status.phase is Phase.READY
    assert status.extension == ".png"
    assert status.plan is not None
    assert [region.source for region in status.plan.regions] == ["painted"]
    path, format = desk.result(ME, photo_id, MAGENTA_SOLID)
    assert format == "png"
    with open_picture(path) as picture:
        pixels = next(iter(picture.frames())).pixels
    assert (pixels[FACE] == (0, 0, 255)).all()
    assert (pixels[:30] == 200).all()


def test_ids_cannot_be_guessed_and_folders_are_private(desk: Desk, room: Path) -> None:
    ids = {submit(desk, photo()) for _ in range(5)}
    assert len(ids) == 5
    assert all(len(bytes.fromhex(one)) == 16 for one in ids)
    for one in ids:
        finished(desk, one)
        assert (room / one).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("broken", [b"", b"not a picture", photo()[:200]], ids=["empty", "text", "cut-off"])
def test_a_bad_photo_fails_alone(desk: Desk, broken: bytes) -> None:
    first, bad, last = submit(desk, photo()), submit(desk, broken), submit(desk, photo())
    status = finished(desk, bad)
    assert status.phase is Phase.FAILED
    assert isinstance(status.error, ValueError)
    with pytest.raises(ValueError, match=r"nothing was made|damaged|cut"):
        desk.result(ME, bad, Options())
    assert [finished(desk, one).phase for one in (first, last)] == [Phase.READY, Phase.READY]


def test_a_failing_detector_leaves_no_result(room: Path) -> None:
    def crashing(profile: str, *, streams: int) -> Finder:
        return fakes.finder(fakes.Crashing())

    with Desk(load=crashing) as desk:
        photo_id = submit(desk, photo())
        status = finished(desk, photo_id)
        assert status.phase is Phase.FAILED
        assert isinstance(status.error, DetectorError)
        with pytest.raises(DetectorError):
            desk.result(ME, photo_id, Options())
        with pytest.raises(DetectorError):
            desk.preview_covered(ME, photo_id, Options())
        assert [file.name for file in (room / photo_id).iterdir()] == ["original"]


def test_models_that_cannot_be_loaded_fail_the_photo_and_are_tried_again(room: Path) -> None:
    tries: list[str] = []

    def sometimes(profile: str, *, streams: int) -> Finder:
        tries.append(profile)
        if len(tries) == 1:
            raise DetectorError("The model is damaged; nothing was written.")
        return fakes.finder()

    with Desk(load=sometimes) as desk:
        assert finished(desk, submit(desk, photo())).phase is Phase.FAILED
        assert finished(desk, submit(desk, photo())).phase is Phase.READY
        assert finished(desk, submit(desk, photo())).phase is Phase.READY
    assert tries == ["balanced", "balanced"]


def test_the_same_options_are_covered_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Options] = []
    cover = steps.cover

    def counting(*args: Any) -> None:
        made.append(args[3])
        cover(*args)

    monkeypatch.setattr(steps, "cover", counting)
    photo_id = submit(desk, photo())
    finished(desk, photo_id)
    wanted = [MAGENTA_SOLID, MAGENTA_SOLID, Options(), Options(color=(1, 2, 3)), Options(profile="fast")]
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda options: desk.result(ME, photo_id, options)[0], wanted))
    assert paths[0] == paths[1] != paths[2]
    assert paths[2] == paths[3] == paths[4]
    assert len(made) == 2


def test_colour_format_and_quality_make_other_results(desk: Desk) -> None:
    photo_id = submit(desk, photo())
    finished(desk, photo_id)
    kinds = [MAGENTA_SOLID, Options(style="solid"), Options(format="jpg"), Options(format="jpg", quality=50)]
    assert len({desk.result(ME, photo_id, kind)[0] for kind in kinds}) == len(kinds)
    assert desk.result(ME, photo_id, kinds[2])[1] == "jpeg"


def test_nothing_is_made_before_the_photo_was_looked_at(room: Path) -> None:
    paused = fakes.Paused()
    with Desk(load=lambda profile, *, streams: fakes.finder(paused)) as desk:
        photo_id = submit(desk, photo())
        assert paused.reached.wait(30)
        assert desk.status(ME, photo_id).phase is Phase.LOOKING
        with pytest.raises(JobError):
            desk.result(ME, photo_id, Options())
        with pytest.raises(JobError):
            desk.preview_covered(ME, photo_id, Options())
        assert desk.preview_original(ME, photo_id).exists()
        paused.go.set()
        assert finished(desk, photo_id).phase is Phase.READY


def test_only_so_many_are_looked_at_side_by_side(room: Path) -> None:
    paused = fakes.Paused()
    with Desk(load=lambda profile, *, streams: fakes.finder(paused), limits=Limits(at_once=1)) as desk:
        first, second = submit(desk, photo()), submit(desk, photo())
        assert paused.reached.wait(30)
        assert list(desk.phases(ME).values()) == [Phase.LOOKING, Phase.WAITING]
        paused.go.set()
        assert [finished(desk, one).phase for one in (first, second)] == [Phase.READY, Phase.READY]


@pytest.mark.parametrize(
    "ask",
    [
        lambda desk, name: desk.status(OTHER, name),
        lambda desk, name: desk.preview_original(OTHER, name),
        lambda desk, name: desk.preview_covered(OTHER, name, Options()),
        lambda desk, name: desk.result(OTHER, name, Options()),
        lambda desk, name: desk.delete(OTHER, name),
        lambda desk, name: desk.status(ME, "../" + name),
        lambda desk, name: desk.status(ME, "0" * 32),
    ],
)
def test_another_owner_or_id_sees_nothing(desk: Desk, room: Path, ask: Callable[[Desk, str], object]) -> None:
    photo_id = submit(desk, photo())
    finished(desk, photo_id)
    with pytest.raises(NoSuchPhotoError):
        ask(desk, photo_id)
    assert desk.phases(OTHER) == {}
    assert (room / photo_id / "original").exists()


def test_delete_removes_the_folder_at_once(desk: Desk, room: Path) -> None:
    kept, gone = submit(desk, photo()), submit(desk, photo())
    finished(desk, kept)
    finished(desk, gone)
    desk.result(ME, gone, Options())
    desk.delete(ME, gone)
    assert [folder.name for folder in room.iterdir()] == [kept]
    with pytest.raises(NoSuchPhotoError):
        desk.status(ME, gone)


def test_delete_all_takes_only_the_owners(desk: Desk, room: Path) -> None:
    mine = [desk._photo(ME, submit(desk, photo())).finding for _ in range(2)]
    theirs = submit(desk, photo(), OTHER)
    desk.delete_all(ME)
    assert desk.phases(ME) == {}
    finished(desk, theirs, OTHER)
    assert not wait([finding for finding in mine if finding], timeout=30).not_done  # work in hand has cleaned up
    assert [folder.name for folder in room.iterdir()] == [theirs]


def test_a_photo_deleted_while_looked_at_leaves_nothing_behind(room: Path) -> None:
    paused = fakes.Paused()
    with Desk(load=lambda profile, *, streams: fakes.finder(paused), limits=Limits(at_once=1)) as desk:
        gone, waiting = submit(desk, photo()), submit(desk, photo())
        assert paused.reached.wait(30)
        desk.delete(ME, gone)
        assert [folder.name for folder in room.iterdir()] == [waiting]
        paused.go.set()
        finished(desk, waiting)
        assert [folder.name for folder in room.iterdir()] == [waiting]


def test_a_photo_deleted_just_before_its_plan_is_saved_leaves_nothing_behind(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = steps.look
    with Desk(load=load, limits=Limits(at_once=1)) as desk:

        def look_and_delete(*args: Any) -> Plan:
            plan = look(*args)
            desk.delete_all(ME)
            return plan

        monkeypatch.setattr(steps, "look", look_and_delete)
        submit(desk, photo())
        after = submit(desk, photo(), OTHER)
        finished(desk, after, OTHER)
        assert [folder.name for folder in room.iterdir()] == [after]


def test_a_photo_deleted_while_it_waits_is_never_looked_at(room: Path) -> None:
    paused = fakes.Paused()
    with Desk(load=lambda profile, *, streams: fakes.finder(paused), limits=Limits(at_once=1)) as desk:
        submit(desk, photo())
        assert paused.reached.wait(30)
        waiting = submit(desk, photo())
        finding = desk._photo(ME, waiting).finding
        desk.delete(ME, waiting)
        assert finding is not None
        assert finding.cancelled()
        paused.go.set()


def test_a_photo_deleted_while_it_is_covered_leaves_nothing_behind(
    desk: Desk, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_id = submit(desk, photo())
    finished(desk, photo_id)
    cover = steps.cover

    def interrupted(*args: Any) -> None:
        desk.delete(ME, photo_id)
        cover(*args)

    monkeypatch.setattr(steps, "cover", interrupted)
    with pytest.raises(NoSuchPhotoError):
        desk.result(ME, photo_id, Options())
    assert list(room.iterdir()) == []


def test_photos_go_one_hour_after_the_last_look(desk: Desk, room: Path, clock: Clock) -> None:
    looked_at, forgotten = submit(desk, photo()), submit(desk, photo())
    finished(desk, looked_at)
    finished(desk, forgotten)
    clock.now += 3599
    desk.sweep()
    assert len(list(room.iterdir())) == 2
    desk.status(ME, looked_at)
    desk.phases(ME)  # listing is no look
    clock.now += 1
    desk.sweep()
    assert [folder.name for folder in room.iterdir()] == [looked_at]
    clock.now += 3599
    desk.sweep()
    assert list(room.iterdir()) == []


def test_a_photo_in_work_does_not_expire(room: Path, clock: Clock) -> None:
    paused = fakes.Paused()
    with Desk(load=lambda profile, *, streams: fakes.finder(paused), clock=clock) as desk:
        photo_id = submit(desk, photo())
        finding = desk._photos[photo_id].finding
        assert finding is not None
        clock.now += 10_000
        desk.sweep()
        paused.go.set()
        finding.result(timeout=30)
        desk.sweep()  # its hour begins when it is ready
        assert desk.status(ME, photo_id).phase is Phase.READY


def test_the_timer_sweeps_by_itself(clock: Clock, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "SWEEP_SECONDS", 0.01)
    swept = threading.Event()

    class Watched(Desk):
        def sweep(self) -> None:
            super().sweep()
            swept.set()

    with Watched(load=load, clock=clock):
        assert swept.wait(30)


def test_close_deletes_everything(room: Path) -> None:
    desk = Desk(load=load)
    finished(desk, submit(desk, photo()))
    desk.close()
    assert not room.exists()


def test_a_file_over_the_limit_is_not_kept(room: Path) -> None:
    with Desk(load=load, limits=Limits(upload_bytes=1000)) as desk:
        with pytest.raises(TooLargeError, match="not taken"):
            submit(desk, b"x" * 1001)
        assert list(room.iterdir()) == []
        assert desk.phases(ME) == {}
        submit(desk, b"x" * 1000)


def test_too_many_pixels_fail_the_photo_whatever_the_owner_wants(room: Path) -> None:
    with Desk(load=load, options=Options(max_megapixels=0.05)) as desk:
        photo_id = desk.submit(ME, io.BytesIO(photo()), Options(max_megapixels=4000))
        assert isinstance(finished(desk, photo_id).error, TooLargeError)


def test_a_full_desk_refuses_and_takes_again_after_a_delete(room: Path) -> None:
    with Desk(load=load, limits=Limits(photos=1)) as desk:
        first = submit(desk, photo())
        with pytest.raises(DeskFullError):
            submit(desk, photo(), OTHER)
        desk.delete(ME, first)
        submit(desk, photo(), OTHER)


def test_an_upload_that_breaks_off_leaves_nothing(desk: Desk, room: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        desk.submit(ME, Broken(), Options())
    assert list(room.iterdir()) == []
    assert desk.phases(ME) == {}


def test_not_a_picture_is_named_as_such(desk: Desk) -> None:
    assert isinstance(finished(desk, submit(desk, b"%PDF-1.7")).error, UnsupportedError)
