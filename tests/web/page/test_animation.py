"""Animations, reviewed as videos are: they play, over and over, with people, doubtful moments and what follows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests import fakes, footage
from tests.jobs.films import FRAMES, WALKER, animated
from tests.web.page.conftest import served
from tests.web.page.driver import Page
from tests.web.page.test_video import (
    assert_a_frame_shows_before_and_after,
    assert_walker_is_covered,
    is_face,
    middle,
    place,
    region,
    rough,
)
from veil.jobs.limits import Limits
from veil.media.image import open_picture

LIMITS = Limits(free_bytes=0)
UNEVEN = (40, 400, 20) * 10
"""Milliseconds."""


@pytest.fixture
def page(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    with served(chromium, tmp_path, limits=LIMITS, finder=footage.spotter()) as page:
        yield page


@pytest.fixture
def blind_page(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    with served(chromium, tmp_path, fakes.Silent(), LIMITS) as page:
        yield page


def test_from_upload_to_result(page: Page) -> None:
    page.watch(animated(), "walk_webp")
    assert page.one(".film-badge").text == "0:01"
    assert page.one("#photo-meta").text == "320 × 240 · WEBP"
    assert page.one("#verdict .result").text.startswith("1 face covered")
    assert page.one("#time-frame").text == f"frame 1 of {FRAMES}"
    assert page.texts(".people-title, #areas-title") == ["People 1"]
    page.wait(lambda: page.run("return [...document.querySelectorAll('.rows canvas')].every((one) => one.width > 100)"))
    assert_a_frame_shows_before_and_after(page)
    page.one(".row .leave").click()
    page.settle()
    assert region(page)["state"] == "kept"
    assert is_face(page.colour(".after", *map(int, middle(15))))
    page.mark("kept").click()
    page.settle()
    page.one("#download").click()
    with open_picture(page.downloaded("walk.veiled.webp")) as result:
        frames = [frame.pixels for frame in result.frames()]
    assert_walker_is_covered(frames)
    assert page.complaints() == []


def test_it_plays_covered_and_begins_again(page: Page) -> None:
    page.watch(animated(), "walk_webp")
    page.run(
        "window.seen = [];"
        "new MutationObserver(() => window.seen.push(Number(document.querySelector('.scrub').ariaValueNow)))"
        "  .observe(document.querySelector('.scrub'), {attributeFilter: ['aria-valuenow']});"
    )
    page.one("#play").click()
    page.wait(lambda: page.run("return window.seen.some((frame, at) => frame < (window.seen[at - 1] ?? 0))"))
    page.wait(lambda: 5 < page.frame < 25)
    page.press(" ")
    page.settle()
    frame = page.frame
    assert frame == page.run("return Math.round(document.querySelector('.film').currentTime * 25 - 0.5)")
    assert not is_face(rough(page, *middle(frame)))
    assert not is_face(page.colour(".after", *map(int, middle(frame))))


def test_each_frame_can_be_gone_to_however_long_it_is_shown(page: Page) -> None:
    """The last one, too, at the end of which the film would begin anew."""
    page.watch(animated(durations=UNEVEN), "walk_webp")
    page.reach(".scrub")
    page.press(Keys.END)
    page.wait(lambda: page.frame == FRAMES - 1)
    page.settle()
    end = sum(UNEVEN[:-1]) / 1000
    assert end < page.run("return document.querySelector('.film').currentTime") < end + 0.02
    for frame in (27, 26, 25):
        page.go(frame)
        shown = page.run("return document.querySelector('.film').currentTime")
        assert sum(UNEVEN[:frame]) / 1000 < shown < sum(UNEVEN[: frame + 1]) / 1000
        assert is_face(page.colour(".before", *map(int, middle(frame))))


def test_doubtful_moments_are_looked_at_where_they_are(page: Page) -> None:
    page.watch(animated(), "walk_webp")
    page.promised(
        "const [photo] = (await (await fetch('/api/v1/photos')).json()).photos;"
        "const address = `/api/v1/photos/${photo.id}/plan`, answer = await fetch(address), plan = await answer.json();"
        "plan.regions[0].doubtful = [[10, 15]];"
        "await fetch(address, {method: 'PUT', body: JSON.stringify(plan),"
        " headers: {'Content-Type': 'application/json', 'If-Match': answer.headers.get('ETag')}})"
    )
    page.wait_for("#doubts li")
    assert page.one("#doubts li .words").text == "0:00.4\nPerson 1, 0.2 s"
    page.one("#doubts .go").click()
    page.wait(lambda: page.frame == 12)
    page.settle()
    assert page.one(".mark.covered").is_displayed()
    page.one("#doubts .right").click()
    page.settle()
    assert region(page)["doubtful"] == []
    assert not page.one("#doubts").is_displayed()


def test_an_area_follows_what_is_in_it(blind_page: Page) -> None:
    page = blind_page
    page.watch(animated(), "walk_webp")
    page.go(8)
    box = WALKER.place(8)
    assert box is not None
    page.draw("box", (box.left - 2, box.top - 2), (box.right + 2, box.bottom + 2))
    page.settle()
    page.one("[data-span=follow]").click()
    page.wait(lambda: len(region(page)["keys"]) > 1)
    page.settle()
    found, walker = place(region(page), 20), WALKER.place(20)
    assert found is not None and walker is not None
    assert found == pytest.approx(walker, abs=8)
    page.go(20)
    assert not is_face(page.colour(".after", *map(int, middle(20))))


def test_of_a_slide_show_each_picture_shows_whom_it_holds(page: Page) -> None:
    slides = footage.Film(
        tuple(footage.Actor(at, at + 1, 40 * at, 30 * at) for at in range(5)), 5, cuts=tuple(range(1, 5))
    )
    page.watch(animated(slides, durations=700), "slides_webp")
    assert [each["frames"] for each in page.plan()["regions"]] == [[at, at + 1] for at in range(5)]
    middles = (
        "return [...document.querySelectorAll('.rows canvas')].map((one) => one.width > 1"
        " && [...one.getContext('2d').getImageData(one.width / 2, one.height / 2, 1, 1).data.slice(0, 3)])"
    )
    page.wait(lambda: all(page.run(middles)))
    assert all(is_face(colour) for colour in page.run(middles))
