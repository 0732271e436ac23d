"""Covering, to the pixel: everything inside changes as it should, nothing outside does."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veil.errors import UsageError
from veil.polygon import bounds
from veil.redact import cover_mask, redact
from veil.types import Box, Pixels, Point, Region, Shape, State, Style

DTYPES = [pytest.param(np.uint8, id="8-bit"), pytest.param(np.uint16, id="16-bit")]
AREAS = [
    pytest.param([Box(20, 30, 44, 62)], id="one"),
    pytest.param([Box(20.4, 30.6, 44.1, 62.9)], id="between-pixels"),
    pytest.param([Box(-9, -9, 14, 20), Box(80, 70, 200, 300)], id="over-the-edge"),
    pytest.param([Box(20, 30, 44, 62), Box(36, 40, 60, 75), Box(50, 60, 90, 79)], id="overlapping"),
    pytest.param([Box(3, 3, 4, 4), Box(10, 10, 11.5, 11.5)], id="tiny"),
    pytest.param([Box(0, 0, 96, 80)], id="as-large-as-the-picture"),
    pytest.param([Box(-200, -200, 300, 300)], id="larger-than-the-picture"),
]
LOOPS = [
    pytest.param([(20, 10), (70, 64), (70, 12), (22, 66)], id="figure-eight"),
    pytest.param([(48, 5), (66, 70), (14, 28), (82, 28), (30, 70)], id="star"),
    pytest.param([(-30, 20), (50.5, 33.25), (130, -40), (60, 95)], id="partly-outside"),
    pytest.param([(10, 10), (80.2, 60.1), (80.3, 60.4)], id="thin"),
    pytest.param([(10.1, 10.2), (10.7, 10.3), (10.4, 10.8)], id="within-one-pixel"),
    pytest.param([(5, 20.5), (60, 20.5), (90, 20.5)], id="a-line-without-height"),
    pytest.param([(-200, -200), (300, -200), (300, 300), (-200, 300)], id="around-the-picture"),
]


def noise(height: int = 80, width: int = 96, seed: int = 0, dtype: type[Any] = np.uint8) -> Pixels:
    pixels: Pixels = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (height, width, 3), dtype)
    return pixels


def area(box: Box, shape: Shape = Shape.ELLIPSE, face: Box | None = None) -> Region:
    return Region(
        box, shape, State.COVERED, 0.9, "painted", face=face, outline=diamond(box) if shape is Shape.POLYGON else ()
    )


def diamond(box: Box) -> tuple[Point, ...]:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return Point(x, box.top), Point(box.right, y), Point(x, box.bottom), Point(box.left, y)


def loop(places: Sequence[tuple[float, float]]) -> Region:
    outline = tuple(Point(x, y) for x, y in places)
    return Region(bounds(outline), Shape.POLYGON, State.DRAWN, None, "user", outline=outline)


def by_hand(box: Box, shape: Shape, height: int, width: int) -> NDArray[np.bool_]:
    """Which pixels an area touches, from a fine grid of points in each pixel."""
    grid = (np.arange(16) + 0.5) / 16
    down = (np.arange(height)[:, None] + grid).ravel()[:, None]
    across = (np.arange(width)[:, None] + grid).ravel()[None, :]
    up, aside = (
        (down - (box.top + box.bottom) / 2) / box.height * 2,
        (across - (box.left + box.right) / 2) / box.width * 2,
    )
    match shape:
        case Shape.ELLIPSE:
            inside = up**2 + aside**2 < 1
        case Shape.BOX:
            inside = np.maximum(np.abs(up), np.abs(aside)) < 1
        case Shape.POLYGON:
            inside = np.abs(up) + np.abs(aside) < 1
    return np.asarray(inside.reshape(height, 16, width, 16).any(axis=(1, 3)))


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("areas", AREAS)
def test_mask_holds_every_pixel_that_is_touched(areas: list[Box], shape: Shape) -> None:
    mask = cover_mask([area(box, shape) for box in areas], 80, 96)
    touched = np.any([by_hand(box, shape, 80, 96) for box in areas], axis=0)
    assert mask[touched].all()
    assert (mask & ~touched).sum() <= 32  # pixels touched between the points of the grid, or at a corner


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("areas", AREAS)
def test_every_pixel_outside_is_left_bit_for_bit(areas: list[Box], shape: Shape, style: Style, dtype: type) -> None:
    before = noise(dtype=dtype)
    kept = before.copy()
    regions = [area(box, shape) for box in areas]
    after = redact(before, regions, style, color=(255, 0, 255))
    outside = ~cover_mask(regions, 80, 96)
    np.testing.assert_array_equal(after[outside], before[outside])
    np.testing.assert_array_equal(before, kept)
    assert after.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("style", ["veil", "solid"])
@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("areas", AREAS)
def test_what_was_inside_has_no_influence(areas: list[Box], shape: Shape, style: str, dtype: type) -> None:
    regions = [area(box, shape) for box in areas]
    inside = cover_mask(regions, 80, 96)
    one, other = noise(dtype=dtype), noise(seed=1, dtype=dtype)
    other[~inside] = one[~inside]
    np.testing.assert_array_equal(redact(one, regions, style), redact(other, regions, style))


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("places", LOOPS)
def test_every_pixel_outside_a_loop_is_left_bit_for_bit(places: list[tuple[float, float]], style: Style) -> None:
    before = noise(dtype=np.uint16)
    changed = (redact(before, [loop(places)], style, color=(255, 0, 255)) != before).any(axis=2)
    np.testing.assert_array_equal(changed, cover_mask([loop(places)], 80, 96))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("style", ["veil", "solid"])
@pytest.mark.parametrize("places", LOOPS)
def test_what_was_inside_a_loop_has_no_influence(places: list[tuple[float, float]], style: str, dtype: type) -> None:
    regions = [loop(places), area(Box(30, 30, 50, 50))]
    inside = cover_mask(regions, 80, 96)
    one, other = noise(dtype=dtype), noise(seed=1, dtype=dtype)
    other[~inside] = one[~inside]
    np.testing.assert_array_equal(redact(one, regions, style, strength=0.5), redact(other, regions, style, strength=4))


@pytest.mark.parametrize("places", LOOPS)
def test_a_loop_lies_where_its_vertices_do_whatever_its_box_says(places: list[tuple[float, float]]) -> None:
    region = loop(places)
    cut = replace(region, box=Box(*(round(side) for side in region.box)))
    np.testing.assert_array_equal(cover_mask([cut], 80, 96), cover_mask([region], 80, 96))
    assert cover_mask([region], 80, 96).any()


@pytest.mark.parametrize("places", [[], [(5, 5), (float("nan"), 9), (7, 7)]])
@pytest.mark.parametrize("style", Style)
def test_a_loop_that_is_nowhere_is_refused(places: list[tuple[float, float]], style: Style) -> None:
    outline = tuple(Point(x, y) for x, y in places)
    region = Region(Box(5, 5, 9, 9), Shape.POLYGON, State.DRAWN, None, "user", outline=outline)
    with pytest.raises(ValueError, match="must be finite"):
        redact(noise(), [region], style)


@pytest.mark.parametrize("style", ["gaussian", "mosaic"])
@pytest.mark.parametrize("areas", AREAS[:4] + AREAS[5:])
def test_every_pixel_inside_is_changed(areas: list[Box], style: str) -> None:
    before = noise(dtype=np.uint16)  # with 16 bits a mean equals a pixel by chance once in millions
    regions = [area(box) for box in areas]
    after = redact(before, regions, style)
    assert (after != before).any(axis=2)[cover_mask(regions, 80, 96)].all()


def test_solid_is_the_colour_asked_for_in_the_depth_of_the_picture() -> None:
    regions = [area(Box(5, 5, 30, 30))]
    inside = cover_mask(regions, 80, 96)
    assert (redact(noise(), regions, "solid", color=(255, 128, 0))[inside] == (255, 128, 0)).all()
    deep = redact(noise(dtype=np.uint16), regions, "solid", color=(255, 128, 0))
    assert (deep[inside] == (65535, 128 * 257, 0)).all()


@pytest.mark.parametrize(("dtype", "grey"), [(np.uint8, 128), (np.uint16, 32768)])
def test_veil_over_a_whole_picture_is_neutral_grey(dtype: type, grey: int) -> None:
    assert (redact(noise(dtype=dtype), [area(Box(0, 0, 96, 80), Shape.BOX)], "veil") == grey).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_veil_in_a_plain_wall_is_the_wall(dtype: type) -> None:
    wall: Pixels = np.full((80, 96, 3), (np.iinfo(dtype).max, 40, 7), dtype)
    covered = redact(wall, [area(Box(-5, 20, 44, 90)), area(Box(30, 30, 70, 60))], "veil")
    np.testing.assert_allclose(covered.astype(int), wall, atol=0 if dtype is np.uint8 else 4)


def test_veil_has_no_seam_on_a_slope() -> None:
    slope = np.repeat(np.linspace(0, 255, 256).astype(np.uint8)[None, :, None], 128, axis=0).repeat(3, axis=2)
    covered = redact(slope, [area(Box(90, 30, 160, 100))], "veil").astype(int)
    steps = np.abs(np.diff(covered, axis=1)).max(), np.abs(np.diff(covered, axis=0)).max()
    assert max(steps) <= 16  # of 255: nothing that an eye takes for an edge


def test_veil_fills_areas_that_meet_together() -> None:
    """Beside a second face, neither face may colour the other's area."""
    wall = np.full((80, 96, 3), 50, np.uint8)
    wall[20:60, 20:70] = noise()[20:60, 20:70]
    faces = [area(Box(10, 10, 48, 70), Shape.BOX), area(Box(40, 10, 80, 70), Shape.BOX)]
    assert (redact(wall, faces, "veil") == 50).all()


