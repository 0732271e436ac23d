"""The two programs differ in the sandbox alone, and pairs are compared each by itself."""

import sys

import pytest
from benchmarks.sandbox import program
from benchmarks.sandbox.command import BARE, FENCED, table
from benchmarks.speed import Cost

from veil import cli
from veil.boxed import boxed
from veil.media.files import Opener
from veil.sandbox.box import Sandbox


@pytest.mark.parametrize(("name", "kind"), [(BARE, program.Bare), (FENCED, Sandbox)])
def test_a_program_is_the_command_line_with_or_without_the_sandbox(
    name: str, kind: type[Opener], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[list[str]] = []
    monkeypatch.setattr(cli, "boxed", boxed)  # puts it back
    monkeypatch.setattr("sys.argv", ["program", name, "run"])
    monkeypatch.setattr(cli, "start", lambda: said.append(sys.argv[:]))
    program.main()
    assert said == [["program", "run"]]
    with vars(cli)["boxed"](files_each=2) as opener:
        assert callable(opener.close)  # which a batch that stops early does
        assert type(opener) is kind


def test_the_overhead_is_the_median_of_what_pairs_tell() -> None:
    pairs = [
        {BARE: Cost(bare, bare * 2, 0, 9), FENCED: Cost(bare * more, bare * 2 * more, 0, 9)}
        for bare, more in ((1, 1.1), (50, 1.2), (2, 1.05))
    ]
    lines = table(pairs).splitlines()
    assert lines[1].split() == ["bare", "2.00", "4.00", "9"]
    assert lines[-1].split() == ["more", "+10.0%", "+10.0%"]
