"""Veil finds every face in photos and videos and covers it so that nobody can tell who it was.

find() makes a plan, cover() carries it out, anonymise() does both. What they need is loaded when they are first used.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from veil.errors import VeilError
from veil.options import Options

if TYPE_CHECKING:
    from veil.api import anonymise, check, cover, find
    from veil.detect import load as load_finder
    from veil.sandbox.box import Sandbox

    __version__: str

__all__ = ["Options", "Sandbox", "VeilError", "__version__", "anonymise", "check", "cover", "find", "load_finder"]

_WHERE = {
    "anonymise": ("veil.api", "anonymise"),
    "check": ("veil.api", "check"),
    "cover": ("veil.api", "cover"),
    "find": ("veil.api", "find"),
    "load_finder": ("veil.detect", "load"),
    "Sandbox": ("veil.sandbox.box", "Sandbox"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _WHERE:
        raise AttributeError(f"module 'veil' has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)


@cache
def _version() -> str:
    from importlib.metadata import version

    return version("veil")
