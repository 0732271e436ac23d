"""The second look with painted faces: what is named, what is not, and what becomes of a result."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import veil
from tests import fakes
from tests.footage import Actor, Film, Spotting, Wide, shoot, spotter
from veil import pipeline, verify
from veil import plan as plans
from veil.audit.checking import entries
from veil.cli import main
from veil.detect import Finder
from veil.errors import PlanError, WithheldError
from veil.media.image import open_picture, picture_from_array
from veil.media.video import open_video
from veil.types import Box, Shape, Span, State

FACE = (slice(20, 80), slice(30, 80))
OTHER = (slice(100, 160), slice(200, 250))


@pytest.fixture
def blind_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look sees nothing, the second one all that is painted."""
    monkeypatch.setattr("veil.detect.load", lambda profile, streams=1: fakes.finder(fakes.Silent()))
    monkeypatch.setattr("veil.detect.load_second", lambda profile, streams=1: fakes.finder())


def seen_again(data: bytes, *states: State, finder: Finder | None = None) -> tuple[Box, ...]:
    """Return the places that a second look names where a plan covers FACE in the given state, and nothing else."""
    with open_picture(data) as picture:
        plan = pipeline.find(picture, fakes.finder(fakes.Silent()), veil.Options())
        region = plans.drawn(Box(25, 15, 85, 85), Shape.BOX)
        plan = replace(plan, regions=tuple(replace(region, state=state) for state in states))
        return tuple(place.box for place in verify.look_again(picture, plan, finder or fakes.finder()).places)


def test_a_face_that_is_neither_covered_nor_kept_is_named() -> None:
    photo = fakes.photo(FACE, OTHER)
    assert seen_again(photo, State.DRAWN) == (Box(200, 100, 250, 160),)
    assert seen_again(photo, State.KEPT) == (Box(200, 100, 250, 160),)
    assert len(seen_again(photo, State.SUGGESTED)) == 2 == len(seen_again(photo))


def test_a_covered_area_in_which_detail_is_left_is_named() -> None:
    rng = np.random.default_rng(0)
    pixels = np.full((200, 300, 3), 200, np.uint8)
    pixels[FACE] = rng.integers(0, 255, (60, 50, 1))
    sees = fakes.finder(fakes.Wild(Box(30, 20, 80, 80), 0.9))
    picture = picture_from_array(pixels)
    plan = pipeline.find(picture, fakes.finder(fakes.Silent()), veil.Options())
    plan = replace(plan, regions=(plans.drawn(Box(25, 15, 85, 85), Shape.BOX),))
    assert not verify.look_again(picture, plan, sees).passed
    assert not verify.look_again(picture, None, sees).passed
    covered = picture_from_array(next(pipeline.covered_frames(picture, plan, veil.Options())).pixels)
    assert verify.look_again(covered, plan, sees).passed
    assert verify.look_again(covered, None, sees).passed


def test_a_plan_of_another_size_is_refused() -> None:
    with open_picture(fakes.photo()) as picture:
        plan = pipeline.find(picture, fakes.finder(), veil.Options())
    with pytest.raises(PlanError, match="another size"):
        verify.look_again(picture_from_array(np.zeros((20, 20, 3), np.uint8)), plan, fakes.finder())


@pytest.mark.usefixtures("blind_first")
def test_verify_withholds_a_result_in_which_a_face_shows_unless_it_is_released(tmp_path: Path) -> None:
    photo, result = tmp_path / "a.png", tmp_path / "out.png"
    photo.write_bytes(fakes.photo(FACE))
    ended = CliRunner().invoke(main, ["run", str(photo), "-o", str(result), "--verify"])
    assert ended.exit_code == 3 and "30,20,80,80" in ended.output, ended.output
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "out.withheld.png"}
    CliRunner().invoke(main, ["run", str(photo), "-o", str(result), "--verify"])
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "out.withheld.png", "out.2.withheld.png"}
    ended = CliRunner().invoke(main, ["run", str(photo), "-o", str(result), "--verify", "--release"])
    assert ended.exit_code == 3 and "1 place" in ended.output, ended.output
    assert result.exists()


@pytest.mark.usefixtures("blind_first")
def test_the_library_returns_nothing_in_which_a_face_shows() -> None:
    photo = fakes.photo(FACE)
    with pytest.raises(WithheldError) as caught:
        veil.anonymise(photo, veil.Options(verify=True))
    assert caught.value.look.places[0].box == Box(30, 20, 80, 80)
    assert veil.anonymise(photo, veil.Options(verify=True, release=True))


