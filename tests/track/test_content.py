import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.track.scene import texture
from veil.track.content import SMALLEST, Content, Found
from veil.types import Box

Grey = NDArray[np.uint8]

WALL = texture(7, 300, 400)[..., 0]
BOX = Box(150, 100, 230, 160)


def moved(x: float, y: float, scale: float = 1.0, picture: Grey = WALL) -> Grey:
    """Return a picture that went that far, and grew from its corner."""
    turn = np.array([[scale, 0, x], [0, scale, y]])
    return np.asarray(cv2.warpAffine(picture, turn, picture.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)


def found(content: Content, grey: Grey, box: Box = BOX, around: float = 0.2) -> Found:
    find = content.find(grey, box, around)
    assert find is not None
    return find


@pytest.mark.parametrize(("x", "y"), [(0, 0), (5, -3), (0.5, 0.25), (-9, 7.75)])
@pytest.mark.parametrize("box", [BOX, Box(150, 100, 162, 116), Box(60, 40, 340, 240)])
def test_content_is_found_to_a_part_of_a_pixel(x: float, y: float, box: Box) -> None:
    find = found(Content(WALL, box), moved(x, y), box, around=0.9 if box.width < 20 else 0.2)
    np.testing.assert_allclose(find.box, np.add(box, (x, y, x, y)), atol=0.3 if box.width < 100 else 0.6)
    assert find.likeness > 0.95


@pytest.mark.parametrize(("scale", "step"), [(0.94, 0.96), (1.0, 1.0), (1.06, 1.04)])
def test_its_size_is_found_step_by_step(scale: float, step: float) -> None:
    find = found(Content(WALL, BOX), moved(0, 0, scale))
    assert find.box.width == pytest.approx(BOX.width * step)
    np.testing.assert_allclose(find.box, np.multiply(BOX, scale), atol=2)


def test_other_content_is_unlike_it() -> None:
    assert found(Content(WALL, BOX), texture(8, 300, 400)[..., 0]).likeness < 0.5


def test_brightness_and_contrast_do_not_matter() -> None:
    assert found(Content(WALL, BOX), WALL // 3 + 90).likeness > 0.99


def test_what_was_seen_later_is_known_and_the_first_picture_comes_first() -> None:
    content, other = Content(WALL, BOX), texture(8, 300, 400)[..., 0]
    content.renew(other, BOX)
    assert found(content, other).likeness > 0.99
    both = WALL.copy()
    both[90:170, 140:240] = moved(4, 0)[90:170, 140:240]
    content.renew(moved(-4, 0, picture=both), BOX)
    np.testing.assert_allclose(found(content, both).box, np.add(BOX, (4, 0, 4, 0)), atol=0.3)


def test_where_nothing_is_to_be_seen_nothing_is_found() -> None:
    flat = np.full((300, 400), 90, np.uint8)
    assert Content(flat, BOX).find(WALL, BOX, 0.2) is None
    assert found(Content(WALL, BOX), flat).likeness <= 0


def test_an_area_does_not_shrink_to_nothing() -> None:
    content, box = Content(WALL, BOX), BOX
    for step in range(300):
        box = found(content, moved(0, 0, 0.97**step), box).box
    assert min(box.width, box.height) >= 0.96 * SMALLEST


def test_content_over_the_edge_is_what_the_edge_shows() -> None:
    box = Box(-20, 100, 60, 160)
    find = found(Content(WALL, box), WALL, box)
    np.testing.assert_allclose(find.box, box, atol=0.1)
