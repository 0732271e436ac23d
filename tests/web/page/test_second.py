"""The second look on the page: what it saw is shown, settled or released before a result can be fetched."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests import fakes, footage
from tests.jobs.films import FILM, filmed
from tests.web.page.conftest import served
from tests.web.page.driver import FACE, Page, near
from tests.web.page.test_reach import LOOKS, faults
from veil.jobs.limits import Limits

OTHER = (slice(110, 160), slice(200, 240))
PHOTO = fakes.photo(FACE, OTHER)


@pytest.fixture
def page(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    """A studio whose first look sees nothing, and the second all that is painted."""
    with served(
        chromium,
        tmp_path,
        finder=fakes.finder(fakes.Silent()),
        second=footage.spotter(),
        limits=Limits(free_bytes=0),
    ) as page:
        yield page


def look_twice(page: Page, **how: Any) -> None:
    """Open the page and have results looked at again."""
    page.open(**how)
    page.run("document.querySelector('#verify').click()")


def held(page: Page, places: int) -> None:
    """Wait until so many places are shown for the photo on the stage."""
    page.settle()
    page.wait_for("#places .row", places)


def test_what_is_held_back_is_shown_first_settled_and_then_fetched(page: Page) -> None:
    look_twice(page)
    page.add(plain_png=fakes.photo(), photo_png=PHOTO)
    page.wait(lambda: page.texts(".item .name") == ["photo.png", "plain.png"])
    page.wait(lambda: "photo.png: A face may still show: 2 places" in page.said())
    page.choose("photo.png")
    held(page, 2)
    assert page.one("#verdict .result").text == "A face may still show: 2 places"
    assert len(page.all(".spot")) == 2 and not page.one("#looked").is_enabled()
    page.all(".spot .cover")[0].click()
    held(page, 1)
    page.wait(lambda: page.photos()[0]["second_look"]["places"][0]["box"] == [200, 110, 240, 160])
    page.one("#places .go").send_keys(Keys.TAB)
    page.one("#places .leave").send_keys(Keys.ENTER)
    held(page, 0)
    assert page.saved_states(1) == ["drawn", "kept"]  # no longer the first
    result = page.result()
    assert not (result[60, 115] == fakes.MAGENTA).all() and (result[OTHER] == fakes.MAGENTA).all()
    page.wait(lambda: page.one("#verdict .result").text.endswith("looked again: nothing seen"))
    assert page.complaints() == []


def test_a_person_can_look_there_or_release_it(page: Page) -> None:
    look_twice(page)
    page.add(photo_png=PHOTO)
    held(page, 2)
    page.one("#download").click()
    page.wait_text("#confirm h2", "A face may still show at 2 places")
    page.one("#confirm [value=look]").click()
    page.wait_for(".spot.selected")
    page.one("#places .release").click()
    page.wait(lambda: page.one("#confirm [value=release]").is_displayed())
    page.one("#confirm [value=release]").click()
    assert page.downloaded("photo.veiled.png")
    page.wait(lambda: page.one("#verdict .result").text == "Nothing found")
    assert page.photos()[0]["second_look"]["state"] == "released"
    page.one("#report").click()
    page.wait(lambda: page.one("#confirm [value=json]").is_displayed())
    page.one("#confirm [value=json]").click()
    assert json.loads(page.downloaded("photo.audit.json"))["told"]["outcome"] == "released"


def test_a_face_in_a_video_is_gone_to_covered_and_followed(page: Page) -> None:
    look_twice(page)
    page.size = (320, 240)
    page.add(film_mp4=filmed())
    held(page, 2)
    assert page.texts("#places .quiet")[1:] == ["0:00.5", "0:01.0"]
    page.one("#eye-on").click()
    page.wait(lambda: page.frame == 13)
    page.wait_for(".spot.selected")
    page.one(".spot .cover").click()
    page.wait(lambda: not page.all("#places .row"))
    (region,) = page.plan()["regions"]
    assert region["state"] == "drawn" and len(region["keys"]) > 1
    page.wait(lambda: page.plan()["regions"][0]["frames"][0] <= FILM.actors[0].first)
    page.settle()
    place = FILM.actors[0].place(13)
    assert place is not None
    assert not near(page.seen(place.left + 20, place.top + 20), (150, 40, 150), 60)


def test_without_a_second_look_nothing_is_held_back(page: Page) -> None:
    page.open()
    page.add(photo_png=PHOTO)
    page.settle()
    assert np.array_equal(page.result()[FACE], np.full((40, 30, 3), fakes.MAGENTA))
    assert page.photos()[0]["second_look"] is None


@pytest.mark.parametrize("look", LOOKS[1:3])
def test_everybody_can_use_it(page: Page, look: dict[str, Any]) -> None:
    look_twice(page, **look)
    page.add(photo_png=PHOTO)
    page.wait(lambda: page.all("#places .row"))
    if look["width"] == 390:
        page.one(".tabs [aria-controls=areas]").click()
    page.run("for (const more of document.querySelectorAll('.more')) more.open = true")
    assert faults(page) == []
    page.run("document.querySelector('#download').click()")
    page.wait(lambda: page.one("#confirm [value=release]").is_displayed())
    assert faults(page) == []
