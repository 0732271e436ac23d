"""The page in a real browser, with painted faces, so that places and colours are known to the pixel."""

import base64
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from tests import fakes
from veil.detect import Detector, Finder
from veil.jobs.desk import Desk, Limits
from veil.media.image import open_picture
from veil.types import Pixels
from veil.web.app import create_app

pytestmark = pytest.mark.browser

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-prefers-reduced-motion",
)
FACE = (slice(40, 80), slice(100, 130))
DOUBT = (slice(20, 50), slice(220, 250))
BLUE = (0, 0, 255)


@pytest.fixture(scope="module")
def chromium() -> Iterator[webdriver.Chrome]:
    if not (CHROMIUM.exists() and DRIVER.exists()):
        pytest.fail("The page is tested in Chromium; install the packages chromium and chromium-driver.")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


class Studio:
    """A served studio and a browser that has its page open."""

    def __init__(self, driver: webdriver.Chrome, desk: Desk, port: int, folder: Path) -> None:
        self.driver = driver
        self.desk = desk
        self.address = f"http://127.0.0.1:{port}/"
        self.folder = folder
        self.downloads = folder / "downloads"
        self.downloads.mkdir()
        driver.execute_cdp_cmd(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(self.downloads)}
        )

    def open(self, *, width: int = 1280, language: str = "en") -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Network.enable", {})
        headers = {"headers": {"Accept-Language": language}}
        self.driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", headers)
        self.driver.get(self.address)

    def add(self, **photos: bytes) -> None:
        """Choose files as a person does; the name's last underscore stands for the dot."""
        paths = []
        for name, data in photos.items():
            path = self.folder / ".".join(name.rsplit("_", 1))
            path.write_bytes(data)
            paths.append(str(path))
        self.one("#files").send_keys("\n".join(paths))

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.driver, 30, poll_frequency=0.05).until(lambda _: condition())

    def wait_for(self, selector: str, number: int = 1) -> list[WebElement]:
        self.wait(lambda: len(self.all(selector)) == number)
        return self.all(selector)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def place(self, element: WebElement) -> tuple[float, float, float, float]:
        left, top, width, height = self.run(
            "const r = arguments[0].getBoundingClientRect(); return [r.left, r.top, r.width, r.height]", element
        )
        return left, top, width, height

    def colour(self, image: str, x: int, y: int) -> tuple[int, int, int]:
        """Return the colour that an image on the page shows at a place of the photo."""
        red, green, blue, _ = self.run(
            "const image = document.querySelector(arguments[0]), canvas = document.createElement('canvas');"
            "canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;"
            "const pen = canvas.getContext('2d'); pen.drawImage(image, 0, 0);"
            "return [...pen.getImageData(arguments[1], arguments[2], 1, 1).data]",
            image,
            x,
            y,
        )
        return red, green, blue

    def fetched(self, address: str) -> bytes:
        text = self.driver.execute_async_script(
            "const done = arguments[1]; fetch(arguments[0]).then((answer) => answer.blob()).then((blob) => {"
            "const reader = new FileReader(); reader.onload = () => done(reader.result.split(',')[1]);"
            "reader.readAsDataURL(blob); })",
            address,
        )
        return base64.b64decode(text)

    def complaints(self) -> list[str]:
        driver: Any = self.driver
        return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def served(chromium: webdriver.Chrome, folder: Path, detector: Detector | None = None) -> Iterator[Studio]:
    def load(profile: str, *, streams: int) -> Finder:
        return fakes.finder(detector)

    with Desk(load=load, limits=Limits(upload_bytes=1_000_000)) as desk:
        server = make_server("127.0.0.1", 0, create_app(desk), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        chromium.delete_all_cookies()
        studio = Studio(chromium, desk, server.port, folder)
        studio.complaints()  # forget those of other tests
        try:
            yield studio
        finally:
            chromium.get("about:blank")
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def studio(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Studio]:
    yield from served(chromium, tmp_path)


@pytest.fixture
def paused() -> Iterator[fakes.Paused]:
    detector = fakes.Paused()
    yield detector
    detector.go.set()


@pytest.fixture
def slow_studio(chromium: webdriver.Chrome, tmp_path: Path, paused: fakes.Paused) -> Iterator[Studio]:
    for studio in served(chromium, tmp_path, paused):
        yield studio
        paused.go.set()


def near(colour: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.subtract(colour, wanted)).max() < 30)


