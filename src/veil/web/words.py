"""The texts of a page in the reader's language."""

from typing import Any

from flask import request

from veil.web.texts import LANGUAGES, TEXTS

LANGUAGE_COOKIE = "veil_language"


def words() -> dict[str, Any]:
    """Return the texts in the language that was chosen here, or else that the browser prefers."""
    language = request.cookies.get(LANGUAGE_COOKIE, "")
    if language not in LANGUAGES:
        language = request.accept_languages.best_match(list(LANGUAGES), "en")
    texts = TEXTS[language]
    return {"language": language, "languages": LANGUAGES, "texts": texts, "t": texts.__getitem__}
