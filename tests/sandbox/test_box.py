"""Files that do harm: each is one clear error, leaves nothing behind, and the next file is read as if nothing was."""

import io
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fakes import photo
from tests.jobs.conftest import until
from tests.media.painted import file_of, smooth
from tests.sandbox.hostile import MARK
from tests.sandbox.processes import alive, below, children_of
from veil.errors import InputError, TooLargeError, UnsupportedError, UsageError
from veil.media.image import open_picture, picture_from_array
from veil.sandbox.box import SERVED_BY, Sandbox
from veil.sandbox.limits import Limits

HOSTILE = {**SERVED_BY, "picture": "tests.sandbox.hostile"}
BIG = 10**7

fenced = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has these fences")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=30), served_by=HOSTILE) as sandbox:
        yield sandbox


def hostile(folder: Path, deed: str, what: object = "") -> Path:
    path = folder / "hostile.png"
    path.write_bytes(photo() + MARK + f"{deed}:{what}".encode())
    return path


def assert_works(box: Sandbox) -> None:
    with box.open_picture(photo(), max_pixels=BIG) as picture:
        (frame,) = picture.frames()
    assert frame.pixels.shape == (200, 300, 3)


@pytest.mark.parametrize("deed", ["abort", "crash", "quit"])
def test_a_crash_is_one_clear_error(deed: str, box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"crashed the process that was set apart for it.*nothing was made from it"):
        box.open_picture(hostile(tmp_path, deed), max_pixels=BIG)
    assert_works(box)


def test_a_hang_is_ended(tmp_path: Path) -> None:
    with Sandbox(Limits(seconds=0.5), served_by=HOSTILE) as box:
        with pytest.raises(InputError, match=r"took far longer.*given up; nothing was made from it"):
            box.open_picture(hostile(tmp_path, "hang"), max_pixels=BIG)
        assert_works(box)


def test_processor_time_is_limited_beside_time_on_the_clock(tmp_path: Path) -> None:
    """It ends what has a minute left, and cannot be ignored as a signal can."""
    with Sandbox(Limits(processor_seconds=1), served_by=HOSTILE) as box:
        with pytest.raises(InputError, match="nothing was made from it"):
            box.open_picture(hostile(tmp_path, "hang"), max_pixels=BIG)
        assert_works(box)


def test_a_bomb_does_not_take_the_memory_of_others(tmp_path: Path) -> None:
    with Sandbox(Limits(memory_bytes=1 << 30), served_by=HOSTILE) as box:
        with pytest.raises(MemoryError):
            box.open_picture(hostile(tmp_path, "bomb"), max_pixels=BIG)
        assert_works(box)


