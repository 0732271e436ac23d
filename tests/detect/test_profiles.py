import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.detect.contract import portrait
from tests.fakes import MAGENTA, Painted, finder
from veil import detect, models
from veil.detect.profiles import RECIPES, SURE, Lazy, every_scale
from veil.errors import UsageError
from veil.types import Detection, Profile

FACE = np.array([180, 70, 268, 190])


LARGE = [(1, False), (6, False), (1, True)]
TINY = (0.12, False)  # a face of 14 pixels, which the fast profile does not promise
CASES = [(profile, *case) for profile in Profile for case in LARGE + ([TINY] if profile is not Profile.FAST else [])]


@pytest.mark.model
@pytest.mark.parametrize(("profile", "scale", "mirrored"), CASES)
def test_every_profile_finds_the_face_at_any_size(profile: Profile, scale: float, mirrored: bool) -> None:
    pixels: Any = cv2.resize(portrait(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if mirrored:
        pixels = np.ascontiguousarray(pixels[:, ::-1])
    finder = detect.load(profile)
    found = [each for each in finder.detector.detect(pixels) if each.score > 0.4]
    expected = FACE * scale if not mirrored else np.array([512 - FACE[2], FACE[1], 512 - FACE[0], FACE[3]])
    best = max(found, key=lambda each: each.score)
    np.testing.assert_allclose(best.box, expected, atol=max(4, 18 * scale))  # boxes of tiny faces get a margin


@pytest.mark.parametrize("profile", Profile)
def test_thresholds_rise_with_size_and_suggestions_need_less(profile: Profile) -> None:
    recipe = RECIPES[profile]
    assert list(recipe.cover) == sorted(recipe.cover)
    assert all(low <= high for low, high in zip(recipe.suggest, recipe.cover, strict=True))


def test_two_looks_of_the_thorough_profile_are_smoothed_and_one_at_that_size_is_not() -> None:
    looks = [look for look in every_scale(RECIPES[Profile.THOROUGH], Painted()) if look.scale == 1]
    assert sorted((look.mirrored, look.smooth > 0) for look in looks) == [(False, False), (False, True), (True, True)]


def test_what_is_sure_enough_to_ask_no_second_model_is_covered() -> None:
    assert max(score for recipe in RECIPES.values() if recipe.second for score in recipe.cover) <= SURE


@pytest.mark.model
def test_a_finder_tells_the_sums_of_its_models() -> None:
    finder = detect.load("fast")
    assert finder.models == {"yunet": models.WEIGHTS["yunet"].sha256}
    assert finder.in_videos and finder.in_videos.models == {"centerface": models.WEIGHTS["centerface"].sha256}


@pytest.mark.model
def test_in_videos_the_fast_profile_and_a_glance_of_balanced_see_the_same() -> None:
    balanced, fast = detect.load("balanced"), detect.load("fast").in_videos
    assert fast and fast.look(portrait()) == balanced.look(portrait(), glance=True) != []
    assert fast.cover == balanced.cover


@pytest.mark.model
def test_a_glance_enlarges_nothing() -> None:
    small: Any = cv2.resize(portrait(), None, fx=0.12, fy=0.12, interpolation=cv2.INTER_AREA)
    finder = detect.load("balanced")
    full, glanced = (max(each.score for each in finder.look(small, glance=glance)) for glance in (False, True))
    assert glanced < full


def test_without_a_glance_the_look_is_full() -> None:
    assert finder(Painted()).glance is None
    pixels = np.full((40, 40, 3), 200, np.uint8)
    pixels[10:20, 10:20] = MAGENTA
    assert len(finder(Painted()).look(pixels, glance=True)) == 1


@pytest.mark.model
@pytest.mark.parametrize("name", models.DETECTORS)
def test_every_model_can_be_opened_alone_by_its_name(name: str) -> None:
    detector = detect.open_detector(name, min_score=0.5)
    assert detector.name == name
    assert len(detector.detect(portrait())) == 1


def test_unknown_detector_is_refused() -> None:
    with pytest.raises(UsageError, match="no detector 'haar'"):
        detect.open_detector("haar")


def test_unknown_profile_is_refused() -> None:
    with pytest.raises(UsageError, match="no profile 'slow'"):
        detect.load("slow")


def test_a_lazy_detector_is_loaded_once_by_whoever_comes_first_and_anew_once_it_was_let_go() -> None:
    loaded: list[weakref.ref[Painted]] = []

    def load() -> Painted:
        detector = Painted()
        loaded.append(weakref.ref(detector))
        return detector

    lazy = Lazy("painted", load)
    lazy.release()
    assert not loaded
    pictures = [np.zeros((20, 20, 3), np.uint8)] * 8
    for times in (1, 2):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lazy.detect, pictures))
        assert len(loaded) == times and loaded[-1]() is not None
        lazy.release()
        assert loaded[-1]() is None


def test_a_detector_that_is_let_go_of_while_it_looks_looks_to_the_end() -> None:
    class Slow(Painted):
        def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
            lazy.release()
            return super().detect(pixels)

    lazy = Lazy("painted", Slow)
    assert lazy.detect(np.zeros((20, 20, 3), np.uint8)) == []


@pytest.mark.model
@pytest.mark.parametrize("profile", Profile)
def test_what_was_let_go_of_sees_the_same_again(profile: Profile) -> None:
    for each in (detect.load(profile), detect.load_second(profile)):
        picture = portrait()
        before = each.look(picture)
        each.release()
        assert each.look(picture) == before


@pytest.mark.model
def test_a_face_that_fills_the_picture_is_found() -> None:
    close_up = np.ascontiguousarray(portrait()[85:185, 190:262])
    for profile in (Profile.BALANCED, Profile.THOROUGH):
        finder = detect.load(profile)
        heights = np.array([each.box.height for each in finder.detector.detect(close_up)])
        scores = np.array([each.score for each in finder.detector.detect(close_up)])
        assert (scores[heights > 60] >= 0.2).any()
