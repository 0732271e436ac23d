"""Giving memory back to the system, where the C library is one that can be told to (glibc); elsewhere nothing happens.

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