@fenced
@pytest.mark.parametrize("deed", ["socket", "fork", "trace"])
def test_what_no_decoder_needs_is_not_allowed(deed: str, box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not allowed"):
        box.open_picture(hostile(tmp_path, deed), max_pixels=BIG)


@fenced
def test_it_reaches_no_network(box: Sandbox, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        with pytest.raises(InputError, match="not allowed"):
            box.open_picture(hostile(tmp_path, "connect", server.getsockname()[1]), max_pixels=BIG)
        with pytest.raises(BlockingIOError):
            server.accept()


@fenced
@pytest.mark.parametrize("deed", ["write", "execute"])
def test_it_writes_nowhere(deed: str, box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not allowed"):
        box.open_picture(hostile(tmp_path, deed, tmp_path / "made"), max_pixels=BIG)
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.png"]


@fenced
def test_it_reads_no_other_photo(box: Sandbox, tmp_path: Path) -> None:
    other = tmp_path / "original"
    other.write_bytes(b"another person's")
    with pytest.raises(InputError, match="not allowed"):
        box.open_picture(hostile(tmp_path, "read", other), max_pixels=BIG)


@fenced
def test_it_ends_no_other_process(box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not allowed"):
        box.open_picture(hostile(tmp_path, "kill", os.getpid()), max_pixels=BIG)


def test_this_system_has_all_fences_or_names_those_that_it_lacks(box: Sandbox) -> None:
    assert all(re.search(r"\w", each) for each in box.missing)


def test_it_starts_again_when_its_first_process_was_ended(tmp_path: Path) -> None:
    others = set(children_of(os.getpid()))
    with Sandbox() as box:
        assert_works(box)
        (number,) = set(children_of(os.getpid())) - others
        os.kill(number, signal.SIGKILL)
        assert_works(box)


def test_closing_it_ends_all_processes(tmp_path: Path) -> None:
    others = children_of(os.getpid())
    with Sandbox(files_each=8) as box:
        with box.open_picture(photo(), max_pixels=BIG) as picture:
            list(picture.frames())
        assert len(below(os.getpid())) > len(others) + 1
    assert children_of(os.getpid()) == others
    with pytest.raises(Exception, match="closed"):
        box.open_picture(photo(), max_pixels=BIG)


@contextmanager
def kept() -> Iterator[tuple[Sandbox, Callable[[], set[int]]]]:
    """A sandbox, and what tells the processes that read and write for it."""
    others = children_of(os.getpid())
    with Sandbox() as box:
        box.missing  # noqa: B018 - waits for it to be there
        (first,) = set(children_of(os.getpid())) - set(others)
        yield box, lambda: set(children_of(first))


def wrote(box: Sandbox, most: int = BIG) -> None:
    with box.open_picture(photo(), max_pixels=most) as picture:
        picture.write(picture.frames(), io.BytesIO())


def assert_one_goes_on(box: Sandbox, processes: Callable[[], set[int]]) -> None:
    """Assert that one process writes two pictures."""
    wrote(box)
    until(lambda: len(processes()) == 1)
    writer = processes()
    wrote(box)
    until(lambda: len(processes()) == 1)
    assert processes() == writer


def test_one_that_only_writes_goes_on_where_none_reads_twice() -> None:
    with kept() as (box, processes):
        assert_one_goes_on(box, processes)


def test_one_that_was_ended_while_it_was_kept_is_replaced() -> None:
    with kept() as (box, processes):
        wrote(box)
        until(lambda: len(processes()) == 1)
        (writer,) = processes()
        os.kill(writer, signal.SIGKILL)
        until(lambda: not processes())
        wrote(box)


def test_a_program_with_many_open_files_keeps_them_too() -> None:
    """Descriptors from 1024 on are more than select() takes."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    taken: list[int] = []
    try:
        while not taken or taken[-1] < 1024:
            taken.append(os.open(os.devnull, os.O_RDONLY))
        with kept() as (box, processes):
            assert_one_goes_on(box, processes)
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_only_some_are_kept() -> None:
    with kept() as (box, processes):
        for number in range(10):
            wrote(box, BIG + number)
        until(lambda: len(processes()) == 8)


PARENT = """
import sys, time
from pathlib import Path
from veil.sandbox.box import Sandbox
from tests.sandbox.test_box import HOSTILE
with Sandbox(served_by=HOSTILE, fork_here=bool(int(sys.argv[2]))) as box:
    box.missing
    print("up", flush=True)
    box.open_picture(Path(sys.argv[1]), max_pixels=10**7)
"""


@fenced
@pytest.mark.parametrize("forks", [False, True])
def test_a_program_that_is_killed_leaves_no_process(forks: bool, tmp_path: Path) -> None:
    """Not even one that hangs: the session of the first process is empty soon after."""
    command = [sys.executable, "-c", PARENT, str(hostile(tmp_path, "hang")), str(int(forks))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as parent:
        assert parent.stdout is not None and parent.stdout.readline() == b"up\n"
        until(lambda: len(below(parent.pid)) == 2)
        family = below(parent.pid)
        parent.kill()
    until(lambda: not any(alive(number) for number in family))


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox(files_each=8) as sandbox:
        yield sandbox


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "gif", "tiff", "bmp", "avif", "heic"])
def test_pictures_come_and_go_as_without_it(format: str, shared: Sandbox) -> None:
    data = photo((slice(10, 20), slice(10, 30)), format=format)
    for target in (None, "png", "heic"):
        with shared.open_picture(data, max_pixels=BIG) as inside, open_picture(data) as outside:
            assert inside.facts == outside.facts
            (mine,), (expected,) = inside.frames(), outside.frames()
            assert np.array_equal(mine.pixels, expected.pixels)
            written, plain = io.BytesIO(), io.BytesIO()
            inside.write([mine], written, format=target)
            outside.write([expected], plain, format=target)
            assert written.getvalue() == plain.getvalue()


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_pictures_with_several_frames_do_too(format: str, shared: Sandbox) -> None:
    """Each is decoded by one process while another writes it."""
    data = file_of(smooth(), format, save_all=True, append_images=[Image.fromarray(smooth()[::-1])], duration=100)
    written, plain = io.BytesIO(), io.BytesIO()
    with shared.open_picture(data, max_pixels=BIG) as inside, open_picture(data) as outside:
        inside.write(inside.frames(), written)
        outside.write(outside.frames(), plain)
    assert written.getvalue() == plain.getvalue()


def test_sixteen_bits_and_opacity_come_through(shared: Sandbox) -> None:
    values = np.random.default_rng(1).integers(0, 1 << 16, (20, 30, 4)).astype(np.uint16)
    stream = io.BytesIO()
    given = picture_from_array(values)
    given.write(given.frames(), stream, format="png")
    with shared.open_picture(stream.getvalue(), max_pixels=BIG) as picture:
        (frame,) = picture.frames()
    assert frame.alpha is not None
    assert np.array_equal(frame.pixels, values[:, :, :3]) and np.array_equal(frame.alpha, values[:, :, 3])


@fenced
def test_what_one_process_reads_is_written_by_another(tmp_path: Path) -> None:
    """So a file that takes over the process that reads it does not write the next result."""
    with Sandbox(files_each=8) as box, box.open_picture(photo(), max_pixels=BIG) as picture:
        readers = set(below(os.getpid()))
        stream = (tmp_path / "out.png").open("w+b")
        with stream:
            picture.write(picture.frames(), stream)
        assert set(below(os.getpid())) > readers


def test_refusals_are_those_of_the_media(box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="empty"):
        box.open_picture(b"", max_pixels=BIG)
    with pytest.raises(TooLargeError, match="300 x 200"):
        box.open_picture(photo(), max_pixels=100)
    with pytest.raises(InputError, match="damaged"):
        box.open_picture(photo()[:60], max_pixels=BIG)
    with pytest.raises(InputError, match="cannot be read"):
        box.open_picture(tmp_path / "nowhere", max_pixels=BIG)
    with box.open_picture(photo(), max_pixels=BIG) as picture:
        pass
    with pytest.raises(UsageError, match="closed"):
        picture.frames()
