"""Giving memory back to the system, where the C library is one that can be told to (glibc); elsewhere nothing happens.

Frames of a video are large and short-lived, and what is noted of them is small and long-lived. In one heap the small
things soon lie between holes as large as frames, so that the process grows by a tenth each minute.
"""

import ctypes

LARGE = 256 * 1024  # bytes: far less than a plane of a frame, far more than anything that is noted of one

_C_LIBRARY = ctypes.CDLL(None)
_M_MMAP_THRESHOLD = -3  # of <malloc.h>


def keep_large_apart() -> None:
    """Have every large piece of memory lie apart from now on, so that it goes back as soon as it is let go of.

    It holds for the whole process, until that ends. Getting large pieces takes a little longer then.
    """
    if hasattr(_C_LIBRARY, "mallopt"):
        _C_LIBRARY.mallopt(_M_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Give back what was let go of already."""
    if hasattr(_C_LIBRARY, "malloc_trim"):
        _C_LIBRARY.malloc_trim(0)
