import re
from pathlib import Path

import pytest

import veil.web
from veil.web.problems import KINDS
from veil.web.texts import LANGUAGES, TEXTS

WEB = Path(veil.web.__file__).parent
STYLES = {f"style.{name}{more}" for name in ("veil", "solid", "mosaic", "gaussian") for more in ("", ".more")}
PROFILES = {f"profile.{name}" for name in ("fast", "balanced", "thorough")}
PHASES = {f"card.{name}" for name in ("uploading", "waiting", "looking")}
REGIONS = {f"card.region.{name}" for name in ("covered", "suggested", "drawn", "kept")}
ERRORS = {f"error.{kind}" for kind in KINDS | {"network"}}
MADE = STYLES | PROFILES | PHASES | REGIONS | ERRORS
"""Keys that are put together from a name; all others stand whole in the sources."""


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    assert list(TEXTS["en"]) == list(TEXTS["zh"])


def test_every_key_is_used_and_every_used_key_exists() -> None:
    sources = [*WEB.glob("templates/*.html"), WEB / "static" / "veil.js"]
    text = "\n".join(source.read_text("utf-8") for source in sources)
    keys = {re.sub(r"\.(one|other)$", "", key) for key in TEXTS["en"]}
    rooms = {key.split(".")[0] for key in keys}
    quoted = re.findall(r"""["']([a-z]+(?:\.[a-z-]+)+)["']""", text)
    whole = {word for word in quoted if word.split(".")[0] in rooms}
    assert keys == MADE | whole


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same(language: str) -> None:
    for key, english in TEXTS["en"].items():
        text = TEXTS[language][key]
        assert text.strip()
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", english)), key


def test_chinese_is_chinese() -> None:
    own = {key for key, text in TEXTS["zh"].items() if not re.search(r"[\u4e00-\u9fff]", text)}
    assert own == {"page.tag", "card.comma", "live.ready"}
