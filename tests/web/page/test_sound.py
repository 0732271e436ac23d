"""Sound on the page: files alone and in videos, the choice of voice, a few seconds before and after, the result."""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests import fakes
from tests.jobs.test_sounds import filmed_talk, recorded
from tests.media.sounds import Samples, load, tracks_of
from tests.voice.hearing import HearsNothing
from tests.voice.speech import RATE
from tests.web.page.conftest import served
from tests.web.page.driver import Page
from tests.web.page.test_reach import LOOKS, faults
from veil.jobs.limits import Limits

SPEECH = slice(4 * RATE, 7 * RATE)


@pytest.fixture
def page(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    with served(chromium, tmp_path, fakes.Painted(), limits=Limits(free_bytes=0)) as page:
        yield page


def hear(page: Page, data: bytes | None = None, name: str = "talk_wav", **how: Any) -> None:
    """Open the page, hand a sound file in and wait until it can be listened to."""
    page.open(**how)
    page.add(**{name: recorded() if data is None else data})
    page.wait_for("#review.sound.ready #listen canvas[data-stretches]")


def pick(page: Page, name: str) -> None:
    page.one(f"label[for={name}]").click()


def try_out(page: Page, where: str = "first") -> str:
    """Have a few seconds made, and return what is said of them once both can be played."""
    page.run("document.querySelector(arguments[0]).click()", f"[data-try={where}]")
    page.wait(lambda: page.one(".heard").is_displayed())
    ready = (
        "return [...document.querySelectorAll('.heard audio')].every((one) => one.readyState >= 3 && one.duration > 5)"
    )
    page.wait(lambda: page.run(ready))
    return page.one("#try [role=status]").text


def downloaded(page: Page, name: str = "talk.veiled.wav") -> Samples:
    page.one("#download").click()
    file = page.folder / f"result{Path(name).suffix}"
    file.write_bytes(page.downloaded(name))
    return load(file)[0]


def test_from_upload_to_result(page: Page) -> None:
    hear(page)
    assert page.one("#photo-meta").text == "0:12 · WAV"
    assert page.one("#verdict .result").text.startswith("Speech heard in 1 stretch, ")
    assert not any(
        page.one(selector).is_displayed() for selector in ("#stage", "#tools", "#areas", ".styles", "#timeline")
    )
    assert page.run("return document.querySelector('#listen audio').duration") == pytest.approx(12, abs=0.1)
    assert page.one("#voice-beep").is_selected()
    assert page.one("#voice-note").text.endswith("Speech that is not noticed stays as it was.")
    assert try_out(page).startswith("From 0:02. Changed in 1 stretch.")
    before = recorded_samples()
    beeped = downloaded(page)
    assert beeped.shape == before.shape
    np.testing.assert_array_equal(beeped[:, : 3 * RATE], before[:, : 3 * RATE])
    assert 0.09 < np.abs(beeped[0, SPEECH]).max() < 0.11
    pick(page, "voice-mute")
    assert not page.one(".heard").is_displayed()
    assert not page.one("#voice-in").is_displayed()
    assert not downloaded(page)[0, SPEECH].any()
    page.one("#report").click()
    page.one("#confirm [value=counts]").click()
    assert json.loads(page.downloaded("talk.report.json"))["altered"]["voice"] == "mute"
    assert page.complaints() == []


def recorded_samples() -> Samples:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(recorded())
        file.flush()
        return load(Path(file.name))[0]


def test_disguise_says_what_it_is_and_everywhere_is_everywhere(page: Page) -> None:
    hear(page)
    pick(page, "voice-disguise")
    note = page.one("#voice-note")
    assert "a trained program can still tell" in note.text
    assert note.get_attribute("data-weak") == "true"
    pick(page, "voice_in-everywhere")
    assert not page.one("#background").is_displayed()
    pick(page, "voice-beep")  # whoever chooses another voice has not said where
    assert page.one("#voice_in-speech").is_selected()
    pick(page, "voice_in-everywhere")
    assert (np.abs(downloaded(page)[0, 1000:-1000]).reshape(-1, 100).max(1) > 0.05).all()


def test_here_is_where_it_is_played(page: Page) -> None:
    hear(page)
    left, top, width, height = page.box(page.one("#listen canvas"))
    page.drag((left + width / 4, top + height / 2))
    page.wait(lambda: page.one("[data-try=here]").text == "Try from 0:03")
    assert page.run("return document.querySelector('#listen audio').currentTime") == pytest.approx(3, abs=0.1)
    assert try_out(page, "here").startswith("From 0:02.")  # ten seconds of twelve
    page.run("document.querySelector('#listen').focus(); document.activeElement.blur()")
    page.press(" ")
    page.wait(lambda: page.run("return !document.querySelector('#listen audio').paused"))
    page.press(" ")
    page.wait(lambda: page.run("return document.querySelector('#listen audio').paused"))


def test_no_speech_is_said_loudly(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.pipeline_sound.SpeechNetwork", HearsNothing)
    hear(page)
    assert page.one("#verdict .result").text == "No speech was heard"
    assert page.one(".unheard").is_displayed()
    assert page.all(".item.nothing[data-state=review]")
    assert try_out(page).endswith("No speech was heard here: all of this stays as it was.")
    page.one("#download").click()
    page.wait(lambda: "No speech was heard, so all sound stays" in page.one("#toast").text)
    page.downloaded("talk.veiled.wav")
    page.one("#looked").click()
    page.wait_for(".item[data-state=done]")
    page.wait(lambda: not page.one(".unheard").is_displayed())


def test_a_video_keeps_its_own_choice(page: Page) -> None:
    hear(page)
    page.add(film_mkv=filmed_talk())
    page.wait_for(".item", 2)
    page.wait_for(".item[data-state=review]")
    page.choose("film.mkv")
    assert page.one("#voice-mute").is_selected()  # the tone was chosen for sound files
    assert not page.one("#try").is_displayed()
    pick(page, "voice-disguise")
    assert try_out(page).startswith("From 0:0")
    pick(page, "voice-beep")
    page.one("#download").click()
    file = page.folder / "result.mkv"
    file.write_bytes(page.downloaded("film.veiled.mkv"))
    ((start, sound, _),) = tracks_of(file)
    assert (float(start), sound.shape[1]) == (1.0, 12 * RATE)
    assert 0.09 < np.abs(sound[0, SPEECH]).max() < 0.11
    pick(page, "voice-mute")
    page.one("#download-all").click()
    page.one("#confirm [value=all]").click()
    with zipfile.ZipFile(io.BytesIO(page.downloaded("veil.zip"))) as packed:
        pictures = {each["picture"]["kind"]: each for each in json.loads(packed.read("report.json"))["pictures"]}
    assert pictures["sound"]["altered"]["voice"] == "beep"
    assert (pictures["video"]["altered"], "sound" in pictures["video"]["dropped"]) == (None, True)


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(page: Page, look: dict[str, Any]) -> None:
    hear(page, **look)
    assert faults(page) == []
    if look["width"] == 390:
        page.one(".tabs [aria-controls=look]").click()
        page.wait(lambda: page.one("#look").is_displayed())
    pick(page, "voice-disguise")
    try_out(page)
    assert faults(page) == []
    assert page.complaints() == []


def test_it_is_all_reached_with_the_keyboard(page: Page) -> None:
    hear(page)
    page.reach("#listen audio")
    page.reach("#voice-beep")
    page.press(Keys.ARROW_RIGHT)
    assert page.one("#voice-disguise").is_selected()
    page.reach("[data-try=first]")
    page.press(Keys.ENTER)
    page.wait(lambda: page.one(".heard").is_displayed())
    page.reach(".heard [data-which=after]")
