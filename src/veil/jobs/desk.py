"""Photos handed in by browsers: each in a private folder, looked at once, deleted an hour after the last look."""

import hashlib
import json
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Protocol, Self

from veil import detect
from veil import plan as plans
from veil.errors import DeskFullError, JobError, NoSuchPhotoError, TooLargeError, VeilError
from veil.files import write_aside
from veil.jobs import steps
from veil.jobs.room import Room
from veil.options import Options, Stage, settings
from veil.types import Plan, Style

CHUNK_BYTES = 1 << 20
SWEEP_SECONDS = 60.0
DELETED = "The photo has been deleted. Hand it in again."


class Phase(StrEnum):
    """How far a photo is."""

    WAITING = "waiting"
    LOOKING = "looking"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the desk takes.

    Attributes:
        upload_bytes: Largest file.
        photos: How many photos are held at a time, of all owners together.
        at_once: How many photos are looked at side by side, and how many covered; more wait.
        keep_seconds: A photo is deleted when nobody has looked at it for so long.
    """

    upload_bytes: int = 100_000_000
    photos: int = 500
    at_once: int = 2
    keep_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of one photo.

    Attributes:
        id: Its name on the desk, 32 hexadecimal digits that cannot be guessed.
        phase: How far it is.
        plan: What will be covered; None until it is ready.
        extension: Ending of a result in the photo's own format, such as ".jpg"; empty until it is ready.
        error: Why it failed; None otherwise.
    """

    id: str
    phase: Phase
    plan: Plan | None = None
    extension: str = ""
    error: BaseException | None = None


class Load(Protocol):
    """Loads the models of a profile, as detect.load() does."""

    def __call__(self, profile: str, *, streams: int) -> detect.Finder:
        """Return the loaded models."""


class _Gone(Exception):  # noqa: N818 - not an error: the photo was deleted while being worked on
    """Stops the work on a photo."""


@dataclass(eq=False, slots=True)
class _Photo:
    """One photo on the desk; ``finding`` is None until its upload is complete."""

    owner: str
    folder: Path
    seen: float
    finding: "Future[None] | None" = None
    gone: threading.Event = field(default_factory=threading.Event)
    making: threading.Lock = field(default_factory=threading.Lock)

    @property
    def original(self) -> Path:
        return self.folder / "original"

    @property
    def plan(self) -> Path:
        return self.folder / "plan.json"

    def go_on(self) -> None:
        """Stop the work in hand if the photo has been deleted meanwhile."""
        if self.gone.is_set():
            raise _Gone

    @contextmanager
    def work(self) -> Iterator[None]:
        """Leave nothing behind if the photo is deleted while something is being made of it."""
        try:
            self.go_on()
            yield
        finally:
            if self.gone.is_set():
                self.remove()

    def remove(self) -> None:
        """Delete everything there is of the photo; work in hand ends soon and deletes what it makes."""
        self.gone.set()
        if self.finding is not None:
            self.finding.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)