def pixels_of(data: bytes) -> Pixels:
    with open_picture(data) as picture:
        return next(iter(picture.frames())).pixels


def test_from_upload_to_download(studio: Studio) -> None:
    studio.open()
    studio.add(one_png=fakes.photo(FACE), two_jpg=fakes.photo(FACE, doubtful=(DOUBT,), format="jpeg"))
    studio.wait_for(".card[data-shown]", 2)
    assert [name.text for name in studio.all(".card .name")] == ["one.png", "two.jpg"]
    assert studio.one(".card .result").text == "1 face covered"
    assert near(studio.colour(".card .before", 115, 60), fakes.MAGENTA)
    assert near(studio.colour(".card .after", 115, 60), (200, 200, 200))

    studio.run("document.querySelector('#color').value = '#0000ff'")
    studio.one("label[for=style-solid]").click()
    studio.wait_for(".card[data-shown='style=solid&color=0000ff']", 2)
    assert near(studio.colour(".card .after", 115, 60), BLUE)
    assert near(studio.colour(".card .before", 115, 60), fakes.MAGENTA)

    link = studio.one(".card .download")
    result = pixels_of(studio.fetched(link.get_attribute("href") or ""))
    assert (result[FACE] == BLUE).all()
    assert (result[:20] == 200).all()
    link.click()
    saved = studio.downloads / "one.veiled.png"
    studio.wait(saved.exists)
    assert (pixels_of(saved.read_bytes()) == result).all()
    assert studio.complaints() == []


