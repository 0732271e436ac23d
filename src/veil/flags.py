"""The flags of the commands that find and cover; those for settings are made from Options."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from veil.options import Options, Setting, Stage, settings


class FromText(click.ParamType[Any]):
    """A value that a setting reads from text."""

    def __init__(self, setting: Setting) -> None:
        self.name = setting.metavar
        self._parse = setting.parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, or fail with the reason why it is none."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}.", param, ctx)


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def setting_options(*stages: Stage) -> Decorator:
    """Return a decorator that gives a command one flag for each setting of some stages."""
    shown = [(name, setting) for name, setting in settings().items() if setting.stage in stages]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name, setting in reversed(shown):
            command = _flag(name, setting, getattr(Options(), name))(command)
        return command

    return decorate


def _flag(name: str, setting: Setting, default: Any) -> Decorator:
    how: dict[str, Any] = {"default": default, "help": setting.help, "metavar": setting.metavar or None}
    if setting.parse is bool:
        how["is_flag"] = True
    elif setting.choices:
        how |= {"type": click.Choice([str(choice) for choice in setting.choices]), "show_default": True}
    elif setting.parse is int:
        how |= {"type": click.IntRange(int(setting.low or 0), int(setting.high or 0)), "show_default": True}
    elif setting.parse is float:
        how |= {"type": click.FloatRange(setting.low, setting.high), "show_default": True}
    elif setting.parse is not str:
        how |= {"type": FromText(setting), "multiple": setting.repeats}
    return click.option(f"--{name.replace('_', '-')}", name, **how)


output_option = click.option(
    "-o", "--output", metavar="OUT", type=click.Path(path_type=Path), help="File or folder for the results."
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace results that exist.")
strict_option = click.option("--strict", is_flag=True, help="End with exit code 3 when something wants a person's eye.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
quiet_option = click.option("--quiet", is_flag=True, help="Print errors only.")
