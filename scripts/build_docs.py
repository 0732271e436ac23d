"""Write the pages that are made from the code, or with --check say which of them are stale.

python scripts/build_docs.py
python scripts/build_docs.py --check
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from veil.cli import main as veil
from veil.detect import profiles, turns
from veil.options import Options, Setting, Stage, settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH = 100

CLI_INTRO = """# The command line

*This page is made from `veil --help`; `make docs` writes it anew.*

`run` finds and covers in one go. `find` and `cover` do the same in two steps, with a [plan](plan.md) between them that
a person can read and change. `serve` runs the studio, a page for your browser, and `worker` works for it. What each
setting does and which values it takes stands in [settings.md](settings.md), what becomes of a file in
[formats.md](formats.md).

## What is worth knowing

- An input is a file, a folder or a pattern in quotes. What a file is shows from its first bytes, not from its name.
- Without `--output`, the result of `photo.jpg` is `photo.veiled.jpg` beside it.
- With one file, `--output` is the name of the result, and its ending decides the format. Without an ending, or with
  more than one file, it is a folder. A folder's files are written there under the same names, in the same subfolders.
- In a folder, hidden files and earlier results (`*.veiled.*`) are passed over. Files that are neither pictures nor
  videos are counted as left out. Pictures and videos that cannot be read count as failed.
- One bad file does not stop the others. It is named with the reason, and the exit code is 1.
- An input is never replaced, and an existing file only with `--overwrite`. A result gets its name once it is whole.
- A picture in which nothing was found is written too, without its metadata, and named for you to look at.
- A doubtful place is not covered. It is a suggestion: the picture is named, and the plan or the studio shows where.
- A video loses its sound unless `--voice` says otherwise. What is not in its result is said: "without sound, metadata".
- A sound file needs `--voice beep` or `--voice disguise`; see [voice.md](voice.md). In a folder, sound files are left
  out without one of them. If no speech is heard, that is said, for you to listen.
- A face of a video that is lost from sight is covered for a while longer. That is counted, for you to look at; the plan
  says where.
- If the program is killed while it writes a video, the same command goes on from the plan, which lies hidden beside the
  result until that is there. What it had written, a hidden file that ends in `.part`, is deleted by the next
  `veil run` into that folder.
- `--json` prints what was done to each file, with names. `--report` writes the same without names, to be passed on.
"""

SETTINGS_INTRO = """# Settings

*This page is made from `src/veil/options.py`; `make docs` writes it anew.*

Each setting is a flag of the command line and a keyword of `veil.Options` in Python:

```sh
veil run party.jpg --style solid --color ff8800
```

```python
>>> import veil
>>> veil.Options(style="solid", color=(255, 136, 0)).grow
1.3

```

