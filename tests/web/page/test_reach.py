"""That everybody can use the page: checked with axe-core, in both languages, light and dark, wide and narrow."""

from importlib.resources import files
from typing import Any

import pytest

from tests import fakes
from tests.web.page.driver import DOUBT, FACE, Page

AXE = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS = [
    pytest.param({**size, "scheme": scheme, "language": language}, id=f"{size['width']}-{scheme}-{language}")
    for size, scheme, language in (
        (WIDE, "light", "en"),
        (WIDE, "dark", "zh"),
        (NARROW, "light", "zh"),
        (NARROW, "dark", "en"),
    )
]


def faults(page: Page) -> list[str]:
    page.run(f"if (!window.axe) {{ {AXE} }}")
    found: dict[str, Any] = page.promised(
        "return axe.run(document, {runOnly: values[0], resultTypes: ['violations']})", RULES
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_all_that_the_page_shows(page: Page, look: dict[str, Any]) -> None:
    page.open(**look)
    assert faults(page) == []
    photos = {"empty_png": fakes.photo(), "bad_png": b"x", "unsure_png": fakes.photo(FACE, doubtful=(DOUBT,))}
    page.add(good_png=fakes.photo(FACE), **photos)
    page.wait_for(".item[data-state=review]", 2)
    page.wait_for(".item[data-state=failed]")
    page.settle()
    narrow = look["width"] == 390
    for name in ("unsure", "empty", "bad"):
        if narrow:
            page.one(".tabs [aria-controls=batch]").click()
        page.item(f"{name}.png").click()
        page.wait_text("#photo-name", f"{name}.png")
        if name != "bad":
            page.settle()
        assert faults(page) == [], name
    if narrow:
        for name in ("areas", "look", "batch"):
            page.one(f".tabs [aria-controls={name}]").click()
            assert faults(page) == [], name


def test_each_state_of_the_tools(page: Page) -> None:
    page.review()
    page.mark("suggested").click()
    page.one("label[for=style-gaussian]").click()
    page.run("for (const more of document.querySelectorAll('.more')) more.open = true")
    page.one("#compare").click()
    page.one("#tools [data-tool=freehand]").click()
    assert faults(page) == []
    page.one("#show-help").click()
    assert faults(page) == []
    page.run("document.querySelector('#help').close()")
    page.one("#delete-all").click()
    assert faults(page) == []


def test_what_happens_is_said(page: Page) -> None:
    page.open()
    page.add(photo_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.wait(lambda: "photo.png: 1 face covered, 1 doubtful" in page.said())
    page.settle()
    page.mark("suggested").click()
    page.wait(lambda: "Covered." in page.said())
    page.press("r")
    page.settle()


def test_motion_stops_for_those_who_ask(page: Page) -> None:
    page.open()
    assert page.run("return matchMedia('(prefers-reduced-motion: reduce)').matches")
    moving = page.run("return document.getAnimations().filter((one) => one.playState === 'running').length")
    assert moving == 0


def test_chinese(page: Page) -> None:
    page.open(language="zh-CN,zh;q=0.9")
    assert page.one("h1").text == "遮住每一张脸，留下整个画面。"
    assert page.run("return document.documentElement.lang") == "zh-Hans"
    page.add(one_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.settle()
    assert page.one("#verdict .result").text == "已遮盖 1 张脸，1 处存疑"
    assert page.mark("suggested").get_attribute("aria-label") == "区域 1：存疑，仍然可见，是人脸的可能性 30%"
    page.mark("suggested").click()
    page.settle()
    page.one("button[value=en]").click()
    page.wait(lambda: page.run("return document.documentElement.lang") == "en")
    page.settle()
    assert page.one(".item .name").text == "one.png"
    assert page.states() == ["covered", "covered"]
    assert page.complaints() == []
