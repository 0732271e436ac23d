"""The store: all photos of the studio, in one folder. What lies there is the truth; nothing is held in memory alone.

    secret                  32 random bytes, which key every hash
    lock                    held for the moment in which a photo becomes visible
    incoming/               uploads under way; nobody sees them
    scratch/                for files of the server without a name
    owners/OWNER/ID/        photos; see folder.py
    owners/OWNER/ID.expired what is left of a photo that retention deleted
    owners/OWNER/same/      the photo for each content, so that the same one handed in twice is one
    owners/OWNER/changed    its time changes with every change
    trash/                  what is just being deleted
    audit.jsonl             what was done, without names, places and pixels; it stays; see veil.audit
    cache/                  plans; see veil.cache

Several threads and processes, also on several machines, may use one store at the same time.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from veil.audit import Log, deletion
from veil.audit.signing import read_key
from veil.errors import AuditError, ExpiredError, NoSuchPhotoError, UsageError
from veil.jobs import disk
from veil.jobs.folder import JobFolder, announce, no_such_photo, parsed
from veil.jobs.job import Job, JobState, to_json
from veil.jobs.limits import Limits
from veil.options import Options

SECRET_BYTES = 32
TRACE = ".expired"
SAME = "same"

log = logging.getLogger(__name__)

_NAME = re.compile(r"[0-9a-f]{32}")


def is_name(text: str) -> bool:
    """Say whether a photo could have this id."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a photo, which nobody else has until this is left or its process dies.

    Attributes:
        folder: The photo's.
    """

    folder: JobFolder
    descriptor: int

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.descriptor)


class Store:
    """A folder of photos. Owners are keyed hashes, made by owner_key().

    Attributes:
        path: The folder.
        limits: How much is taken.
        clock: Seconds since 1970.
        audit_key: The private key that signs what is written down; None signs nothing.
        log: Where that is.

    Raises:
        OSError: The folder cannot be made or written to.
        UsageError: The key cannot be used.
    """

    def __init__(
        self,
        path: Path,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        audit_key: Path | None = None,
    ) -> None:
        self.path = path
        self.audit_key = audit_key
        self.log = Log(path / "audit.jsonl", read_key(audit_key) if audit_key else None)
        self.limits = limits or Limits()
        self.clock = clock
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("incoming", "scratch", "owners", "trash", "cache"):
            disk.make_folder(path / name)
        self.secret = self._read_secret()
        self._records: dict[Path, tuple[tuple[int, int], Job]] = {}
        self._sizes: dict[str, int] = {}  # of originals, which never change

    @property
    def lock(self) -> Path:
        """Held for the moment in which a photo becomes visible, and for tidying."""
        return self.path / "lock"

    @property
    def incoming(self) -> Path:
        """Where uploads are written to."""
        return self.path / "incoming"

    @property
    def scratch(self) -> Path:
        """Where files without a name are."""
        return self.path / "scratch"

    @property
    def owners(self) -> Path:
        """Where the photos are."""
        return self.path / "owners"

    @property
    def trash(self) -> Path:
        """Where things are deleted."""
        return self.path / "trash"

    def seal(self, text: str) -> str:
        """Return a keyed hash of a text, 64 hexadecimal digits."""
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()

    def owner_key(self, owner: str) -> str:
        """Return what an owner is called on the disk, where nobody can read the cookie from it."""
        return self.seal(f"owner\n{owner}")[:32]

    def folder(self, owner: str, job_id: str) -> JobFolder:
        """Return a photo's folder.

        Raises:
            NoSuchPhotoError: The owner has no such photo.
            ExpiredError: Retention deleted it.
        """
        if not is_name(job_id):
            raise no_such_photo()
        folder = self._at(self.owners / owner / job_id)
        if folder.is_gone():
            if self._trace(owner, job_id).exists():
                raise ExpiredError(
                    "This file was deleted since nobody had looked at it for long. Hand it in again if you need it."
                )
            raise no_such_photo()
        return folder

    def find(self, job_id: str) -> JobFolder | None:
        """Return a photo's folder, whoever it belongs to; None if it is gone."""
        if not is_name(job_id):
            return None
        return next((self._at(path) for path in self.owners.glob(f"*/{job_id}")), None)

    def jobs(self, owner: str) -> list[Job]:
        """Return what is known of all photos of an owner, those deleted by retention too, in no order."""
        jobs = list(self._read(self.folders(owner)))
        there = {job.id for job in jobs}  # a process that died may have left a trace, but not yet deleted the photo
        for path in self.owners.joinpath(owner).glob(f"*{TRACE}"):
            with suppress(FileNotFoundError):
                if path.stem in there:
                    continue
                jobs.append(replace(parsed(path.read_bytes(), path.with_suffix("")), state=JobState.EXPIRED))
        return jobs

    def all_jobs(self) -> Iterator[Job]:
        """Yield what is known of every photo, without what retention deleted."""
        return self._read(self.folders())

    def folders(self, owner: str = "*") -> Iterator[JobFolder]:
        """Yield the folders of an owner's photos, or of all people's."""
        for home in self.owners.glob(owner):
            yield from [self._at(home / name) for name in _names_in(home)]

    def sizes(self) -> dict[str, list[int]]:
        """Return how many bytes the photos of each owner have, as they were handed in."""
        known, there, owners = self._sizes, {}, {}
        for home in self.owners.iterdir():
            names = _names_in(home)
            for name in names:
                with suppress(FileNotFoundError):  # deleted just now
                    there[name] = known[name] if name in known else self._at(home / name).original.stat().st_size
            owners[home.name] = [there[name] for name in names if name in there]
        self._sizes = there
        return owners

    def unfinished(self) -> list[tuple[str, bool]]:
        """Return the photos that want work and that nobody works on, in the order in which to do them.

        Those whose work ended in the middle come last, so that a photo that kills its worker stands in nobody's way.

        Returns:
            Ids, and whether work on them was begun once: then its worker has died.
        """
        folders = list(self.folders())
        waiting = [job for job in self._read(folders) if job.wants_work]
        there = {folder.path for folder in folders}
        for path in [path for path in list(self._records) if path not in there]:
            self._records.pop(path, None)
        waiting.sort(key=lambda job: (job.attempts, job.created))
        return [(job.id, job.attempts > 0) for job in waiting if not job.attempts or self._is_free(job)]

    def claim(self, job_id: str) -> Claim | None:
        """Take the right to work on a photo; None if somebody has it, or the photo is gone."""
        folder = self.find(job_id)
        if folder is None:
            return None
        try:
            descriptor = disk.try_lock(folder.claim)
        except FileNotFoundError:
            return None
        return None if descriptor is None else Claim(folder, descriptor)

    def delete(self, owner: str, job_id: str) -> None:
        """Delete a photo, or what is left of one that retention deleted.

        Raises:
            NoSuchPhotoError: The owner has no such photo.
        """
        with suppress(ExpiredError):
            self.remove(self.folder(owner, job_id))
        self._trace(owner, job_id).unlink(missing_ok=True)
        announce(self.owners / owner)

    def delete_all(self, owner: str) -> None:
        """Delete all photos of an owner, and what is left of those that retention deleted."""
        for folder in self.folders(owner):
            with suppress(NoSuchPhotoError):
                self.remove(folder)
        for path in self.owners.joinpath(owner).glob(f"*{TRACE}"):
            path.unlink(missing_ok=True)
        announce(self.owners / owner)

    def remove(self, folder: JobFolder, *, by_age: bool = False) -> None:
        """Delete a photo's folder, and write down that it is: it is out of sight at once, work in hand soon finds out.

        Args:
            folder: The photo's.
            by_age: Whether that is since nobody looked at it for long.

        Raises:
            NoSuchPhotoError: It is gone.
        """
        self._records.pop(folder.path, None)
        job = folder.read()
        with folder.unless_gone(), disk.locked(self.lock):
            doomed = disk.take_away(folder.path, self.trash)
            same = folder.path.parent / SAME / job.content
            with suppress(OSError):
                if same.read_text() == folder.path.name:  # else the same photo was handed in again just now
                    same.unlink()
        disk.empty(doomed)
        known = job.talk or job.picture
        if known is not None:
            try:
                self.log.append(deletion(known.sha256, by_age=by_age, when=self.clock()), job.id)
            except AuditError as error:  # the photo goes all the same: nothing may keep it
                log.warning("a deletion could not be written down: %s", type(error.__cause__ or error).__name__)

    def leave_trace(self, job: Job) -> None:
        """Write down that there was a photo, before retention deletes it."""
        now = self.clock()
        path = self._trace(job.owner, job.id)
        disk.write_whole(path, to_json(Job(job.id, job.owner, JobState.EXPIRED, Options(), "", job.created, now)))
        os.utime(path, (now, now))

    def change_token(self, owner: str) -> str:
        """Return a text that differs after every change to an owner's photos."""
        try:
            return str((self.owners / owner / "changed").stat().st_mtime_ns)
        except FileNotFoundError:
            return "0"

    def _at(self, path: Path) -> JobFolder:
        return JobFolder(path, self.clock)

    def _trace(self, owner: str, job_id: str) -> Path:
        return self.owners / owner / f"{job_id}{TRACE}"

    def _read(self, folders: Iterable[JobFolder]) -> Iterator[Job]:
        """Yield what is known of photos; those that vanish meanwhile are left out."""
        for folder in folders:
            with suppress(NoSuchPhotoError):
                yield folder.with_marks(self._record(folder))

    def _record(self, folder: JobFolder) -> Job:
        """Return a photo's record, read again only if it was replaced: lists of hundreds are asked for all the time."""
        with folder.unless_gone():
            facts = folder.record.stat()
            stamp = facts.st_ino, facts.st_mtime_ns
            known = self._records.get(folder.path)
            if known is None or known[0] != stamp:
                known = self._records[folder.path] = stamp, parsed(folder.record.read_bytes(), folder.path)
        return known[1]

    def _is_free(self, job: Job) -> bool:
        claim = self.claim(job.id)
        if claim is None:
            return False
        with claim:
            return True

    def _read_secret(self) -> bytes:
        path = self.path / "secret"
        if not path.exists():
            with disk.aside(self.path) as made, suppress(FileExistsError):  # another server was first
                with disk.new_file(made) as file:
                    file.write(secrets.token_bytes(SECRET_BYTES))
                path.hardlink_to(made)
        secret = path.read_bytes()
        if len(secret) != SECRET_BYTES:
            raise UsageError(
                f"{path} is damaged; nothing was opened. Delete the folder around it, or name another one."
            )
        return secret


def _names_in(home: Path) -> list[str]:
    """Return the ids of an owner's photos."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(home) as entries:
        return [entry.name for entry in entries if is_name(entry.name)]
    return []
