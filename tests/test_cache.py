import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.conftest import Clock
from veil.cache import PlanCache
from veil.options import Options
from veil.types import Box, Facts, Kind, Plan, Region, Shape, State

SECRET = b"s" * 32
FACTS = Facts("jpeg", Kind.STILL, 300, 200, 1, "ab" * 32)
REGION = Region(Box(1, 2, 30.5, 40), Shape.BOX, State.COVERED, 0.9, "painted", Box(2, 3, 29, 39))
PLAN = Plan(FACTS, (REGION,), "balanced", Options().digest(), {"yunet": "cd" * 32})
DAY = 86_400.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> PlanCache:
    cache = PlanCache(tmp_path, SECRET, clock=clock)
    cache.put("me", PLAN, Options())
    return cache


def get(cache: PlanCache) -> Plan | None:
    return cache.get("me", FACTS, Options(), PLAN.models)


def test_the_same_photo_has_the_same_plan(cache: PlanCache) -> None:
    assert get(cache) == PLAN


def test_settings_that_do_not_shape_a_plan_do_not_matter(cache: PlanCache) -> None:
    assert cache.get("me", FACTS, Options(style="solid", quality=3), PLAN.models) == PLAN


def test_whatever_else_differs_is_another_plan(cache: PlanCache, tmp_path: Path, clock: Clock) -> None:
    assert cache.get("other", FACTS, Options(), PLAN.models) is None
    assert cache.get("me", replace(FACTS, sha256="ba" * 32), Options(), PLAN.models) is None
    assert cache.get("me", FACTS, Options(grow=2.0), PLAN.models) is None
    assert cache.get("me", FACTS, Options(), {"yunet": "dc" * 32}) is None
    assert get(PlanCache(tmp_path, b"t" * 32, clock=clock)) is None


def test_another_version_of_veil_looks_anew(cache: PlanCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.__version__", "99", raising=False)
    assert get(cache) is None


def test_the_disk_does_not_tell_which_photo_it_was(cache: PlanCache, tmp_path: Path) -> None:
    (path,) = tmp_path.iterdir()
    assert FACTS.sha256 not in path.read_text() + path.name
    assert path.stat().st_mode & 0o777 == 0o600


def test_plans_are_forgotten_after_a_day(cache: PlanCache, clock: Clock, tmp_path: Path) -> None:
    clock.now += DAY - 1
    cache.sweep()
    assert get(cache) == PLAN
    clock.now += 1
    assert get(cache) is None
    cache.sweep()
    assert not any(tmp_path.iterdir())


def test_a_plan_of_the_future_is_forgotten(cache: PlanCache, clock: Clock) -> None:
    clock.now -= 1
    assert get(cache) is None


def test_only_so_many_are_kept(tmp_path: Path, clock: Clock) -> None:
    cache = PlanCache(tmp_path, SECRET, entries=2, clock=clock)
    for owner in ("first", "second", "third"):
        cache.put(owner, PLAN, Options())
        clock.now += 1
    cache.sweep()
    found = [cache.get(owner, FACTS, Options(), PLAN.models) for owner in ("first", "second", "third")]
    assert found == [None, PLAN, PLAN]


def rewrite(path: Path, data: bytes, clock: Clock) -> None:
    path.write_bytes(data)
    os.utime(path, (clock.now, clock.now))


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"picture": 3}', b'{"picture": {}}', b"\xff\xfe"])
def test_a_damaged_plan_is_never_used_and_deleted(
    cache: PlanCache, tmp_path: Path, clock: Clock, damage: bytes
) -> None:
    (path,) = tmp_path.iterdir()
    rewrite(path, damage, clock)
    assert get(cache) is None
    assert not path.exists()


def test_the_plan_of_another_picture_is_never_used(cache: PlanCache, tmp_path: Path, clock: Clock) -> None:
    (path,) = tmp_path.iterdir()
    rewrite(path, path.read_bytes().replace(b'"width": 300', b'"width": 301'), clock)
    assert get(cache) is None
    assert not path.exists()


def test_a_cache_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    cache = PlanCache(tmp_path / "gone", SECRET)
    cache.put("me", PLAN, Options())
    assert get(cache) is None
