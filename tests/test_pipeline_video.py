"""The whole flow of videos with painted faces that move; results are encoded without a loss."""

import io
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes import Crashing, Silent, Wild, finder
from tests.footage import TICK, Actor, Film, Spotting, Wide, screened, shoot, spotter
from tests.media.clips import Sound, heard, make_clip, shown
from veil import pipeline, pipeline_video
from veil import plan as plans
from veil.detect import Finder
from veil.errors import DetectorError, PlanError, UsageError
from veil.media.video import open_video
from veil.media.video_formats import CODECS, PRESETS
from veil.options import AUTO, Options, parse, settings
from veil.redact import cover_mask
from veil.types import Box, Kind, Plan, Report, Shape, Span, State

GREEN = (0, 200, 0)
BOXES = Options(style="solid", color=GREEN, shape="box", quality=100, preset="ultrafast")
WALK = Actor(0, 40, 8, 20, by=(3, 1))


def run(
    source: Path, options: Options = BOXES, finder: Finder | None = None, name: str = "out.mp4"
) -> tuple[Path, Plan, Report]:
    """Find and cover; the path of the result, the plan and the report."""
    target = source.with_name(name)
    with open_video(source) as video, target.open("w+b") as stream:
        plan, report = pipeline.anonymise(video, finder or spotter(), stream, options)
    return target, plan, report


def assert_covered(film: Film, source: Path, target: Path, plan: Plan) -> None:
    """Every pixel of every face and of every planned area is covered in each frame, and no other is any brighter."""
    before, after = screened(source), screened(target)
    assert len(before) == len(after) == film.frames == plan.picture.frames
    for index, ((_, grey), (pixels, covered_grey)) in enumerate(zip(before, after, strict=True)):
        mask = cover_mask(plans.to_cover(plan, index), *grey.shape)
        assert (np.abs(pixels[mask].astype(int) - GREEN) <= 6).all(), index
        np.testing.assert_array_equal(grey[~mask], covered_grey[~mask])
        for actor in film.actors:
            if box := actor.place(index):
                assert mask[int(box.top) : int(box.bottom), int(box.left) : int(box.right)].all(), (index, actor)


@pytest.mark.parametrize(
    "film",
    [
        pytest.param(Film([WALK], 40), id="one-walks"),
        pytest.param(Film([WALK, Actor(0, 40, 150, 100, by=(-3, -1))], 40), id="two-pass"),
        pytest.param(Film([Actor(3, 12, 80, 60)], 30), id="there-for-one-look"),
        pytest.param(Film([Actor(17, 20, 80, 60)], 30, cuts=(20,)), id="there-just-before-a-cut"),
        pytest.param(Film([Actor(20, 23, 80, 60)], 30, cuts=(20,)), id="there-just-after-a-cut"),
        pytest.param(Film([Actor(27, 30, 80, 60)], 30), id="there-just-before-the-end"),
        pytest.param(Film([Actor(0, 1, 80, 60)], 1), id="one-frame"),
        pytest.param(Film([WALK], 12, size=(161, 121)), id="odd-sides"),
    ],
)
def test_every_pixel_of_a_face_is_covered_in_every_frame_and_no_other_changes(film: Film, tmp_path: Path) -> None:
    source = shoot(film, tmp_path / "in.mp4")
    target, plan, report = run(source)
    assert_covered(film, source, target, plan)
    assert {region.state for region in plan.regions} == {State.COVERED}
    assert report.covered == len(plan.regions) >= len(film.actors) and report.picture == plan.picture
    assert (plan.picture.kind, plan.picture.format, plan.picture.frames) == (Kind.VIDEO, "mp4", film.frames)


def test_faces_are_looked_for_as_they_are_shown_where_pixels_are_not_square(tmp_path: Path) -> None:
    film = Film([WALK, Actor(17, 20, 180, 60), Actor(27, 30, 180, 140)], 30, cuts=(20,))
    source = shoot(film, tmp_path / "in.mp4", aspect=2)
    target, plan, _ = run(source, replace(BOXES, grow=1.1), spotter(Wide()))
    assert_covered(film, source, target, plan)
    assert not run(shoot(film, tmp_path / "square.mp4"), BOXES, spotter(Wide()), "other.mp4")[1].regions


