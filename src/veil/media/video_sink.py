"""A binary file as FFmpeg writes to it."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

import av
from av.container import OutputContainer

_BUFFER = 1 << 18


class Sink:
    """Hands on what FFmpeg writes.

    Attributes:
        closed: Set it to have PyAV leave a file without its end.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.closed = False
        self._stream = stream
        self.write = stream.write
        self.seek = stream.seek
        self.tell = stream.tell

    def again(self, url: str, flags: int, options: dict[str, str]) -> "_Again":
        """Open the file a second time, for reading, which FFmpeg does to move the index of an MP4 file to its front."""
        return _Again(self._stream)


@contextmanager
def open_output(sink: Sink, muxer: str, options: Mapping[str, str]) -> Iterator[OutputContainer]:
    """Open a file for FFmpeg to write; whoever writes it closes it, and after an error nothing more is written to it.

    Args:
        sink: The file.
        muxer: FFmpeg's name of its writer.
        options: What the writer is told.
    """
    output = av.open(sink, "w", format=muxer, container_options=dict(options), buffer_size=_BUFFER, io_open=sink.again)
    try:
        yield output
    except BaseException:
        sink.closed = True  # so that PyAV leaves out the file's end, which may take long
        output.close()
        raise


class _Again(io.RawIOBase):
    """Reads a file from a place of its own while another goes on writing to it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        here = self._stream.tell()
        if whence == io.SEEK_CUR:
            offset, whence = self._at + offset, io.SEEK_SET
        self._at = self._stream.seek(offset, whence)
        self._stream.seek(here)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        here = self._stream.tell()
        self._stream.seek(self._at)
        data = self._stream.read(size)
        self._at = self._stream.tell()
        self._stream.seek(here)
        return data
