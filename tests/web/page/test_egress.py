"""A whole session in the browser, beside the studio as people run it: neither talks to anybody else."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from selenium import webdriver

from tests.detect.contract import portrait
from tests.media import sounds
from tests.media.painted import file_of
from tests.watching import outside, watched
from tests.web.page.conftest import start_chromium
from tests.web.page.driver import Page

VEIL = str(Path(sys.executable).with_name("veil"))
OWN = {"data", "blob"}  # made by the page itself


@pytest.fixture
def overheard() -> Iterator[webdriver.Chrome]:
    """Chromium, which writes down every request of its pages."""
    driver = start_chromium(log="performance")
    yield driver
    driver.quit()


def requested(driver: Any) -> set[str]:
    """Return all addresses that pages have asked for, or tried to."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return {each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"}


@pytest.mark.model
def test_the_studio_and_its_pages_reach_nobody(overheard: webdriver.Chrome, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    film = sounds.film(tmp_path / "film.mp4", {Fraction(0): np.zeros((1, 8000), np.float32)}, codec="aac", frames=10)
    serving = [*watched(trace), VEIL, "serve", "--port", "0", "--store", str(tmp_path / "store")]
    server = subprocess.Popen(serving, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert server.stdout is not None
    try:
        opened = re.search(r"http://\S+", server.stdout.readline())
        assert opened
        page = Page(overheard, opened[0] + "/", tmp_path)
        page.review("photo_png", file_of(portrait(), "PNG"))
        page.one("#download").click()
        page.downloaded("photo.veiled.png")
        page.add(film_mp4=film.read_bytes())
        page.wait(lambda: page.item("film.mp4"))
        page.choose("film.mp4")
        overheard.get(opened[0] + "/docs")
        asked = requested(overheard)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
        server.stdout.close()
    assert any("/api/v1/photos?" in address for address in asked)
    elsewhere = {each for each in asked if not each.startswith(opened[0] + "/") and urlsplit(each).scheme not in OWN}
    assert elsewhere == set()
    seen = trace.read_text()
    assert "socket(AF_INET" in seen
    assert outside(seen) == []
