"""The sandbox: files are opened as veil.media opens them, but read and written by other processes, behind fences."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from veil.errors import InputError, VeilError
from veil.media.files import HEAD_BYTES, Opener
from veil.media.formats import refusal, sniff
from veil.media.image import Picture
from veil.media.source import BytesSource, PathSource, Source, unreadable
from veil.sandbox import zygote
from veil.sandbox.child import Child, Readers
from veil.sandbox.fences import Bounds
from veil.sandbox.limits import Limits
from veil.sandbox.picture import SandboxedPicture, needed
from veil.sandbox.values import PictureNote, PictureToOpen
from veil.sandbox.wire import Connection
from veil.sandbox.zygote import DONE, MOST_ORDER, Greeting, Order

if TYPE_CHECKING:
    from veil.media.sound import Sound
    from veil.media.video import Video

T = TypeVar("T")

SERVED_BY = {
    "picture": "veil.sandbox.serve_picture",
    "video": "veil.sandbox.serve_video",
    "sound": "veil.sandbox.serve_sound",
}
"""The modules whose function serve() runs behind the fences, by what they read."""

_WRITES_EACH = 64
"""How many pictures one process may write, one after the other: it never sees a file that was handed in."""

_MOST_SPARE = 8
"""How many processes are kept for the next pictures; with the others, those used longest ago end."""

_SECONDS_TO_START = 60.0


class Sandbox(Opener):
    """Opens files to be decoded and encoded behind fences; use it in a ``with`` block. Safe for several threads.

    A process that has loaded the codecs is started at once; those that read files are forked from it. What goes wrong
    in one of them is an InputError for its file, and ends it.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        files_each: int = 1,
        fork_here: bool = False,
        served_by: Mapping[str, str] = SERVED_BY,
    ) -> None:
        """Start the process that the others are forked from.

        Args:
            limits: For each process that reads a file.
            files_each: How many pictures one process may read, one after the other. With more than one, a hostile file
                could change how the next ones of that process are seen, but not what is written of them: that is done
                by other processes, from the very pixels that were looked at.
            fork_here: Fork the first one from this process rather than starting a new interpreter. For programs with
                one thread that hold nothing secret.
            served_by: Modules that read files, if not the usual ones.
        """
        self._limits = limits or Limits()
        self._files_each = files_each
        self._fork_here = fork_here
        self._served_by = served_by
        self._starting = threading.Lock()
        self._sharing = threading.Lock()
        self._spare: list[tuple[tuple[str, Bounds], Child]] = []  # by use, those used last at the end
        self._zygote: _Zygote | None = None
        self._closed = False
        with self._starting:
            self._start()

    @property
    def missing(self) -> tuple[str, ...]:
        """In plain words, the fences that this system does not offer; empty where all are closed.

        Raises:
            VeilError: The sandbox cannot be started.
        """
        with self._starting:
            return self._start().greeting().missing

    def open_picture(self, file: Path | bytes, *, max_pixels: int) -> Picture:
        """Open a picture. Arguments and errors are those of image.open_picture()."""
        source: Source = PathSource.of(file, "The picture") if isinstance(file, Path) else BytesSource(file)
        with source.open() as opened:
            head = opened.read(HEAD_BYTES)
        format = sniff(head)
        if format is None:
            raise refusal(head)
        sha256 = _sha256(source)
        notes: list[PictureNote] = []
        bounds = self._limits.of_pictures(max_pixels, self._files_each)

        def start(loaded: frozenset[str]) -> Child:
            child = self._take(("read picture", bounds), loaded | set(needed(format)))
            try:
                with source.open() as opened:
                    note = child.ask("open", PictureToOpen(max_pixels, sha256), PictureNote, file=opened.fileno())
            except BaseException:
                child.close()
                raise
            child.seconds = self._limits.patience(sum(width * height for width, height in note.sizes))
            notes.append(note)
            return child

        def forget(child: Child) -> None:
            self._give_back(("read picture", bounds), child, self._files_each)

        readers = Readers(start, forget)
        with readers.one():
            pass
        note = notes[0]
        if note.facts.sha256 != sha256 or any(width * height > max_pixels for width, height in note.sizes):
            readers.close()
            raise _deceiving()
        patience = self._limits.patience(sum(width * height for width, height in note.sizes))
        writing = self._limits.of_pictures(max_pixels, _WRITES_EACH)
        return SandboxedPicture(note, readers, self._writers("write picture", writing, patience))

    def open_video(self, path: Path, *, max_pixels: int, max_frames: int | None = None, sha256: str = "") -> "Video":
        """Open a video. Arguments and errors are those of video.open_video()."""
        from veil.sandbox.moving import VideoNote, VideoToOpen  # what decodes videos is loaded when there is one
        from veil.sandbox.video import SandboxedVideo

        source = PathSource.of(path, "The video")
        sha256 = sha256 or _sha256(source)
        wanted = VideoToOpen(max_pixels, max_frames, sha256)
        readers, note = self._opened("video", source, wanted, VideoNote, pixels=max_pixels)
        if note.facts.sha256 != sha256 or note.look.layout.width * note.look.layout.height > max_pixels:
            readers.close()
            raise _deceiving()
        return SandboxedVideo(source, note, readers, max_pixels=max_pixels)

    def open_sound(self, path: Path) -> "Sound":
        """Open a sound file. Errors are those of sound.open_sound()."""
        from veil.media.sound import SoundFacts
        from veil.sandbox.sound import SandboxedSound

        source = PathSource.of(path, "The file")
        sha256 = _sha256(source)
        readers, facts = self._opened("sound", source, sha256, SoundFacts, pixels=0)
        if facts.sha256 != sha256:
            readers.close()
            raise _deceiving()
        return SandboxedSound(source, facts, readers)

    def holds_sound_alone(self, path: Path) -> bool:
        """Say whether an MP4 or MOV file is sound that Veil reads. As Opener.holds_sound_alone()."""
        source = PathSource.of(path, "The file")
        child = self._fork("sound", self._limits.of_moving(_size(source)), frozenset())
        try:
            with source.open() as file:
                return child.ask("holds_alone", None, bool, file=file.fileno())
        finally:
            child.close()

    def close(self) -> None:
        """End all processes."""
        with self._sharing:
            spare, self._spare = self._spare, []
        for _, child in spare:
            child.close()
        with self._starting:
            self._closed = True
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self, what: str, source: Source, wanted: object, answer: type[T], *, pixels: int) -> tuple[Readers, T]:
        """Return processes of its own for a video or sound file, and what the first of them says of it."""
        notes: list[T] = []
        bounds = self._limits.of_moving(_size(source))

        def start(loaded: frozenset[str]) -> Child:
            child = self._fork(what, bounds, loaded)
            try:
                with source.open() as file:
                    notes.append(child.ask("open", wanted, answer, file=file.fileno()))
            except BaseException:
                child.close()
                raise
            child.seconds = self._limits.patience(pixels)
            return child

        readers = Readers(start, Child.close)
        with readers.one():
            pass
        return readers, notes[0]

    def _writers(self, use: str, bounds: Bounds, seconds: float) -> Readers:
        """Return processes that write a file and have not read any."""

        def start(loaded: frozenset[str]) -> Child:
            child = self._take((use, bounds), loaded)
            child.seconds = seconds
            return child

        return Readers(start, lambda child: self._give_back((use, bounds), child, _WRITES_EACH))

    def _take(self, use: tuple[str, Bounds], loaded: frozenset[str]) -> Child:
        """Return a process that has been used in this way only, or a new one."""
        child = self._spared(use, loaded) or self._fork(use[0].split()[-1], use[1], loaded)
        child.files += 1
        return child

    def _spared(self, use: tuple[str, Bounds], loaded: frozenset[str]) -> Child | None:
        """Return the process that was used in this way last, if one is kept that has loaded what is needed."""
        with self._sharing:
            for place, (known, child) in reversed(list(enumerate(self._spare))):
                if known == use and child.loaded >= loaded:
                    del self._spare[place]
                    if child.is_ready:
                        return child
                    child.close()
        return None

    def _give_back(self, use: tuple[str, Bounds], child: Child, most: int) -> None:
        """Keep a process for the next file unless it has served so many."""
        ended = [child]
        with self._sharing:
            if child.files < most and not self._closed:
                self._spare.append((use, child))
                ended = [each for _, each in self._spare[:-_MOST_SPARE]]
                del self._spare[:-_MOST_SPARE]
        for each in ended:
            each.close()

    def _fork(self, what: str, bounds: Bounds, loaded: frozenset[str]) -> Child:
        """Return a new process."""
        order = Order(self._served_by[what], tuple(sorted(loaded)), bounds)
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._starting:
                try:
                    self._start().order(order, theirs)
                except OSError:  # it has been ended, by the system when memory ran out for instance
                    self._start(anew=True).order(order, theirs)
        except BaseException:
            ours.close()
            raise
        return Child(Connection(ours), self._limits.seconds, loaded)

    def _start(self, *, anew: bool = False) -> "_Zygote":
        if self._closed:
            raise VeilError("The sandbox has been closed; nothing was read.")
        if anew and self._zygote is not None:
            self._zygote.kill()
            self._zygote.close()
            self._zygote = None
        if self._zygote is None:
            self._zygote = _Zygote([self._served_by["picture"]], fork_here=self._fork_here and not anew)
        return self._zygote


