"""What people read holds: links lead somewhere, examples run, and nothing is stale or left out."""

import doctest
import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import numpy as np
import pytest
import skimage.data
from click.testing import CliRunner
from PIL import Image

from veil import __version__, cli, errors, outcomes
from veil import plan as plans
from veil.jobs.limits import Limits
from veil.media.formats import FORMATS
from veil.options import settings
from veil.types import Profile, State, Style

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
PAGES = [ENGLISH, CHINESE, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
CJK = re.compile("[\u4e00-\u9fff]")


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page in one language, "python" for instance."""
    return [code for name, code in BLOCK.findall(page.read_text("utf-8")) if name == language]


def headings(page: Path) -> list[tuple[str, str]]:
    """Return the level and text of each heading of a page."""
    return HEADING.findall(BLOCK.sub("", page.read_text("utf-8")))


def with_blocks(language: str) -> list[Path]:
    return [page for page in PAGES if blocks(page, language)]


def name_of(page: Path) -> str:
    return page.name


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a folder with the photos that the pages speak of."""
    photo = Image.fromarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]
    (tmp_path / "photos").mkdir()
    for name in ("party.jpg", "photos/party.jpg"):
        photo.save(tmp_path / name, quality=95)
    Image.fromarray(np.full((200, 300, 3), 120, np.uint8)).save(tmp_path / "photos/wall.png")
    monkeypatch.chdir(tmp_path)
    yield tmp_path


@pytest.fixture(scope="module")
def build_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "scripts/build_docs.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_made_from_the_code_are_not_stale(build_docs: ModuleType) -> None:
    assert build_docs.stale(build_docs.pages()) == [], "write them anew with: make docs"


def test_a_stale_page_is_noticed_and_written_anew(
    build_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build_docs, "DOCS", tmp_path)
    accuracy = "before\n<!-- looks -->\n<!-- end -->\n<!-- scores -->\nold\n<!-- end -->\nafter\n"
    (tmp_path / "accuracy.md").write_text(accuracy)
    assert build_docs.main(["--check"]) == 1
    assert "accuracy.md is stale" in capsys.readouterr().err
    assert (tmp_path / "accuracy.md").read_text() == accuracy and not (tmp_path / "cli.md").exists()
    assert build_docs.main([]) == 0
    assert build_docs.main(["--check"]) == 0
    assert "old" not in (tmp_path / "accuracy.md").read_text()


def test_every_setting_is_documented(build_docs: ModuleType) -> None:
    written, help_page = ((ROOT / "docs" / name).read_text("utf-8") for name in ("settings.md", "cli.md"))
    for name, setting in settings().items():
        flag = f"--{name.replace('_', '-')}"
        assert f"| `{flag}` |" in written and setting.help in written and f"| `{name}` |" in written
        assert flag in help_page


