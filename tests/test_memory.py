"""Memory in a process of its own, whose heap no other test has shaped."""

import subprocess
import sys

import numpy as np

from veil.memory import Reused

GROWN = """
import ctypes, sys
from veil import memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

if sys.argv[1] == "apart":
    memory.keep_large_apart()
malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
free = ctypes.CDLL(None).free
free.argtypes = [ctypes.c_void_p]

free(malloc(20_000_000))  # from now on glibc by itself takes pieces up to this size from the heap
before = resident()
for _ in range(20):
    frame, noted = malloc(4_000_000), malloc(1000)
    ctypes.memset(frame, 1, 4_000_000)
    ctypes.memset(noted, 1, 1000)
    held = malloc(4_000_000)  # so that the next frame lies elsewhere
    free(frame)
print(resident() - before)
"""


def grown_by(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", GROWN, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_large_pieces_go_back_at_once_when_they_lie_apart() -> None:
    assert grown_by("together") > 3_000_000
    assert grown_by("apart") < 1_000_000


def place_of(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_that_nobody_holds_is_used_again() -> None:
    reused = Reused()
    first = reused.empty((30, 40), np.uint16)
    assert first.shape == (30, 40) and first.dtype == np.uint16 and first.flags.writeable
    place = place_of(first)
    del first
    assert place_of(reused.empty((60, 40), np.uint8)) == place, "any array of so many bytes will do"
    assert place_of(reused.empty((60, 41), np.uint8)) != place


def test_memory_that_somebody_looks_at_is_left_alone() -> None:
    reused = Reused()
    plane = reused.copy(np.full((30, 40), 7, np.uint8))
    part = plane[10:, ::2]
    del plane
    buffer = reused.copy(np.full((30, 40), 8, np.uint8)).data
    reused.copy(np.full((30, 40), 9, np.uint8))
    assert (part == 7).all() and set(buffer.tobytes()) == {8}


def test_only_so_much_memory_is_kept() -> None:
    reused = Reused()
    held = [reused.empty((4,), np.uint8) for _ in range(Reused.MOST + 5)]
    places = {place_of(each) for each in held}
    assert len(places) == Reused.MOST + 5
    del held
    assert len({place_of(reused.empty((4,), np.uint8)) for _ in range(3)} - places) == 0
