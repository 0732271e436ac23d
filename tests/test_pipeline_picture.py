"""The search in animations with painted faces, exact to the pixel; stills and pages are in test_pipeline."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fakes import MAGENTA, ORANGE, finder
from tests.footage import Spotting
from tests.test_pipeline import SOLID, file_of, run
from tests.track.scene import texture
from veil import options
from veil import plan as plans
from veil.errors import UsageError
from veil.redact import cover_mask
from veil.types import Box, Frame, Kind, Pixels, Plan, Span, State


def animation(*frames: NDArray[Any], step: int = 100) -> bytes:
    """The bytes of an animated PNG; ``step`` is the time that a frame is shown, in milliseconds."""
    return file_of(*frames, duration=step)


def walk(frame: int) -> Box:
    return Box(20 + 4 * frame, 30 + frame, 60 + 4 * frame, 70 + frame)


def passing(*shown: int, frames: int = 10) -> list[Pixels]:
    """A textured face that walks before a wall; in the frames ``shown`` its middle is magenta, so that it is found."""
    wall, face = texture(1, 120, 160), texture(2, 40, 40)
    pictures: list[Pixels] = []
    for frame in range(frames):
        picture, place = wall.copy(), walk(frame)
        rows, columns = slice(int(place.top), int(place.bottom)), slice(int(place.left), int(place.right))
        picture[rows, columns] = MAGENTA if frame in shown else face
        pictures.append(picture)
    return pictures


def assert_moving_face_is_covered(out: list[Frame], before: list[Pixels], plan: Plan) -> None:
    for index, (frame, picture) in enumerate(zip(out, before, strict=True)):
        covered = cover_mask(plans.to_cover(plan, index), 120, 160)
        place = walk(index)
        assert covered[int(place.top) : int(place.bottom), int(place.left) : int(place.right)].mean() > 0.95, index
        assert (frame.pixels[covered] == (0, 200, 0)).all()
        np.testing.assert_array_equal(frame.pixels[~covered], picture[~covered])


def test_a_face_in_an_animation_is_followed_through_frames_in_which_nothing_finds_it() -> None:
    before = passing(0, 1, 2, 3, 8, 9)
    out, plan, _ = run(animation(*before), replace(SOLID, shape="box"))
    assert plan.picture.kind is Kind.ANIMATION
    (region,) = plan.regions
    assert region.frames == Span(0, 10) and region.keys and region.track == 0
    assert_moving_face_is_covered(out, before, plan)
    assert plans.from_json(plans.to_json(plan)) == plan
    assert [frame.duration for frame in out] == [Fraction(1, 10)] * 10


def test_a_face_in_a_single_frame_of_an_animation_is_covered_there() -> None:
    before = passing(4)
    _, plan, _ = run(animation(*before))
    assert [region.state for region in plan.regions] == [State.COVERED]
    assert plans.to_cover(plan, 4) and not plans.to_cover(plan, 0)


def test_frames_of_a_slide_show_are_looked_at_as_stills() -> None:
    slides = [texture(seed, 120, 160) for seed in range(4)]
    slides[1][30:90, 40:80] = MAGENTA
    slides[2][10:50, 90:120] = ORANGE
    out, plan, report = run(animation(*slides, step=3000))
    assert [(region.frames, region.state, region.track) for region in plan.regions] == [
        (Span(1, 2), State.COVERED, None),
        (Span(2, 3), State.SUGGESTED, None),
    ]
    assert report.suggested == 1
    for index in (0, 2, 3):
        np.testing.assert_array_equal(out[index].pixels, slides[index])


@pytest.mark.parametrize(("step", "looks"), [(3000, 10), (100, 10), (40, 4), (20, 3), (10, 10), (0, 10)])
def test_each_frame_of_an_animation_is_looked_at_unless_they_follow_fast(step: int, looks: int) -> None:
    counting = Spotting()
    still = [texture(1, 120, 160) for _ in range(10)]
    for number, picture in enumerate(still):
        picture[0, number] = 255  # equal ones would be joined when the file is written
    run(animation(*still, step=step), finder=finder(counting))
    assert counting.looks == looks


def test_transparent_animations_are_looked_at_as_stored_and_as_seen() -> None:
    pictures = [np.concatenate([picture, np.full((120, 160, 1), 255, np.uint8)], axis=2) for picture in passing()]
    for index, picture in enumerate(pictures):
        picture[40:80, 40 + index : 80 + index, :3] = MAGENTA
        picture[40:80, 40 + index : 80 + index, 3] = 1
    _, plan, report = run(animation(*pictures))
    assert report.covered == 1 and len(plans.to_cover(plan, 5)) == 1


@pytest.mark.parametrize(
    ("area", "frames"),
    [
        ("5,5,20,15", range(10)),
        ("5,5,20,15@0.35-", range(3, 10)),
        ("5,5,20,15@-0.3", range(3)),
        ("5,5,20,15@0:00.2-0:00.5", range(2, 5)),
        ("5,5,20,15@0.95-60", range(9, 10)),
    ],
)
def test_areas_of_animations_have_times(area: str, frames: range) -> None:
    before = passing()
    out, plan, _ = run(animation(*before), options.parse({"region": [area]}, replace(SOLID, shape="box")))
    assert [bool(plans.to_cover(plan, index)) for index in range(10)] == [index in frames for index in range(10)]
    for index, frame in enumerate(out):
        assert (frame.pixels[5:15, 5:20] == (0, 200, 0)).all() == (index in frames)


def test_what_was_drawn_in_an_animation_is_followed() -> None:
    before = passing()
    where = ",".join(str(side) for side in walk(5))
    out, plan, report = run(
        animation(*before), options.parse({"region": [f"{where}@0.5,follow"]}, replace(SOLID, shape="box"))
    )
    (region,) = plan.regions
    assert (region.state, region.frames, report.drawn) == (State.DRAWN, Span(0, 10), 1)
    assert_moving_face_is_covered(out, before, plan)


@pytest.mark.parametrize(
    ("area", "problem"),
    [
        ("5,5,20,15@1.5-", r"The area 5,5,20,15 begins at 1.5 s, after the end at 1.00 s; nothing was written"),
        ("5,5,20,15@1.5,follow", "after the end"),
        ("500,5,520,15@0.5,follow", "The area 500,5,520,15 lies outside of the picture, which is 160 x 120 pixels"),
        ("500,5,520,15@0.5-0.8", "The area 500,5,520,15 lies outside of the picture"),
        ("500,5,520,15", "The area 500,5,520,15 lies outside of the picture"),
    ],
)
def test_areas_that_cannot_be_in_an_animation_are_refused(area: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        run(animation(*passing()), options.parse({"region": [area]}))


def test_an_area_that_lies_in_no_page_is_refused() -> None:
    pages = file_of(np.zeros((20, 40, 3), np.uint8), np.zeros((40, 20, 3), np.uint8), format="tiff")
    _, plan, _ = run(pages, options.parse({"region": ["5,30,10,35", "30,5,35,10"]}))
    assert len(plan.regions) == 2
    for source in (pages, file_of(np.zeros((40, 40, 3), np.uint8), format="png")):
        with pytest.raises(
            UsageError, match="The area 5,40,10,45 lies outside of the picture, which is 40 x 40 pixels"
        ):
            run(source, options.parse({"region": ["5,30,10,35", "5,40,10,45"]}))


@pytest.mark.parametrize("kind", ["still", "pages"])
@pytest.mark.parametrize("when", ["0-1", "0,follow"])
def test_areas_of_pictures_in_which_nothing_moves_have_no_times(kind: str, when: str) -> None:
    source = file_of(*passing(frames=1 if kind == "still" else 2), format="png" if kind == "still" else "tiff")
    with pytest.raises(UsageError, match="neither a video nor an animation; nothing was written"):
        run(source, options.parse({"region": [f"5,5,20,15@{when}"]}))
