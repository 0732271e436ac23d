"""A binary file as FFmpeg writes to it."""

import errno
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

import av
from av.container import OutputContainer

_BUFFER = 1 << 18


class Sink:
    """Hands on what FFmpeg writes, until the disk refuses something; from then on the file is of no use.

    Errors are returned as FFmpeg returns them, not raised: PyAV keeps what is raised here for its next check, which may
    be that of another file, and prints with its traceback what it cannot keep.

    Attributes:
        closed: Set it to have PyAV leave a file without its end.
        error: What the disk said when it refused.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.closed = False
        self.error: OSError | None = None
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Write, and return how many bytes, or an error."""
        return self._try(lambda: self._stream.write(data))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place of the file and return it, or an error."""
        return self._try(lambda: self._stream.seek(offset, whence))

    def tell(self) -> int:
        """Return the place of the file where the next byte will be written, or an error."""
        return self._try(self._stream.tell)

    def _try(self, do: Callable[[], int]) -> int:
        if self.error is None:
            try:
                return do()
            except OSError as error:
                self.error = error
        return -(self.error.errno or errno.EIO)

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

    Raises:
        OSError: The disk refused something.
    """
    output = av.open(sink, "w", format=muxer, container_options=dict(options), buffer_size=_BUFFER, io_open=sink.again)
    try:
        yield output
        if sink.error:  # FFmpeg does not mind everything that fails
            raise sink.error
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