def test_veil_takes_no_colours_from_transparent_pixels() -> None:
    pixels = np.full((80, 96, 3), 200, np.uint8)
    pixels[:, :48] = 0
    visible = np.ones((80, 96), bool)
    visible[:, :48] = False
    faces = [area(Box(40, 30, 60, 50))]
    covered = redact(pixels, faces, "veil", visible=visible)
    assert (covered[cover_mask(faces, 80, 96)] == 200).all()


def test_veil_where_nothing_around_is_visible_is_grey() -> None:
    faces = [area(Box(40, 30, 60, 50))]
    covered = redact(noise(), faces, "veil", visible=np.zeros((80, 96), bool))
    assert (covered[cover_mask(faces, 80, 96)] == 128).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (2, 2)])
@pytest.mark.parametrize("style", Style)
def test_the_smallest_pictures(size: tuple[int, int], style: Style) -> None:
    pixels = noise(*size)
    assert redact(pixels, [area(Box(0, 0, 1, 1))], style).shape == pixels.shape


def test_gaussian_follows_the_formula() -> None:
    """An edge spreads over the kernel of 0.3 times the face's width made odd: 31 pixels for 100, at least 15."""
    edge = np.zeros((200, 200, 3), np.uint8)
    edge[:, 100:] = 255
    for width, kernel in ((100, 31), (20, 15)):
        face = Box(100 - width / 2, 50, 100 + width / 2, 50 + width)
        blurred = redact(edge, [area(Box(20, 20, 180, 180), Shape.BOX, face=face)], "gaussian")
        spread = ((blurred[100, :, 0] > 0) & (blurred[100, :, 0] < 255)).sum()
        assert kernel - 5 <= spread <= kernel - 1  # the kernel's outermost weights are below half a grey level


