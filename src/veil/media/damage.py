"""Turning whatever a codec raises or mutters about a bad file into one clear error."""

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageCms

from veil.errors import InputError, VeilError
from veil.media.formats import FORMATS

_DAMAGE = (
    ArithmeticError,
    AttributeError,
    ImageCms.PyCMSError,
    LookupError,
    OSError,
    EOFError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise on damaged files, as found by feeding them damaged files."""


class _Quiet:
    """Silences the codecs' warnings, and Pillow's own limit on pixels, while any thread is inside.

    Veil checks headers against its own limit instead, which callers can set. ``warnings.catch_warnings`` alone would
    leave the filters wrong when two threads leave in the order they came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._catcher = warnings.catch_warnings()
        self._pillow_limit = Image.MAX_IMAGE_PIXELS

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._catcher = warnings.catch_warnings()
                self._catcher.__enter__()
                warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)(\.|$)")
                self._pillow_limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                Image.MAX_IMAGE_PIXELS = self._pillow_limit
                self._catcher.__exit__(None, None, None)


quiet = _Quiet()


@contextmanager
def reading(format: str) -> Iterator[None]:
    """Raise InputError for anything that goes wrong in the block, and keep the codecs' warnings in.

    Raises:
        InputError: The block failed because the file is damaged.
    """
    try:
        with quiet:
            yield
    except VeilError:
        raise
    except _DAMAGE as error:
        raise damaged(format) from error


def damaged(format: str) -> InputError:
    """Return the error for a file that is not whole."""
    return InputError(
        f"The {FORMATS[format].title} picture is damaged or cut short and cannot be read whole; "
        "nothing was made from it. Try another copy of the file."
    )
