"""Entries as one page of HTML that needs nothing else, to be read, printed and handed on."""

from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from veil import __version__
from veil.audit.checking import Checked
from veil.audit.words import WORDS, dropped

_COMMON = ("options", "software", "models")
_VISIBLE = ("kept", "suggested")
_COVERED = ("covered", "drawn")


def render(entries: Iterable[Mapping[str, Any]], language: str, checked: Checked | None = None) -> str:
    """Return entries as a page.

    Args:
        entries: From a log, in order.
        language: A key of WORDS.
        checked: What came of checking the log; None if that was not done.
    """
    from jinja2 import Environment, StrictUndefined  # as all that is loaded for pages: half the start of other commands

    words = WORDS[language]

    def t(name: str, **values: Any) -> str:
        return words[name].format(**values)

    def named(room: str, value: str) -> str:
        """Return what a value is called; one of another version of Veil may not be known here."""
        return words.get(f"{room}.{value}", value)

    files = resources.files("veil.audit")
    # Everything is escaped, since notes and file names may hold anything; only the sheet of styles is not.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["shown"] = lambda moment: moment.replace("T", " ").split(".")[0]  # the footer says UTC
    environment.filters["plain"] = lambda value: _plain(value, words)
    environment.filters["dropped"] = lambda words: dropped(words, language)
    template = environment.from_string(files.joinpath("page.html").read_text("utf-8"))
    shown = list(entries)
    return template.render(
        t=t,
        named=named,
        entries=shown,
        checked=checked,
        sums=_sums(shown),
        first=_first(shown),
        version=__version__,
        styles=files.joinpath("page.css").read_text("utf-8"),
    )


def _sums(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return what all entries together say, counted."""
    told = [entry["told"] for entry in entries]
    counts = [each["counts"] for each in told if each["kind"] == "result"]
    return {
        "results": len(counts),
        "deletions": len(told) - len(counts),
        "covered.sum": sum(each[state] for each in counts for state in _COVERED),
        "visible.sum": sum(each[state] for each in counts for state in _VISIBLE),
    }


def _first(entries: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, int]]:
    """Return for each entry, by its number, which one before it was the first in a row to tell the same."""
    first: dict[int, dict[str, int]] = {}
    last: dict[str, tuple[int, Any]] = {}
    for entry in entries:
        for name in _COMMON:
            told = entry["told"].get(name)
            if told and (name not in last or last[name][1] != told):
                last[name] = entry["number"], told
        first[entry["number"]] = {name: number for name, (number, _) in last.items()}
    return first


def _plain(value: Any, words: Mapping[str, str]) -> Any:
    """Return a setting as people read it."""
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    return "#{:02x}{:02x}{:02x}".format(*value) if isinstance(value, list) else value
