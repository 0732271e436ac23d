"""On a phone: one column, sheets from below, fingers."""

from typing import Any

import pytest

from tests import fakes
from tests.web.page.driver import DOUBT, FACE, Page, Place, holds, near

PHONE: dict[str, Any] = {"width": 390, "height": 844}


def sheet(page: Page, name: str) -> None:
    page.one(f".tabs [aria-controls={name}]").click()
    page.wait(lambda: page.one(f"#{name}").is_displayed())


def middle(page: Page, selector: str) -> Place:
    left, top, width, height = page.box(page.one(selector))
    return left + width / 2, top + height / 2


def test_a_photo_from_start_to_end(page: Page) -> None:
    page.review(**PHONE)
    assert not page.one("#batch").is_displayed()
    page.touch([middle(page, ".mark.suggested .hit")])
    page.wait(lambda: page.saved_states() == ["covered", "covered"])
    sheet(page, "look")
    page.one("label[for=style-solid]").click()
    page.one("#look .sheet-close").click()
    page.wait(lambda: not page.one("#look").is_displayed())
    page.settle()
    assert near(page.colour(".after", 235, 35), (0, 0, 0))
    sheet(page, "areas")
    page.one(".row .leave").click()
    page.one("#areas .sheet-close").click()
    page.wait(lambda: not page.one("#areas").is_displayed())
    page.one("#undo").click()
    page.settle()
    result = page.result()
    assert not holds(result, fakes.ORANGE)
    assert not holds(result, fakes.MAGENTA)
    sheet(page, "batch")
    page.one("#delete-all").click()
    page.one("#confirm .danger").click()
    page.wait_for(".item", 0)


def test_choosing_from_a_sheet_closes_it(page: Page) -> None:
    page.open(**PHONE)
    page.add(one_png=fakes.photo(FACE), two_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.wait_for(".item[data-state=review]")
    page.wait_for(".item[data-state=done]")
    assert page.one("#tab-photos .number").text == "1"
    sheet(page, "batch")
    page.item("two.png").click()
    page.wait(lambda: not page.one("#batch").is_displayed())
    page.settle()
    assert page.one("#photo-name").text == "two.png"
    sheet(page, "areas")
    page.one(".row .pick").click()
    page.wait(lambda: not page.one("#areas").is_displayed())
    assert page.all(".mark.suggested.selected")


def test_a_finger_draws(page: Page) -> None:
    page.review(data=fakes.photo(), **PHONE)
    page.one("#tools [data-tool=ellipse]").click()
    page.touch([page.at(50, 50), page.at(90, 80), page.at(140, 110)])
    page.wait_for(".mark.drawn")
    page.settle()
    (region,) = page.plan()["regions"]
    assert region["box"] == pytest.approx((50, 50, 140, 110), abs=2)


def test_a_finger_moves_an_area_only_once_it_is_selected(page: Page) -> None:
    page.review(data=fakes.photo(FACE), **PHONE)
    before, corner = page.plan(), page.at(0, 0)
    (from_x, from_y), (to_x, to_y) = page.at(115, 60), page.at(145, 90)
    page.touch([(from_x, from_y), page.at(125, 70), (to_x, to_y)])
    whole_way = pytest.approx((corner[0] + to_x - from_x, corner[1] + to_y - from_y), abs=2)
    page.wait(lambda: page.at(0, 0) == whole_way)  # a tap on a photo that still moves would miss
    assert page.plan() == before
    for state in ("kept", "covered"):
        page.touch([page.at(115, 60)])
        page.wait_for(f".mark.{state}")
    page.settle()
    page.touch([page.at(115, 60), page.at(125, 70), page.at(145, 90)])
    left = before["regions"][0]["box"][0]
    page.wait(lambda: page.plan()["regions"][0]["box"][0] == pytest.approx(left + 30, abs=2))


def test_two_fingers_zoom(page: Page) -> None:
    page.review(**PHONE)
    before = float(page.one("#stage").get_attribute("data-zoom") or 0)
    x, y = middle(page, "#stage")
    page.touch([(x - 30, y), (x - 60, y), (x - 90, y)], [(x + 30, y), (x + 60, y), (x + 90, y)])
    page.wait(lambda: float(page.one("#stage").get_attribute("data-zoom") or 0) == pytest.approx(before * 3, rel=0.05))
    assert page.states() == ["suggested", "covered"]


def test_what_is_touched_is_large_enough(page: Page) -> None:
    page.review(**PHONE)
    assert page.run("return matchMedia('(pointer: coarse)').matches")
    small = []
    for name in (None, "batch", "areas", "look"):
        if name:
            sheet(page, name)
        for button in page.all("button, summary, .segments label, .styles label"):
            if not button.is_displayed():
                continue
            _, _, width, height = page.box(button)
            if min(width, height) < 24:
                small.append(button.get_attribute("outerHTML"))
    assert small == []
    main = ["#looked", "#download", "#delete", "#undo", "#compare", "[data-tool=box]", ".tabs button"]
    for selector in main:
        _, _, width, height = page.box(page.one(selector))
        assert min(width, height) >= 40, selector


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_nothing_reaches_over_the_side(page: Page, width: int, language: str) -> None:
    page.open(width=width, language=language)
    assert page.run("return document.documentElement.scrollWidth") <= width
    page.add(**{"a_very_long_name_" * 8 + "_png": fakes.photo(FACE, doubtful=(DOUBT,)), "bad_png": b"x"})
    page.settle()
    page.wait_for(".item[data-state=failed]")
    assert page.run("return document.documentElement.scrollWidth") <= width
    for selector in ("#looked", "#download", "#delete", "#stage", "#zoom-in", "#tools [data-tool=freehand]", "#hold"):
        left, _, wide, _ = page.box(page.one(selector))
        assert left >= 0, selector
        assert left + wide <= width, selector
