"""Videos: watching, stepping, deciding on people and doubtful moments, areas that move, the result."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests import fakes, footage
from tests.jobs.films import EMPTY, FRAMES, WALKER, filmed
from tests.media import clips
from tests.web.page.conftest import served
from tests.web.page.driver import Page, near
from tests.web.page.test_reach import LOOKS, faults
from veil.jobs.limits import Limits
from veil.keys import box_at
from veil.media.video import open_video
from veil.types import Box, Detection, Key, Pixels

STANDER = footage.Actor(0, FRAMES, 250, 150)  # somebody at the right, of whom the detector is not sure
FILM = filmed()
TWO = filmed(footage.Film((WALKER, STANDER), FRAMES))
LIMITS = Limits(free_bytes=0)


class Unsure(footage.Spotting):
    """Is sure of faces at the left, and in doubt at the right."""

    name = "unsure"

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        width = pixels.shape[1]
        boxes = [found.box for found in super().detect(pixels)]
        return [Detection(box, 0.15 if box.left > 0.6 * width else 0.9, self.name) for box in boxes]


@pytest.fixture
def page(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    with served(chromium, tmp_path, limits=LIMITS, finder=footage.spotter()) as page:
        yield page


@pytest.fixture
def unsure_page(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    with served(chromium, tmp_path, limits=LIMITS, finder=footage.spotter(Unsure())) as page:
        yield page


def region(page: Page, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = page.plan()["regions"][number]
    return found


def place(region: dict[str, Any], frame: int) -> Box | None:
    return box_at([Key(int(at), Box(*box)) for at, box in region["keys"]], frame)


def rough(page: Page, x: float, y: float) -> tuple[int, int, int]:
    """Return the colour of what is drawn while the video plays, at a place of the picture."""
    red, green, blue, _ = page.run(
        "const canvas = document.querySelector('.rough');"
        "const [x, y] = [arguments[0] * canvas.width, arguments[1] * canvas.height];"
        "return [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]",
        x / page.size[0],
        y / page.size[1],
    )
    return red, green, blue


def is_face(colour: tuple[int, int, int]) -> bool:
    red, green, blue = colour
    return min(red, blue) > 2 * green + 10


def middle(frame: int) -> tuple[float, float]:
    box = WALKER.place(frame)
    assert box is not None
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def assert_a_frame_shows_before_and_after(page: Page) -> None:
    page.go(15)
    assert not is_face(page.colour(".after", *map(int, middle(15))))
    assert is_face(page.colour(".before", *map(int, middle(15))))


def assert_walker_is_covered(frames: Sequence[Pixels]) -> None:
    """Assert that no pixel of the face is left in any frame of a result."""
    assert len(frames) == FRAMES
    for number in range(WALKER.first, WALKER.stop):
        x, y = map(int, middle(number))
        red, green, blue = frames[number][y - 12 : y + 12, x - 12 : x + 12].astype(int).transpose(2, 0, 1)
        assert not (np.minimum(red, blue) > 2 * green + 10).any()


def test_from_upload_to_result(page: Page) -> None:
    page.watch(FILM)
    assert page.one(".film-badge").text == "0:01"
    assert page.one("#photo-meta").text == "320 × 240 · MP4"
    assert page.one("#verdict .result").text.startswith("1 face covered, ")
    assert page.one("#time-frame").text == f"frame 1 of {FRAMES}"
    assert page.texts(".people-title, #areas-title") == ["People 1"]
    assert_a_frame_shows_before_and_after(page)
    page.one("#download").click()
    result = page.folder / "result.mp4"
    result.write_bytes(page.downloaded("film.veiled.mp4"))
    with open_video(result) as video:
        frames = [frame.pixels for frame in video.frames()]
    assert_walker_is_covered(frames)
    assert page.complaints() == []


def test_marks_go_with_the_people(page: Page) -> None:
    page.watch(FILM)
    walker = region(page)
    for frame in (4, 5, 11, 20):
        page.go(frame)
        box = place(walker, frame)
        assert box is not None
        (x, y), (across, down) = page.at(box.left, box.top), page.at(box.right, box.bottom)
        assert page.box(page.mark("covered")) == pytest.approx((x, y, across - x, down - y), abs=1)
    page.run("document.querySelector('.scrub').focus()")
    page.press(Keys.END)
    page.wait(lambda: page.frame == FRAMES - 1)
    page.settle()
    assert bool(page.all(".mark")) == (walker["frames"][1] == FRAMES)


def test_it_plays_covered_and_stops_where_it_is(page: Page) -> None:
    page.watch(FILM)
    page.run(
        "window.seen = [];"
        "const canvas = document.querySelector('.rough');"
        "const look = () => {"
        "  const frame = Number(document.querySelector('.scrub').getAttribute('aria-valuenow'));"
        "  const [x, y] = [30 + 4 * (frame - 2) + 20, 60 + 2 * (frame - 2) + 20];"
        "  const data = canvas.getContext('2d').getImageData(x, y, 1, 1).data;"
        "  window.seen.push([frame, ...data]); };"
        "const slider = document.querySelector('.scrub');"
        "new MutationObserver(look).observe(slider, {attributeFilter: ['aria-valuenow']});"
    )
    page.one("#play").click()
    assert page.one("#play").get_attribute("aria-label") == "Pause"
    page.wait(lambda: page.frame == FRAMES - 1 and page.one("#play").get_attribute("aria-label") == "Play")
    seen = page.run("return window.seen")
    frames = [frame for frame, *_ in seen]
    assert len(set(frames)) > 3
    assert frames == sorted(frames)
    assert not any(is_face((red, green, blue)) for frame, red, green, blue, _ in seen if 2 <= frame < 28)
    page.settle()
    page.press(" ")  # once more from its start
    page.wait(lambda: 0 < page.frame < FRAMES - 1)
    page.press(" ")
    page.settle()
    assert page.frame == page.run("return Math.round(document.querySelector('.film').currentTime * 25 - 0.5)")


def test_an_exact_frame_never_lies_over_another_moment(page: Page) -> None:
    page.watch(FILM)
    page.go(10)
    page.run("window.fetch = () => new Promise(() => {})")  # the server is slow
    page.press(".")
    page.wait(lambda: page.frame == 11)
    page.wait(lambda: not page.one(".after").is_displayed() and not page.one(".before").is_displayed())
    assert not is_face(rough(page, *middle(11)))
    page.one(".row .leave").click()
    page.wait(lambda: is_face(rough(page, *middle(11))))
    assert page.one("#stage").get_attribute("data-preview") == "rough"


def test_a_frame_that_is_gone_to_is_not_called_there_before_it_is(page: Page) -> None:
    page.watch(FILM)
    state = page.run(
        "document.querySelector('#step-on').click(); return document.querySelector('#stage').dataset.preview"
    )
    assert state == "rough"
    page.settle()
    assert page.frame == 1


@pytest.mark.parametrize("style", ["veil", "solid", "mosaic", "gaussian"])
def test_what_is_drawn_at_once_is_about_what_comes(page: Page, style: str) -> None:
    page.watch(FILM)
    page.one(f"label[for=style-{style}]").click()
    page.go(12)
    x, y = middle(12)
    assert near(rough(page, x, y), page.colour(".after", int(x), int(y)), 60)
    assert near(rough(page, 300, 20), page.colour(".after", 300, 20), 40)


def test_one_click_keeps_or_covers_somebody_everywhere(page: Page) -> None:
    page.watch(FILM)
    page.one(".row .leave").click()
    page.settle()
    assert region(page)["state"] == "kept"
    for frame in (6, 20):
        page.go(frame)
        assert is_face(page.colour(".after", *map(int, middle(frame))))
    page.mark("kept").click()
    page.settle()
    assert region(page)["state"] == "covered"
    assert not is_face(page.colour(".after", *map(int, middle(20))))


def test_suggestions_come_first_and_a_card_goes_to_its_person(unsure_page: Page) -> None:
    page = unsure_page
    page.watch(TWO)
    assert page.states() == ["suggested", "covered"]
    assert page.one(".undecided").text == "1 doubtful place is still visible"
    page.one(".rows .row:nth-child(2) .pick").click()
    page.settle()
    assert page.run("return document.activeElement.closest('.mark.covered') !== null")
    assert page.one(".row.covered .pick").get_attribute("aria-current") == "true"
    page.wait(lambda: page.run("return [...document.querySelectorAll('.rows canvas')].every((one) => one.width > 100)"))
    page.one(".row.suggested .cover").click()
    page.settle()
    assert page.saved_states() == ["covered", "covered"]


def test_doubtful_moments_are_shown_and_settled(page: Page) -> None:
    page.watch(FILM)
    before = region(page)["doubtful"]
    assert len(page.all("#doubts li")) == len(before) > 0
    first, stop = before[0]
    page.one("#doubts .go").click()
    page.wait(lambda: page.frame == (first + stop - 1) // 2)
    page.settle()
    assert page.one(".mark.covered").is_displayed()
    page.one("#doubts .right").click()
    page.settle()
    assert region(page)["doubtful"] == before[1:]
    page.one("#undo").click()
    page.settle()
    assert region(page)["doubtful"] == before
    page.reach("#doubts .go")
    page.press(*[Keys.TAB, Keys.ENTER] * len(before))  # each gives its place, and the focus, to the next
    page.settle()
    assert not page.one("#doubts").is_displayed()
    assert page.run("return document.activeElement.id") == "stage"
    assert page.one("#verdict .result").text == "1 face covered"
    page.wait_for(".item[data-state=done]")


def test_the_keys_of_time(page: Page) -> None:
    page.watch(FILM)
    page.press(".", ".", ".")
    page.wait(lambda: page.frame == 3)
    page.press(",")
    page.wait(lambda: page.frame == 2)
    page.press(">")
    page.wait(lambda: page.frame == 27)
    page.press("<")
    page.wait(lambda: page.frame == 2)
    spans = region(page)["doubtful"]
    middles = [frame for first, stop in spans if (frame := (first + stop - 1) // 2) > 0]
    page.reach(".scrub")
    page.press(Keys.HOME)
    page.wait(lambda: page.frame == 0)
    for frame in middles:
        page.press("m")
        page.wait_for(f".scrub[aria-valuenow='{frame}']")
    page.press("m", held=[Keys.SHIFT])
    page.wait(lambda: page.frame < middles[-1])
    assert page.one(".scrub").get_attribute("aria-valuetext").endswith(f"frame {page.frame + 1} of {FRAMES}")  # type: ignore[union-attr]
    page.press(Keys.ARROW_RIGHT, held=[Keys.SHIFT])
    page.press(Keys.PAGE_DOWN)
    page.wait(lambda: page.frame == 0)
    page.press(" ")
    page.wait(lambda: page.frame > 3)


def test_the_line_of_time_can_be_dragged(page: Page) -> None:
    page.watch(FILM)
    left, top, width, height = page.box(page.one(".scrub"))
    at = [(left + width * (frame + 0.5) / FRAMES, top + height / 2) for frame in (3, 9, 20)]
    page.drag(*at)
    page.wait(lambda: page.frame == 20)
    page.settle()
    assert not is_face(page.colour(".after", *map(int, middle(20))))


def test_an_area_covers_the_whole_video_or_a_part(page: Page) -> None:
    page.watch(filmed(EMPTY))
    assert page.one("#nothing h2").text == "Nothing found"
    page.go(8)
    page.draw("ellipse", (100, 60), (160, 120))
    page.settle()
    drawn = region(page)
    assert (drawn["frames"], drawn["keys"], drawn["state"]) == (None, [], "drawn")
    page.one("[data-span=onward]").click()
    page.settle()
    assert region(page)["frames"] == [8, FRAMES]
    page.go(20)
    page.drag(page.at(130, 90), page.at(140, 90), page.at(170, 110))
    page.settle()
    moved = region(page)
    before, after = place(moved, 8), place(moved, 29)
    assert before == pytest.approx((100, 60, 160, 120), abs=1.5)
    assert after == pytest.approx((140, 80, 200, 140), abs=1.5)
    assert place(moved, 14) == pytest.approx((120, 70, 180, 130), abs=1.5)
    page.press("]")
    page.settle()
    assert region(page)["frames"] == [8, 21]
    page.go(21)
    assert page.all(".mark") == []
    page.one("[data-span=always]").click()
    page.settle()
    assert region(page)["frames"] is None
    for _ in range(5):
        page.one("#undo").click()
    page.settle()
    assert page.plan()["regions"] == []


@pytest.fixture
def blind_page(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    with served(chromium, tmp_path, fakes.Silent(), LIMITS) as page:
        yield page


def drawn_around_the_walker(page: Page, frame: int) -> None:
    page.watch(FILM)
    page.go(frame)
    box = WALKER.place(frame)
    assert box is not None
    page.draw("box", (box.left - 2, box.top - 2), (box.right + 2, box.bottom + 2))
    page.settle()


def test_an_area_follows_what_is_in_it(blind_page: Page) -> None:
    page = blind_page
    drawn_around_the_walker(page, 8)
    page.one("[data-span=follow]").click()
    page.wait(lambda: len(region(page)["keys"]) > 1)
    page.settle()
    followed = region(page)
    assert (followed["state"], followed["source"]) == ("drawn", "user")
    for frame in (4, 8, 14, 24):
        box, face = place(followed, frame), WALKER.place(frame)
        assert box is not None and face is not None
        assert box.left <= face.left + 2 and box.top <= face.top + 2, frame
        assert box.right >= face.right - 2 and box.bottom >= face.bottom - 2, frame
        page.go(frame)
        assert not is_face(page.colour(".after", *map(int, middle(frame))))
    page.one("#undo").click()
    page.settle()
    assert region(page)["keys"] == []


def test_following_can_be_cancelled(blind_page: Page) -> None:
    page = blind_page
    drawn_around_the_walker(page, 8)
    page.run(
        "const ask = window.fetch; window.asked = [];"
        "window.fetch = (where, how) => {"
        "  if (!where.endsWith('/follow')) return ask(where, how);"
        "  window.asked.push(how.method);"
        "  const told = {state: 'making', done: 3, total: 10};"
        "  return Promise.resolve(how.method === 'DELETE' ? new Response(null, {status: 204})"
        "    : new Response(JSON.stringify(told), {status: 202})); }"
    )
    page.one("[data-span=follow]").click()
    page.wait_text("#span p", "Following what is in it: 30 %")
    page.one("[data-span=stop]").click()
    page.wait(lambda: page.run("return window.asked.at(-1)") == "DELETE")
    page.wait_text("#span p", "Covers this place all the time.")
    assert region(page)["keys"] == []


def test_following_goes_on_while_another_file_is_open(blind_page: Page) -> None:
    page = blind_page
    drawn_around_the_walker(page, 8)
    page.run(
        "const ask = window.fetch; window.held = true; window.asked = [];"
        "window.fetch = (where, how) => {"
        "  if (where.endsWith('/follow')) window.asked.push(how.method);"
        "  return where.endsWith('/follow') && window.held"
        "    ? Promise.resolve(new Response(JSON.stringify({state: 'making', done: 3, total: 10}), {status: 202}))"
        "    : ask(where, how); }"
    )
    page.one("[data-span=follow]").click()
    page.wait_text("#span p", "Following what is in it: 30 %")
    page.add(photo_png=fakes.photo())
    page.wait_for(".item", 2)
    page.size = (300, 200)
    page.choose("photo.png")
    page.choose("film.mp4")
    assert page.texts(".rows .row b") == ["Covered"]
    page.choose("photo.png")
    page.run("window.held = false")
    page.wait(lambda: any(len(each["keys"]) > 1 for number in (0, 1) for each in page.plan(number)["regions"]))
    assert "DELETE" not in page.run("return window.asked")
    page.choose("film.mp4")
    page.one(".rows .pick").click()
    page.wait_text("#span p", "Moved here, it stays moved from here on; before, it leads up to it.")


def test_nothing_is_covered_while_faces_are_looked_for_but_it_can_be_watched(
    chromium: webdriver.Chrome, tmp_path: Path, paused: fakes.Paused
) -> None:
    with served(chromium, tmp_path, paused, LIMITS) as page:
        page.open()
        page.add(film_mp4=FILM)
        page.wait_for("#review.watching")
        assert paused.reached.wait(30)
        assert "Nothing is covered yet" in page.one("#wait").text
        assert not page.one("#tools").is_displayed()
        page.press(".", ".", ".", ".")
        page.wait(lambda: page.frame == 4)
        page.wait(lambda: is_face(rough(page, *middle(4))))
        paused.go.set()
        page.wait_for("#review.ready")
        page.settle()
        assert page.frame == 4  # where it was


UNEVEN = (0, 512, 1024, 1100, 3000, 3512, 9000, 9040, 12800, 25600)


def told(colour: tuple[int, int, int]) -> int:
    """Return the number of a painted frame by the colour that it tells it with."""
    return clips.number_of(np.full((48, 64, 3), colour, np.uint8))


@pytest.mark.parametrize("times", [clips.EVEN, UNEVEN], ids=["even", "uneven"])
def test_each_frame_is_the_one_it_says(blind_page: Page, tmp_path: Path, times: Sequence[int]) -> None:
    page = blind_page
    clip = clips.make_clip(tmp_path / "clip.mp4", times=times, unit=footage.UNIT)
    page.watch(clip.read_bytes(), size=(64, 48))
    assert page.one("#time-frame").text == f"frame 1 of {len(times)}"
    for frame in (*range(len(times)), 3, len(times) - 2, 0):
        page.go(frame)
        expected = clips.number_of(clips.paint(frame))
        for image in (".before", ".after"):
            assert told(page.colour(image, 54, 42)) == expected, frame
        page.wait(lambda expected=expected: told(rough(page, 54, 42)) == expected)  # type: ignore[misc]


def test_a_browser_that_cannot_play_it_shows_its_frames(page: Page) -> None:
    page.open()
    page.size = (320, 240)
    page.run("HTMLMediaElement.prototype.canPlayType = () => ''")
    page.add(film_mp4=FILM)
    page.settle()
    page.wait(lambda: page.one("#toast p").text.startswith("This browser cannot play it."))
    for frame in (12, 5):
        page.go(frame)
        assert is_face(page.colour(".before", *map(int, middle(frame))))
        assert not is_face(page.colour(".after", *map(int, middle(frame))))
    page.one(".row .leave").click()
    page.settle()
    assert is_face(page.colour(".after", *map(int, middle(5))))
    page.one("#play").click()
    assert page.frame == 5


def test_sound_is_left_out_unless_it_is_to_be_kept(blind_page: Page, tmp_path: Path) -> None:
    page = blind_page
    clip = clips.make_clip(tmp_path / "clip.mp4", sounds=[clips.Sound()])
    page.watch(clip.read_bytes(), size=(64, 48))
    assert page.one("#voice-note").text == "The sound is left out: the result has none."
    result = page.folder / "result.mp4"
    for voice, tracks in (("mute", 0), ("keep", 1)):
        page.one(f"label[for=voice-{voice}]").click()
        assert not page.one("#without").is_displayed()
        page.one("#download").click()
        result.write_bytes(page.downloaded("film.veiled.mp4"))
        assert len(clips.heard(result)) == tracks
        assert page.one("#without").text == ("Not in the result: sound" if voice == "mute" else "")
    assert page.one("#voice-note").get_attribute("data-weak") == "true"


def test_making_a_result_can_be_cancelled(page: Page) -> None:
    page.watch(FILM)
    page.run(
        "const ask = window.fetch; window.asked = [];"
        "window.fetch = (where, how) => {"
        "  if (!where.includes('/result?')) return ask(where, how);"
        "  window.asked.push([how.method, where]);"
        "  const told = {state: 'making', done: 1, total: 4};"
        "  return Promise.resolve(how.method === 'DELETE' ? new Response(null, {status: 204})"
        "    : new Response(JSON.stringify(told), {status: 202})); }"
    )
    page.one("#download").click()
    page.wait_text("#making p", "Making the result: 25 %. Keep this page open.")
    page.one("#stop-making").click()
    page.wait(lambda: page.run("return window.asked.at(-1)[0]") == "DELETE")
    page.wait(lambda: not page.one("#making").is_displayed())
    assert page.one("#download").text == "Download"
    assert list(page.downloads.iterdir()) == []


def test_a_video_without_sound_offers_none(page: Page) -> None:
    page.watch(FILM)
    assert not page.one(".sound").is_displayed()


def test_photos_and_videos_go_side_by_side(page: Page) -> None:
    page.watch(FILM)
    page.add(photo_png=fakes.photo())
    page.wait(lambda: len(page.all(".item[data-state=review]")) == 2)
    page.choose("photo.png")
    assert not page.one("#timeline").is_displayed()
    assert not page.one(".film").is_displayed()
    page.choose("film.mp4")
    assert page.one("#timeline").is_displayed()


def test_on_a_phone(page: Page) -> None:
    page.watch(FILM, width=390, height=844)
    left, top, width, height = page.box(page.one(".scrub"))
    spots = [(left + width * (frame + 0.5) / FRAMES, top + height / 2) for frame in (2, 8, 16)]
    page.touch(spots)
    page.wait(lambda: page.frame == 16)
    page.settle()
    page.one(".tabs [aria-controls=areas]").click()
    page.wait(lambda: page.one("#areas").is_displayed())
    page.one(".row .leave").click()
    page.settle()
    assert region(page)["state"] == "kept"


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(unsure_page: Page, look: dict[str, Any]) -> None:
    page = unsure_page
    page.watch(TWO, **look)
    assert faults(page) == []
    page.press("e", Keys.ENTER)
    page.settle()
    assert page.one("#span").is_displayed()
    page.one("[data-span=onward]").click()
    page.settle()
    assert faults(page) == []
    if look["width"] == 390:
        for name in ("areas", "look"):
            page.one(f".tabs [aria-controls={name}]").click()
            assert faults(page) == [], name
        page.one("#look .sheet-close").click()
    page.one("#play").click()
    assert faults(page) == []
