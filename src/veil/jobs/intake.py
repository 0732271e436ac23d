"""Taking a photo in: copied aside, checked while it comes, and visible all at once or not at all."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from veil.errors import NoSpaceError, NoSuchPhotoError, QuotaError, TooLargeError
from veil.jobs import disk
from veil.jobs.folder import JobFolder
from veil.jobs.job import Job, JobState, Order
from veil.jobs.orders import order_for
from veil.jobs.store import SAME, Store, is_name
from veil.media.files import kind_at_first_sight
from veil.options import Options
from veil.types import Kind

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Room:
    """How many bytes are left to the owner, and to all people together."""

    owner: int
    total: int

    def check(self, size: int) -> None:
        """Refuse a photo of so many bytes if it does not fit.

        Raises:
            QuotaError: The owner would hold too much.
            NoSpaceError: The store would.
        """
        if size > self.owner:
            raise QuotaError(
                "Your files together are as large as the limit allows; this one was not taken. Delete some, or wait "
                "until old ones are deleted."
            )
        if size > self.total:
            raise NoSpaceError(
                "The studio holds as much as it may; this file was not taken. Delete some files, or wait until old "
                "ones are deleted."
            )


def accept(store: Store, owner: str, upload: IO[bytes], options: Options) -> tuple[Job, bool]:
    """Take a photo in, and order its result; once this returns, it is safe on the disk.

    The same bytes with the same settings of stage FIND, handed in again by the same owner, are the photo that is there;
    one that failed gets another try.

    Args:
        store: Where it goes.
        owner: Its owner's key.
        upload: The file's bytes.
        options: All settings; the result is made at once with them.

    Returns:
        The photo, and whether it is new.

    Raises:
        UsageError: The format of the result is not known.
        TooLargeError: The file has more bytes than the limit.
        QuotaError: The owner holds as much as the limits allow.
        NoSpaceError: The store or the disk is full.
    """
    order_for(options)  # what cannot be ordered is refused before anything is taken
    with _incoming(store) as folder:
        sha256 = _copy(store, upload, folder.original, _room_for(store, owner))
        content = store.seal(f"content\n{sha256}\n{options.digest()}")
        now, kind = store.clock(), kind_at_first_sight(folder.original)
        job = Job(
            secrets.token_hex(16),
            owner,
            JobState.QUEUED,
            options,
            content,
            created=now,
            changed=now,
            orders=_first_orders(options, kind),
            begins_as=kind,
        )
        folder.prepare(job)
        disk.sync_folder(folder.path)
        while True:
            there = _admit(store, folder, job)
            if there is None:
                break
            with suppress(NoSuchPhotoError):  # deleted just now: then this one is admitted after all
                return there.change(lambda old: _tried_again(old, job)), False
    home = store.owners / owner
    disk.sync_folder(home)
    made = JobFolder(home / job.id, store.clock)
    made.announce()
    return made.read(), True


def _first_orders(options: Options, kind: Kind | None) -> tuple[Order, ...]:
    """Return the result that is made at once; none of a sound file before somebody says what to do with the voices."""
    if kind is Kind.SOUND and not options.alters_sound:
        return ()
    return (order_for(options, kind),)


@contextmanager
def _incoming(store: Store) -> Iterator[JobFolder]:
    """Give a folder that nobody sees, and delete it if the photo in it was not admitted.

    It is claimed meanwhile: a folder in there without a claim was left by a process that died.
    """
    store.limits.check_disk(store.path)
    folder = JobFolder(store.incoming / secrets.token_hex(16), store.clock)
    with disk.locked(store.lock):
        disk.make_folder(folder.path)
        descriptor = disk.try_lock(folder.claim)
    try:
        yield folder
    finally:
        if folder.path.exists():
            disk.empty(folder.path)
        if descriptor is not None:
            os.close(descriptor)


def _copy(store: Store, upload: IO[bytes], target: Path, room: _Room) -> str:
    """Write the upload to a new file and return the SHA-256 of its bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with disk.new_file(target) as file:
        for chunk in _chunks(store, upload, room):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _chunks(store: Store, upload: IO[bytes], room: _Room) -> Iterator[bytes]:
    size, limit = 0, store.limits.upload_bytes
    while chunk := upload.read(CHUNK_BYTES):
        size += len(chunk)
        if size > limit:
            raise TooLargeError(
                f"The file has more than {limit / 1e6:g} megabytes, which is the limit; it was not taken."
            )
        room.check(size)
        store.limits.check_disk(store.path, more=size)  # as much again for what is made of it
        yield chunk


def _admit(store: Store, folder: JobFolder, job: Job) -> JobFolder | None:
    """Make a photo visible by one rename; or return the folder of the same photo if that is there already."""
    with disk.locked(store.lock):
        home = _home(store, job.owner)
        same = home / SAME / job.content
        there = _named_in(same, home, store)
        if there is not None:
            return there
        _room_for(store, job.owner).check(folder.original.stat().st_size)
        # Before the photo is there: if this process dies in between, the file names a photo that is not, which does
        # no harm. The other way round, the photo would be taken twice.
        same.touch(0o600)
        same.write_text(job.id)
        folder.path.rename(home / job.id)
    return None


def _home(store: Store, owner: str) -> Path:
    home = store.owners / owner
    disk.make_folder(home)
    disk.make_folder(home / SAME)
    (home / "changed").touch(0o600)
    return home


def _named_in(same: Path, home: Path, store: Store) -> JobFolder | None:
    try:
        job_id = same.read_text()
    except FileNotFoundError:
        return None
    there = JobFolder(home / job_id, store.clock)
    return there if is_name(job_id) and not there.is_gone() else None


def _tried_again(old: Job, new: Job) -> Job:
    """Return the photo that is there, queued once more if it failed."""
    return replace(new, id=old.id, created=old.created) if old.state is JobState.FAILED else old


def _room_for(store: Store, owner: str) -> _Room:
    """Return what is left to an owner.

    Raises:
        QuotaError: The owner holds as many photos as the limit allows.
    """
    sizes = store.sizes()
    mine = sizes.get(owner, [])
    if len(mine) >= store.limits.photos:
        raise QuotaError(
            f"{len(mine)} of your files are held, which is the limit; this one was not taken. Delete some, or wait "
            "until old ones are deleted."
        )
    limits = store.limits
    return _Room(limits.owner_bytes - sum(mine), limits.total_bytes - sum(map(sum, sizes.values())))
