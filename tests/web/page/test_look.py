"""How faces are covered: styles, strength, boxes in the result; comparing with the original."""

from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests import fakes
from tests.web.page.driver import BLUE, DOUBT, FACE, GREEN, Page, holds, near, pixels_of

WIDE = (slice(40, 100), slice(0, 300))


def blue(page: Page) -> None:
    """Choose style solid in blue."""
    page.one("label[for=style-solid]").click()
    page.run(
        "const field = document.querySelector('#color'); field.value = '#0000ff';"
        "field.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    page.settle()


def slide(page: Page, selector: str, value: object) -> None:
    page.run(
        "const field = document.querySelector(arguments[0]); field.value = arguments[1];"
        "field.dispatchEvent(new Event('input', {bubbles: true}))",
        selector,
        value,
    )


def test_a_colour_is_shown_at_once_and_is_in_the_file(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    blue(page)
    assert page.colour(".after", 115, 60) == pytest.approx(BLUE, abs=30)
    assert near(page.colour(".before", 115, 60), fakes.MAGENTA)
    result = page.result()
    assert (result[FACE] == BLUE).all()
    assert (result[:20] == 200).all()


def test_style_and_colour_are_kept_for_the_next_visit(page: Page) -> None:
    page.review()
    blue(page)
    page.driver.refresh()
    page.settle()
    assert page.one("#style-solid").is_selected()
    assert near(page.colour(".after", 115, 60), BLUE)


def test_the_last_of_many_quick_choices_is_shown(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    page.run(
        "document.querySelector('#color').value = '#0000ff';"
        "document.querySelector('#color').dispatchEvent(new Event('input', {bubbles: true}));"
        "for (let turn = 0; turn < 20; turn++) for (const name of ['mosaic', 'veil', 'solid'])"
        "  document.querySelector(`#style-${name}`).click()"
    )
    page.settle()
    assert near(page.colour(".after", 115, 60), BLUE)


def test_an_answer_that_comes_late_is_not_shown(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    # The first preview asked for is held back until a later one has been shown.
    page.run(
        "const ask = window.fetch; window.held = null; window.fetch = async (where, how) => {"
        "  const answer = await ask(where, {...how, signal: undefined});"
        "  if (where.includes('style=solid') && !window.held) await new Promise((go) => (window.held = go));"
        "  return answer; }"
    )
    page.one("label[for=style-solid]").click()
    page.wait(lambda: page.run("return window.held !== null"))
    assert page.one("#stage").get_attribute("data-preview") == "pending"
    page.one("label[for=style-veil]").click()
    page.settle()
    page.run("window.held()")
    page.promised("await new Promise((done) => setTimeout(done, 0)); await new Promise(requestAnimationFrame)")
    assert near(page.colour(".after", 115, 60), (200, 200, 200))
    assert page.one("#stage").get_attribute("data-preview") == "current"


def test_weak_styles_say_so_and_have_a_strength(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    assert not page.one("#strength").is_displayed()
    assert page.one("#style-note").text.endswith("Nothing of the face is left.")
    page.one("label[for=style-gaussian]").click()
    page.settle()
    assert page.one("#style-note").text.startswith("Weak:")
    assert page.one("[for=strength] output").text == "weak"
    usual = page.colour(".after", 115, 60)
    slide(page, "#strength", 4)
    page.settle()
    assert page.one("[for=strength] output").text == "strongest, still weak"
    assert "something of the face is left" in page.one("#style-note").text
    strong = page.colour(".after", 115, 60)
    assert np.subtract(strong, usual).tolist() != [0, 0, 0]
    slide(page, "#strength", 0.5)
    page.settle()
    assert page.one("[for=strength] output").text == "very weak"
    light = page.result()
    slide(page, "#strength", 4)
    page.settle()
    assert (light != page.result()).any()


def test_boxes_can_be_drawn_into_the_result(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    assert not holds(page.result(), GREEN)
    page.one(".look .switch").click()
    page.settle()
    result = page.result()
    left, top, _, _ = page.plan()["regions"][0]["box"]
    assert tuple(result[int(top) + 1, 115]) == GREEN
    assert tuple(result[60, int(left) + 1]) == GREEN


def test_marks_can_be_switched_off_on_the_page(page: Page) -> None:
    page.review()
    assert page.one(".marks").is_displayed()
    page.one("#marks").click()
    assert not page.one(".marks").is_displayed()
    page.press("x")
    assert page.one(".marks").is_displayed()


def test_the_profile_is_for_the_next_photos(page: Page) -> None:
    page.review()
    page.all("#look .more summary")[1].click()
    page.one("label[for=profile-thorough]").click()
    page.add(next_png=fakes.photo(FACE, doubtful=(DOUBT,), format="png") + b"\0")
    page.wait(lambda: sorted(photo["options"]["profile"] for photo in page.photos()) == ["balanced", "thorough"])


# ---- before and after


def open_wide_face(page: Page, **how: Any) -> None:
    """Show a photo with one face from side to side, covered in blue, compared, without marks."""
    page.review(data=fakes.photo(WIDE), **how)
    if page.one("[aria-controls=look]").is_displayed():
        page.run("document.querySelector('#style-solid').click()")
    blue_by_script(page)
    page.run("document.querySelector('#marks').click(); document.querySelector('#compare').click()")
    page.settle()


def blue_by_script(page: Page) -> None:
    slide(page, "#color", "#0000ff")
    page.settle()


def divider_at(page: Page) -> float:
    """Return where the divider stands, as a share of the photo's width; the picture left of it must be the original."""
    left, top, width, height = page.box(page.one(".picture"))
    line = page.box(page.one(".divider"))
    share = (line[0] + line[2] / 2 - left) / width
    picture = pixels_of(page.driver.get_screenshot_as_png())
    row = picture[round(top + height * 0.35), round(left) : round(left + width)].astype(int)
    original = np.flatnonzero((np.abs(row - fakes.MAGENTA) < 30).all(axis=1)) / width
    covered = np.flatnonzero((np.abs(row - BLUE) < 30).all(axis=1)) / width
    slack = 6 / width
    assert len(original) + len(covered) > 0.9 * width
    assert (original < share + slack).all()
    assert (covered > share - slack).all()
    return share


def test_divider_follows_the_mouse(page: Page) -> None:
    open_wide_face(page)
    assert divider_at(page) == pytest.approx(0.5, abs=0.005)
    _, _, width, _ = page.box(page.one(".picture"))
    ActionChains(page.driver).drag_and_drop_by_offset(page.one(".divider span"), -round(width / 4), 0).perform()
    page.wait(lambda: page.one(".divider").get_attribute("aria-valuenow") == "25")
    assert divider_at(page) == pytest.approx(0.25, abs=0.01)


def test_divider_follows_the_finger(page: Page) -> None:
    open_wide_face(page, width=390, height=844)
    x, y, width, height = page.box(page.one(".divider span"))
    _, _, wide, _ = page.box(page.one(".picture"))
    start = (x + width / 2, y + height / 2)
    page.touch([start, (start[0] + wide * 0.1, start[1]), (start[0] + wide * 0.3, start[1])])
    page.wait(lambda: page.one(".divider").get_attribute("aria-valuenow") == "80")
    assert divider_at(page) == pytest.approx(0.8, abs=0.02)


def test_divider_follows_the_keys(page: Page) -> None:
    open_wide_face(page)
    divider = page.reach(".divider")
    for key, place in ((Keys.END, 100), (Keys.ARROW_LEFT, 98), (Keys.PAGE_DOWN, 88), (Keys.HOME, 0)):
        page.press(key)
        assert divider.get_attribute("aria-valuenow") == str(place)
        assert divider_at(page) == pytest.approx(place / 100, abs=0.005)
    assert divider.get_attribute("aria-valuetext") == "0 % original, the rest covered"
    page.press("b")
    assert not divider.is_displayed()
    assert near(page.seen(115, 60), BLUE)


def test_the_original_is_seen_while_a_button_is_held(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    ActionChains(page.driver).click_and_hold(page.one("#hold")).perform()
    assert near(page.seen(115, 60), fakes.MAGENTA)
    assert not page.one(".marks").is_displayed()
    ActionChains(page.driver).release().perform()
    assert not near(page.seen(115, 60), fakes.MAGENTA)
    ActionChains(page.driver).key_down("o").perform()
    assert near(page.seen(115, 60), fakes.MAGENTA)
    ActionChains(page.driver).key_up("o").perform()
    assert not near(page.seen(115, 60), fakes.MAGENTA)
