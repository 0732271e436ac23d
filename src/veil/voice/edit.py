"""Putting other sound in place of some stretches of a track, in bounded memory; everything else passes bit for bit."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from veil.voice.activity import Stretch

Samples = NDArray[np.float32]

_PIECE = 10  # seconds that are changed in one go
_OVERLAP = 0.5  # seconds in which one piece fades into the next
_LEAST = 2  # seconds; what would be left shorter is changed with the piece before
_FADE = 0.01  # seconds at both ends of a stretch


class Change(Protocol):
    """What puts other sound in place of a stretch."""

    def begin(self) -> None:
        """Be told that a new stretch begins."""

    def change(self, samples: Samples, start: int) -> Samples:
        """Return the sound to be heard instead.

        Args:
            samples: A piece of a stretch, shape (channels, n), float32. Pieces of one stretch overlap.
            start: The number of its first sample in the track.

        Returns:
            The same shape and dtype, no louder than 1.
        """


def edit(
    blocks: Iterable[Samples], rate: int, stretches: Sequence[Stretch], change: Change, *, background: float = 1
) -> Iterator[Samples]:
    """Yield a track with its stretches changed in all channels; as many samples as it had.

    Args:
        blocks: The track, in pieces of any length, shape (channels, n), float32 from -1 to 1.
        rate: Samples a second.
        stretches: In order and apart, as find_speech() gives them.
        change: Makes what is heard in them.
        background: What everything else is multiplied by; at 1 it stays bit for bit.

    Raises:
        ValueError: A stretch reaches over the end of the track.
    """
    track = _Track(blocks)
    for stretch in stretches:
        for block in track.until(stretch.start):
            yield _lowered(block, background)
        yield from _changed(track, stretch, rate, change, background)
    for block in track.until(None):
        yield _lowered(block, background)


def _lowered(block: Samples, background: float) -> Samples:
    return block if background == 1 else block * np.float32(background)


def _changed(track: "_Track", stretch: Stretch, rate: int, change: Change, background: float) -> Iterator[Samples]:
    """Yield one stretch changed, in pieces that fade into each other."""
    change.begin()
    overlap, length = int(_OVERLAP * rate), _PIECE * rate
    fade = min(int(_FADE * rate), (stretch.stop - stretch.start) // 2)
    rise = (np.arange(overlap, dtype=np.float32) + 0.5) / overlap
    at, tail, held = stretch.start, None, None
    while at < stretch.stop:
        stop = stretch.stop if stretch.stop - at <= length + _LEAST * rate else at + length
        fresh = track.take(stop - at - (0 if held is None else overlap))
        piece = fresh if held is None else np.concatenate([held, fresh], 1)
        made = change.change(piece, at)
        if tail is not None:
            made[:, :overlap] = tail * (1 - rise) + made[:, :overlap] * rise
        else:
            _fade(made[:, :fade], _lowered(piece[:, :fade], background))
        if stop == stretch.stop:
            if fade:
                _fade(made[:, : -fade - 1 : -1], _lowered(piece[:, : -fade - 1 : -1], background))
            yield made
            return
        held, tail = piece[:, -overlap:], made[:, -overlap:]
        yield made[:, :-overlap]
        at = stop - overlap


def _fade(made: Samples, original: Samples) -> None:
    """Fade from the original, at the first sample, to what was made."""
    count = made.shape[1]
    rise = (np.arange(count, dtype=np.float32) + 0.5) / max(count, 1)
    made *= rise
    made += original * (1 - rise)


class _Track:
    """Blocks that are taken out in other lengths."""

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = iter(blocks)
        self._left: Samples | None = None
        self._at = 0

    def until(self, place: int | None) -> Iterator[Samples]:
        """Yield what comes before a place, or all that is left, as it lies in the blocks."""
        while place is None or self._at < place:
            block = self._next()
            if block is None:
                return
            count = block.shape[1] if place is None else min(block.shape[1], place - self._at)
            self._left = block[:, count:] if count < block.shape[1] else None
            self._at += count
            yield block[:, :count]

    def take(self, count: int) -> Samples:
        """Return the next ``count`` samples.

        Raises:
            ValueError: There are fewer.
        """
        end = self._at + count
        taken = list(self.until(end))
        if self._at < end:
            raise ValueError("a stretch must lie within the track")
        return np.concatenate(taken, 1)

    def _next(self) -> Samples | None:
        if self._left is not None:
            block, self._left = self._left, None
            return block
        return next(self._blocks, None)