def test_faces_are_looked_for_now_and_then_only(tmp_path: Path) -> None:
    detector = Spotting()
    run(shoot(Film([Actor(0, 40, 80, 60)], 40), tmp_path / "in.mp4"), finder=spotter(detector))
    assert detector.looks == 5


def test_a_shot_without_faces_stays_as_it_is(tmp_path: Path) -> None:
    film = Film([Actor(0, 20, 60, 60)], 40, cuts=(20,))
    source = shoot(film, tmp_path / "in.mp4")
    _, plan, _ = run(source)
    assert all(not plans.to_cover(plan, frame) for frame in range(20, 40))


def test_a_video_without_faces_is_said_to_want_review(tmp_path: Path) -> None:
    film = Film([], 6)
    source = shoot(film, tmp_path / "in.mp4")
    target, plan, report = run(source, finder=finder(Silent()))
    assert_covered(film, source, target, plan)
    assert report.nothing_found and report.wants_review and not plan.regions


def test_doubtful_faces_are_suggested_and_left_visible(tmp_path: Path) -> None:
    source = shoot(Film([WALK], 20), tmp_path / "in.mp4")
    target, plan, report = run(source, finder=spotter(Spotting(0.12)))
    assert [region.state for region in plan.regions] == [State.SUGGESTED]
    assert report.suggested == 1 and report.wants_review
    for (_, before), (_, after) in zip(screened(source), screened(target), strict=True):
        np.testing.assert_array_equal(before, after)


def test_moments_in_which_a_face_was_lost_are_counted(tmp_path: Path) -> None:
    film = Film([Actor(0, 11, 80, 60)], 40)
    source = shoot(film, tmp_path / "in.mp4")
    target, plan, report = run(source)
    assert_covered(film, source, target, plan)
    assert report.doubtful == 1 and report.wants_review


def test_a_face_kept_by_a_person_stays_visible_and_the_other_is_covered(tmp_path: Path) -> None:
    film = Film([WALK, Actor(0, 40, 250, 170)], 40)
    source, target = shoot(film, tmp_path / "in.mp4"), tmp_path / "out.mp4"
    with open_video(source) as video, target.open("w+b") as stream:
        plan = pipeline.find(video, spotter(), BOXES)
        first, *others = plan.regions
        plan = replace(plan, regions=(replace(first, state=State.KEPT), *others))
        report = pipeline.cover(video, plan, stream, BOXES)
    assert (report.kept, report.covered) == (1, 1)
    kept, covered = (film.actors[0], film.actors[1]) if first.box.left < 100 else (film.actors[1], film.actors[0])
    assert_covered(film._replace(actors=[covered]), source, target, plan)
    for index, (pixels, _) in enumerate(screened(target)):
        box = kept.place(index)
        assert box
        red, green, _ = pixels[int(box.top) + 10, int(box.left) + 10].astype(int)
        assert red > 1.5 * green


def test_find_then_cover_makes_what_anonymise_makes(tmp_path: Path) -> None:
    source = shoot(Film([WALK], 20), tmp_path / "in.mp4")
    target, plan, report = run(source)
    again = io.BytesIO()
    with open_video(source) as video:
        found = plans.from_json(plans.to_json(pipeline.find(video, spotter(), BOXES)))
    assert found == plan
    with open_video(source) as video:
        assert pipeline.cover(video, found, again, BOXES) == report
    assert again.getvalue() == target.read_bytes()


def test_areas_given_by_hand_are_covered_in_every_frame(tmp_path: Path) -> None:
    film = Film([], 10)
    source = shoot(film, tmp_path / "in.mp4")
    target, plan, report = run(source, replace(BOXES, region=(Box(11, 5, 40, 31),)))
    assert report.drawn == 1 and [len(plans.to_cover(plan, frame)) for frame in (0, 9)] == [1, 1]
    assert_covered(film, source, target, plan)


def test_low_faces_are_left_out_on_demand(tmp_path: Path) -> None:
    source = shoot(Film([WALK], 10), tmp_path / "in.mp4")
    assert not run(source, replace(BOXES, min_size=60))[1].regions


