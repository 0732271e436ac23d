import re
from pathlib import Path

import pytest

import veil.web
from veil.audit.words import DROPPED
from veil.types import Reason
from veil.web.problems import KINDS
from veil.web.texts import LANGUAGES, TEXTS, without_key

WEB = Path(veil.web.__file__).parent
PARTS: dict[str, list[str]] = {
    "style": ["veil", "solid", "mosaic", "gaussian", "veil.more", "solid.more", "mosaic.more", "gaussian.more"],
    "profile": ["fast", "balanced", "thorough"],
    "shape": ["ellipse", "box"],
    "area": ["face", "head"],
    "span": ["all", "some", "moves"],
    "voice": [
        *("mute", "silence", "beep", "disguise", "keep"),
        *("mute.more", "silence.more", "beep.more", "disguise.more", "keep.more"),
    ],
    "where": ["speech", "everywhere"],
    "background": ["keep", "lower", "mute"],
    "region": ["covered", "suggested", "kept", "drawn", "undrawn", "cover", "leave", "remove"],
    "areas": ["covered", "suggested", "kept", "drawn", "cover", "leave"],
    "reason": [f"is-{reason}" for reason in Reason],
    "group": ["review", "failed", "working", "done", "gone"],
    "save": ["saved", "saving", "retrying", "failed"],
    "sheet": ["batch", "areas", "look"],
    "tool": ["select", "hand", "box", "ellipse", "freehand"],
    "hint": ["box", "ellipse", "freehand"],
    "help": [
        "doubtful",
        "looked",
        "walk",
        "toggle",
        "move",
        "resize",
        "remove",
        "settle",
        "draw",
        "tools",
        "zoom",
        "pan",
        "undo",
        "compare",
        "download",
        "escape",
        "play",
        "frames",
        "seconds",
        "eye",
        "line",
        "span",
    ],
    "without": [without_key(words).removeprefix("without.") for words in DROPPED],
    "error": [*KINDS, "network"],
}
FILE = re.compile(r"\.(css|js|html)$")
MADE = {f"{room}.{name}" for room, names in PARTS.items() for name in names}
"""Keys that are put together from a name; all others stand whole in the sources."""


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    assert list(TEXTS["en"]) == list(TEXTS["zh"])


def test_every_key_is_used_and_every_used_key_exists() -> None:
    sources = [*WEB.glob("templates/*.html"), *WEB.glob("static/*.js"), *WEB.glob("[!t]*.py")]
    text = "\n".join(source.read_text("utf-8") for source in sources)
    keys = {re.sub(r"\.(one|other)$", "", key) for key in TEXTS["en"]}
    rooms = {key.split(".")[0] for key in keys}
    quoted = re.findall(r"""["']([a-z]+(?:\.[a-z-]+)+)["']""", text)
    whole = {word for word in quoted if word.split(".")[0] in rooms and not FILE.search(word)}
    assert keys == MADE | whole


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same(language: str) -> None:
    for key, english in TEXTS["en"].items():
        text = TEXTS[language][key]
        assert text.strip()
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", english)), key


def test_chinese_is_chinese() -> None:
    own = {key for key, text in TEXTS["zh"].items() if not re.search(r"[\u4e00-\u9fff]", text)}
    assert own == {
        "page.tag",
        "card.comma",
        "card.listed",
        "card.meta",
        "live.ready",
        "zoom.value",
        "fit.grow.value",
        "time.speed",
        "people.when",
        "sound.meta",
    }