class _Zygote:
    """The process that others are forked from, as the program sees it."""

    def __init__(self, modules: list[str], *, fork_here: bool) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._greeting: Greeting | None = None
        with theirs:
            if fork_here:
                self._number = zygote.fork_here(theirs, modules)
                self._wait: Callable[[], object] = lambda: os.waitpid(self._number, 0)
            else:
                interpreter = _interpreter(theirs, modules)
                self._number, self._wait = interpreter.pid, interpreter.wait

    def greeting(self) -> Greeting:
        """Return what it says first.

        Raises:
            VeilError: It cannot be started.
        """
        if self._greeting is None:
            self._control.settimeout(_SECONDS_TO_START)
            try:
                data = self._control.recv(MOST_ORDER)
                self._greeting = msgspec.json.decode(data, type=Greeting)
            except (OSError, msgspec.MsgspecError) as error:
                raise VeilError(
                    "The process that reads files apart from this program could not be started; nothing was read. "
                    "Check that Veil is installed whole and that memory is left."
                ) from error
        return self._greeting

    def order(self, order: Order, end: socket.socket) -> None:
        """Have a process forked.

        Raises:
            OSError: It has ended.
            VeilError: It cannot be started.
        """
        self.greeting()
        socket.send_fds(self._control, [msgspec.json.encode(order)], [end.fileno()])
        if self._control.recv(MOST_ORDER) != DONE:
            raise ConnectionResetError

    def kill(self) -> None:
        """End it although it may not listen; the system ends what was forked from it. Then it is to be closed."""
        os.kill(self._number, signal.SIGKILL)

    def close(self) -> None:
        """End it, and with it all that were forked from it."""
        self._control.close()  # which it sees, and ends
        self._wait()


def _interpreter(control: socket.socket, modules: list[str]) -> "subprocess.Popen[bytes]":
    """Start a new interpreter that serves."""
    command = [sys.executable, "-P", "-m", zygote.__name__, str(control.fileno()), *modules]
    paths = os.pathsep.join(str(Path(each).absolute()) for each in sys.path)
    environment = {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return subprocess.Popen(
        command,
        pass_fds=[control.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # what a hostile file makes of it is not for the terminal
        env=environment | kept,
        cwd="/",
        start_new_session=True,  # Ctrl-C goes to the program, which ends this one
    )


_KEPT_VARIABLES = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "TZ")


def _sha256(source: Source) -> str:
    """Return the hash of a file, in hexadecimal: nobody else's word is taken for which file a plan is about."""
    with source.open() as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(error) from error


def _size(source: Source) -> int:
    with source.open() as file:
        return os.fstat(file.fileno()).st_size


def _deceiving() -> InputError:
    return InputError("What was read of the file does not fit it; nothing was made from it.")
