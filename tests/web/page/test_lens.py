"""The part of a video that its line of time shows: its sums, and buttons, keys, wheel and fingers."""

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.jobs.films import FRAMES, filmed
from tests.web.page.driver import Page


@pytest.fixture
def lens(page: Page) -> Callable[[str], Any]:
    """Runs a script that has a ``lens`` on 1,000 frames."""
    page.open()
    return lambda script: page.promised(
        "const {Lens} = await import('/static/lens.js'), lens = new Lens(); lens.open(1000);"
        f"{script}; return [lens.from, lens.from + lens.wide]"
    )


def test_it_shows_all_at_first(lens: Callable[[str], Any]) -> None:
    assert lens("") == [0, 1000]
    assert lens("lens.zoom(4, 500); lens.open(1000)") != [0, 1000]
    assert lens("lens.zoom(4, 500); lens.open(60)") == [0, 60]


def test_what_is_enlarged_around_stays_in_its_place(lens: Callable[[str], Any]) -> None:
    assert lens("lens.zoom(2, 500)") == [250, 750]
    assert lens("lens.zoom(4, 100)") == [75, 325]
    assert lens("lens.zoom(4, 0)") == [0, 250]
    assert lens("lens.zoom(4, 1000)") == [750, 1000]
    assert lens("lens.zoom(2, 500); lens.zoom(0.5, 500)") == [0, 1000]


def test_it_ends_at_both_ends(lens: Callable[[str], Any]) -> None:
    assert lens("lens.zoom(0.1, 500)") == [0, 1000]
    start, end = lens("lens.zoom(1e9, 500)")
    assert 20 < end - start < 30
    assert lens("lens.zoom(2, 500); lens.move(9)") == [500, 1000]
    assert lens("lens.zoom(2, 500); lens.move(-9)") == [0, 500]


def test_frames_out_of_sight_are_revealed(lens: Callable[[str], Any]) -> None:
    assert lens("lens.zoom(2, 500); lens.reveal(250); lens.reveal(749)") == [250, 750]
    assert lens("lens.zoom(4, 0); lens.reveal(250)") == [250, 500]
    assert lens("lens.zoom(4, 1000); lens.reveal(600)") == [475, 725]
    assert lens("lens.zoom(4, 0); lens.reveal(999)") == [750, 1000]


def shown(page: Page) -> tuple[float, float]:
    """Return which part of the line is marked as shown, in percent: from where and how much."""
    left, width = page.run("const {style} = document.querySelector('.part'); return [style.left, style.width]")
    return float(left.rstrip("%")), float(width.rstrip("%"))


def test_buttons_keys_wheel_and_fingers(page: Page) -> None:
    page.watch(filmed(), width=1280)
    assert not page.one(".part").is_displayed()
    assert not page.one("#time-wider").is_enabled()
    page.one("#time-closer").click()
    assert shown(page)[1] < 100 and page.one(".part").is_displayed()
    page.one(".scrub").send_keys("0")
    assert shown(page) == (0, 100)
    page.one(".scrub").send_keys("+", Keys.END)
    page.wait(lambda: page.frame == FRAMES - 1)
    start, width = shown(page)
    assert width < 100 and start + width == pytest.approx(100)
    page.one(".scrub").send_keys("-")
    assert shown(page) == (0, 100)

    left, top, wide, high = page.box(page.one(".scrub"))
    place = {"x": left + wide / 4, "y": top + high / 2}
    page.command("Input.dispatchMouseEvent", type="mouseWheel", deltaX=0, deltaY=-100, **place)
    page.wait(lambda: shown(page)[1] < 100)
    before = shown(page)
    page.command("Input.dispatchMouseEvent", type="mouseWheel", deltaX=60, deltaY=0, **place)
    page.wait(lambda: shown(page)[0] > before[0])
    page.one(".scrub").send_keys("0")

    page.command("Emulation.setTouchEmulationEnabled", enabled=True)
    middle = top + high / 2
    page.touch(
        [(left + wide * 0.45, middle), (left + wide * 0.25, middle)],
        [(left + wide * 0.55, middle), (left + wide * 0.75, middle)],
    )
    page.wait(lambda: shown(page)[1] < 100)
