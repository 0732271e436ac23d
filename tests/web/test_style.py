import re
from itertools import product
from pathlib import Path

import pytest

import veil.web

STYLE = (Path(veil.web.__file__).parent / "static" / "veil.css").read_text("utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\n *\}", STYLE, re.S)
)
TEXT_ON = [
    *product(["ink", "quiet"], ["paper", "sheet", "sunk", "tint"]),
    ("on-brand", "brand"),
    ("on-brand", "brand-deep"),
    *(pair for name in ("good", "warn", "bad") for pair in product([name], [f"{name}-tint", "sheet"])),
    ("good", "paper"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, LIGHT | DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_can_be_read(colours: dict[str, str], text: str, ground: str) -> None:
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, LIGHT | DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "sheet", "sunk"])
def test_focus_and_edges_can_be_seen(colours: dict[str, str], ground: str) -> None:
    assert contrast(colours["focus"], colours[ground]) >= 3
    assert contrast(colours["edge"], colours[ground]) >= 3


def test_motion_stops_for_those_who_ask() -> None:
    assert "@media (prefers-reduced-motion: reduce)" in STYLE
