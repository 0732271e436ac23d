"""In which sizes the second look looks, and from which score it names a face."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.detect.contract import FACE, overlap, portrait
from tests.fakes import Painted
from veil import boxes
from veil.detect import load_second
from veil.detect.fuse import Fused
from veil.detect.profiles import RECIPES, every_scale
from veil.detect.second import LARGE, LEAST_SIDE, MODEL, NAMES_SMALL, SECOND, SMALL, looks
from veil.errors import UsageError
from veil.types import Box, Detection, Profile


class Recording:
    """Finds nothing and remembers the widths of the pictures."""

    name = "recording"

    def __init__(self) -> None:
        self.widths: list[int] = []

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        self.widths.append(pixels.shape[1])
        return []


def widths(size: float, width: int, height: int) -> list[int]:
    detector = Recording()
    Fused(looks(size, detector)).detect(np.zeros((height, width, 3), np.uint8))
    return detector.widths


def test_it_looks_in_its_size_and_reduced_as_long_as_something_is_left() -> None:
    assert widths(0.6, 2000, 1000) == [1200, 600]
    assert widths(0.6, 4000, 3000) == [2400, 1200, 600]
    assert widths(1.25, 1000, 500) == [1250, 625]
    assert all(width >= LEAST_SIDE for width in widths(1.75, 3000, 2000))


def test_a_picture_too_large_to_be_enlarged_is_not() -> None:
    assert max(widths(1.25, 4000, 3000)) <= 4000


@pytest.mark.parametrize("profile", Profile)
def test_no_size_is_one_of_a_first_look(profile: Profile) -> None:
    recipe = RECIPES[profile]
    first = {look.scale for look in every_scale(recipe, Painted()) if recipe.model == MODEL}
    assert not first & {look.scale for look in looks(SECOND[profile].size, Painted())}


def test_what_is_seen_in_the_mirror_lies_where_it_is() -> None:
    pixels = np.full((600, 1000, 3), 200, np.uint8)
    pixels[100:300, 50:200] = (255, 0, 255)
    (found,) = Fused(looks(0.6, Painted())).detect(pixels)
    assert overlap(found.box, Box(50, 100, 200, 300)) > 0.8


def test_low_faces_are_left_to_the_largest_size() -> None:
    pixels = np.full((1000, 2000, 3), 200, np.uint8)
    pixels[100:200, 100:200] = (255, 0, 255)  # 60 pixels high in the largest size, 30 in the next
    size, reduced = looks(0.6, Painted())[:2]
    assert len(Fused([size]).detect(pixels)) == 1
    assert reduced.least == LARGE and not Fused([reduced]).detect(pixels)


@pytest.mark.model
def test_small_faces_have_to_be_plain() -> None:
    finder = load_second("fast")
    limits = boxes.thresholds(np.array([SMALL - 1.0, SMALL + 1.0]), finder.cover).tolist()
    assert limits == [NAMES_SMALL, SECOND[Profile.FAST].names] and finder.cover == finder.suggest


def test_a_profile_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing was done"):
        load_second("blind")


@pytest.mark.model
@pytest.mark.parametrize("profile", Profile)
def test_a_real_face_is_seen_again(profile: str) -> None:
    best, *_ = load_second(profile).look(portrait())
    assert best.score >= SECOND[Profile(profile)].names and overlap(best.box, FACE) > 0.5
