"""Handing photos in, the list of them, fetching and deleting them."""

import base64
import io
import json
import zipfile

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from tests import fakes
from tests.web.page.driver import DOUBT, FACE, GREY, Page, holds, near, pixels_of
from veil.types import Reason


def test_from_upload_to_download(page: Page) -> None:
    page.open()
    assert page.one("h1").text == "Cover every face. Keep the picture."
    page.add(one_png=fakes.photo(FACE), two_bmp=fakes.photo(FACE, format="bmp"))
    page.wait_for(".item[data-state=done]", 2)
    assert page.texts(".item .name") == ["one.png", "two.bmp"]
    assert page.texts(".item .state") == ["1 face covered"] * 2
    page.settle()
    assert near(page.colour(".before", 115, 60), fakes.MAGENTA)
    assert near(page.colour(".after", 115, 60), GREY)
    assert near(page.seen(115, 60), GREY)
    result = page.result("one.veiled.png")
    assert not holds(result, fakes.MAGENTA)
    assert (result[:20] == GREY).all()
    page.choose("two.bmp")
    assert not holds(page.result("two.veiled.bmp"), fakes.MAGENTA)
    assert page.complaints() == []


def test_doubtful_photos_come_first(page: Page) -> None:
    page.open()
    page.add(good_png=fakes.photo(FACE), bad_png=b"no picture", unsure_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.wait_for(".item[data-state=done]")
    page.wait_for(".item[data-state=failed]")
    page.wait_for(".item[data-state=review]")
    assert page.texts(".item .name") == ["unsure.png", "bad.png", "good.png"]
    assert page.texts(".group:not([hidden]) h2") == ["Want your eye\n1", "Not done\n1", "Done\n1"]
    assert page.item("unsure.png").find_element(By.CSS_SELECTOR, ".state").text == "1 face covered, 1 doubtful"
    page.wait(lambda: page.texts("#summary span") == ["3 files", "1 wants your eye", "1 failed"])


def test_going_from_one_doubtful_photo_to_the_next(page: Page) -> None:
    page.open()
    names = ("first_png", "second_png", "third_png")
    unsure = {
        name: fakes.photo(FACE, doubtful=((slice(20, 50), slice(200, 230 + at)),)) for at, name in enumerate(names)
    }
    page.add(good_png=fakes.photo(FACE), **unsure)
    page.wait_for(".item[data-state=review]", 3)
    page.choose("first.png")
    for button, name in (("next", "second"), ("next", "third"), ("next", "first"), ("previous", "third")):
        page.one(f"#{button}").click()
        page.wait_text("#photo-name", f"{name}.png")
    page.settle()
    assert page.one(".item .open[aria-current=true] .name").text == "third.png"


def test_nothing_found_is_said_loudly(page: Page) -> None:
    page.review("empty_png", fakes.photo())
    assert page.one("#nothing").is_displayed()
    assert page.one("#nothing h2").text == "Nothing found"
    assert "look yourself" in page.one("#nothing p").text
    assert page.one("#verdict .result").text == "Nothing found"
    assert page.one(".item.nothing[data-state=review] .state").text == "Nothing found"
    assert page.one("#summary .review").text == "1 wants your eye"
    page.one("#draw-here").click()
    page.drag(page.at(60, 60), page.at(120, 120))
    page.settle()
    assert not page.one("#nothing").is_displayed()
    assert page.one("#verdict .result").text == "1 face covered"
    page.wait_for(".item[data-state=done]")


def test_a_bad_file_says_so_and_the_others_go_on(page: Page) -> None:
    page.open()
    page.add(notes_jpg=b"just text", huge_png=b"x" * 1_000_001, good_png=fakes.photo(FACE))
    page.wait_for(".item[data-state=failed]", 2)
    page.wait_for(".item[data-state=done]")
    told = {
        "notes.jpg": "This is not a picture, video or sound file that Veil reads. Nothing was made of it.",
        "huge.png": "The file is larger than Veil takes. Nothing was made of it.",
    }
    for name, sentence in told.items():
        page.item(name).find_element(By.CSS_SELECTOR, ".open").click()
        page.wait_text("#trouble .what", sentence)
        assert not page.one("#download").is_displayed()
    assert page.one("#summary .failed").text == "2 failed"
    assert page.one("#retry").is_displayed()
    page.one("#trouble [data-quit]").click()
    page.wait_for(".item[data-state=failed]", 1)


def test_names_are_shown_as_they_are_and_stay_in_the_browser(page: Page) -> None:
    page.open()
    name = "<img src=x onerror=alert(1)>&amp; \u202e合影_png"
    page.add(**{name: fakes.photo(FACE)})
    page.settle()
    for selector in (".item .name", "#photo-name"):
        assert page.one(selector).get_attribute("textContent") == name.replace("_png", ".png")
        assert page.all(f"{selector} *") == []
    stored = [path.read_bytes() for path in page.folder.joinpath("store").rglob("*") if path.is_file()]
    assert not any("合影".encode() in data for data in stored)


def test_all_is_there_again_after_a_reload(page: Page) -> None:
    page.open()
    page.add(one_png=fakes.photo(FACE), two_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.wait_for(".item[data-state=review]")
    page.wait_for(".item[data-state=done]")
    page.choose("one.png")
    page.mark("covered").click()
    page.settle()
    page.driver.refresh()
    page.settle()
    assert page.texts(".item .name") == ["two.png", "one.png"]
    assert page.one("#photo-name").text == "one.png"
    assert page.states() == ["kept"]


def test_cancel_while_faces_are_looked_for(slow_page: Page, paused: fakes.Paused) -> None:
    slow_page.open()
    slow_page.add(photo_png=fakes.photo(FACE))
    slow_page.wait_for(".item[data-state=running]")
    assert paused.reached.wait(30)
    assert slow_page.one(".item .state").text == "Looking for faces"
    assert slow_page.one("#wait p").text == "Looking for faces"
    assert not slow_page.one("#download-all").is_enabled()
    slow_page.one("#wait [data-quit]").click()
    slow_page.wait_for(".item", 0)
    slow_page.wait(lambda: slow_page.photos() == [])
    assert slow_page.one("#choose").is_displayed()


def test_delete_one_and_all(page: Page) -> None:
    page.open()
    page.add(**{f"n{number}_png": fakes.photo((slice(40, 80 + number), slice(100, 130))) for number in range(3)})
    page.wait_for(".item[data-state=done]", 3)
    page.settle()
    page.one("#delete").click()
    page.wait_for(".item", 2)
    page.wait(lambda: "n0.png has been deleted." in page.said())
    assert len(page.photos()) == 2
    page.one("#delete-all").click()
    assert page.one("#confirm h2").text == "Delete 2 files now?"
    page.one("#confirm .button[value='']").click()
    assert len(page.all(".item")) == 2
    page.one("#delete-all").click()
    page.one("#confirm .danger").click()
    page.wait_for(".item", 0)
    assert page.one(".hero").is_displayed()
    page.wait(lambda: page.photos() == [])
    page.wait(lambda: not list(page.folder.joinpath("store").rglob("original")))


def test_a_photo_handed_in_twice_is_one(page: Page) -> None:
    page.open()
    page.add(photo_png=fakes.photo(FACE))
    page.settle()
    page.add(copy_png=fakes.photo(FACE))
    page.wait(lambda: "copy.png is here already." in page.said())
    assert page.texts(".item .name") == ["photo.png"]


def test_a_photo_that_is_deleted_elsewhere_leaves_the_list(page: Page) -> None:
    page.open()
    page.add(one_png=fakes.photo(FACE))
    page.settle()
    page.studio.delete_all(page.owner)
    page.wait_for(".item", 0)
    assert page.one(".hero").is_displayed()


def test_download_all_gives_one_archive_with_its_report(page: Page) -> None:
    page.open()
    page.add(one_png=fakes.photo(FACE), bad_png=b"no picture", two_bmp=fakes.photo(FACE, format="bmp"))
    page.wait_for(".item[data-state=done]", 2)
    page.one("#download-all").click()
    with zipfile.ZipFile(io.BytesIO(page.downloaded("veil.zip"))) as archive:
        assert sorted(archive.namelist()) == [
            "audit.html",
            "audit.jsonl",
            "one.veiled.png",
            "report.json",
            "two.veiled.bmp",
        ]
        assert archive.testzip() is None
        for name in ("one.veiled.png", "two.veiled.bmp"):
            assert not holds(pixels_of(archive.read(name)), fakes.MAGENTA)
        assert [each["covered"] for each in json.loads(archive.read("report.json"))["pictures"]] == [1, 1]
    assert page.complaints() == []


def test_downloading_all_can_be_cancelled(page: Page) -> None:
    page.open()
    page.add(one_png=fakes.photo(FACE), two_bmp=fakes.photo(FACE, format="bmp"))
    page.wait_for(".item[data-state=done]", 2)
    page.run(
        "const ask = window.fetch; window.asked = [];"
        "window.fetch = (where, how) => {"
        "  if (!where.includes('/result?')) return ask(where, how);"
        "  window.asked.push(how.method);"
        "  return Promise.resolve(how.method === 'DELETE' ? new Response(null, {status: 204})"
        "    : new Response(JSON.stringify({state: 'making', done: 1, total: 4}), {status: 202})); }"
    )
    page.one("#download-all").click()
    page.wait_text("#download-all", "Preparing 1 of 2: 25 %")
    page.one("#stop-all").click()
    page.wait_text("#download-all", "Download all")
    assert page.run("return window.asked.filter((method) => method === 'DELETE').length") == 1
    assert not page.one("#stop-all").is_displayed()
    assert page.run("return document.activeElement.id") == "download-all"
    assert list(page.downloads.iterdir()) == []
    assert page.complaints() == []


@pytest.mark.parametrize(("answer", "names"), [("settled", ["good"]), ("all", ["good", "unsure"])])
def test_doubtful_photos_are_asked_about_before_all_are_downloaded(page: Page, answer: str, names: list[str]) -> None:
    page.open()
    page.add(good_png=fakes.photo(FACE), unsure_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    page.wait_for(".item[data-state=review]")
    page.wait_for(".item[data-state=done]")
    page.one("#download-all").click()
    assert page.one("#confirm h2").text == "1 file still wants your eye"
    page.one("#confirm .primary").click()
    page.wait_text("#photo-name", "unsure.png")
    page.settle()
    page.one("#download-all").click()
    page.one(f"#confirm [value={answer}]").click()
    with zipfile.ZipFile(io.BytesIO(page.downloaded("veil.zip"))) as archive:
        assert sorted(set(archive.namelist()) - {"report.json", "audit.jsonl", "audit.html"}) == [
            f"{name}.veiled.png" for name in names
        ]


def test_the_report_of_one_photo(page: Page) -> None:
    page.review()
    page.one("#report").click()
    page.one("#confirm [value=counts]").click()
    report = json.loads(page.downloaded("photo.report.json"))
    assert (report["covered"], report["suggested"]) == (1, 1)


def test_the_audit_report_tells_the_reason_that_a_person_chose(page: Page) -> None:
    page.review()
    page.one(".row.covered .pick").click()
    reason = Select(page.one(".row.covered .reason"))
    assert [option.get_attribute("value") for option in reason.options] == ["", *Reason]
    reason.select_by_value("patient")
    page.one("#report").click()
    page.one("#confirm [value=json]").click()
    entry = json.loads(page.downloaded("photo.audit.json"))
    assert {(region["state"], region["reason"]) for region in entry["told"]["regions"]} == {
        ("covered", "patient"),
        ("suggested", None),
    }
    page.one("#report").click()
    page.one("#confirm [value=html]").click()
    text = page.downloaded("photo.audit.html").decode()
    assert "Redaction audit report" in text and "<td>patient</td>" in text
    page.one(".row.covered .leave").click()
    assert Select(page.one(".row.kept .reason")).first_selected_option.get_attribute("value") == ""


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_photos_can_be_dropped_and_pasted(page: Page, way: str) -> None:
    page.open()
    page.run(
        "const bytes = Uint8Array.from(atob(arguments[0]), (letter) => letter.charCodeAt(0));"
        "const data = new DataTransfer();"
        "data.items.add(new File([bytes], 'dragged.png', {type: 'image/png'}));"
        "const paste = () => new ClipboardEvent('paste', {clipboardData: data, bubbles: true});"
        "const drop = () => new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});"
        "document.body.dispatchEvent(arguments[1] === 'drop' ? drop() : paste())",
        base64.b64encode(fakes.photo(FACE)).decode(),
        way,
    )
    page.settle()
    assert page.one(".item .name").text == "dragged.png"


def test_a_folder_gives_its_pictures(page: Page) -> None:
    page.open()
    folder = page.folder / "holiday"
    folder.mkdir()
    folder.joinpath("one.png").write_bytes(fakes.photo(FACE))
    folder.joinpath("notes.txt").write_text("nothing to see")
    page.one("#folder").send_keys(str(folder))
    page.settle()
    assert page.texts(".item .name") == ["one.png"]


def test_without_a_stream_the_page_asks(page: Page) -> None:
    script = (
        "window.EventSource = class extends EventTarget { static CLOSED = 2; readyState = 2; close() {}"
        " constructor() { super(); setTimeout(() => this.onerror(), 0); } }"
    )
    added = page.command("Page.addScriptToEvaluateOnNewDocument", source=script)
    try:
        page.review()
        assert page.states() == ["suggested", "covered"]
    finally:
        page.command("Page.removeScriptToEvaluateOnNewDocument", **added)


def test_limits_stand_on_the_page(page: Page) -> None:
    page.open()
    assert page.one(".formats").text.endswith("up to 1 MB each")
    assert "60 minutes after your last look" in page.one(".trust").text
