"""Memory in a process of its own, whose heap no other test has shaped."""

import subprocess
import sys

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