class Desk:
    """Takes photos, finds faces in them at once, and covers them when asked, from the saved plan.

    Owners are opaque strings; nobody sees or deletes another's photo. Safe to use from several threads. Use it as a
    context manager, or call close(): both delete every photo.

    Args:
        load: Loads the models of a profile, once each.
        options: The settings that a photo is looked at with unless its owner chooses others.
        limits: How much is taken.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self,
        *,
        load: Load = detect.load,
        options: Options | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options or Options()
        self.limits = limits or Limits()
        self._load = load
        self._clock = clock
        self._room = Room()
        self._photos: dict[str, _Photo] = {}
        self._changing = threading.Lock()
        self._finders: dict[str, detect.Finder] = {}
        self._loading = threading.Lock()
        self._pool = ThreadPoolExecutor(self.limits.at_once, thread_name_prefix="veil-look")
        self._covering = threading.Semaphore(self.limits.at_once)
        self._closed = threading.Event()
        threading.Thread(target=self._sweep_until_closed, name="veil-sweep", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete every photo and stop all work."""
        self._closed.set()
        self._remove(lambda photo: True)
        self._pool.shutdown(cancel_futures=True)
        self._room.close()

    def submit(self, owner: str, upload: IO[bytes], options: Options) -> str:
        """Take a photo and have faces looked for in it; return its id at once.

        Args:
            owner: Who may see it.
            upload: The file's bytes.
            options: All settings; those of stage FIND are used.

        Raises:
            TooLargeError: The file has more bytes than the limit.
            DeskFullError: As many photos are held as the limit allows.
        """
        photo_id, photo = self._reserve(owner)
        try:
            _copy(upload, photo.original, self.limits.upload_bytes)
            photo.finding = self._pool.submit(self._find, photo, options)
        except BaseException:
            self._remove(lambda each: each is photo)
            raise
        return photo_id

    def status(self, owner: str, photo_id: str) -> Status:
        """Return what is known of a photo.

        Raises:
            NoSuchPhotoError: The owner has no such photo.
        """
        photo = self._photo(owner, photo_id)
        phase = _phase(photo.finding)
        if phase is Phase.FAILED and photo.finding is not None:
            return Status(photo_id, phase, error=_error(photo.finding))
        if phase is not Phase.READY:
            return Status(photo_id, phase)
        plan = _plan(photo)
        return Status(photo_id, phase, plan, steps.result_format(plan.picture, self.options)[1])

    def phases(self, owner: str) -> dict[str, Phase]:
        """Return how far each photo of an owner is, by id, oldest first; not a look that keeps them longer."""
        with self._changing:
            mine = {name: photo.finding for name, photo in self._photos.items() if photo.owner == owner}
        return {name: _phase(finding) for name, finding in mine.items() if finding is not None}

    def preview_original(self, owner: str, photo_id: str) -> Path:
        """Return a small WebP of the photo as it is. Errors as for result()."""
        photo = self._photo(owner, photo_id)
        return self._made(photo, "original.webp", lambda out: steps.preview(photo.original, None, out, self.options))

    def preview_covered(self, owner: str, photo_id: str, options: Options) -> Path:
        """Return a small WebP of the photo with its faces covered. Errors as for result()."""
        photo = self._photo(owner, photo_id)
        plan = _plan(photo)
        wanted = replace(_only_what_matters(options), max_megapixels=self.options.max_megapixels)
        name = f"{_digest(wanted)}.preview"
        return self._made(photo, name, lambda out: steps.preview(photo.original, plan, out, wanted))

    def result(self, owner: str, photo_id: str, options: Options) -> tuple[Path, str]:
        """Return the whole covered photo and the name of its format, "jpeg" for instance.

        It is made from the saved plan, once for each set of options, and then served.

        Args:
            owner: Whose photo it is.
            photo_id: Which.
            options: All settings; those of stages COVER and WRITE are used.

        Raises:
            NoSuchPhotoError: The owner has no such photo.
            JobError: Faces are still being looked for.
            InputError: The photo cannot be read.
            DetectorError: Faces could not be looked for.
            UsageError: The format asked for is unknown or cannot hold the photo.
        """
        photo = self._photo(owner, photo_id)
        plan = _plan(photo)
        wanted = replace(_only_what_matters(options), max_megapixels=self.options.max_megapixels)
        format_name, _ = steps.result_format(plan.picture, wanted)
        name = f"{_digest(wanted)}.result"
        path = self._made(photo, name, lambda out: steps.cover(photo.original, plan, out, wanted, photo.go_on))
        return path, format_name

    def delete(self, owner: str, photo_id: str) -> None:
        """Delete a photo and all that was made of it.

        Raises:
            NoSuchPhotoError: The owner has no such photo.
        """
        photo = self._photo(owner, photo_id)
        self._remove(lambda each: each is photo)

    def delete_all(self, owner: str) -> None:
        """Delete all photos of an owner."""
        self._remove(lambda photo: photo.owner == owner)

    def sweep(self) -> None:
        """Delete photos that nobody has looked at for too long; those still being worked on stay."""
        oldest = self._clock() - self.limits.keep_seconds
        self._remove(lambda photo: photo.finding is not None and photo.finding.done() and photo.seen <= oldest)

    def _reserve(self, owner: str) -> tuple[str, _Photo]:
        photo_id = secrets.token_hex(16)
        photo = _Photo(owner, self._room.path / photo_id, self._clock())
        with self._changing:
            if len(self._photos) >= self.limits.photos:
                raise DeskFullError(
                    f"{len(self._photos)} photos are held, which is the limit; this one was not taken. "
                    "Delete some photos, or wait until old ones are deleted."
                )
            photo.folder.mkdir(mode=0o700)
            self._photos[photo_id] = photo
        return photo_id, photo

    def _photo(self, owner: str, photo_id: str) -> _Photo:
        with self._changing:
            photo = self._photos.get(photo_id)
            if photo is None or photo.owner != owner or photo.finding is None:
                raise NoSuchPhotoError("There is no such photo; it may have been deleted. Hand it in again.")
            photo.seen = self._clock()
            return photo

    def _find(self, photo: _Photo, options: Options) -> None:
        wanted = replace(options, max_megapixels=self.options.max_megapixels)
        with photo.work():
            plan = steps.look(photo.original, self._finder(wanted.profile), wanted, photo.go_on)
            with write_aside(photo.plan) as file:
                file.write(plans.to_json(plan).encode())
        photo.seen = self._clock()

    def _finder(self, profile: str) -> detect.Finder:
        with self._loading:
            if profile not in self._finders:
                self._finders[profile] = self._load(profile, streams=self.limits.at_once)
            return self._finders[profile]

    def _made(self, photo: _Photo, name: str, make: Callable[[BinaryIO], None]) -> Path:
        """Return a file made of a photo, which is made now unless it is there already."""
        target = photo.folder / name
        with photo.making:
            if not target.exists():
                try:
                    with self._covering, photo.work(), write_aside(target) as stream:
                        make(stream)
                except (_Gone, VeilError) as error:
                    if photo.gone.is_set():
                        raise NoSuchPhotoError(DELETED) from error
                    raise
        return target

    def _remove(self, wanted: Callable[[_Photo], bool]) -> None:
        with self._changing:
            leaving = {name: photo for name, photo in self._photos.items() if wanted(photo)}
            for name in leaving:
                del self._photos[name]
        for photo in leaving.values():
            photo.remove()

    def _sweep_until_closed(self) -> None:
        while not self._closed.wait(SWEEP_SECONDS):
            self.sweep()


