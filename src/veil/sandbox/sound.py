"""A sound file that another process decodes and encodes."""

from collections.abc import Generator, Iterable
from typing import BinaryIO

from veil.media.sound import Samples, Sound, SoundFacts
from veil.media.sound_reader import Shape
from veil.media.sound_writer import WrittenSound
from veil.media.source import Source
from veil.sandbox.child import Item, Readers, descriptor_of, telling
from veil.sandbox.moving import SoundToWrite, samples_of
from veil.sandbox.video import MOST_BLOCK_BYTES


class SandboxedSound(Sound):
    """A sound file whose header another process has read; use it in a ``with`` block, as any other."""

    def __init__(self, source: Source, facts: SoundFacts, readers: Readers) -> None:
        self.facts = facts
        self._file = source
        self._readers = readers

    def blocks(self) -> Generator[Samples, None, None]:
        """Decode all samples. As Sound.blocks()."""
        with self._readers.one() as child, telling():
            yield from samples_of(child.stream("blocks", None, MOST_BLOCK_BYTES), self.shape.channels)
        self._file.open().close()  # or it has changed

    def write(
        self, blocks: Iterable[Samples], stream: BinaryIO, *, format: str, shape: Shape | None = None
    ) -> WrittenSound:
        """Write samples as a sound file. As Sound.write()."""
        items: Iterable[Item] = ((None, [block]) for block in blocks)
        with self._readers.one() as child, descriptor_of(stream) as file:
            return child.ask(
                "write", SoundToWrite(format, shape or self.shape), WrittenSound, inputs=[items], file=file
            )

    def close(self) -> None:
        """End the processes that read the file."""
        self._readers.close()