def test_mosaic_has_no_slivers() -> None:
    """No cell is so thin that it keeps a line of the original: the cells' number is bounded by their least size."""
    covered = redact(noise(), [area(Box(-3, -3, 93, 77), Shape.BOX)], "mosaic")
    inside = covered[:77, :93]
    rows = np.flatnonzero((np.diff(inside.astype(int), axis=0) != 0).any(axis=(1, 2)))
    columns = np.flatnonzero((np.diff(inside.astype(int), axis=1) != 0).any(axis=(0, 2)))
    assert np.diff([-1, *rows]).min() >= 8
    assert np.diff([-1, *columns]).min() >= 8


def test_mosaic_is_the_same_each_time_and_differs_between_places() -> None:
    def lines(box: Box) -> list[int]:
        covered = redact(noise(), [area(box, Shape.BOX)], "mosaic").astype(int)
        return (np.flatnonzero((np.diff(covered[40, 20:60], axis=0) != 0).any(axis=1)) - int(box.left)).tolist()

    assert lines(Box(20, 10, 60, 70)) == lines(Box(20, 10, 60, 70))
    assert lines(Box(20, 10, 60, 70)) != lines(Box(20, 12, 60, 70))


@pytest.mark.parametrize(("width", "strength", "kernel"), [(100, 2, 61), (100, 0.5, 15), (20, 2, 31), (20, 0.5, 15)])
def test_strength_multiplies_the_kernel_down_to_the_least(width: int, strength: float, kernel: int) -> None:
    before = noise(200, 200)
    region = area(Box(0, 0, 200, 200), Shape.BOX, face=Box(0, 0, width, width))
    blurred = redact(before, [region], "gaussian", strength=strength)
    np.testing.assert_array_equal(blurred, cv2.GaussianBlur(before, (kernel, kernel), 0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_wide_blur_made_in_a_smaller_picture_looks_like_one_made_in_full(dtype: type) -> None:
    before: Pixels = noise(300, 330, dtype=dtype)
    before[100:180, 120:200] = 0
    region = area(Box(0, 0, 330, 300), Shape.BOX, face=Box(0, 0, 300, 300))
    blurred = redact(before, [region], "gaussian", strength=4)
    expected = cv2.GaussianBlur(before, (361, 361), 0)
    np.testing.assert_allclose(blurred.astype(float), expected, atol=np.iinfo(dtype).max / 100)


@pytest.mark.parametrize("shape", Shape)
def test_strength_enlarges_the_cells_of_mosaic(shape: Shape) -> None:
    def cells(strength: float) -> int:
        region = area(Box(0, 0, 96, 80), shape, face=Box(0, 0, 48, 60))
        covered = redact(noise(), [region], "mosaic", strength=strength)
        return len(np.unique(covered[cover_mask([region], 80, 96)], axis=0))

    assert cells(0.5) > cells(1) > cells(2) > cells(4)
    assert cells(0.5) <= (80 // 8 + 1) * (96 // 8 + 1)  # none is smaller than the least


@pytest.mark.parametrize("strength", [0, -1, float("nan"), float("inf")])
def test_a_strength_that_is_none_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength must be"):
        redact(noise(), [], "gaussian", strength=strength)


def test_safety_boxes_are_green_lines_two_pixels_wide() -> None:
    before = noise()
    after = redact(before, [area(Box(20, 30, 60, 70), Shape.BOX)], "veil", safety_boxes=True)
    without = redact(before, [area(Box(20, 30, 60, 70), Shape.BOX)], "veil")
    line = np.zeros((80, 96), bool)
    line[30:70, 20:60] = True
    line[32:68, 22:58] = False
    assert (after[line] == (0, 255, 0)).all()
    np.testing.assert_array_equal(after[~line], without[~line])


def test_an_area_beside_the_picture_covers_nothing() -> None:
    before = noise()
    np.testing.assert_array_equal(redact(before, [area(Box(200, 200, 300, 300))], "veil", safety_boxes=True), before)


def test_unknown_style_is_refused() -> None:
    with pytest.raises(UsageError, match="no style 'blur'"):
        redact(noise(), [], "blur")


@pytest.mark.parametrize("wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_wrong_pixels_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        redact(wrong, [])