def _copy(upload: IO[bytes], target: Path, limit: int) -> None:
    size = 0
    with target.open("xb") as file:
        while chunk := upload.read(CHUNK_BYTES):
            size += len(chunk)
            if size > limit:
                raise TooLargeError(
                    f"The file has more than {limit / 1e6:g} megabytes, which is the limit; it was not taken."
                )
            file.write(chunk)


def _phase(finding: "Future[None] | None") -> Phase:
    if finding is None or not finding.done():
        return Phase.LOOKING if finding is not None and finding.running() else Phase.WAITING
    return Phase.FAILED if finding.cancelled() or finding.exception() else Phase.READY


def _error(finding: "Future[None]") -> BaseException | None:
    return CancelledError() if finding.cancelled() else finding.exception()


def _plan(photo: _Photo) -> Plan:
    finding = photo.finding
    if finding is None or not finding.done():
        raise JobError("Faces are still being looked for in this photo; nothing was made of it. Ask again soon.")
    try:
        finding.result()
        return plans.from_json(photo.plan.read_bytes())
    except (_Gone, CancelledError, FileNotFoundError) as error:
        raise NoSuchPhotoError(DELETED) from error


def _only_what_matters(options: Options) -> Options:
    """Return options that differ only if the results do."""
    return options if options.style == Style.SOLID else replace(options, color=Options.color)


def _digest(options: Options) -> str:
    """Return a name for the settings that shape a result."""
    stages = (Stage.COVER, Stage.WRITE)
    shaping = {name: getattr(options, name) for name, one in settings().items() if one.stage in stages}
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:32]
