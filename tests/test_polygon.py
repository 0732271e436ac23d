"""Polygons, to the pixel, against geometry in whole numbers that cannot round."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from veil.polygon import SLACK, bounds, touched
from veil.types import Box, Point

HEIGHT, WIDTH = 20, 24
ROWS, COLUMNS = slice(0, HEIGHT), slice(0, WIDTH)
UNIT = 2**200  # every coordinate of these tests is a whole number of 1/UNIT pixels

Outline = tuple[Point, ...]


def outline(*places: Sequence[float]) -> Outline:
    return tuple(Point(x, y) for x, y in places)


CASES = {
    "triangle": outline((3.3, 2.1), (19.8, 7.4), (8.2, 17.9)),
    "notched": outline((2, 2), (20, 3), (21, 18), (11.5, 6.25), (3, 18)),
    "other-way-round": outline((8.2, 17.9), (19.8, 7.4), (3.3, 2.1)),
    "within-one-pixel": outline((5.2, 5.2), (5.8, 5.3), (5.5, 5.9)),
    "thin": outline((1.01, 1.02), (22.4, 17.93), (22.41, 17.97)),
    "thin-and-level": outline((1.2, 6.4), (20.7, 6.41), (20.7, 6.42)),
    "thin-and-upright": outline((6.4, 1.2), (6.41, 18.7), (6.42, 18.7)),
    "figure-eight": outline((2.5, 2.5), (20.5, 16.5), (20.5, 2.5), (2.5, 16.5)),
    "star": outline(*((12 + 9 * np.sin(k * 4 * np.pi / 5), 10 - 9 * np.cos(k * 4 * np.pi / 5)) for k in range(5))),
    "round-twice": outline(*((12 + 8 * np.sin(k * np.pi / 10), 10 + 7 * np.cos(k * np.pi / 10)) for k in range(40))),
    "partly-outside": outline((-7.5, 9), (13, -22), (40.25, 12), (10, 31)),
    "around-the-picture": outline((-100, -100), (200, -90), (180, 150), (-70, 120)),
    "beside-the-picture": outline((30, 2), (40, 5), (33, 17)),
    "above-the-picture": outline((3, -9), (15, -1), (8, -0.0)),
    "far-corners": outline((-1e6, -1e6), (1e6, 3), (12.3, 1e6)),
    "vertices-on-pixel-borders": outline((4, 3), (15, 3), (20, 10), (15, 17), (4, 17)),
    "diamond-through-pixel-corners": outline((12, 2), (20, 10), (12, 18), (4, 10)),
    "along-pixel-centres": outline((3.5, 2.5), (18.5, 2.5), (18.5, 15.5), (3.5, 15.5)),
    "collinear-vertices": outline((3.25, 4), (8, 4), (8, 4), (15.75, 4), (15.75, 9.5), (15.75, 16), (3.25, 16)),
    "a-line": outline((2.25, 3.5), (12.5, 9.5), (18.7, 15.2)),
    "a-level-line": outline((2.25, 3.5), (12.5, 3.5), (18.75, 3.5)),
    "a-line-on-a-border": outline((2, 5), (18, 5), (10, 5)),
    "a-point": outline((7.5, 7.5), (7.5, 7.5), (7.5, 7.5)),
    "with-a-whisker": outline((4.5, 4.5), (9.5, 4.5), (22.2, 7.1), (9.5, 4.5), (9.5, 12.5), (4.5, 12.5)),
    "a-hole-that-is-none": outline(
        (2, 2), (20, 2), (20, 17), (2, 17), (2, 2), (7, 7), (15, 7), (15, 12), (7, 12), (7, 7)
    ),
}


def whole(number: float | Fraction) -> int:
    scaled = Fraction(number) * UNIT
    assert scaled.denominator == 1
    return scaled.numerator


def by_geometry(shape: Outline, wider: Fraction = Fraction(0)) -> NDArray[np.bool_]:
    """Which pixels' insides, made wider at each side, meet an edge or have a centre that the outline goes around.

    A side and an open square are apart just when they are along x, along y, or across the side (separating axes). The
    winding number is counted along a ray that goes down.
    """
    left = np.array([[whole(column - wider) for column in range(WIDTH)]] * HEIGHT, object)
    top = np.array([[whole(row - wider)] * WIDTH for row in range(HEIGHT)], object)
    side = whole(1 + 2 * wider)
    across, down = left + side // 2, top + side // 2
    meets = np.zeros((HEIGHT, WIDTH), bool)
    winding = np.zeros((HEIGHT, WIDTH), int)
    vertices = [(whole(x), whole(y)) for x, y in shape]
    for (x, y), (next_x, next_y) in zip(vertices, vertices[1:] + vertices[:1], strict=True):

        def turn(px: Any, py: Any, x: int = x, y: int = y, dx: int = next_x - x, dy: int = next_y - y) -> Any:
            return dx * (py - y) - dy * (px - x)

        corners = [turn(px, py) for px in (left, left + side) for py in (top, top + side)]
        apart = (max(x, next_x) <= left) | (min(x, next_x) >= left + side)
        apart |= (max(y, next_y) <= top) | (min(y, next_y) >= top + side)
        if (x, y) != (next_x, next_y):
            apart |= np.all([corner >= 0 for corner in corners], axis=0)
            apart |= np.all([corner <= 0 for corner in corners], axis=0)
        meets |= ~apart.astype(bool)
        below = turn(across, down)
        winding += ((x <= across) & (across < next_x) & (below < 0)).astype(int)
        winding -= ((next_x <= across) & (across < x) & (below > 0)).astype(int)
    return np.asarray(meets | (winding != 0))


def agrees(shape: Outline) -> bool:
    """Whether no touched pixel is left out, and none is taken in that lies further off than the slack."""
    mask = touched(shape, ROWS, COLUMNS)
    nothing_missed = mask[by_geometry(shape)].all()
    nothing_more = by_geometry(shape, 2 * Fraction(SLACK))[mask].all()
    return bool(nothing_missed and nothing_more)


@pytest.mark.parametrize("shape", [pytest.param(shape, id=name) for name, shape in CASES.items()])
def test_every_pixel_that_is_touched_and_no_other(shape: Outline) -> None:
    assert agrees(shape)


@pytest.mark.parametrize("seed", range(40))
def test_any_loop(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(3, 16))
    places = random.uniform(-8, 32, (count, 2))
    if seed % 2:  # on a coarse grid: through corners, along borders, vertices upon edges
        places = np.rint(places * 2) / 2
    assert agrees(outline(*places.tolist()))


@pytest.mark.parametrize("past", [0, 1e-9, 1e-4])
@pytest.mark.parametrize("seed", range(20))
def test_edges_that_pass_by_the_corners_of_pixels(seed: int, past: float) -> None:
    random = np.random.default_rng(seed)
    corners = random.integers([2, 2], [WIDTH - 2, HEIGHT - 2], (5, 2)) + past
    along = random.uniform(-9, 9, (5, 2))
    ends = np.stack([corners - along, corners + along * random.uniform(0.1, 1, (5, 1))], axis=1)
    assert agrees(outline(*ends.reshape(-1, 2).tolist()))


def test_a_freehand_loop_of_many_vertices() -> None:
    steps = np.random.default_rng(7).normal(0, 1.2, (500, 2))
    assert agrees(outline(*(np.cumsum(steps, axis=0) % [WIDTH, HEIGHT]).tolist()))


@pytest.mark.parametrize("box", [Box(4, 3, 15, 17), Box(4.25, 3.5, 15.75, 16.1), Box(-3, -2, 30, 9), Box(5, 5, 6, 6)])
def test_a_rectangle_is_what_a_box_is(box: Box) -> None:
    left, top, right, bottom = box
    mask = touched(outline((left, top), (right, top), (right, bottom), (left, bottom)), ROWS, COLUMNS)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[max(0, int(np.floor(top))) : int(np.ceil(bottom)), max(0, int(np.floor(left))) : int(np.ceil(right))] = (
        True
    )
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("name", CASES)
def test_neither_direction_nor_first_vertex_matters(name: str) -> None:
    shape = CASES[name]
    mask = touched(shape, ROWS, COLUMNS)
    np.testing.assert_array_equal(touched(shape[::-1], ROWS, COLUMNS), mask)
    np.testing.assert_array_equal(touched(shape[2:] + shape[:2], ROWS, COLUMNS), mask)


@pytest.mark.parametrize("name", CASES)
def test_a_window_shows_its_part_of_the_whole(name: str) -> None:
    rows, columns = slice(5, 13), slice(9, 20)
    whole_mask = touched(CASES[name], ROWS, COLUMNS)
    np.testing.assert_array_equal(touched(CASES[name], rows, columns), whole_mask[rows, columns])


def test_what_is_gone_around_twice_is_inside() -> None:
    centre = by_geometry(CASES["star"])[10, 12], touched(CASES["star"], ROWS, COLUMNS)[10, 12]
    assert all(centre)


def test_an_empty_window() -> None:
    assert touched(CASES["triangle"], slice(4, 4), COLUMNS).shape == (0, WIDTH)
    assert touched(CASES["triangle"], ROWS, slice(7, 7)).shape == (HEIGHT, 0)


def test_bounds() -> None:
    assert bounds(CASES["notched"]) == Box(2, 2, 21, 18)


@pytest.mark.parametrize("wrong", [(), outline((1, 1), (float("nan"), 4), (3, 3)), outline((1, 1), (4, float("inf")))])
def test_vertices_that_cover_nothing_are_refused(wrong: Sequence[Point]) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        bounds(wrong)