def test_every_exit_code_is_documented() -> None:
    named = (vars(cli) | vars(outcomes)).items()
    own = {value for name, value in named if name.startswith("EXIT_") and isinstance(value, int)}
    raised = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.VeilError)
    }
    for code in {0, click.UsageError.exit_code} | own | raised:
        assert re.search(rf"^\s+{code} {{2,}}\w", (ROOT / "docs/cli.md").read_text("utf-8"), re.MULTILINE), code
        for page in (ENGLISH, CHINESE):
            assert f"\n| {code} | " in page.read_text("utf-8"), (code, page.name)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("formats.md", [one.title for one in FORMATS.values()]),
        ("formats.md", [ending for one in FORMATS.values() for ending in one.extensions]),
        ("formats.md", [f"{one.max_side:,}" for one in FORMATS.values()]),
        ("formats.md", [f"{Limits().upload_bytes / 1e6:g} megabytes", f"{Limits().photos} files"]),
        ("accuracy.md", list(Profile)),
        ("plan.md", [f"| `{state}` |" for state in State]),
        ("privacy.md", [f"`{style}`" for style in Style]),
        ("library.md", [f"| `{name}` |" for name in vars(errors) if name.endswith("Error") and name != "VeilError"]),
    ],
)
def test_nothing_is_left_out(page: str, words: list[str]) -> None:
    kinds: list[type] = [errors.JobError, *errors.JobError.__subclasses__()]
    studio_only = {f"| `{kind.__name__}` |" for kind in kinds}
    text = (ROOT / "docs" / page).read_text("utf-8")
    assert [word for word in words if word not in text and word not in studio_only] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text("utf-8"))
    lost = []
    for target in LINK.findall(text):
        if re.match(r"https?://", target):
            continue
        path, _, place = target.partition("#")
        file = page.parent / path if path else page
        anchors = {_anchor(title) for _, title in headings(file)} if file.suffix == ".md" and file.exists() else set()
        if not file.exists() or (place and place not in anchors):
            lost.append(target)
    assert lost == []


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_the_readmes_say_the_same_in_both_languages() -> None:
    english, chinese = headings(ENGLISH), headings(CHINESE)
    assert [level for level, _ in english] == [level for level, _ in chinese]
    assert all(CJK.search(title) for _, title in chinese)
    for language in ("sh", "console", "python"):
        assert _code(ENGLISH, language) == _code(CHINESE, language)
    links = [set(LINK.findall(page.read_text("utf-8"))) - {ENGLISH.name, CHINESE.name} for page in (ENGLISH, CHINESE)]
    assert links[0] == links[1]


def _code(page: Path, language: str) -> list[str]:
    """Return the lines of code of a page without comments, which differ between languages."""
    return [re.sub(r"\s*#\s.*", "", line) for block in blocks(page, language) for line in block.splitlines()]


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=name_of)
def test_the_first_screen_comes_to_the_point(page: Path) -> None:
    first = "\n".join(page.read_text("utf-8").splitlines()[:15])
    assert "docs/images/before-after.png" in first and "make serve" in first and "make test" in first


@pytest.mark.model
@pytest.mark.parametrize("page", with_blocks("python"), ids=name_of)
def test_python_examples_hold(page: Path, photos: Path) -> None:
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner()
    for number, code in enumerate(blocks(page, "python")):
        example = doctest.DocTestParser().get_doctest(code, names, f"{page.name} block {number}", str(page), None)
        assert example.examples, "a block without an example proves nothing"
        said: list[str] = []
        runner.run(example, out=said.append, clear_globs=False)
        assert not said, "".join(said)
        names = example.globs


@pytest.mark.model
@pytest.mark.parametrize("page", with_blocks("console"), ids=name_of)
def test_commands_print_what_is_shown(page: Path, photos: Path) -> None:
    for block in blocks(page, "console"):
        command, _, shown = block.partition("\n")
        arguments = shlex.split(command.removeprefix("$ veil "))
        assert CliRunner().invoke(cli.main, arguments).output == shown


@pytest.mark.parametrize("page", with_blocks("sh"), ids=name_of)
def test_commands_are_understood(page: Path) -> None:
    for line in "".join(blocks(page, "sh")).splitlines():
        _, found, command = line.partition("veil ")
        if not found or line.startswith("grep"):
            continue
        name, *arguments = shlex.split(command, comments=True)
        cli.main.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_knows_what_pages_ask_of_it(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = re.findall(r"(?:^|`)make ([a-z ]+?)(?=`|$|  )", page.read_text("utf-8"), re.MULTILINE)
    assert {target for words in asked for target in words.split()} <= targets


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## {__version__} - " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_plan_shown_is_one() -> None:
    (text,) = blocks(ROOT / "docs/plan.md", "json")
    plan = plans.from_json(text)
    assert {region.state for region in plan.regions} == {State.COVERED, State.DRAWN}
    schema = json.loads((ROOT / "src/veil/plan.schema.json").read_text("utf-8"))
    page = (ROOT / "docs/plan.md").read_text("utf-8")
    fields = {*schema["required"], *schema["$defs"]["region"]["required"]}
    assert [field for field in fields if f"| `{field}` |" not in page] == []
