"""Chromium, and studios for it, with painted faces, so that places and colours are known to the pixel."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from werkzeug.serving import WSGIRequestHandler, make_server

from tests import fakes
from tests.web.page.driver import Page
from veil.detect import Detector, Finder
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.web.app import create_app

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
LIMITS = Limits(upload_bytes=1_000_000, free_bytes=0)


class Quiet(WSGIRequestHandler):
    """Logs no requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def start_chromium(log: str = "browser") -> webdriver.Chrome:
    """Start a browser that keeps a log: "browser", of what pages complain, or "performance", of what they ask for."""
    if not (CHROMIUM.exists() and DRIVER.exists()):
        pytest.fail("The page is tested in Chromium; install the packages chromium and chromium-driver.")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {log: "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    driver.set_script_timeout(30)
    return driver


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    driver = start_chromium()
    yield driver
    driver.quit()


@contextmanager
def served(
    chromium: webdriver.Chrome,
    folder: Path,
    detector: Detector | None = None,
    limits: Limits = LIMITS,
    finder: Finder | None = None,
    second: Finder | None = None,
) -> Iterator[Page]:
    def load(profile: str, *, streams: int) -> Finder:
        return finder or fakes.finder(detector)

    def load_second(profile: str, *, streams: int) -> Finder:
        return second or load(profile, streams=streams)

    closing = threading.Event()
    with open_studio(folder / "store", load=load, load_second=load_second, limits=limits) as studio:
        server = make_server("127.0.0.1", 0, create_app(studio, closing=closing), threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        chromium.delete_all_cookies()
        page = Page(chromium, f"http://127.0.0.1:{server.port}/", folder)
        page.studio = studio
        page.complaints()  # forget those of other tests
        try:
            yield page
        finally:
            # A page with unsaved edits asks before it is left.
            page.command("Page.enable")
            chromium.execute_script("window.onbeforeunload = null; sessionStorage.clear(); localStorage.clear()")
            chromium.get("about:blank")
            closing.set()
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def page(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    with served(chromium, tmp_path) as page:
        yield page


@pytest.fixture
def paused() -> fakes.Paused:
    return fakes.Paused()


@pytest.fixture
def slow_page(chromium: webdriver.Chrome, tmp_path: Path, paused: fakes.Paused) -> Iterator[Page]:
    """A page whose faces are found only once ``paused.go`` is set."""
    with served(chromium, tmp_path, paused) as page:
        yield page
        paused.go.set()
