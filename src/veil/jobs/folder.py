"""One photo's folder: its record, its plans, and what was made of it.

    original          the file as it was handed in
    job.json          what is known of it: the truth. Whoever changes it holds ``lock``
    plan-REVISION.json  the plan that the record names, and the machine's own if that is another
    preview           a small picture of the original, once somebody has asked for it
    times, screening  when each frame of a video or animation is shown, and a small copy of it to look at
    stills            a small picture of each frame of an animation, one after the other
    face-TRACK        a small picture of a face that was followed through a video, once somebody has asked for it
    follow-KEY        an area that was followed through a video, as a plan with nothing else in it
    hearing, listening  where speech is in a sound file and how loud it is when, and a small copy of it to listen to
    before-KEY, after-KEY  a few seconds of sound as they are, and as they would be in a result
    results/NAME      finished results, and what the audit log says of each, NAME.audit
    claim             locked by who works on the photo
    seen, begun, progress  change often: the time of the last look is that of the file ``seen``, and while work that was
                      begun has not ended, there is a file ``begun``

Anything may vanish at any time, since a photo may be deleted while it is worked on: that is NoSuchPhotoError.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from veil import plan as plans
from veil.errors import JobError, NoSuchPhotoError
from veil.jobs import disk
from veil.jobs.job import LOOKED_AT, Job, JobState, Order, Problem, from_json, to_json
from veil.options import Options
from veil.types import Plan

DAMAGED = Problem("VeilError", "What Veil knew of this file was damaged on the disk; delete it and hand it in again.")


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The folder of one photo.

    Attributes:
        path: Where it is: STORE/owners/OWNER/ID.
        clock: Seconds since 1970.
    """

    path: Path
    clock: Callable[[], float]

    @property
    def original(self) -> Path:
        """The file as it was handed in."""
        return self.path / "original"

    @property
    def record(self) -> Path:
        """What is known of the photo."""
        return self.path / "job.json"

    @property
    def preview(self) -> Path:
        """A small picture of the original."""
        return self.path / "preview"

    @property
    def screening(self) -> Path:
        """A small copy of a video or animation; if it is there, the times are, too."""
        return self.path / "screening"

    @property
    def times(self) -> Path:
        """When each frame of a video or animation is shown."""
        return self.path / "times"

    @property
    def stills(self) -> Path:
        """A small picture of each frame of an animation, one after the other; the times say where each ends."""
        return self.path / "stills"

    def face(self, track: int) -> Path:
        """A small picture of a face that was followed through a video or animation."""
        return self.path / f"face-{track}"

    def followed(self, key: str) -> Path:
        """An area that was followed, as a plan with nothing else in it."""
        return self.path / f"follow-{key}"

    @property
    def hearing(self) -> Path:
        """Where speech is in a sound file, and how loud it is when."""
        return self.path / "hearing"

    @property
    def listening(self) -> Path:
        """A small copy of a sound file."""
        return self.path / "listening"

    def trial(self, key: str, which: str) -> Path:
        """A few seconds of sound, "before" or "after"."""
        return self.path / f"{which}-{key}"

    @property
    def results(self) -> Path:
        """The folder of results."""
        return self.path / "results"

    @property
    def claim(self) -> Path:
        """Locked by who works on the photo."""
        return self.path / "claim"

    def result(self, revision: str, key: str) -> Path:
        """Where the result lies that was made by a plan with some settings: another plan's never has its name."""
        return self.results / hashlib.sha256(f"{revision} {key}".encode()).hexdigest()[:32]

    def entry(self, revision: str, key: str) -> Path:
        """Where a copy of the audit log's entry on that result lies."""
        return self.result(revision, key).with_suffix(".audit")

    def prepare(self, job: Job) -> None:
        """Fill a new folder with all but the original."""
        disk.make_folder(self.results)
        disk.write_whole(self.record, to_json(job))
        self._seen.touch(0o600)
        self.look()

    def read(self) -> Job:
        """Return what is known of the photo.

        Raises:
            NoSuchPhotoError: It is gone.
        """
        with self.unless_gone():
            return self.with_marks(parsed(self.record.read_bytes(), self.path))

    def with_marks(self, job: Job) -> Job:
        """Return a job with what is kept beside its record: the last look, and how far the work is."""
        with self.unless_gone():
            job = replace(job, seen=self._seen.stat().st_mtime)
        if not job.wants_work:
            return job
        if self._begun.exists():
            job = job.with_work_begun()
        return replace(job, progress=self._read_progress())

    def change(self, how: Callable[[Job], Job]) -> Job:
        """Change what is known of the photo and return it; two changes at a time go one after the other.

        Raises:
            NoSuchPhotoError: It is gone.
            NoSpaceError: The disk is full; nothing was changed.
        """
        with self.changing():
            before = self.read()
            after = how(before)
            if after != before:
                self.save(after)
        return after

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep all others from changing the record. Errors as for change()."""
        with self.unless_gone(), disk.locked(self.path / "lock"):
            yield

    def save(self, job: Job) -> None:
        """Write the record; for who is in changing()."""
        with self.unless_gone():
            if not job.attempts:
                self._begun.unlink(missing_ok=True)
            disk.write_whole(self.record, to_json(replace(job, changed=self.clock())))
        self.announce()

    def note_begun(self) -> None:
        """Say that work has begun; if that is lost with the power, it begins anew, so it is not forced to the disk."""
        with self.unless_gone():
            self._begun.touch(0o600)
        self.announce()

    def announce(self) -> None:
        """Let those who listen know that something has changed."""
        announce(self.path.parent)

    def look(self) -> None:
        """Note that somebody looked at the photo just now."""
        now = self.clock()
        with self.unless_gone():
            os.utime(self._seen, (now, now))

    def read_plan(self, revision: str) -> Plan:
        """Return a plan.

        Raises:
            NoSuchPhotoError: It is gone, or is no longer the photo's.
        """
        with self.unless_gone():
            return plans.from_json(self._plan(revision).read_bytes())

    def read_settled(self) -> tuple[Job, Plan]:
        """Return what is known of the photo, and its plan, which belong together.

        Raises:
            NoSuchPhotoError: It is gone.
            JobError: Faces are still being looked for, the photo failed, or it is sound alone.
        """
        with self.changing():
            job = planned(self.read())
            return job, self.read_plan(job.revision)

    def save_plan(self, plan: Plan) -> None:
        """Write a plan down. It is not the photo's before the record says so."""
        text = plans.to_json(plan).encode()
        with self.unless_gone():
            disk.write_whole(self._plan(plans.digest_of(text)), text)

    def note_progress(self, done: int, total: int) -> None:
        """Say how far the work is; it may be lost, so it is not forced to the disk."""
        with self.unless_gone(), disk.aside(self.path) as path:
            path.write_text(f"{done} {total}")
            path.replace(self._progress)
        self.announce()

    def tidy(self, job: Job) -> None:
        """Delete what a killed process left unfinished, and what is no longer needed.

        Only for who holds the claim and is in changing(): nobody else is writing then.
        """
        wanted = {path.name for order in job.orders if order.sha256 for path in self._made(order)}
        answers = {self.followed(wish.key).name for wish in job.wishes if wish.ready}
        answers |= {path.name for trial in job.trials if not trial.waits for path in self._trials(trial.key)}
        plans_kept = {self._plan(revision).name for revision in (job.revision, job.found) if revision}
        with self.unless_gone():
            leftovers = [path for path in self.path.iterdir() if path.name.startswith(disk.ASIDE)]
            leftovers += [path for path in self.path.glob("plan-*.json") if path.name not in plans_kept]
            leftovers += [path for path in self.results.iterdir() if path.name not in wanted]
            for kind in ("follow", "before", "after"):
                leftovers += [path for path in self.path.glob(f"{kind}-*") if path.name not in answers]
        if not job.wants_work:
            leftovers.append(self._progress)
        for path in leftovers:
            path.unlink(missing_ok=True)

    def forget(self, before: Job, after: Job) -> None:
        """Delete the files that a changed record no longer names; for who is in changing()."""
        kept = {path for order in after.orders for path in self._made(order)}
        kept |= {self._plan(after.revision), self._plan(after.found)}
        dropped = {path for order in before.orders for path in self._made(order)} | {self._plan(before.revision)}
        kept |= {self.followed(wish.key) for wish in after.wishes}
        dropped |= {self.followed(wish.key) for wish in before.wishes}
        kept |= {path for trial in after.trials for path in self._trials(trial.key)}
        dropped |= {path for trial in before.trials for path in self._trials(trial.key)}
        for path in dropped - kept:
            path.unlink(missing_ok=True)

    def forget_progress(self) -> None:
        """Say nothing any more of how far the work is."""
        self._progress.unlink(missing_ok=True)

    def is_gone(self) -> bool:
        """Say whether the photo has been deleted."""
        return not self.record.exists()

    @contextmanager
    def unless_gone(self) -> Iterator[None]:
        """Say of missing files what it means: the photo has been deleted.

        Raises:
            NoSuchPhotoError: It has.
        """
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise no_such_photo() from error

    @property
    def _seen(self) -> Path:
        return self.path / "seen"

    @property
    def _begun(self) -> Path:
        return self.path / "begun"

    @property
    def _progress(self) -> Path:
        return self.path / "progress"

    def _made(self, order: Order) -> tuple[Path, Path]:
        """Return where a result and its entry lie."""
        return self.result(order.revision, order.key), self.entry(order.revision, order.key)

    def _plan(self, revision: str) -> Path:
        return self.path / f"plan-{revision}.json"

    def _trials(self, key: str) -> list[Path]:
        return [self.trial(key, which) for which in ("before", "after")]

    def _read_progress(self) -> tuple[int, int] | None:
        with suppress(FileNotFoundError, ValueError):
            done, total = self._progress.read_text().split()
            return int(done), int(total)
        return None


