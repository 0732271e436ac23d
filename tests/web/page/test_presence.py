"""Photos that somebody works beside are kept, not only the one that is open."""

from dataclasses import replace
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests import fakes
from tests.web.page.conftest import LIMITS, served
from tests.web.page.driver import FACE, Page


def _seen(page: Page) -> dict[str, float]:
    (owner,) = {job.owner for job in page.studio._store.all_jobs()}
    return {job.id: job.seen for job in page.studio._store.jobs(owner)}


def test_all_photos_are_kept_while_the_page_is_used(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    with served(chromium, tmp_path, limits=replace(LIMITS, keep_seconds=3)) as page:
        page.open()
        page.add(one_png=fakes.photo(FACE), two_bmp=fakes.photo(FACE, format="bmp"))
        page.wait_for(".item[data-state=done]", 2)
        before = _seen(page)

        def all_were_looked_at() -> bool:
            page.press(Keys.SHIFT)
            return all(seen > before[photo] for photo, seen in _seen(page).items())

        page.wait(all_were_looked_at)
