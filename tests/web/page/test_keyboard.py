"""Everything by keyboard alone."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests import fakes
from tests.web.page.driver import DOUBT, FACE, Page, holds, near


def focused(page: Page, selector: str) -> bool:
    return bool(page.run("return document.activeElement.matches(arguments[0])", selector))


def test_a_photo_from_start_to_end(page: Page) -> None:
    page.open()
    assert page.reach(".skip").is_displayed()
    choose = page.reach("#choose")
    assert page.run("return getComputedStyle(arguments[0]).outlineStyle", choose) == "solid"
    page.add(photo_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.settle()
    page.reach("#stage")
    page.press(Keys.TAB)
    assert focused(page, ".mark.suggested .hit")  # doubtful ones first
    page.press(Keys.ENTER)
    page.settle()
    assert focused(page, ".mark.covered .hit")
    page.press(Keys.TAB, Keys.SPACE)
    page.settle()
    assert page.states() == ["covered", "kept"]
    page.press(Keys.SPACE)
    page.settle()
    page.reach("#download")
    page.press(Keys.ENTER)
    page.downloaded("photo.veiled.png")
    page.reach("#looked")
    page.press(Keys.ENTER)
    page.wait(lambda: page.photos()[0]["looked"])
    page.reach("#delete")
    page.press(Keys.ENTER)
    page.wait_for(".item", 0)
    assert focused(page, "#choose")


@pytest.mark.parametrize(("key", "shape"), [("r", "box"), ("e", "ellipse"), ("f", "polygon")])
def test_an_area_is_placed_moved_resized_and_removed(page: Page, key: str, shape: str) -> None:
    page.review(data=fakes.photo())
    page.press(key)
    assert page.one("#hint").is_displayed()
    assert "Enter" in page.one("#hint").text
    page.press(Keys.ENTER)
    page.settle()
    (region,) = page.plan()["regions"]
    assert (region["shape"], region["state"]) == (shape, "drawn")
    left, top, right, bottom = region["box"]
    assert (left + right) / 2 == pytest.approx(150, abs=2)
    assert (top + bottom) / 2 == pytest.approx(100, abs=2)
    assert focused(page, ".mark.drawn .hit")
    step = 1 / float(page.one("#stage").get_attribute("data-zoom") or 0)
    page.press(*[Keys.ARROW_RIGHT] * 6, *[Keys.ARROW_DOWN] * 2)
    page.press(*[Keys.ARROW_UP] * 2, held=(Keys.CONTROL,))
    page.press(*[Keys.ARROW_RIGHT] * 5, held=(Keys.SHIFT,))
    page.settle()
    box = page.plan()["regions"][0]["box"]
    assert box == pytest.approx((left + 6 * step, top - 18 * step, right + 11 * step, bottom - 18 * step), abs=0.3)
    page.press("z", held=(Keys.CONTROL,))  # all presses of Shift with an arrow are one step
    page.settle()
    box = page.plan()["regions"][0]["box"]
    assert box == pytest.approx((left + 6 * step, top - 18 * step, right + 6 * step, bottom - 18 * step), abs=0.3)
    page.press(Keys.DELETE)
    page.settle()
    assert page.plan()["regions"] == []
    assert focused(page, "#stage")


def test_a_found_area_that_is_deleted_stays_as_visible(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    page.reach(".mark .hit")
    page.press(Keys.DELETE)
    page.settle()
    assert page.saved_states() == ["kept"]


def test_arrows_on_the_stage_move_the_view(page: Page) -> None:
    page.review()
    page.reach("#stage")
    before = page.at(0, 0)
    page.press("+", "+", Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    zoomed = page.wait(lambda: page.at(0, 0) != before and page.at(0, 0))
    page.press(Keys.ARROW_LEFT)
    page.wait(lambda: page.at(0, 0)[0] == pytest.approx(zoomed[0] + 60, abs=1))
    page.press("0")
    page.wait(lambda: page.at(0, 0) == pytest.approx(before, abs=1))


def test_all_suggestions_by_key(page: Page) -> None:
    page.review()
    page.press("a")
    page.settle()
    assert page.states() == ["covered", "covered"]
    page.press("z", held=(Keys.CONTROL,))
    page.press("A", held=(Keys.SHIFT,))
    page.settle()
    assert page.states() == ["kept", "covered"]
    page.press("s", held=(Keys.CONTROL,))
    page.downloaded("photo.veiled.png")


def test_going_through_doubtful_photos_by_key(page: Page) -> None:
    page.open()
    page.add(empty_png=fakes.photo(), good_png=fakes.photo(FACE), unsure_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.wait_for(".item[data-state=review]", 2)
    page.wait_for(".item[data-state=done]")
    page.choose("empty.png")
    for key, name in (("n", "unsure.png"), ("p", "empty.png"), ("l", "unsure.png")):
        page.press(key)
        page.wait_text("#photo-name", name)
        page.settle()
    page.press("n")
    page.wait_text("#toast p", "No other file wants your eye.")


def test_lists_are_walked_with_arrows(page: Page) -> None:
    page.open()
    page.add(one_png=fakes.photo(FACE, doubtful=(DOUBT,)), two_png=fakes.photo(FACE))
    page.wait_for(".item[data-state=review]")
    page.wait_for(".item[data-state=done]")
    page.settle()
    page.reach(".item .open")
    page.press(Keys.ARROW_DOWN, Keys.ENTER)
    page.wait_text("#photo-name", "two.png")
    page.press(Keys.ARROW_UP, Keys.ENTER)
    page.wait_text("#photo-name", "one.png")
    page.settle()
    page.reach(".row .pick")
    assert focused(page, ".row.suggested .pick")
    page.press(Keys.ARROW_DOWN)
    assert focused(page, ".row.covered .pick")
    page.press(Keys.TAB)
    assert focused(page, ".row.covered .leave")
    page.press(Keys.ENTER)
    page.settle()
    assert page.states() == ["suggested", "kept"]


def test_settings_by_keyboard(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    page.reach("#style-veil")
    page.press(Keys.ARROW_RIGHT)
    page.settle()
    assert page.one("#style-solid").is_selected()
    assert near(page.colour(".after", 115, 60), (0, 0, 0))
    label = page.one("#style-solid + label")
    assert page.run("return getComputedStyle(arguments[0]).outlineStyle", label) == "solid"
    page.reach("#boxes")
    page.press(Keys.SPACE)
    page.settle()
    assert holds(page.result(), (0, 255, 0))
    page.reach(".more summary")
    page.press(Keys.ENTER)
    page.reach("#shape-ellipse")
    page.press(Keys.ARROW_RIGHT)
    page.wait(lambda: page.plan()["regions"][0]["shape"] == "box")


def test_keys_are_explained_and_single_ones_can_be_switched_off(page: Page) -> None:
    page.review()
    page.press("?")
    assert page.one("#help").is_displayed()
    assert len(page.all("#help kbd")) > 20
    page.press("a")  # nothing happens behind the dialog
    page.reach("#letters")
    page.press(Keys.SPACE, Keys.ESCAPE)
    assert not page.one("#help").is_displayed()
    page.press("a")
    page.press("z", held=(Keys.CONTROL,))
    assert page.states() == ["suggested", "covered"]
    page.driver.refresh()
    page.settle()
    page.press("r")
    assert page.one("#stage").get_attribute("data-tool") == "select"


def test_escape_ends_one_thing_at_a_time(page: Page) -> None:
    page.review()
    page.mark("suggested").click()
    page.press("b")
    page.press("r")
    ended = []
    for _ in range(3):
        page.press(Keys.ESCAPE)
        stage = page.one("#stage")
        ended.append(
            (stage.get_attribute("data-tool"), page.one(".divider").is_displayed(), len(page.all(".selected.mark")))
        )
    assert ended == [("select", True, 1), ("select", False, 1), ("select", False, 0)]


def test_space_held_does_not_toggle(page: Page) -> None:
    page.review()
    page.reach("#stage")
    ActionChains(page.driver).key_down(Keys.SPACE).perform()
    assert "holding" in (page.one("#stage").get_attribute("class") or "")
    ActionChains(page.driver).key_up(Keys.SPACE).perform()
    assert "holding" not in (page.one("#stage").get_attribute("class") or "")
    assert page.states() == ["suggested", "covered"]
