"""The one thing Veil wants from EXIF: which way is up."""

import struct

_ORIENTATION = 0x0112
_SHORT = 3


def orientation(block: bytes | None) -> int:
    r"""Return the orientation, 1 to 8, in an EXIF block; 1 where there is none or the block is unreadable.

    Args:
        block: The block, with or without the leading ``Exif\0\0``.
    """
    block = (block or b"").removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, at)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and 1 <= value <= 8 else 1
    except struct.error:  # the block is cut short
        pass
    return 1
