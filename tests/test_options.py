from dataclasses import replace
from typing import Any

import pytest

from veil import options
from veil.errors import UsageError
from veil.options import Options, Stage
from veil.types import Box, Drawing


def test_every_setting_has_one_sentence_of_help() -> None:
    for name, setting in options.settings().items():
        assert setting.help.endswith("."), name
        assert setting.choices or setting.metavar or setting.parse is bool, name


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("profile", "fast", "fast"),
        ("area", "head", "head"),
        ("grow", "1.5", 1.5),
        ("strength", "2.5", 2.5),
        ("color", "#FF00aa", (255, 0, 170)),
        ("voice", "disguise", "disguise"),
        ("voice_in", "everywhere", "everywhere"),
        ("background", "lower", "lower"),
        ("codec", "av1", "av1"),
        ("preset", "veryslow", "veryslow"),
        ("subtitles", "true", True),
        ("verify", "true", True),
        ("release", "true", True),
        ("boxes", "true", True),
        ("quality", "75", 75),
        ("region", ["1,2,3,4.5"], (Box(1, 2, 3, 4.5),)),
        ("region", ["-1,.5,3,4@1:30-2:05.5"], (Drawing(Box(-1, 0.5, 3, 4), 90, 125.5),)),
        ("region", ["1, 2, 3, 4 @ -1:00:01"], (Drawing(Box(1, 2, 3, 4), None, 3601),)),
        ("region", ["1,2,3,4@12.5-"], (Drawing(Box(1, 2, 3, 4), 12.5),)),
        ("region", ["1,2,3,4@0:12.5,follow"], (Drawing(Box(1, 2, 3, 4), 12.5, follows=True),)),
        ("region", ["1,2,3,4@-"], (Drawing(Box(1, 2, 3, 4)),)),
    ],
)
def test_parse(name: str, text: str | list[str], value: object) -> None:
    assert getattr(options.parse({name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("profile", "slow"),
        ("area", "body"),
        ("shape", "polygon"),
        ("strength", "0.4"),
        ("strength", "4.1"),
        ("strength", "nan"),
        ("grow", "0.9"),
        ("grow", "nan"),
        ("grow", "wide"),
        ("color", "red"),
        ("color", "+1ff00"),
        ("voice", "whisper"),
        ("voice_in", "music"),
        ("background", "loud"),
        ("codec", "mpeg2"),
        ("preset", "slowest"),
        ("boxes", "maybe"),
        ("quality", "101"),
        ("quality", "1.5"),
        ("region", "1,2,3"),
        ("region", "3,2,1,4"),
        ("region", "nan,0,1,1"),
        ("region", "1,2,3,4@"),
        ("region", "1,2,3,4@5"),
        ("region", "1,2,3,4@follow"),
        ("region", "1,2,3,4@5,stay"),
        ("region", "1,2,3,4@5-,follow"),
        ("region", "1,2,3,4@5-5"),
        ("region", "1,2,3,4@6-5"),
        ("region", "1,2,3,4@-5--4"),
        ("region", "1,2,3,4@1:2:3:4-"),
        ("region", "1,2,3,4@\uff11-\uff12"),
        ("region", "1e7,2,3e7,4"),
        ("max_megapixels", "inf"),
        ("colour", "ff00ff"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=rf"{name}.*nothing was done"):
        options.parse({name: text})


def test_parse_keeps_other_options() -> None:
    assert options.parse({"style": "solid"}, Options(quality=50)) == Options(style="solid", quality=50)


def test_numbers_too_large_for_a_float_are_refused() -> None:
    with pytest.raises(UsageError, match="that number is not between 1 and 100"):
        Options(quality=10**400)


def test_values_are_checked_when_made() -> None:
    with pytest.raises(UsageError, match=r"0\.5 is not between 1 and 4"):
        Options(grow=0.5)


@pytest.mark.parametrize(
    "area",
    [
        Box(3, 2, 1, 4),
        Drawing(Box(1, 2, 3, 4), -1),
        Drawing(Box(1, 2, 3, 4), 5, 5),
        Drawing(Box(1, 2, 3, 4), float("nan")),
        Drawing(Box(1, 2, 3, 4), follows=True),
        Drawing(Box(1, 2, 3, 4), 1, 2, follows=True),
    ],
)
def test_areas_are_checked_when_made(area: Box | Drawing) -> None:
    with pytest.raises(UsageError, match=r"region: .* is not an area; .*; nothing was done"):
        Options(region=(area,))


def test_digest_covers_exactly_the_settings_that_shape_a_plan() -> None:
    plain = Options().digest()
    changed: dict[str, Any] = {
        "profile": "fast", "min_size": 5, "area": "head", "shape": "box", "grow": 2, "region": (Box(0, 0, 1, 1),),
        "max_megapixels": 9, "style": "solid", "color": (1, 2, 3), "strength": 2, "boxes": True, "format": "png",
        "quality": 5, "voice": "keep", "voice_in": "speech", "background": "lower", "codec": "vp9", "preset": "fast",
        "subtitles": True,
        "verify": True,
        "release": True,
    }  # fmt: skip
    assert changed.keys() == options.settings().keys()
    for name, setting in options.settings().items():
        digest = replace(Options(), **{name: changed[name]}).digest()
        assert (digest != plain) == (setting.stage is Stage.FIND), name