def parsed(text: bytes, folder: Path) -> Job:
    """Return the job that a record holds; a damaged one is that of a photo that failed."""
    try:
        return from_json(text)
    except ValueError:
        return Job(folder.name, folder.parent.name, JobState.FAILED, Options(), "", 0, 0, problem=DAMAGED)


def settled(job: Job) -> Job:
    """Return a job that has been looked at, or listened to.

    Raises:
        JobError: It has not yet, or it failed; then the error is the one it failed with.
    """
    if job.problem is not None:
        raise job.problem.error()
    if job.state not in LOOKED_AT:
        raise JobError(
            "Faces or speech are still being looked for in this file; nothing was made of it. Ask again soon."
        )
    return job


def planned(job: Job) -> Job:
    """Return a job that has a plan. As settled(), and for who cannot do with sound alone.

    Raises:
        JobError: It has none, as there is nothing to be seen in it.
    """
    if settled(job).talk is not None:
        raise JobError("This is sound alone, with nothing to be seen and covered in it; nothing was made of it.")
    return job


def announce(owner: Path) -> None:
    """Change the time of the file that listeners of an owner watch."""
    now = time.time_ns()  # finer than what the system would put there by itself
    with suppress(FileNotFoundError):  # all of the owner's photos are gone
        os.utime(owner / "changed", ns=(now, now))


def no_such_photo() -> NoSuchPhotoError:
    """Return the error that says so."""
    return NoSuchPhotoError("There is no such file; it may have been deleted. Hand it in again.")
