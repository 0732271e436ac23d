"""Ways to damage a file. All that is drawn comes from the given randomness, so that the same seed damages alike."""

from collections.abc import Callable
from random import Random

HEADER = 4096
"""Most of what a decoder is told about sizes and places stands within so many bytes."""

EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)


def flip_bits(data: bytes, chance: Random, other: bytes) -> bytes:
    """Flip up to 32 bits, in every second file within its header."""
    damaged = bytearray(data)
    reach = min(HEADER, len(data)) if chance.random() < 0.5 else len(data)
    for _ in range(chance.randint(1, 32)):
        damaged[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut_off(data: bytes, chance: Random, other: bytes) -> bytes:
    """Leave out the end."""
    return data[: chance.randrange(len(data))]


def splice(data: bytes, chance: Random, other: bytes) -> bytes:
    """Put the header of another file before the rest of this one."""
    length = chance.choice((4, 8, 12, 16, 32, 64, 256, 1024, HEADER))
    return other[:length] + data[length:]


def zero(data: bytes, chance: Random, other: bytes) -> bytes:
    """Set a stretch to zero."""
    start, stop = _stretch(data, chance)
    return data[:start] + bytes(stop - start) + data[stop:]


def scramble(data: bytes, chance: Random, other: bytes) -> bytes:
    """Set a stretch to noise."""
    start, stop = _stretch(data, chance)
    return data[:start] + chance.randbytes(stop - start) + data[stop:]


def swap(data: bytes, chance: Random, other: bytes) -> bytes:
    """Swap two stretches that follow each other."""
    start, stop = _stretch(data, chance)
    middle = chance.randint(start, stop)
    return data[:start] + data[middle:stop] + data[start:middle] + data[stop:]


def repeat(data: bytes, chance: Random, other: bytes) -> bytes:
    """Put a stretch there twice."""
    start, stop = _stretch(data, chance)
    return data[:stop] + data[start:]


def drop(data: bytes, chance: Random, other: bytes) -> bytes:
    """Leave a stretch out."""
    start, stop = _stretch(data, chance)
    return data[:start] + data[stop:]


def lie(data: bytes, chance: Random, other: bytes) -> bytes:
    """Write extreme numbers over what may be sizes, lengths and places in the header."""
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        size = chance.choice((1, 2, 4))
        number = chance.choice((*EXTREMES, len(data))) % (1 << 8 * size)
        place = chance.randrange(min(HEADER, len(data)))
        damaged[place : place + size] = number.to_bytes(size, chance.choice(("big", "little")))
    return bytes(damaged)


MUTATIONS: dict[str, Callable[[bytes, Random, bytes], bytes]] = {
    "bits flipped": flip_bits,
    "cut off": cut_off,
    "another header": splice,
    "zeroed": zero,
    "scrambled": scramble,
    "swapped": swap,
    "repeated": repeat,
    "left out": drop,
    "lying numbers": lie,
}
"""Each takes the bytes of a file, at least one, the randomness, and another file; by what a table calls it."""


def _stretch(data: bytes, chance: Random) -> tuple[int, int]:
    """Draw where a stretch of up to a tenth of the file, or of 64 bytes, begins and ends."""
    length = chance.randint(1, max(1, min(len(data), max(64, len(data) // 10))))
    reach = min(len(data), HEADER) if chance.random() < 0.3 else len(data)
    start = chance.randrange(reach)
    return start, min(len(data), start + length)
