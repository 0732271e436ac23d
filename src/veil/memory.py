"""How memory is taken and given back, where the C library is one that can be told (glibc); elsewhere nothing happens.

Frames of a video are large and short-lived, and what is noted of them is small and long-lived. In one heap the small
things soon lie between holes as large as frames, so that the process grows by a tenth each minute. Where frames come
one after the other, each takes the memory of an earlier one: fresh memory takes longer than what is written to it.
"""

import ctypes
import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGE = 256 * 1024  # bytes: far less than a plane of a frame, far more than anything that is noted of one

_C_LIBRARY = ctypes.CDLL(None)
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of glibc's <malloc.h>
_USUAL_PAD = 1 << 17
_NEVER = (1 << 31) - 1
_MOST_BLOCK = 1 << 25  # that glibc takes from the heap at all
_ROOM = 1 << 26  # for an everyday photo and what it is turned into
_HUGE_PAGE, _MADV_HUGEPAGE = 1 << 21, 14


def keep_large_apart() -> None:
    """Have every large piece of memory lie apart from now on, so that it goes back as soon as it is let go of.

    It holds for the whole process, until that ends. Getting large pieces takes a little longer then.
    """
    if hasattr(_C_LIBRARY, "mallopt"):
        _C_LIBRARY.mallopt(_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Give back what was let go of already."""
    if hasattr(_C_LIBRARY, "malloc_trim"):
        _C_LIBRARY.malloc_trim(0)


def make_room() -> None:
    """Lay out the heap of a process that others are forked from, so that their pixels come to lie in few, large pages.

    Fresh pages take longer than what is written to them: half of the time of a process that reads one photo. So freed
    memory is used again rather than given back, and the room is made of huge pages, where the system has them. Nobody
    touches it here, so none of it is copied.
    """
    if not hasattr(_C_LIBRARY, "mallopt"):
        return
    _C_LIBRARY.malloc.restype = _C_LIBRARY.sbrk.restype = ctypes.c_void_p
    _C_LIBRARY.mallopt(_TRIM_THRESHOLD, _NEVER)
    _C_LIBRARY.mallopt(_MMAP_THRESHOLD, _MOST_BLOCK)
    _C_LIBRARY.mallopt(_TOP_PAD, _ROOM)
    block = ctypes.c_void_p(_C_LIBRARY.malloc(ctypes.c_size_t(_MOST_BLOCK // 2)))
    _C_LIBRARY.mallopt(_TOP_PAD, _USUAL_PAD)
    if block.value:
        start = -(-block.value // _HUGE_PAGE) * _HUGE_PAGE
        size = ctypes.c_size_t(_C_LIBRARY.sbrk(ctypes.c_ssize_t(0)) - start)
        _C_LIBRARY.madvise(ctypes.c_void_p(start), size, _MADV_HUGEPAGE)
        _C_LIBRARY.free(block)


class Reused:
    """Arrays that take the memory of earlier ones which nobody holds any more. For one thread; others may hold them."""

    MOST = 48
    """How many pieces are kept: three for each frame that may be on its way at a time."""

    def __init__(self) -> None:
        self._kept: list[NDArray[np.uint8]] = []

    def empty(self, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array that holds whatever was there before."""
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        for index in range(len(self._kept)):  # no name for a piece, or that would count
            if self._kept[index].size == size and _holders(self._kept, index) == _NOBODY:
                return self._kept[index].view(dtype).reshape(shape)
        fresh = np.empty(size, np.uint8)
        if len(self._kept) < self.MOST:
            self._kept.append(fresh)
        return fresh.view(dtype).reshape(shape)

    def copy(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return a copy of an array."""
        copied = self.empty(array.shape, array.dtype)
        np.copyto(copied, array)
        return copied


def _holders(pieces: Sequence[NDArray[np.uint8]], index: int) -> int:
    """Return how many hold a piece of a list; every array over its memory does."""
    return sys.getrefcount(pieces[index])


_NOBODY = _holders([np.empty(0, np.uint8)], 0)
