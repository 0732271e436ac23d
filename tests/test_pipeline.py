"""The whole flow with painted faces, exact to the pixel."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.fakes import MAGENTA, ORANGE, Crashing, Painted, Silent, Wild, finder
from veil import pipeline
from veil import plan as plans
from veil.errors import DetectorError, PlanError
from veil.media.image import encode, open_picture, picture_from_array
from veil.options import Options
from veil.plan import ELLIPSE_REACH
from veil.redact import cover_mask
from veil.types import Box, Frame, Kind, Pixels, State

SOLID = Options(style="solid", color=(0, 200, 0))


def photo(*faces: Box, colour: tuple[int, int, int] = MAGENTA, height: int = 120, width: int = 160) -> Pixels:
    pixels = np.random.default_rng(3).integers(0, 250, (height, width, 3), np.uint8)
    for face in faces:
        pixels[int(face.top) : int(face.bottom), int(face.left) : int(face.right)] = colour
    return pixels


def file_of(*pixels: NDArray[Any], format: str = "png", **more: Any) -> bytes:
    """The bytes of a file, with several frames or pages if there are several pictures."""
    stream = io.BytesIO()
    if pixels[0].dtype == np.uint16:
        encode([Frame(pixels[0])], picture_from_array(pixels[0]), stream, format=format)
        return stream.getvalue()
    first, *others = [Image.fromarray(each) for each in pixels]
    if others:
        more |= {"save_all": True, "append_images": others}
    first.save(stream, format, **more)
    return stream.getvalue()


def run(source: bytes, options: Options = SOLID, **more: Any) -> tuple[list[Frame], Any, Any]:
    """Find and cover; the frames of the result, the plan and the report."""
    stream = io.BytesIO()
    with open_picture(source) as picture:
        plan, report = pipeline.anonymise(picture, more.get("finder", finder()), stream, options)
    with open_picture(stream.getvalue()) as result:
        return list(result.frames()), plan, report


def test_a_face_is_covered_and_nothing_else_changes() -> None:
    face = Box(40, 30, 80, 90)
    before = photo(face)
    (frame,), plan, report = run(file_of(before))
    (region,) = plan.regions
    assert region.face == face
    assert region.box == Box(*(round(side, 2) for side in _grown(face, 1.3 * ELLIPSE_REACH)))
    covered = cover_mask([region], 120, 160)
    assert (frame.pixels[covered] == (0, 200, 0)).all()
    np.testing.assert_array_equal(frame.pixels[~covered], before[~covered])
    assert (report.covered, report.suggested, report.nothing_found) == (1, 0, False)


def _grown(box: Box, factor: float) -> Box:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    across, down = box.width / 2 * factor, box.height / 2 * factor
    return Box(x - across, y - down, x + across, y + down)


def test_doubtful_faces_are_suggested_and_left_visible() -> None:
    before = photo(Box(40, 30, 80, 90), colour=ORANGE)
    (frame,), plan, report = run(file_of(before))
    assert [region.state for region in plan.regions] == [State.SUGGESTED]
    np.testing.assert_array_equal(frame.pixels, before)
    assert report.wants_review and not report.nothing_found


def test_a_picture_without_faces_is_said_to_want_review() -> None:
    (frame,), plan, report = run(file_of(photo()), finder=finder(Silent()))
    np.testing.assert_array_equal(frame.pixels, photo())
    assert report.nothing_found and report.wants_review and not plan.regions


def test_areas_given_by_hand_are_covered() -> None:
    options = Options(style="solid", region=(Box(5, 5, 20, 15),), shape="box")
    (frame,), plan, report = run(file_of(photo()), options)
    assert (frame.pixels[5:15, 5:20] == 0).all()
    assert [region.state for region in plan.regions] == [State.DRAWN] and report.drawn == 1


@pytest.mark.parametrize(
    ("style", "stronger"), [("mosaic", True), ("gaussian", True), ("veil", False), ("solid", False)]
)
def test_strength_is_handed_on(style: str, stronger: bool) -> None:
    source = file_of(photo(Box(40, 30, 80, 90)))
    (plain,), (strong,) = (run(source, Options(style=style, strength=strength))[0] for strength in (1, 3))
    assert (plain.pixels != strong.pixels).any() == stronger


def test_find_and_cover_make_what_anonymise_makes() -> None:
    source = file_of(photo(Box(40, 30, 80, 90)))
    once, twice = io.BytesIO(), io.BytesIO()
    with open_picture(source) as picture:
        plan, report = pipeline.anonymise(picture, finder(), once, Options())
    with open_picture(source) as picture:
        read_again = plans.from_json(plans.to_json(pipeline.find(picture, finder(), Options())))
        assert read_again == plan
        assert pipeline.cover(picture, read_again, twice, Options()) == report
    assert once.getvalue() == twice.getvalue()


def test_one_frame_is_decoded_once_and_several_each_time() -> None:
    with open_picture(file_of(photo())) as still:
        kept = pipeline.decoded_once(still)
        assert kept.facts == still.facts
        assert next(kept.frames()) is next(kept.frames())
    with open_picture(file_of(photo(), photo(Box(1, 1, 9, 9)), duration=100)) as moving:
        assert pipeline.decoded_once(moving) is moving


def test_a_plan_for_another_picture_writes_nothing() -> None:
    stream = io.BytesIO()
    with open_picture(file_of(photo())) as picture:
        plan = pipeline.find(picture, finder(), Options())
    with open_picture(file_of(photo(Box(40, 30, 80, 90)))) as other, pytest.raises(PlanError):
        pipeline.cover(other, plan, stream, Options())
    assert not stream.getvalue()


def test_a_failing_detector_is_an_error_and_writes_nothing() -> None:
    stream = io.BytesIO()
    with open_picture(file_of(photo())) as picture, pytest.raises(DetectorError):
        pipeline.anonymise(picture, finder(Crashing()), stream, Options())
    assert not stream.getvalue()


@pytest.mark.parametrize(
    ("box", "score"),
    [
        pytest.param(Box(10, 10, 50, 50), np.nan, id="score-not-a-number"),
        pytest.param(Box(10, np.nan, 50, 50), 0.9, id="side-not-a-number"),
        pytest.param(Box(10, 10, np.inf, 50), 0.9, id="endless"),
    ],
)
def test_an_answer_that_is_no_number_is_an_error_not_a_face_left_out(box: Box, score: float) -> None:
    stream = io.BytesIO()
    with open_picture(file_of(photo())) as picture, pytest.raises(DetectorError, match="not a number"):
        pipeline.anonymise(picture, finder(Wild(box, score)), stream, Options())
    assert not stream.getvalue()


def test_boxes_beside_the_picture_do_no_harm() -> None:
    (frame,), plan, _ = run(file_of(photo()), finder=finder(Wild(Box(-500, -500, -400, -400), 0.9)))
    np.testing.assert_array_equal(frame.pixels, photo())
    assert len(plan.regions) == 1


def test_transparent_pictures_are_looked_at_as_stored_and_as_seen() -> None:
    """A face may show only where colours mix with what lies behind, or hide under full transparency."""

    class Grey(Painted):
        """Finds what is seen as middle grey, too."""

        def detect(self, pixels: NDArray[np.uint8], /) -> list[Any]:
            grey = (pixels == 128).all(axis=2)
            return super().detect(np.where(grey[..., None], np.array(MAGENTA, np.uint8), pixels))

    stored = photo(Box(10, 30, 40, 70))
    alpha = np.full((120, 160, 1), 255, np.uint8)
    alpha[10:100, 0:60] = 0
    alpha[20:60, 100:130] = 0
    _, plan, _ = run(file_of(np.concatenate([stored, alpha], axis=2)), finder=finder(Grey()))
    faces = {region.face for region in plan.regions}
    assert faces == {Box(10, 30, 40, 70), Box(0, 10, 60, 100), Box(100, 20, 130, 60)}


def test_a_covered_area_is_opaque_and_opacity_elsewhere_is_kept() -> None:
    alpha = np.random.default_rng(5).integers(1, 255, (120, 160, 1), np.uint8)
    before = np.concatenate([photo(Box(40, 30, 80, 90)), alpha], axis=2)
    (frame,), plan, _ = run(file_of(before))
    covered = cover_mask(plan.regions, 120, 160)
    assert frame.alpha is not None
    assert (frame.alpha[covered] == 255).all()
    np.testing.assert_array_equal(frame.alpha[~covered], alpha[..., 0][~covered])


def test_sixteen_bits_are_kept_and_faint_pictures_are_looked_at_brightened() -> None:
    """Many files keep 12 bits in 16: seen as they are, they would be black."""
    dark = np.zeros((120, 160, 3), np.uint16)
    dark[30:90, 40:80] = (4095, 0, 4095)
    (frame,), plan, _ = run(file_of(dark))
    assert [region.face for region in plan.regions] == [Box(40, 30, 80, 90)]
    assert frame.pixels.dtype == np.uint16


def test_pages_are_covered_one_by_one() -> None:
    pages = [photo(Box(40, 30, 80, 90)), photo(), photo(Box(90, 20, 130, 70))]
    out, plan, report = run(file_of(*pages, format="tiff"))
    assert plan.picture.kind is Kind.PAGES and report.covered == 2
    np.testing.assert_array_equal(out[1].pixels, pages[1])
    for index, region in ((0, plan.regions[0]), (2, plan.regions[1])):
        covered = cover_mask([region], 120, 160)
        assert (out[index].pixels[covered] == (0, 200, 0)).all()
        np.testing.assert_array_equal(out[index].pixels[~covered], pages[index][~covered])


def test_work_can_be_stopped_between_frames() -> None:
    seen = []

    def step() -> None:
        seen.append(1)
        if len(seen) == 3:
            raise KeyboardInterrupt

    frames = [photo(Box(index, 30, 80, 90)) for index in range(6)]
    with open_picture(file_of(*frames, duration=100)) as picture, pytest.raises(KeyboardInterrupt):
        pipeline.find(picture, finder(), Options(), step)
    assert len(seen) == 3


@pytest.mark.parametrize("style", ["veil", "gaussian", "mosaic", "solid"])
def test_no_magenta_is_left_whatever_the_style(style: str) -> None:
    (frame,), _, _ = run(file_of(photo(Box(40, 30, 80, 90), Box(70, 60, 110, 118))), Options(style=style))
    assert not (frame.pixels == MAGENTA).all(axis=2).any() or style in ("gaussian", "mosaic")


def test_safety_boxes_are_drawn_on_demand() -> None:
    (frame,), plan, _ = run(file_of(photo(Box(40, 30, 80, 90))), Options(boxes=True))
    (region,) = plan.regions
    assert (frame.pixels[int(region.box.top), 60] == (0, 255, 0)).all()
