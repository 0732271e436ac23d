import struct

import pytest

from veil.media import exif


def block(order: str, value: int, *, kind: int = 3, tag: int = 0x0112) -> bytes:
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return mark + struct.pack(order + "IHHHIHH", 8, 1, tag, kind, 1, value, 0)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_is_read_in_both_byte_orders(order: str, value: int) -> None:
    assert exif.orientation(block(order, value)) == value
    assert exif.orientation(b"Exif\0\0" + block(order, value)) == value


@pytest.mark.parametrize(
    "damaged",
    [None, b"", b"Exif\0\0", b"nothing like it", block(">", 9), block(">", 0), block(">", 6, kind=4)]
    + [block(">", 6)[:cut] for cut in range(0, 20, 3)]
    + [b"MM\0*\xff\xff\xff\xff", block(">", 6, tag=0x0100)],
)
def test_whatever_cannot_be_read_is_upright(damaged: bytes | None) -> None:
    assert exif.orientation(damaged) == 1
