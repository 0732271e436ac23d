"""Fixtures for all tests."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fakes import MAGENTA


@pytest.fixture(autouse=True)
def nothing_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors


@pytest.fixture
def paint(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a noisy photo with a painted face under a name, and returns its path."""

    def write(name: str, *, colour: tuple[int, int, int] | None = MAGENTA, seed: int = 0) -> Path:
        pixels = np.random.default_rng(seed).integers(0, 250, (60, 80, 3), np.uint8)
        if colour:
            pixels[20:40, 30:50] = colour
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return path

    return write
