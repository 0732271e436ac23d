"""Covering a frame in its planes: nothing of what is covered is left in any of them, and nothing else changes."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.redact.test_picture import AREAS, LOOPS, area, loop
from veil.redact import cover_mask, redact_planes
from veil.types import Box, Pixels, Region, Shape, Style


class Kind(NamedTuple):
    """How frames are held."""

    step: tuple[int, int]
    cell: tuple[int, int]
    peak: int = 255

    def planes(self, height: int = 80, width: int = 96, seed: int = 0) -> list[Pixels]:
        """Noise."""
        rng, dtype = np.random.default_rng(seed), np.uint8 if self.peak == 255 else np.uint16
        shapes = [(height, width)] + [(-(-height // self.step[0]), -(-width // self.step[1]))] * 2
        return [rng.integers(0, self.peak, shape, dtype) for shape in shapes]

    def cover(self, planes: list[Pixels], regions: list[Region], style: str, **more: Any) -> list[Pixels]:
        more = {"color": (7, 8, 9)} | more
        return redact_planes(planes, regions, style, step=self.step, cell=self.cell, peak=self.peak, **more)

    def touched(self, regions: list[Region], height: int, width: int) -> list[NDArray[np.bool_]]:
        """Which values of each plane a region touches, pixel by pixel."""
        mask = cover_mask(regions, height, width)
        shared = np.zeros((-(-height // self.step[0]), -(-width // self.step[1])), bool)
        for row, column in np.argwhere(mask).tolist():
            down, across = self.cell
            top, left = row // down * down // self.step[0], column // across * across // self.step[1]
            shared[top : top + down // self.step[0], left : left + across // self.step[1]] = True
        return [mask, shared, shared]


KINDS = [
    pytest.param(Kind((2, 2), (2, 2)), id="420"),
    pytest.param(Kind((2, 2), (4, 2)), id="420-fields"),
    pytest.param(Kind((1, 2), (1, 2)), id="422"),
    pytest.param(Kind((1, 1), (1, 1)), id="444"),
    pytest.param(Kind((2, 2), (2, 2), 1023), id="420-10-bit"),
]
SIZES = [(80, 96), (81, 97), (79, 95)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("areas", AREAS)
def test_everything_outside_is_left_bit_for_bit(
    areas: list[Box], size: tuple[int, int], style: str, kind: Kind
) -> None:
    before, regions = kind.planes(*size), [area(box) for box in areas]
    kept = [plane.copy() for plane in before]
    after = kind.cover(before, regions, style)
    for old, new, copy, touched in zip(before, after, kept, kind.touched(regions, *size), strict=True):
        np.testing.assert_array_equal(new[~touched], old[~touched])
        np.testing.assert_array_equal(old, copy)
        assert new.dtype == old.dtype


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", ["veil", "solid"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("areas", AREAS)
def test_what_was_inside_has_no_influence(areas: list[Box], size: tuple[int, int], style: str, kind: Kind) -> None:
    regions = [area(box, shape) for box, shape in zip(areas, [Shape.ELLIPSE, Shape.BOX, Shape.POLYGON], strict=False)]
    one, other = kind.planes(*size), kind.planes(*size, seed=1)
    for same, changed, touched in zip(one, other, kind.touched(regions, *size), strict=True):
        changed[~touched] = same[~touched]
    for made, again in zip(kind.cover(one, regions, style), kind.cover(other, regions, style), strict=True):
        np.testing.assert_array_equal(made, again)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("places", LOOPS)
def test_every_pixel_of_a_loop_is_covered(places: list[tuple[float, float]], style: str, kind: Kind) -> None:
    before = kind.planes()
    after = kind.cover(before, [loop(places)], style)
    if style == "solid":
        for new, touched, value in zip(after, kind.touched([loop(places)], 80, 96), (7, 8, 9), strict=True):
            assert (new[touched] == value).all()
    elif kind.peak > 255:  # a new value equals the old one by chance more rarely
        touched = kind.touched([loop(places)], 80, 96)[0]
        assert (after[0] != before[0])[touched].mean() > 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_veil_in_a_plain_wall_is_the_wall(kind: Kind) -> None:
    wall = [np.full_like(plane, value) for plane, value in zip(kind.planes(), (200, 90, 140), strict=True)]
    for plane, made in zip(wall, kind.cover(wall, [area(Box(20, 30, 70, 66))], "veil"), strict=True):
        np.testing.assert_array_equal(made, plane)


@pytest.mark.parametrize("kind", KINDS)
def test_veil_over_a_whole_frame_is_neutral_grey(kind: Kind) -> None:
    for made in kind.cover(kind.planes(), [area(Box(0, 0, 96, 80), Shape.BOX)], "veil"):
        assert (made == (kind.peak + 1) // 2).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_is_drawn_on_demand(kind: Kind) -> None:
    regions = [area(Box(20, 30, 60, 70))]
    made = kind.cover(kind.planes(), regions, "veil", line=(91, 92, 93))
    line = np.zeros((80, 96), bool)
    line[30:70, 20:60] = True
    line[32:68, 22:58] = False
    assert (made[0][line] == 91).all() and (made[1] == 92).any() and (made[2] == 93).any()
    plain = kind.cover(kind.planes(), regions, "veil")
    np.testing.assert_array_equal(made[0][~line], plain[0][~line])


def moved(planes: list[Pixels], down: int, across: int, kind: Kind) -> list[Pixels]:
    steps = [(1, 1), kind.step, kind.step]
    return [np.roll(plane, (down // s[0], across // s[1]), (0, 1)) for plane, s in zip(planes, steps, strict=True)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_cells_of_mosaic_go_with_a_face_that_is_followed(kind: Kind) -> None:
    """The same part of the face lies in each of them in every frame, so that more frames do not tell more of it."""
    planes, place = kind.planes(200, 240), Box(60.25, 52.5, 100.25, 104.5)
    still = kind.cover(planes, [replace(area(place), track=3)], "mosaic")
    for down, across in ((4, 8), (40, 76), (-12, 20)):
        there = Box(place.left + across, place.top + down, place.right + across, place.bottom + down)
        made = kind.cover(moved(planes, down, across, kind), [replace(area(there), track=3)], "mosaic")
        for one, other in zip(moved(still, down, across, kind), made, strict=True):
            np.testing.assert_array_equal(one, other)
