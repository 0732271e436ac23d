"""Every word of the studio's pages, in each language. Keys that end in .one and .other go with a number."""

from veil.audit.words import DROPPED
from veil.web.texts_en import EN
from veil.web.texts_zh import ZH

LANGUAGES = {"en": "English", "zh": "简体中文"}
"""What each language calls itself, by the code that cookies and TEXTS use."""


def without_key(words: str) -> str:
    """Return the key of what reports say is not in a result."""
    return f"without.{words.replace('{n}', 'n').replace(' ', '-').lower()}"


_WITHOUT = {without_key(english): (english, chinese) for english, chinese in DROPPED.items()}

TEXTS = {
    "en": EN | {key: english for key, (english, _) in _WITHOUT.items()},
    "zh": ZH | {key: chinese for key, (_, chinese) in _WITHOUT.items()},
}
"""Every text by language and key."""