@pytest.mark.usefixtures("blind_first")
@pytest.mark.parametrize(("data", "code"), [(fakes.photo(), 0), (b"nothing", 1)])
def test_check_ends_as_it_found(data: bytes, code: int, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(data)
    ended = CliRunner().invoke(main, ["check", str(tmp_path / "a.png")])
    assert ended.exit_code == code, ended.output


def test_frames_in_doubt_are_ends_gaps_and_suggestions() -> None:
    with open_picture(fakes.photo(FACE)) as picture:
        plan = pipeline.find(picture, fakes.finder(), veil.Options())
    region = replace(plan.regions[0], frames=(10, 20), doubtful=((13, 15),), state=State.SUGGESTED)  # type: ignore[arg-type]
    assert verify.in_doubt(replace(plan, regions=(region,))) == {9, 10, 13, 14, 15, 19, 20}


@pytest.mark.usefixtures("blind_first")
def test_what_is_withheld_and_what_is_released_is_written_down(tmp_path: Path) -> None:
    photo, book, plan = tmp_path / "a.png", tmp_path / "audit.jsonl", tmp_path / "a.plan.json"
    photo.write_bytes(fakes.photo(FACE))
    CliRunner().invoke(main, ["find", str(photo)])
    for number, (command, more) in enumerate([("run", []), ("cover", ["--plan", str(plan)]), ("run", ["--release"])]):
        target = tmp_path / f"{number}.png"
        ended = CliRunner().invoke(
            main, [command, str(photo), "-o", str(target), "--verify", "--audit", str(book), *more]
        )
        assert ended.exit_code == 3, ended.output
        assert target.exists() == (more == ["--release"])
    assert [entry["told"]["outcome"] for entry in entries(book)] == ["withheld", "withheld", "released"]


def test_loaded_models_are_used_for_every_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("veil.detect.load_second", lambda *_, **__: pytest.fail("loaded"))
    wanted = veil.Options(verify=True)
    first, second = fakes.finder(fakes.Silent()), fakes.finder()
    photo = tmp_path / "a.png"
    photo.write_bytes(fakes.photo(FACE))
    plan = veil.find(photo, finder=first)
    pixels = np.full((200, 300, 3), 200, np.uint8)
    pixels[FACE] = fakes.MAGENTA
    for call in (
        lambda: veil.anonymise(photo, wanted, output=tmp_path / "b.png", finder=first, second=second),
        lambda: veil.anonymise(photo.read_bytes(), wanted, finder=first, second=second),
        lambda: veil.anonymise(pixels, wanted, finder=first, second=second),
        lambda: veil.cover(photo, plan, wanted, output=tmp_path / "b.png", second=second),
        lambda: veil.cover(photo.read_bytes(), plan, wanted, second=second),
    ):
        with pytest.raises(WithheldError):
            call()


def test_of_a_video_frames_every_half_second_and_all_in_doubt_are_looked_at(tmp_path: Path) -> None:
    film = Film([Actor(0, 4, 20, 20), Actor(14, 26, 200, 120, by=(1, 0))], 30)  # 25 frames a second
    source = shoot(film, tmp_path / "film.mp4")
    detector = Spotting()
    with open_video(source) as video:
        plan = pipeline.find(video, spotter(), veil.Options())
        bare = replace(plan, regions=())
        look = verify.look_again(video, bare, spotter(detector))
        assert (look.frames, detector.looks) == (3, 3)  # frames 0, 13 and 26
        assert [(place.frame, place.time) for place in look.places] == [(0, 0.0)]
        region = replace(plans.drawn(Box(20, 20, 60, 60), Shape.BOX), frames=Span(0, 4), doubtful=(Span(17, 19),))
        look = verify.look_again(video, replace(plan, regions=(region,)), spotter())
        assert look.frames == 5  # 0, 3, 4, 17 and 18: after one in doubt, half a second begins anew
        (place,) = look.places  # the second one, seen twice and named once
        assert place.frame in (17, 18) and place.time == pytest.approx(place.frame / 25)
        with pytest.raises(PlanError, match="number of frames"):
            verify.look_again(video, replace(bare, picture=replace(plan.picture, frames=29)), spotter())


def test_a_video_whose_pixels_are_not_square_is_looked_at_as_it_is_shown(tmp_path: Path) -> None:
    source = shoot(Film([Actor(0, 2, 20, 20)], 2), tmp_path / "film.mp4", aspect=2)
    with open_video(source) as video:
        plan = pipeline.find(video, spotter(Wide()), veil.Options())
        (place,) = verify.look_again(video, replace(plan, regions=()), spotter(Wide())).places
    assert place.box == pytest.approx(Box(20, 20, 60, 60), abs=1)


def test_a_video_under_any_name_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.detect.load_second", lambda profile, streams=1: spotter())
    shoot(Film([Actor(0, 2, 20, 20)], 2), tmp_path / "film.mp4").rename(tmp_path / "film.part2")
    (tmp_path / "notes").write_text("nothing to see")
    ended = CliRunner().invoke(main, ["check", str(tmp_path), "--json"])
    assert [entry["output"] for entry in json.loads(ended.stdout)] == [str(tmp_path / "film.part2")]


def test_a_video_that_is_covered_passes(tmp_path: Path) -> None:
    source = shoot(Film([Actor(0, 20, 8, 20, by=(3, 1))], 20), tmp_path / "film.mp4")
    target = tmp_path / "out.mp4"
    report = veil.anonymise(
        source, veil.Options(verify=True, preset="ultrafast"), output=target, finder=spotter(), second=spotter()
    )
    assert report.second_look is not None and report.second_look.passed
    assert target.exists()
