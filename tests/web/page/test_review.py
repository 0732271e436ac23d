"""Deciding on what was found: toggling, accepting, undoing, saving, being done."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests import fakes
from tests.web.page.driver import DOUBT, DOUBT_TOO, FACE, GREY, Page, holds, near, pixels_of

TWO_DOUBTS = fakes.photo(FACE, doubtful=(DOUBT, DOUBT_TOO))


def test_boxes_lie_where_the_areas_are(page: Page) -> None:
    page.review()
    for region in page.plan()["regions"]:
        left, top, right, bottom = region["box"]
        (x, y), (across, down) = page.at(left, top), page.at(right, bottom)
        assert page.box(page.mark(region["state"])) == pytest.approx((x, y, across - x, down - y), abs=1)
        line = page.one(f".outlines .{region['state']} .line")
        assert page.box(line)[:2] == pytest.approx((x, y), abs=3)
    assert page.texts(".mark .tag") == ["30 %", "90 %"]
    assert page.run("return getComputedStyle(arguments[0]).stroke", page.one(".covered .line")) == "rgb(0, 224, 90)"


def test_what_is_done_with_an_area_is_told_without_colour(page: Page) -> None:
    page.review()
    page.mark("covered").click()
    page.settle()
    page.draw("box", (20, 150), (60, 180))
    page.settle()
    dash = "return getComputedStyle(arguments[0]).strokeDasharray"
    lines = {state: page.run(dash, page.one(f".outlines .{state} .line")) for state in ("drawn", "kept", "suggested")}
    assert lines == {"drawn": "none", "kept": "2px, 4px", "suggested": "7px, 5px"}
    signs = [use.get_attribute("href") for use in page.all(".mark .tag use")]
    assert signs == ["#icon-question", "#icon-eye", "#icon-pencil"]
    assert [mark.get_attribute("aria-label") for mark in page.all(".mark .hit")] == [
        "Area 1: doubtful, still visible; chance of a face 30 %",
        "Area 2: left visible; chance of a face 90 %",
        "Area 3: covered as drawn",
    ]
    assert [mark.get_attribute("aria-pressed") for mark in page.all(".mark .hit")] == ["false", "false", "true"]


def test_one_click_leaves_a_face_visible_and_another_covers_it(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    assert near(page.seen(115, 60), GREY)
    page.mark("covered").click()
    page.settle()
    assert near(page.colour(".after", 115, 60), fakes.MAGENTA)
    assert page.saved_states() == ["kept"]
    assert page.one("#verdict .result").text == "0 faces covered, 1 left visible"
    assert holds(page.result(), fakes.MAGENTA)
    page.mark("kept").click()
    page.settle()
    assert near(page.colour(".after", 115, 60), GREY)
    assert page.saved_states() == ["covered"]
    assert not holds(page.result(), fakes.MAGENTA)


def test_the_stage_shows_an_edit_at_once(page: Page) -> None:
    page.review()
    page.run("window.fetch = () => new Promise(() => {})")  # the server is slow
    page.mark("suggested").click()
    page.wait_for(".patches .fresh")
    assert not near(page.seen(235, 35), fakes.ORANGE)
    page.all(".mark.covered .hit")[1].click()
    page.wait_for(".patches .bare")
    page.one("#marks").click()
    assert near(page.seen(115, 60), fakes.MAGENTA)
    assert page.one("#stage").get_attribute("data-preview") == "patched"


def test_a_suggestion_is_covered_with_one_click(page: Page) -> None:
    page.review()
    assert near(page.seen(235, 35), fakes.ORANGE)
    page.mark("suggested").click()
    page.settle()
    page.wait_for(".item[data-state=done]")
    assert page.saved_states() == ["covered", "covered"]
    assert not holds(page.result(), fakes.ORANGE)


@pytest.mark.parametrize("place", [".mark .quick", ".row.suggested"])
@pytest.mark.parametrize(("action", "state"), [("cover", "covered"), ("leave", "kept")])
def test_a_suggestion_is_decided_on_the_stage_and_in_the_list(page: Page, place: str, action: str, state: str) -> None:
    page.review()
    page.one(f"{place} .{action}").click()
    page.settle()
    assert sorted(page.saved_states()) == sorted(["covered", state])
    assert page.states() == [state, "covered"]  # deciding moves nothing in the list
    assert holds(page.result(), fakes.ORANGE) == (action == "leave")


@pytest.mark.parametrize(("button", "state"), [("cover-all", "covered"), ("leave-all", "kept")])
def test_all_suggestions_are_decided_at_once(page: Page, button: str, state: str) -> None:
    page.review(data=TWO_DOUBTS)
    assert page.one(".undecided").text == "2 doubtful places are still visible"
    page.one(f"#{button}").click()
    page.settle()
    assert page.states() == [state, state, "covered"]
    assert not page.one(f"#{button}").is_displayed()
    assert holds(page.result(), fakes.ORANGE) == (state == "kept")
    page.one("#undo").click()
    page.settle()
    assert page.saved_states().count("suggested") == 2


def test_undo_and_redo_have_no_end(page: Page) -> None:
    page.review()
    page.mark("suggested").click()
    page.one(".row .leave").click()
    page.one(".row .cover").click()
    page.draw("box", (20, 150), (60, 180))
    page.settle()
    first, last = ["suggested", "covered"], ["covered", "covered", "drawn"]
    assert page.states() == last
    for _ in range(4):
        page.one("#undo").click()
    page.settle()
    assert page.states() == first
    assert not page.one("#undo").is_enabled()
    assert near(page.colour(".after", 235, 35), fakes.ORANGE)
    page.press("z", held=(Keys.CONTROL, Keys.SHIFT))
    page.press("y", held=(Keys.CONTROL,))
    for _ in range(2):
        page.one("#redo").click()
    page.settle()
    assert page.states() == last
    page.press("z", held=(Keys.CONTROL,))
    page.settle()
    assert page.states() == last[:2]
    page.wait(lambda: page.saved_states() == ["covered", "covered"])


def test_the_list_goes_with_the_stage(page: Page) -> None:
    page.review()
    page.mark("covered").click()
    assert page.one(".row:has([aria-current=true])").get_attribute("class") == "row kept"
    page.one(".row.suggested .pick").click()
    assert page.all(".mark.suggested.selected")
    assert page.driver.switch_to.active_element == page.mark("suggested")
    assert page.saved_states().count("suggested") == 1


def test_having_looked_settles_a_photo_and_goes_on(page: Page) -> None:
    page.open()
    page.add(empty_png=fakes.photo(), good_png=fakes.photo(FACE), unsure_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.wait_for(".item[data-state=review]", 2)
    page.choose("empty.png")
    page.one("#looked").click()
    page.wait_text("#photo-name", "unsure.png")
    page.settle()
    page.one("#looked").click()
    page.wait_for(".item[data-state=done]", 3)
    page.wait(lambda: "No other file wants your eye." in page.said())
    assert page.one("#toast").is_displayed()
    page.choose("empty.png")
    assert not page.one("#nothing").is_displayed()
    assert page.one("#review").get_attribute("data-verdict") == "looked"


def test_a_change_made_elsewhere_is_loaded_and_told(page: Page) -> None:
    page.review()
    (photo,) = page.photos()
    page.promised(
        "const address = `/api/v1/photos/${values[0]}/plan`; const answer = await fetch(address);"
        "const plan = await answer.json(); plan.regions[0].state = 'kept';"
        "await fetch(address, {method: 'PUT', body: JSON.stringify(plan),"
        "  headers: {'Content-Type': 'application/json', 'If-Match': answer.headers.get('ETag')}})",
        photo["id"],
    )
    page.wait(lambda: page.one("#toast p").text.startswith("This file was changed elsewhere"))
    page.settle()
    assert sorted(page.states()) == sorted(page.saved_states())
    assert "kept" in page.states()


def test_a_conflict_loads_anew_and_loses_nothing_silently(page: Page) -> None:
    page.review()
    # The page hears of no change: its edit names an old revision.
    page.run(
        "const ask = window.fetch; window.fetch = (where, how) => {"
        "  if (how?.method === 'PUT' && !window.spoilt) { window.spoilt = true; how.headers['If-Match'] = '\"old\"'; }"
        "  return ask(where, how); }"
    )
    page.mark("suggested").click()
    page.wait(lambda: page.one("#toast p").text.startswith("This file was changed elsewhere"))
    page.settle()
    assert page.states() == ["suggested", "covered"]
    page.mark("suggested").click()
    page.settle()
    assert page.saved_states() == ["covered", "covered"]


def test_edits_survive_a_network_that_is_gone_for_a_while(page: Page) -> None:
    page.review()
    gone = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.command("Network.emulateNetworkConditions", offline=True, **gone)
    page.mark("suggested").click()
    page.wait_for("#saving[data-saving=retrying]")
    assert page.one("#saving").text == "Not saved yet, trying again"
    page.all(".mark.covered .hit")[1].click()
    assert page.states() == ["covered", "kept"]
    page.one("#download").click()  # waits for the save
    page.command("Network.emulateNetworkConditions", offline=False, **gone)
    data = page.downloaded("photo.veiled.png")
    page.settle()
    assert page.saved_states().count("kept") == 1
    assert not holds(pixels_of(data), fakes.ORANGE)


def test_a_save_that_is_refused_says_so(page: Page) -> None:
    page.review()
    page.run(
        "const ask = window.fetch; window.fetch = (where, how) => {"
        "  if (how?.method === 'PUT') how.body = '{}'; return ask(where, how); }"
    )
    page.mark("suggested").click()
    page.wait_for("#saving[data-saving=failed]")
    assert page.one("#toast p").text == "These areas do not fit this picture or video. Nothing was saved."
    page.one("#download").click()
    page.wait_text("#download span", "Download")
    assert list(page.downloads.iterdir()) == []


def test_edits_of_a_photo_are_saved_after_going_on(page: Page) -> None:
    page.open()
    page.add(one_png=fakes.photo(FACE, doubtful=(DOUBT,)), two_png=fakes.photo(FACE))
    page.wait_for(".item[data-state=review]")
    page.wait_for(".item[data-state=done]")
    page.choose("one.png")
    page.mark("suggested").click()
    page.choose("two.png")
    page.wait(lambda: page.all(".item[data-state=done]") and not page.all(".item[data-state=review]"))
    page.choose("one.png")
    assert page.states() == ["covered", "covered"]


def test_found_areas_take_another_shape_and_reach(page: Page) -> None:
    page.review(data=fakes.photo(FACE))
    before = page.plan()["regions"][0]
    page.one("#look .more summary").click()
    page.one("label[for=shape-box]").click()
    page.wait(lambda: page.plan()["regions"][0]["shape"] == "box")
    page.one("label[for=area-head]").click()
    page.wait(lambda: page.plan()["regions"][0]["box"][1] < before["box"][1])
    page.settle()
    assert page.one("#fit-told").text == "Box, Head, 130 %"
    head = page.plan()["regions"][0]
    assert head["face"] == before["face"]
    page.one("#undo").click()
    page.one("#undo").click()
    page.settle()
    assert page.plan()["regions"][0] == before
    assert page.one("#fit-told").text == "Ellipse, Face, 130 %"


def test_the_reach_can_be_used_for_all_photos(page: Page) -> None:
    page.open()
    page.add(one_png=fakes.photo(FACE), two_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.wait_for(".item[data-state=review]")
    page.wait_for(".item[data-state=done]")
    page.choose("one.png")
    page.one("#look .more summary").click()
    page.one("label[for=shape-box]").click()
    page.one("#everywhere").click()
    page.wait_text("#toast p", "Used for 2 files.")
    shapes = {region["shape"] for number in (0, 1) for region in page.plan(number)["regions"]}
    assert shapes == {"box"}
    page.add(three_png=fakes.photo(FACE, doubtful=(DOUBT_TOO,)))
    page.wait_for(".item[data-state=review]", 2)
    assert {region["shape"] for number in range(3) for region in page.plan(number)["regions"]} == {"box"}


def test_an_area_put_by_hand_stays_when_the_others_take_another_shape(page: Page) -> None:
    page.review()
    page.mark("suggested").click()
    page.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    page.settle()
    put = next(region for region in page.plan()["regions"] if region["face"] is None)
    page.one("#look .more summary").click()
    page.one("label[for=shape-box]").click()
    page.wait(lambda: "box" in [region["shape"] for region in page.plan()["regions"]])
    assert put in page.plan()["regions"]
