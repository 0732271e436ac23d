"""What the attacker is shown must be what is said: covering, cropping and splitting."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.leakage import (
    attack,
    central_ellipse,
    covers,
    fill_adds_nothing,
    inside_alone,
    load,
    nothing_around,
    training_half,
    write,
)
from PIL import Image

from veil.redact import cover_mask, redact
from veil.types import Pixels, Region


def noise(height: int = 112, width: int = 92, seed: int = 0) -> Pixels:
    pixels: Pixels = np.random.default_rng(seed).integers(1, 255, (height, width, 3), np.uint8)
    return pixels


def test_ellipse_lies_in_the_middle_and_knows_its_face() -> None:
    region = central_ellipse(noise(100, 200), 0.5)
    assert region.box == pytest.approx((50, 25, 150, 75))
    assert region.face is not None
    assert region.box.width / region.face.width == pytest.approx(1.3 * 1.15)


@pytest.mark.parametrize("name", covers())
def test_styles_change_the_inside_alone(name: str) -> None:
    pixels = noise()
    region = central_ellipse(pixels, 0.8)
    mask = cover_mask([region], *pixels.shape[:2])
    covered = covers()[name](pixels, region)
    if name == "nothing around":
        assert not covered.any()
        return
    np.testing.assert_array_equal(covered[~mask], pixels[~mask])
    changed = (covered != pixels).any(axis=2)[mask].mean()
    assert changed == 0 if name == "none" else changed > 0.9


def test_nothing_around_is_the_same_for_every_picture() -> None:
    first, second = noise(seed=1), noise(seed=2)
    region = central_ellipse(first, 1.17)
    np.testing.assert_array_equal(nothing_around(first, region), nothing_around(second, region))


def test_inside_alone_holds_every_covered_pixel_and_no_other() -> None:
    pixels = noise()
    region = central_ellipse(pixels, 0.5)
    mask = cover_mask([region], *pixels.shape[:2])
    alone = inside_alone(pixels, region)
    assert alone.shape[:2] == (mask.any(axis=1).sum(), mask.any(axis=0).sum())
    np.testing.assert_array_equal(alone[alone.any(axis=2)], pixels[mask])


@pytest.mark.parametrize("share", [0.4, 1.0, 1.17, 3.0])
def test_veil_can_be_made_from_the_solid_picture(share: float) -> None:
    pixels = noise()
    assert fill_adds_nothing(pixels, central_ellipse(pixels, share))


def _weak(pixels: Pixels, regions: list[Region], style: str, *, color: tuple[int, int, int] = (0, 0, 0)) -> Pixels:
    return redact(pixels, regions, "gaussian" if style == "veil" else style, color=color)


def test_a_fill_that_looked_at_the_face_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.leakage.redact", _weak)
    pixels = noise()
    assert not fill_adds_nothing(pixels, central_ellipse(pixels, 0.8))


def test_attacker_learns_from_half_of_each_person() -> None:
    people = np.repeat(np.arange(5), 10)
    for split in range(5):
        assert [training_half(people, split)[people == person].sum() for person in range(5)] == [5] * 5
    assert (training_half(people, 0) != training_half(people, 1)).any()


def test_pictures_come_back_by_person_and_small_ones_enlarged(tmp_path: Path) -> None:
    for person in ("ann", "bob"):
        (tmp_path / person).mkdir()
        Image.fromarray(noise(28, 23)).save(tmp_path / person / "small.png")
        Image.fromarray(noise(200, 100)).save(tmp_path / person / "tall.png")
    pictures, people = load(tmp_path, 112)
    assert people.tolist() == [0, 0, 1, 1]
    assert [each.shape for each in pictures] == [(112, 92, 3), (200, 100, 3)] * 2
    write(pictures, people, tmp_path / "kept")
    again, same = load(tmp_path / "kept", 112)
    assert same.tolist() == people.tolist()
    for before, after in zip(pictures, again, strict=True):
        np.testing.assert_array_equal(before, after)


def test_one_person_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    Image.fromarray(noise()).save(tmp_path / "ann" / "1.png")
    with pytest.raises(SystemExit, match="two people"):
        load(tmp_path)


def test_nobody_is_told_apart_when_all_pictures_are_the_same() -> None:
    people = np.repeat(np.arange(4), 6)
    assert attack([noise()] * 24, people).tolist() == [0.25] * 5


def test_attacker_names_those_who_can_be_told_apart_and_no_others() -> None:
    people = np.repeat(np.arange(4), 10)
    alike = [noise(56, 46, seed) for seed in range(40)]
    marked = [np.maximum(each // 4, 60 * person).astype(np.uint8) for each, person in zip(alike, people, strict=True)]
    assert attack(marked, people).min() == 1
    assert attack(alike, people).mean() < 0.5
