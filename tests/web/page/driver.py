"""The studio's page in Chromium, as a person has it before them: what tests look at and what they do."""

import base64
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests import fakes
from veil.jobs.studio import Studio
from veil.media.image import open_picture
from veil.types import Pixels
from veil.web.guard import SESSION_COOKIE

FACE = (slice(40, 80), slice(100, 130))
DOUBT = (slice(20, 50), slice(220, 250))
DOUBT_TOO = (slice(120, 150), slice(40, 70))
GREY, BLUE, GREEN = (200, 200, 200), (0, 0, 255), (0, 255, 0)

PATIENCE = 30

Colour = tuple[int, int, int]
Place = tuple[float, float]


class Page:
    """A served studio and a browser that has its page open."""

    studio: Studio
    """Where the test itself serves it."""

    def __init__(self, driver: webdriver.Chrome, address: str, folder: Path) -> None:
        self.driver = driver
        self.address = address
        self.folder = folder
        self.downloads = folder / "downloads"
        self.downloads.mkdir()
        self.size = (300, 200)  # of the picture on the stage
        self.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))

    def command(self, name: str, **values: Any) -> Any:
        """Give the browser a command of its own protocol."""
        return self.driver.execute_cdp_cmd(name, values)

    # ---- opening

    def open(self, *, width: int = 1280, height: int = 900, language: str = "en", scheme: str = "light") -> None:
        phone = width < 600
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )
        self.command("Emulation.setTouchEmulationEnabled", enabled=phone)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.command("Network.enable")
        self.command("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        self.driver.get(self.address)

    def add(self, **photos: bytes) -> None:
        """Choose files as a person does; the name's last underscore stands for the dot."""
        paths = []
        for name, data in photos.items():
            path = self.folder / ".".join(name.rsplit("_", 1))
            path.write_bytes(data)
            paths.append(str(path))
        self.one("#files").send_keys("\n".join(paths))

    def review(self, name: str = "photo_png", data: bytes | None = None, **how: Any) -> None:
        """Open the page, hand one photo in and wait until it lies on the stage."""
        self.open(**how)
        self.add(**{name: fakes.photo(FACE, doubtful=(DOUBT,)) if data is None else data})
        self.settle()

    def choose(self, name: str) -> None:
        """Open a photo of the list by its name."""
        self.item(name).find_element(By.CSS_SELECTOR, ".open").click()
        self.wait_text("#photo-name", name)
        self.settle()

    def settle(self) -> None:
        """Wait until the preview on the stage is that of the present regions, and they are saved."""
        self.wait_for("#review.ready #stage[data-preview=current]")
        self.wait_for("#saving[data-saving=saved]")

    # ---- videos

    def watch(self, data: bytes, name: str = "film_mp4", size: tuple[int, int] = (320, 240), **how: Any) -> None:
        """Open the page, hand one video in and wait until its first frame lies on the stage."""
        self.size = size
        self.review(name, data, **how)

    @property
    def frame(self) -> int:
        """The number of the frame on the stage, from 0."""
        return int(self.one(".scrub").get_attribute("aria-valuenow") or 0)

    def go(self, frame: int) -> None:
        """Go to a frame with the keys of the line of time, and wait until it is shown as it will be."""
        slider = self.one(".scrub")
        while (now := self.frame) != frame:
            slider.send_keys(Keys.ARROW_RIGHT if now < frame else Keys.ARROW_LEFT)
        self.settle()

    # ---- looking

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def item(self, name: str) -> WebElement:
        return next(each for each in self.all(".item") if each.find_element(By.CSS_SELECTOR, ".name").text == name)

    def wait(self, condition: Callable[[], Any]) -> Any:
        def met(_: object) -> Any:
            with suppress(StaleElementReferenceException, NoSuchElementException, StopIteration):
                return condition()
            return None

        return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(met)

    def wait_for(self, selector: str, number: int = 1) -> list[WebElement]:
        self.wait(lambda: len(self.all(selector)) == number)
        return self.all(selector)

    def wait_text(self, selector: str, text: str) -> None:
        self.wait(lambda: self.one(selector).text == text)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def promised(self, script: str, *arguments: Any) -> Any:
        """Run the body of an async function and return what it returns."""
        answer = self.driver.execute_async_script(
            "const [body, values, done] = arguments;"
            "const run = Object.getPrototypeOf(async function () {}).constructor;"
            "run('values', body)(values).then((value) => done({value}), (error) => done({error: String(error)}));",
            script,
            list(arguments),
        )
        assert "error" not in answer, answer
        return answer.get("value")

    def said(self) -> str:
        return self.one("#live").get_attribute("textContent") or ""

    def complaints(self) -> list[str]:
        driver: Any = self.driver
        return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]

    def box(self, element: WebElement) -> tuple[float, float, float, float]:
        left, top, width, height = self.run(
            "const r = arguments[0].getBoundingClientRect(); return [r.left, r.top, r.width, r.height]", element
        )
        return left, top, width, height

    # ---- the photo on the stage

    def at(self, x: float, y: float) -> Place:
        """Return where on the screen a place of the photo lies."""
        left, top, width, height = self.box(self.one(".picture"))
        return left + x * width / self.size[0], top + y * height / self.size[1]

    def colour(self, image: str, x: int, y: int) -> Colour:
        """Return the colour that an image on the page has at a place of the photo."""
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

    def seen(self, x: float, y: float) -> Colour:
        """Return the colour on the screen at a place of the photo."""
        across, down = self.at(x, y)
        shot = pixels_of(base64.b64decode(self.driver.get_screenshot_as_base64()))
        red, green, blue = shot[round(down), round(across)]
        return int(red), int(green), int(blue)

    def mark(self, state: str) -> WebElement:
        """Return the button over the only area in a state."""
        (mark,) = self.wait_for(f".mark.{state} .hit")
        return mark

    def states(self) -> list[str]:
        """Return what the list of areas says of each, in its order."""
        return [(row.get_attribute("class") or "").split()[1] for row in self.all(".rows .row")]

    # ---- doing

    def press(self, *keys: str, held: Sequence[str] = ()) -> None:
        chain = ActionChains(self.driver)
        for key in held:
            chain.key_down(key)
        for key in keys:
            chain.send_keys(key)
        for key in reversed(held):
            chain.key_up(key)
        chain.perform()

    def drag(self, *places: Place, button: int = 0) -> None:
        """Press the mouse at the first of some places on the screen, move it over the others, and let go."""
        actions = ActionBuilder(self.driver, duration=0)
        pointer: Any = actions.pointer_action
        for number, (x, y) in enumerate(places):
            pointer.move_to_location(round(x), round(y))
            if number == 0:
                pointer.pointer_down(button=button)
        pointer.pointer_up(button=button)
        actions.perform()

    def draw(self, tool: str, *places: Place) -> None:
        """Choose a tool and drag it over places of the photo."""
        self.one(f"#tools [data-tool={tool}]").click()
        self.drag(*(self.at(*place) for place in places))

    def touch(self, *fingers: Sequence[Place]) -> None:
        """Move fingers over the screen, each from place to place, and lift them when they lie still.

        A finger that is lifted in motion flings, and Chromium takes the next tap for one that stops the fling.
        """
        ways = [way if len(way) == 1 else [*way, way[-1]] for way in fingers]
        moment = time.time()
        for step in range(len(ways[0])):
            points = [{"x": way[step][0], "y": way[step][1], "id": number} for number, way in enumerate(ways)]
            kind = "touchMove" if step else "touchStart"
            self.command("Input.dispatchTouchEvent", type=kind, touchPoints=points, timestamp=moment + step * 0.1)
        lifted = moment + len(ways[0]) * 0.1
        self.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[], timestamp=lifted)

    def reach(self, selector: str, limit: int = 80) -> WebElement:
        """Press Tab until an element has the focus."""
        for _ in range(limit):
            self.press(Keys.TAB)
            if self.run("return document.activeElement.matches(arguments[0])", selector):
                return self.driver.switch_to.active_element
        raise AssertionError(f"{selector} cannot be reached with Tab")

    # ---- what the server has, and files

    @property
    def owner(self) -> str:
        return str(self.driver.get_cookie(SESSION_COOKIE)["value"])  # type: ignore[index]

    def photos(self) -> list[dict[str, Any]]:
        return list(self.fetched_json("/api/v1/photos")["photos"])

    def plan(self, number: int = 0) -> dict[str, Any]:
        """Return the saved plan of a photo."""
        plan: dict[str, Any] = self.fetched_json(f"/api/v1/photos/{self.photos()[number]['id']}/plan")
        return plan

    def saved_states(self, number: int = 0) -> list[str]:
        return [region["state"] for region in self.plan(number)["regions"]]

    def fetched_json(self, address: str) -> dict[str, Any]:
        text = self.promised("return (await fetch(values[0], {cache: 'no-store'})).text()", address)
        answer: dict[str, Any] = json.loads(text)
        return answer

    def downloaded(self, name: str) -> bytes:
        """Return a file that the browser was to save, once it is there."""
        file = self.downloads / name
        self.wait(lambda: file.exists() and not list(self.downloads.glob("*.crdownload")))
        data = file.read_bytes()
        file.unlink()
        return data

    def result(self, name: str = "photo.veiled.png") -> Pixels:
        """Download the open photo and return its pixels."""
        self.one("#download").click()
        return pixels_of(self.downloaded(name))


def near(colour: Colour, wanted: Colour, slack: int = 30) -> bool:
    return bool(np.abs(np.subtract(colour, wanted)).max() < slack)


def holds(pixels: Pixels, colour: Colour, slack: int = 40) -> bool:
    """Return whether any pixel is about of a colour."""
    return bool((np.abs(pixels.astype(int) - colour) < slack).all(axis=2).any())


def pixels_of(data: bytes) -> Pixels:
    with open_picture(data) as picture:
        return next(iter(picture.frames())).pixels
