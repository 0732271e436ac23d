"""What makes one result differ from another: the settings that shape it, and nothing else."""

import hashlib
import json
from dataclasses import replace

from veil.jobs.job import Order
from veil.media.formats import media_named
from veil.options import Options, Stage, settings
from veil.types import Style

SHAPING = frozenset({Stage.COVER, Stage.WRITE})


def order_for(options: Options) -> Order:
    """Return the order for a result with these settings.

    Raises:
        UsageError: The format asked for is not known.
    """
    options = replace(options, format=media_named(options.format)) if options.format else options
    return Order(_key(_only_what_matters(options)), options)


def with_shaping(options: Options, new: Options) -> Options:
    """Return settings with those replaced that shape a result."""
    return replace(options, **{name: getattr(new, name) for name in _shaping()})


def _key(options: Options) -> str:
    values = {name: getattr(options, name) for name in _shaping()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _shaping() -> list[str]:
    return [name for name, setting in settings().items() if setting.stage in SHAPING]


def _only_what_matters(options: Options) -> Options:
    """Return settings that differ only if the results do."""
    if options.style != Style.SOLID:
        options = replace(options, color=Options.color)
    if options.style in (Style.SOLID, Style.VEIL):
        options = replace(options, strength=Options.strength)
    return options