A value that is not allowed is refused before anything is done.
"""

STAGES = {
    Stage.READ: ("Reading", "Flags of `veil run`, `veil find` and `veil cover`."),
    Stage.FIND: ("Finding", "Flags of `veil run` and `veil find`. They shape the plan."),
    Stage.COVER: ("Covering", "Flags of `veil run` and `veil cover`."),
    Stage.WRITE: ("Writing", "Flags of `veil run` and `veil cover`."),
    Stage.CHECK: ("Looking again", "Flags of `veil run` and `veil cover`."),
    Stage.RELEASE: ("Releasing", "Flags of `veil run` and `veil cover`."),
}

BLOCK_START, BLOCK_END = "<!-- {name} -->\n", "<!-- end -->"


def pages() -> dict[Path, str]:
    """Return every page that is made from the code, by its path."""
    accuracy = DOCS / "accuracy.md"
    return {
        DOCS / "cli.md": _cli(),
        DOCS / "settings.md": _settings(),
        accuracy: _filled(accuracy.read_text("utf-8"), {"looks": _looks(), "scores": _scores()}),
    }


def stale(wanted: Mapping[Path, str]) -> list[Path]:
    """Return the pages that are not as they should be."""
    return [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the pages; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the pages that are made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a page is stale")
    check = parser.parse_args(arguments).check
    wanted = pages()
    for path in stale(wanted):
        if check:
            print(f"{path.name} is stale; write it anew with: make docs", file=sys.stderr)
        else:
            path.write_text(wanted[path], "utf-8")
            print(f"wrote {path.name}")
    return 1 if check and stale(wanted) else 0


def _filled(page: str, blocks: Mapping[str, str]) -> str:
    """Return a page with the text between some of its marks replaced."""
    for name, text in blocks.items():
        before, start, rest = page.partition(BLOCK_START.format(name=name))
        _, end, after = rest.partition(BLOCK_END)
        if not end:
            raise SystemExit(f"The page has no block {name!r}; nothing was written.")
        page = before + start + text + end + after
    return page


def _cli() -> str:
    top = veil.make_context("veil", [], terminal_width=WIDTH, resilient_parsing=True)
    parts = [CLI_INTRO, _help("veil", veil, top)]
    for name, command in veil.commands.items():
        inner = command.make_context(name, [], parent=top, resilient_parsing=True)
        parts.append(_help(f"veil {name}", command, inner))
    return "\n".join(parts)


def _help(title: str, command: click.Command, context: click.Context) -> str:
    text = "\n".join(line.rstrip() for line in click.unstyle(command.get_help(context)).splitlines())
    return f"## {title}\n\n```text\n{text}\n```\n"


def _settings() -> str:
    defaults = Options()
    parts = [SETTINGS_INTRO]
    for stage, (title, about) in STAGES.items():
        rows = [
            f"| `--{name.replace('_', '-')}` | {_default(getattr(defaults, name))} | {_allowed(setting)} "
            f"| {setting.help} |\n"
            for name, setting in settings().items()
            if setting.stage is stage
        ]
        head = "| flag | if not given | allowed | what it does |\n|---|---|---|---|\n"
        parts.append(f"## {title}\n\n{about}\n\n{head}{''.join(rows)}")
    parts.append(
        "## In Python\n\nThe keyword of a flag is its name with `_` for `-`; these are the defaults:\n\n"
        "| keyword | default |\n|---|---|\n"
        + "".join(f"| `{name}` | `{_python(getattr(defaults, name))}` |\n" for name in settings())
    )
    parts.append(
        "`veil cover` takes `--max-megapixels` too: the limit is checked whenever a picture is opened.\n"
        "A `region` is a `veil.types.Box(left, top, right, bottom)`, or with times in seconds a\n"
        "`veil.types.Drawing(box, start, stop, follows)`; give a tuple of them.\n"
    )
    return "\n".join(parts)


def _default(value: Any) -> str:
    match value:
        case bool():
            return "on" if value else "off"
        case "" | ():
            return "none"
        case (int(), int(), int()):
            return f"`{bytes(value).hex()}`"
        case float():
            return f"`{value:g}`"
    return f"`{value}`"


def _allowed(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(f"`{choice}`" for choice in setting.choices)
    if setting.low is not None and setting.high is not None:
        return f"{setting.low:g} to {setting.high:g}"
    if setting.repeats:
        return f"`{setting.metavar}`, may be given several times"
    return f"`{setting.metavar}`" if setting.metavar else "no value"


def _python(value: Any) -> str:
    return repr(str(value) if isinstance(value, str) else value)


def _looks() -> str:
    """Return what each profile looks at."""
    lines = [
        "| profile | models | sizes of the picture | in a mirror | smoothed | turned |",
        "|---|---|---|---|---|---|",
    ]
    reduced = [f"1/{round(1 / scale)}" for scale in profiles.REDUCED]
    for profile, recipe in profiles.RECIPES.items():
        models = recipe.model + (f"; {recipe.second} for close-ups" if recipe.second else "")
        sizes = [f"{recipe.enlarged:g} times"] if recipe.enlarged else []
        sizes += ["as it is", *reduced]
        also = ("yes" if yes else "no" for yes in (recipe.mirrored, recipe.smoothed, recipe.turned))
        lines.append(f"| {profile} | {models} | {', '.join(sizes)} | {' | '.join(also)} |")
    facts = f"""
- Pictures larger than {profiles.TILE} pixels a side are looked at in tiles of that size, which overlap by
  {profiles.OVERLAP} pixels, and whole at reduced sizes. Reduced sizes that leave too little to see are left out.
- A picture is enlarged if that makes no more than {profiles.MOST_ENLARGED / 1e6:g} megapixels. This is for small faces:
  finds of {profiles.MOST_WHEN_ENLARGED} pixels and more do not count there. At reduced sizes, finds under
  {profiles.LEAST_WHEN_REDUCED} pixels do not count.
- A second model is asked for close-ups when the first is not sure of any face (a score of {profiles.SURE:g}). It
  sees faces that fill the picture better, and more that are none: only faces of {profiles.CLOSE_UP} pixels and more
  count, and its scores count for less.
- Where "smoothed" says yes, the picture is looked at once more as it is, smoothed by {profiles.SMOOTH:g} pixel, and the
  mirrored look at this size is smoothed likewise: so faces are seen behind noise and strong compression.
- Where "turned" says yes, small copies of the picture, {turns.PROBE_SIDE} pixels long and turned four ways, tell which
  way is up. If that is not how the picture lies, it is looked at once more, turned.
"""
    return "\n".join(lines) + "\n" + facts


def _scores() -> str:
    """Return the table of scores from which a face is covered or suggested."""
    bounds = [f"under {limit} px" for limit in profiles.LIMITS[:-1]] + [f"{profiles.LIMITS[-2]} px and more"]
    lines = [f"| profile | | {' | '.join(bounds)} |", "|---|---" + "|---" * len(bounds) + "|"]
    for profile, recipe in profiles.RECIPES.items():
        for what, scores in (("covered from", recipe.cover), ("suggested from", recipe.suggest)):
            lines.append(f"| {profile} | {what} | {' | '.join(f'{score:g}' for score in scores)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