@pytest.mark.parametrize("style", ["veil", "gaussian", "mosaic", "solid"])
def test_no_style_leaves_a_face_in_any_frame(style: str, tmp_path: Path) -> None:
    film = Film([WALK], 12)
    source = shoot(film, tmp_path / "in.mp4")
    target, plan, _ = run(source, replace(BOXES, style=style, color=(0, 0, 0)))
    for index, ((before, _), (after, _)) in enumerate(zip(screened(source), screened(target), strict=True)):
        mask = cover_mask(plans.to_cover(plan, index), *before.shape[:2])
        detail = [np.abs(np.diff(pixels.astype(int), axis=0))[mask[1:]].mean() for pixels in (before, after)]
        assert detail[1] < 0.7 * detail[0]


def test_green_boxes_are_drawn_on_demand(tmp_path: Path) -> None:
    source = shoot(Film([Actor(0, 3, 80, 60)], 3), tmp_path / "in.mp4")
    target, plan, _ = run(source, replace(BOXES, color=(0, 0, 0), boxes=True, shape="ellipse"))
    for pixels, _ in screened(target):
        top, left = int(plan.regions[0].box.top), int(plan.regions[0].box.left)
        assert pixels[top, left, 1] > 180 and pixels[top, left, 0] < 90


@pytest.mark.parametrize("start", [0, 7])
def test_every_time_stays(start: int, tmp_path: Path) -> None:
    times = [TICK * (start + index + index // 5 * 3) + index**2 for index in range(20)]
    source = shoot(Film([WALK], 20), tmp_path / "in.mp4", times=times)
    target, _, _ = run(source)
    assert shown(target).times == shown(source).times


@pytest.mark.parametrize(
    "clip",
    [
        pytest.param({}, id="even"),
        pytest.param({"times": [0, 512, 600, 1900, 4096, 9001]}, id="uneven"),
        pytest.param({"size": (65, 47), "pixels": "yuv444p"}, id="odd"),
        pytest.param({"turn": (90, False, False)}, id="turned"),
        pytest.param({"settings": {"sample_aspect_ratio": Fraction(2, 3)}}, id="narrow-pixels"),
        pytest.param({"pixels": "yuv420p10le"}, id="10-bit"),
        pytest.param({"field": "tff"}, id="fields"),
        pytest.param({"sounds": [Sound(), Sound("libmp3lame", lasts=1)]}, id="two-sounds"),
    ],
)
@pytest.mark.parametrize("style", ["veil", "mosaic"])
def test_what_ffprobe_says_stays_when_areas_are_covered(clip: dict[str, Any], style: str, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", file_options={"movie_timescale": "192000"}, **clip)
    area = replace(BOXES, style=style, region=(Box(3, 5, 30, 29),), voice="keep")
    target, _, report = run(source, area, finder(Silent()))
    before, after = shown(source), shown(target)
    if "turn" in clip:
        before = before._replace(width=before.height, height=before.width)
    assert after == before and heard(target) == heard(source)
    assert report.picture.frames == len(before.times) and (report.picture.width, report.picture.height) == after[1:3]


@pytest.mark.parametrize("voice", ["mute", "keep"])
def test_sound_is_kept_or_left_out_as_asked_and_what_is_left_out_is_told(voice: str, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", sounds=[Sound()], metadata={"title": "Ada"})
    target, _, report = run(source, replace(BOXES, voice=voice))
    assert heard(target) == (heard(source) if voice == "keep" else [])
    assert report.dropped == (("metadata",) if voice == "keep" else ("sound", "metadata"))
    assert b"Ada" not in target.read_bytes()


@pytest.mark.parametrize(("format", "container"), [("", "mp4"), ("mkv", "mkv"), ("M4V", "mp4"), (".mov", "mov")])
def test_the_container_is_the_inputs_own_or_the_one_asked_for(format: str, container: str, tmp_path: Path) -> None:
    source = shoot(Film([], 2), tmp_path / "in.mp4")
    target, _, _ = run(source, replace(BOXES, format=format), finder(Silent()))
    with open_video(target) as video:
        assert video.facts.container == container


@pytest.mark.parametrize(("quality", "own"), [(100, 0), (95, 10), (90, CODECS["h264"].quality), (50, 34), (1, 51)])
def test_the_usual_quality_is_the_encoders_own(quality: int, own: int, tmp_path: Path) -> None:
    with open_video(shoot(Film([], 2), tmp_path / "in.mp4")) as video:
        assert pipeline_video.target_of(video, Options(quality=quality)) == ("mp4", "h264", own)


def test_codecs_and_presets_are_those_that_can_be_written() -> None:
    assert settings()["codec"].choices == (AUTO, *CODECS)
    assert settings()["preset"].choices == PRESETS


@pytest.mark.parametrize("more", [{"format": "png"}, {"format": "ts"}, {"codec": "vp9", "format": "mov"}])
def test_what_cannot_be_written_is_refused_before_anybody_looks(more: dict[str, Any], tmp_path: Path) -> None:
    detector = Spotting()
    with pytest.raises(UsageError):
        run(shoot(Film([], 2), tmp_path / "in.mp4"), replace(BOXES, **more), spotter(detector))
    assert not detector.looks and not (tmp_path / "out.mp4").read_bytes()


def test_sound_that_cannot_be_kept_is_refused_before_anybody_looks(tmp_path: Path) -> None:
    detector = Spotting()
    source = make_clip(tmp_path / "in.mp4", sounds=[Sound()])
    with pytest.raises(UsageError, match="sound in aac cannot be kept in a webm file"):
        run(source, replace(BOXES, voice="keep", format="webm"), spotter(detector))
    assert not detector.looks and not (tmp_path / "out.mp4").read_bytes()


@pytest.mark.parametrize("detector", [Crashing(), Wild(Box(1, 2, 3, 4), float("nan"))])
def test_a_failing_detector_is_an_error_and_writes_nothing(detector: Any, tmp_path: Path) -> None:
    with pytest.raises(DetectorError):
        run(shoot(Film([WALK], 10), tmp_path / "in.mp4"), finder=finder(detector))
    assert not (tmp_path / "out.mp4").read_bytes()
    assert not _threads()


def test_a_plan_for_another_video_or_number_of_frames_is_refused(tmp_path: Path) -> None:
    source, other = (shoot(Film([WALK], count), tmp_path / f"{count}.mp4") for count in (10, 11))
    with open_video(source) as video:
        plan = pipeline.find(video, spotter(), BOXES)
    with open_video(other) as video, pytest.raises(PlanError, match="another picture"):
        pipeline.cover(video, plan, io.BytesIO(), BOXES)
    fewer = replace(plan, picture=replace(plan.picture, frames=9), regions=())
    with open_video(source) as video, pytest.raises(PlanError, match="9 frames, but the video has 10"):
        pipeline.cover(video, fewer, io.BytesIO(), BOXES)


@pytest.mark.parametrize("after", [3, 14])
def test_work_can_be_stopped_after_any_frame_and_leaves_no_thread(after: int, tmp_path: Path) -> None:
    seen = []

    def step() -> None:
        seen.append(1)
        if len(seen) == after:
            raise KeyboardInterrupt

    source = shoot(Film([WALK], 10), tmp_path / "in.mp4")
    with open_video(source) as video, pytest.raises(KeyboardInterrupt):
        pipeline.anonymise(video, spotter(), io.BytesIO(), BOXES, step)
    assert len(seen) == after and not _threads()


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("veil-")]


def followed(source: Path, frame: int, box: Box, step: Any = lambda: None) -> Any:
    with open_video(source) as video:
        times = [each.pts for each in video.frames()]
        return pipeline_video.follow(video, frame, box, shape=Shape.BOX, pts=times, step=step)


def test_a_drawn_area_is_followed_through_its_shot_and_covered_there(tmp_path: Path) -> None:
    film = Film([Actor(5, 35, 30, 40, by=(3, 1))], 40, cuts=(5, 35))
    source, target = shoot(film, tmp_path / "in.mp4"), tmp_path / "out.mp4"
    drawn = film.actors[0].place(20)
    assert drawn
    region = followed(source, 20, Box(drawn.left - 4, drawn.top - 4, drawn.right + 4, drawn.bottom + 4))
    assert (region.frames, region.state, region.source, region.doubtful) == (Span(5, 35), State.DRAWN, "user", ())
    with open_video(source) as video, target.open("w+b") as stream:
        plan = pipeline.find(video, finder(Silent()), BOXES)
        plan = plans.from_json(plans.to_json(replace(plan, regions=(region,))))
        assert plan.regions == (region,)
        pipeline.cover(video, plan, stream, BOXES)
    assert_covered(film, source, target, plan)


@pytest.mark.parametrize(
    ("frame", "name"),
    [(0, "mp4"), (13, "mp4"), (39, "mp4"), (30, "mkv"), (30, "ts"), (30, "avi"), (30, "mov")],
)
def test_following_backwards_in_parts_is_the_same(
    frame: int, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = Film([Actor(0, 40, 30, 40, by=(3, 1))], 40)
    source, drawn = shoot(film, tmp_path / f"in.{name}"), film.actors[0].place(frame)
    assert drawn
    counts: list[int] = []
    for back in (128, 7):
        monkeypatch.setattr(pipeline_video, "FRAMES_BACK", back)
        counts.append(0)

        def step() -> None:
            counts[-1] += 1

        region = followed(source, frame, drawn, step)
        assert region.frames == Span(0, 40)
        assert region == followed(source, frame, drawn)
    assert counts == [40, 40]
    assert not _threads()


def test_only_the_shot_of_a_drawn_area_is_read(tmp_path: Path) -> None:
    seen: list[int] = []
    source = shoot(Film([Actor(0, 60, 80, 60)], 60, cuts=(25, 32)), tmp_path / "in.mp4")
    followed(source, 28, Box(80, 60, 120, 100), lambda: seen.append(1))
    assert len(seen) <= 28 + 5


def test_following_can_be_stopped_after_any_frame_and_leaves_no_thread(tmp_path: Path) -> None:
    source = shoot(Film([Actor(0, 20, 80, 60)], 20), tmp_path / "in.mp4")
    for after in (1, 5, 15):
        seen: list[int] = []

        def step(seen: list[int] = seen, after: int = after) -> None:
            seen.append(1)
            if len(seen) == after:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            followed(source, 10, Box(80, 60, 120, 100), step)
        assert len(seen) == after and not _threads()


def test_an_area_outside_of_the_picture_is_refused(tmp_path: Path) -> None:
    source = shoot(Film([], 2), tmp_path / "in.mp4")
    with pytest.raises(UsageError, match=r"The area 400,0,500,50 lies outside of the picture.*nothing was done"):
        followed(source, 0, Box(400, 0, 500, 50))
    detector = Spotting()
    for when in ("", "@0-", "@0,follow"):
        with pytest.raises(UsageError, match="outside of the picture"):
            run(source, parse({"region": [f"400,0,500,50{when}"]}, BOXES), spotter(detector))
    assert not detector.looks


@pytest.mark.parametrize("start", [0, 7])
def test_areas_have_times_which_count_from_the_first_frame(start: int, tmp_path: Path) -> None:
    source = shoot(Film([], 25), tmp_path / "in.mp4", times=[TICK * (start + index) for index in range(25)])
    options = parse({"region": ["10,10,40,40@0.4-0.6", "50,10,90,40@0:00.9-"]}, BOXES)
    _, plan, report = run(source, options, finder(Silent()))
    assert [region.frames for region in plan.regions] == [Span(10, 15), Span(22, 25)]
    assert report.drawn == 2


def test_an_area_given_with_the_settings_is_followed(tmp_path: Path) -> None:
    film = Film([Actor(5, 35, 30, 40, by=(3, 1))], 40, cuts=(5, 35))
    source, drawn = shoot(film, tmp_path / "in.mp4"), film.actors[0].place(20)
    assert drawn
    where = f"{drawn.left - 4},{drawn.top - 4},{drawn.right + 4},{drawn.bottom + 4}"
    target, plan, _ = run(source, parse({"region": [f"{where}@0.8,follow"]}, BOXES), finder(Silent()))
    (region,) = plan.regions
    assert (region.frames, region.state) == (Span(5, 35), State.DRAWN)
    assert_covered(film, source, target, plan)


@pytest.mark.parametrize("area", ["10,10,40,40@0.5-", "10,10,40,40@0.5,follow"])
@pytest.mark.parametrize("promised", [True, False])
def test_an_area_that_begins_after_the_end_is_refused(area: str, promised: bool, tmp_path: Path) -> None:
    detector = Spotting()
    if promised:  # what the header says is enough
        area = area.replace("0.5", "5")
    source = shoot(Film([], 10), tmp_path / "in.mp4")
    with pytest.raises(UsageError, match=r"begins at .* after the end at .*; nothing was written"):
        run(source, parse({"region": [area]}, BOXES), spotter(detector))
    assert not (tmp_path / "out.mp4").read_bytes()
    assert (detector.looks == 0) == promised