def test_boxes_lie_where_the_areas_are(studio: Studio) -> None:
    studio.open()
    studio.add(photo_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    studio.wait_for(".card[data-shown]")
    assert studio.one(".card").get_attribute("data-verdict") == "review"
    assert studio.one(".card .result").text == "1 face covered, 1 doubtful"
    (photo_id,) = studio.desk._photos
    plan = studio.desk.status(studio.desk._photos[photo_id].owner, photo_id).plan
    assert plan is not None
    left, top, width, height = studio.place(studio.one(".compare"))
    assert width / height == pytest.approx(1.5, abs=0.01)
    for region in plan.regions:
        rect = studio.one(f".overlay .{region.state} .line")
        scale = width / 300
        assert studio.place(rect) == pytest.approx(
            (
                left + region.box.left * scale,
                top + region.box.top * scale,
                region.box.width * scale,
                region.box.height * scale,
            ),
            abs=1,
        )
    assert studio.run("return getComputedStyle(arguments[0]).stroke", studio.one(".covered .line")) == "rgb(0, 224, 90)"
    dashes = [
        studio.run("return getComputedStyle(arguments[0]).strokeDasharray", studio.one(f".{state} .line"))
        for state in ("covered", "suggested")
    ]
    assert dashes == ["none", "6px, 4px"]
    title = studio.one(".overlay .covered title").get_attribute("textContent")
    assert title == "Covered; chance of a face: 90 %"
    assert studio.one(".tag").text == "? 30 %"


def test_the_last_of_many_quick_choices_is_shown(studio: Studio) -> None:
    studio.open()
    studio.add(photo_png=fakes.photo(FACE))
    studio.wait_for(".card[data-shown]")
    studio.run(
        "document.querySelector('#color').value = '#0000ff';"
        "for (let turn = 0; turn < 20; turn++) for (const name of ['mosaic', 'veil', 'solid'])"
        "  document.querySelector(`#style-${name}`).click()"
    )
    studio.wait(lambda: not studio.all(".covering"))
    assert studio.one(".card").get_attribute("data-shown") == "style=solid&color=0000ff"
    assert near(studio.colour(".card .after", 115, 60), BLUE)
    assert studio.one(".card").get_attribute("data-phase") == "ready"


def test_boxes_can_be_switched_off(studio: Studio) -> None:
    studio.open()
    studio.add(photo_png=fakes.photo(FACE))
    studio.wait_for(".card[data-shown]")
    assert studio.one(".overlay").is_displayed()
    studio.one(".switch").click()
    assert not studio.one(".overlay").is_displayed()
    studio.one(".switch").click()
    assert studio.one(".overlay").is_displayed()


def open_wide_face(studio: Studio, width: int = 1280) -> None:
    """Show a photo with one face from side to side, covered in blue, without boxes."""
    studio.open(width=width)
    studio.run("document.querySelector('#color').value = '#0000ff'")
    studio.one("label[for=style-solid]").click()
    studio.add(photo_png=fakes.photo((slice(40, 100), slice(0, 300))))
    studio.wait_for(".card[data-phase=ready]")
    studio.one(".switch").click()
    studio.run("document.querySelector('.card').scrollIntoView()")
    studio.wait_for(".card[data-shown]")


def divider_at(studio: Studio) -> float:
    """Return where the divider stands, as a share of the photo's width; the picture left of it must be the original."""
    left, _, width, _ = studio.place(studio.one(".compare"))
    line = studio.place(studio.one(".divider"))
    share = (line[0] + line[2] / 2 - left) / width
    picture = pixels_of(studio.one(".compare").screenshot_as_png)
    row = picture[round(picture.shape[0] * 0.35)].astype(int)
    original = np.flatnonzero((np.abs(row - fakes.MAGENTA) < 30).all(axis=1)) / width
    covered = np.flatnonzero((np.abs(row - BLUE) < 30).all(axis=1)) / width
    slack = 6 / width
    assert len(original) + len(covered) > 0.95 * width
    assert (original < share + slack).all()
    assert (covered > share - slack).all()
    return share


def test_divider_follows_the_mouse(studio: Studio) -> None:
    open_wide_face(studio)
    assert divider_at(studio) == pytest.approx(0.5, abs=0.005)
    knob = studio.one(".divider span")
    _, _, width, _ = studio.place(studio.one(".compare"))
    ActionChains(studio.driver).drag_and_drop_by_offset(knob, -round(width / 4), 0).perform()
    assert divider_at(studio) == pytest.approx(0.25, abs=0.01)
    assert studio.one(".divider").get_attribute("aria-valuenow") == "25"


def test_divider_follows_the_finger(studio: Studio) -> None:
    open_wide_face(studio, width=390)
    left, top, width, height = studio.place(studio.one(".compare"))
    for kind, share in (("touchStart", 0.5), ("touchMove", 0.6), ("touchMove", 0.8)):
        point = {"x": left + width * share, "y": top + height / 2}
        studio.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    studio.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    studio.wait(lambda: studio.one(".divider").get_attribute("aria-valuenow") == "80")
    assert divider_at(studio) == pytest.approx(0.8, abs=0.01)


def reach(studio: Studio, selector: str) -> WebElement:
    """Press Tab until an element has the focus."""
    wanted = studio.one(selector)
    for _ in range(40):
        ActionChains(studio.driver).send_keys(Keys.TAB).perform()
        if studio.driver.switch_to.active_element == wanted:
            return wanted
    raise AssertionError(f"{selector} cannot be reached with Tab")


def press(studio: Studio, key: str) -> None:
    ActionChains(studio.driver).send_keys(key).perform()


def test_settings_work_by_keyboard(studio: Studio) -> None:
    studio.open()
    studio.add(photo_png=fakes.photo(FACE))
    studio.wait_for(".card[data-shown]")
    assert reach(studio, ".skip").is_displayed()
    choose = reach(studio, "#choose")
    assert studio.run("return getComputedStyle(arguments[0]).outlineStyle", choose) == "solid"
    reach(studio, "#style-veil")
    press(studio, Keys.ARROW_DOWN)
    studio.wait_for(".card[data-shown^='style=solid']")
    tile = studio.one(".style:has(:checked)")
    assert studio.run("return getComputedStyle(arguments[0]).outlineStyle", tile) == "solid"
    reach(studio, "#profile-balanced")
    press(studio, Keys.ARROW_RIGHT)
    assert studio.one("#profile-thorough").is_selected()
    reach(studio, "#boxes")
    press(studio, Keys.SPACE)
    assert not studio.one(".overlay").is_displayed()


def test_a_card_works_by_keyboard(studio: Studio) -> None:
    open_wide_face(studio)
    divider = reach(studio, ".divider")
    for key, place in ((Keys.END, 100), (Keys.ARROW_LEFT, 98), (Keys.PAGE_DOWN, 88), (Keys.HOME, 0)):
        press(studio, key)
        assert divider.get_attribute("aria-valuenow") == str(place)
        assert divider_at(studio) == pytest.approx(place / 100, abs=0.005)
    assert divider.get_attribute("aria-valuetext") == "0 % original, the rest covered"
    reach(studio, ".card .download")
    press(studio, Keys.ENTER)
    studio.wait((studio.downloads / "photo.veiled.png").exists)
    reach(studio, ".card .delete")
    press(studio, Keys.ENTER)
    studio.wait_for(".card", 0)
    assert studio.driver.switch_to.active_element == studio.one("#choose")
    studio.wait(lambda: studio.one("#live").get_attribute("textContent") == "photo.png has been deleted.")
    studio.wait(lambda: studio.desk._photos == {})


def test_nothing_found_is_said_loudly(studio: Studio) -> None:
    studio.open()
    studio.add(empty_png=fakes.photo())
    studio.wait_for(".card[data-verdict=nothing][data-shown]")
    assert studio.one(".card .result").text == "Nothing found"
    assert "look yourself" in studio.one(".card .note").text
    assert studio.one("#summary .review").text == "1 wants your eye"


def test_a_bad_file_says_so_and_the_others_go_on(studio: Studio) -> None:
    studio.open()
    studio.add(notes_jpg=b"just text", huge_png=b"x" * 1_000_001, good_png=fakes.photo(FACE))
    studio.wait_for(".card[data-verdict=failed]", 2)
    studio.wait_for(".card[data-shown]")
    notes = [note.text for note in studio.all(".card[data-verdict=failed] .note")]
    assert notes == [
        "This is not a picture that Veil reads. Nothing was made of it.",
        "The photo is larger than Veil takes. Nothing was made of it.",
    ]
    assert not any(link.is_displayed() for link in studio.all(".card[data-verdict=failed] .download"))
    assert studio.one("#summary .failed").text == "2 failed"


def test_names_are_shown_as_they_are_and_stay_in_the_browser(studio: Studio) -> None:
    studio.open()
    name = "<img src=x onerror=alert(1)>&amp; \u202e合影_png"
    studio.add(**{name: fakes.photo(FACE)})
    studio.wait_for(".card[data-shown]")
    shown = studio.one(".card .name")
    assert shown.get_attribute("textContent") == name.replace("_png", ".png")
    assert studio.all(".card .name *") == []
    studio.driver.refresh()
    studio.wait_for(".card[data-shown]")
    assert studio.one(".card .name").get_attribute("textContent") == name.replace("_png", ".png")


def test_cancel_while_faces_are_looked_for(slow_studio: Studio, paused: fakes.Paused) -> None:
    slow_studio.open()
    slow_studio.add(photo_png=fakes.photo(FACE))
    slow_studio.wait_for(".card[data-phase=looking]")
    assert slow_studio.one(".card .step").text == "Looking for faces"
    assert slow_studio.one(".card .delete").text == "Cancel"
    assert not slow_studio.one("#download-all").is_enabled()
    slow_studio.one(".card .delete").click()
    slow_studio.wait_for(".card", 0)
    slow_studio.wait(lambda: slow_studio.desk._photos == {})
    paused.go.set()


def test_delete_all(studio: Studio) -> None:
    studio.open()
    studio.add(one_png=fakes.photo(FACE), two_png=fakes.photo(FACE))
    studio.wait_for(".card[data-shown]", 2)
    studio.one("#delete-all").click()
    studio.wait_for(".card", 0)
    assert studio.one(".hero").is_displayed()
    studio.wait(lambda: studio.desk._photos == {})


def test_a_photo_that_has_expired_says_so(studio: Studio) -> None:
    studio.open()
    studio.add(one_png=fakes.photo(FACE))
    studio.wait_for(".card[data-shown]")
    studio.desk._remove(lambda photo: True)
    studio.one("label[for=style-mosaic]").click()
    studio.wait_for(".card[data-verdict=failed]")
    assert studio.one(".card .note").text.startswith("This photo is no longer here")


def test_download_all_gives_one_archive(studio: Studio) -> None:
    studio.open()
    studio.add(one_png=fakes.photo(FACE), bad_png=b"no picture", two_jpg=fakes.photo(FACE, format="jpeg"))
    studio.wait_for(".card[data-shown]", 2)
    studio.one("#download-all").click()
    saved = studio.downloads / "veil.zip"
    studio.wait(saved.exists)
    with zipfile.ZipFile(saved) as archive:
        assert archive.namelist() == ["one.veiled.png", "two.veiled.jpg"]
        assert archive.testzip() is None
        assert not (pixels_of(archive.read("one.veiled.png")) == fakes.MAGENTA).all(axis=2).any()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_photos_can_be_dropped_and_pasted(studio: Studio, way: str) -> None:
    studio.open()
    studio.run(
        "const bytes = Uint8Array.from(atob(arguments[0]), (letter) => letter.charCodeAt(0));"
        "const data = new DataTransfer();"
        "data.items.add(new File([bytes], 'dragged.png', {type: 'image/png'}));"
        "const paste = () => new ClipboardEvent('paste', {clipboardData: data, bubbles: true});"
        "const drop = () => new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});"
        "document.body.dispatchEvent(arguments[1] === 'drop' ? drop() : paste())",
        base64.b64encode(fakes.photo(FACE)).decode(),
        way,
    )
    studio.wait_for(".card[data-shown]")
    assert studio.one(".card .name").text == "dragged.png"


def test_chinese(studio: Studio) -> None:
    studio.open(language="zh-CN,zh;q=0.9")
    assert studio.one("h1").text == "遮住每一张脸，留下整张照片。"
    studio.add(one_png=fakes.photo(FACE, doubtful=(DOUBT,)))
    studio.wait_for(".card[data-shown]")
    assert studio.one(".card .result").text == "已遮盖 1 张脸，1 处存疑"
    studio.one("button[value=en]").click()
    studio.wait(lambda: studio.run("return document.documentElement.lang") == "en")
    studio.wait_for(".card[data-shown]")
    assert studio.one(".card .name").text == "one.png"
    studio.driver.refresh()
    assert studio.run("return document.documentElement.lang") == "en"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_reaches_over_the_side(studio: Studio, width: int, language: str) -> None:
    studio.open(width=width, language=language)
    assert studio.run("return document.documentElement.scrollWidth") <= width
    studio.add(**{"a_very_long_name_" * 8 + "_png": fakes.photo(FACE), "bad_png": b"x"})
    studio.wait_for(".card[data-phase=ready]")
    studio.wait_for(".card[data-phase=failed]")
    assert studio.run("return document.documentElement.scrollWidth") <= width
