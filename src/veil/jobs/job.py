"""What is known of one photo in the studio, as a frozen value and as JSON."""

import json
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from veil import errors
from veil.errors import VeilError
from veil.options import Options
from veil.plan import digest
from veil.report import tally as counted
from veil.types import Altered, Box, Drawing, Facts, Kind, Place, Plan, SecondLook, Shape, State, Tally


class JobState(StrEnum):
    """How far a photo is."""

    QUEUED = "queued"  # accepted, waiting
    RUNNING = "running"  # being looked at
    REVIEW = "review"  # looked at; a person should look, too
    DONE = "done"  # nothing is left to decide
    FAILED = "failed"  # a problem is told
    EXPIRED = "expired"  # deleted because nobody looked; only this is left


UNFINISHED = frozenset({JobState.QUEUED, JobState.RUNNING})
LOOKED_AT = frozenset({JobState.REVIEW, JobState.DONE})


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was not made, so that another process can tell it.

    Attributes:
        kind: Name of the error's class in veil.errors; "VeilError" for what nobody foresaw.
        detail: What it said.
    """

    kind: str
    detail: str

    @classmethod
    def of(cls, error: VeilError) -> "Problem":
        """Return the problem that an error tells."""
        return cls(type(error).__name__, str(error))

    def error(self) -> VeilError:
        """Return it as the error that it was."""
        known = getattr(errors, self.kind, VeilError)
        is_error = isinstance(known, type) and issubclass(known, VeilError)
        return (known if is_error else VeilError)(self.detail)


@dataclass(frozen=True, slots=True)
class Film:
    """What is known of a video or animation before its faces have been looked for.

    Attributes:
        width: Of upright frames, in pixels.
        height: Of upright frames, in pixels.
        seconds: How long it is; None until it is known.
        sound: How many sound tracks it has.
        subtitles: How many subtitle tracks it has.
        frames: How many frames there are; 0 until they have been counted, and the screening copy is there.
        shown: Number of the frame that the preview shows.
    """

    width: int
    height: int
    seconds: float | None
    sound: int
    subtitles: int
    frames: int = 0
    shown: int = 0


@dataclass(frozen=True, slots=True)
class Talk:
    """What is known of a sound file that has been listened to.

    Attributes:
        format: Lower-case name of its format, "wav" for instance.
        sha256: Hash of its bytes, in hexadecimal.
        rate: Samples a second.
        channels: How many.
        seconds: How long it is.
        stretches: In how many stretches of time speech was heard.
        spoken: How long they are together, in seconds.
        dropped: In plain words, what no result can hold.
    """

    format: str
    sha256: str
    rate: int
    channels: int
    seconds: float
    stretches: int
    spoken: float
    dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A result that somebody asked for.

    Attributes:
        key: Digest of the settings that shape it.
        options: All settings; those of stages COVER, WRITE, CHECK and RELEASE are used.
        revision: The plan that it was made by; empty until it is made.
        sha256: Hash of the finished file, in hexadecimal; empty until it is made.
        dropped: In plain words, what the video holds and the finished file does not.
        altered: What was done to the sound.
        look: What a second look at it told; None without one.
        problem: Why it cannot be made.
    """

    key: str
    options: Options
    revision: str = ""
    sha256: str = ""
    dropped: tuple[str, ...] = ()
    altered: Altered | None = None
    look: SecondLook | None = None
    problem: Problem | None = None

    @property
    def waits(self) -> bool:
        """Whether it is still to be made."""
        return not self.sha256 and self.problem is None

    @property
    def passes(self) -> int:
        """How often the frames are gone through until it may be fetched: to make it, and perhaps to look again."""
        return 1 + self.options.verify

    @property
    def is_held_back(self) -> bool:
        """Whether a face may still show in it, and nobody has released it."""
        return self.look is not None and not self.look.passed and not self.options.release


@dataclass(frozen=True, slots=True)
class Wish:
    """An area that somebody drew in one frame of a video or animation and wants to be followed through the others.

    Attributes:
        key: Digest of the rest.
        frame: Number of the frame.
        box: The area, in pixels.
        shape: Its outline.
        ready: Whether it has been followed.
        problem: Why it cannot be.
    """

    key: str
    frame: int
    box: Box
    shape: Shape
    ready: bool = False
    problem: Problem | None = None

    @property
    def waits(self) -> bool:
        """Whether it is still to be followed."""
        return not self.ready and self.problem is None


@dataclass(frozen=True, slots=True)
class Trial:
    """A few seconds of sound that somebody wants to hear as they would be in a result.

    Attributes:
        key: Digest of the place and of the settings that shape it.
        options: All settings; those that say what becomes of sound are used.
        at: Where it is to begin, in seconds; None around the first speech.
        start: Where it begins, once it is ready.
        stretches: In how many stretches something was changed in it; None until it is ready.
        problem: Why it cannot be made.
    """

    key: str
    options: Options
    at: float | None
    start: float = 0.0
    stretches: int | None = None
    problem: Problem | None = None

    @property
    def waits(self) -> bool:
        """Whether it is still to be made."""
        return self.stretches is None and self.problem is None


@dataclass(frozen=True, slots=True)
class Job:
    """A photo's way through the studio: what is known of it, never its name and never a pixel.

    Attributes:
        id: 32 hexadecimal digits that cannot be guessed.
        owner: Keyed hash of who handed it in.
        state: How far it is.
        options: The settings it was handed in with; those of stage COVER and WRITE may change later.
        content: Keyed hash of the file's bytes and the settings of stage FIND, the same if it is handed in again.
        created: When it was handed in, in seconds since 1970.
        changed: When any of this was last changed, in seconds since 1970.
        seen: When somebody last looked at it, in seconds since 1970.
        progress: Frames done and frames in all, while a video or a picture with several frames is worked on.
        revision: Digest of its plan; empty until there is one.
        found: Digest of the plan as the machine made it; empty until there is one.
        picture: Facts of the picture; None until there is a plan.
        extension: Ending of a result in the photo's own format, such as ".jpg"; empty until there is a plan.
        tally: What the plan holds.
        doubt: The highest score of faces that nobody has decided on, 0 to 1; 0 without any.
        looked: Whether a person has said that they looked.
        attempts: How often work on it was begun and not ended.
        orders: Results that were asked for, oldest first.
        wishes: Areas that are to be followed, or were, oldest first.
        held_for: What a second look saw in a result by an earlier plan, until one is looked at again; None for nothing.
        left: What of that the present plan still leaves open; None for nothing.
        trials: Parts of the sound that are to be heard before and after, or were, oldest first.
        problem: Why it failed.
        begins_as: VIDEO or SOUND if its first bytes are those of one.
        film: What is known of a video or animation; None for others, and until it is known.
        talk: What is known of a sound file; None for others, and until it has been listened to.
    """

    id: str
    owner: str
    state: JobState
    options: Options
    content: str
    created: float
    changed: float
    seen: float = 0.0
    progress: tuple[int, int] | None = None
    revision: str = ""
    found: str = ""
    picture: Facts | None = None
    extension: str = ""
    tally: Tally = field(default_factory=Tally)
    doubt: float = 0.0
    looked: bool = False
    attempts: int = 0
    orders: tuple[Order, ...] = ()
    wishes: tuple[Wish, ...] = ()
    held_for: SecondLook | None = None
    left: SecondLook | None = None
    trials: tuple[Trial, ...] = ()
    problem: Problem | None = None
    begins_as: Kind | None = None
    film: Film | None = None
    talk: Talk | None = None

    @property
    def kind(self) -> Kind | None:
        """What its frames are; None until it is known."""
        if self.picture is not None:
            return self.picture.kind
        return self.begins_as

    @property
    def format(self) -> str:
        """Name of its format, "jpeg" or "wav" for instance; empty until it is known."""
        known = self.talk or self.picture
        return known.format if known else ""

    @property
    def heard_nothing(self) -> bool:
        """Whether no speech was heard where it was looked for: in a sound file, or for a result of a video."""
        if self.talk is not None:
            return not self.talk.stretches
        return any(order.altered is not None and not order.altered.stretches for order in self.orders)

    @property
    def nothing_found(self) -> bool:
        """Whether no face was found in a picture or video, or no speech heard in a sound file."""
        return self.heard_nothing if self.talk else self.picture is not None and self.tally.nothing_found

    @property
    def looked_again(self) -> Order | None:
        """The latest result that was looked at again; None if there is none by the present plan."""
        return next((order for order in self.orders[::-1] if order.look is not None), None)

    @property
    def is_held_back(self) -> bool:
        """Whether the last second look saw a face that is still neither covered, kept nor released."""
        latest = self.looked_again
        return self.left is not None if latest is None else latest.is_held_back

    @property
    def look(self) -> SecondLook | None:
        """What the last second look told, and is still so; None if there was none."""
        latest = self.looked_again
        return self.left if latest is None else latest.look

    @property
    def wants_review(self) -> bool:
        """Whether a person should look or listen before a result is released."""
        return self.heard_nothing or self.is_held_back or (self.picture is not None and self.tally.wants_review)

    @property
    def is_urgent(self) -> bool:
        """Whether something waits that a person waits for: it goes before results."""
        return any(wish.waits for wish in self.wishes) or any(trial.waits for trial in self.trials)

    @property
    def wants_work(self) -> bool:
        """Whether something is still to be found or made."""
        waiting = any(order.waits for order in self.orders) or self.is_urgent
        return self.state in UNFINISHED or (self.state in LOOKED_AT and waiting)

    def order(self, key: str) -> Order | None:
        """Return the order for a result with these settings, if there is one."""
        return next((order for order in self.orders if order.key == key), None)

    def with_order(self, changed: Order) -> "Job":
        """Return the job with one of its orders changed; an order that is no longer there stays away."""
        return replace(self, orders=tuple(changed if one.key == changed.key else one for one in self.orders))

    def wish(self, key: str) -> Wish | None:
        """Return what was wished with this key, if it still is."""
        return next((wish for wish in self.wishes if wish.key == key), None)

    def with_wish(self, changed: Wish) -> "Job":
        """Return the job with one of its wishes changed; one that is no longer there stays away."""
        return replace(self, wishes=tuple(changed if one.key == changed.key else one for one in self.wishes))

    def with_result(self, made: Order) -> "Job":
        """Return the job with one order finished; an earlier look does not settle that no speech was heard for it."""
        heard_nothing = made.altered is not None and not made.altered.stretches
        job = self.with_order(made)
        if made.look is not None:
            job = replace(job, held_for=None, left=None)
        return replace(job, looked=job.looked and not (heard_nothing and job.talk is None))._settled()

    def trial(self, key: str) -> Trial | None:
        """Return the part of the sound with this key, if it still is wanted."""
        return next((trial for trial in self.trials if trial.key == key), None)

    def with_trial(self, changed: Trial) -> "Job":
        """Return the job with one of its trials changed; one that is no longer there stays away."""
        return replace(self, trials=tuple(changed if one.key == changed.key else one for one in self.trials))

    def with_talk(self, talk: Talk) -> "Job":
        """Return the job of a sound file that has been listened to."""
        return replace(self, talk=talk, begins_as=Kind.SOUND)._settled()

    def with_plan(self, plan: Plan) -> "Job":
        """Return the job with another plan."""
        tally = counted(plan)
        scores = [region.score or 0.0 for region in plan.regions if region.state is State.SUGGESTED]
        doubt = max(scores, default=0.0)
        return replace(self, revision=digest(plan), picture=plan.picture, tally=tally, doubt=doubt)._settled()

    def with_work_begun(self) -> "Job":
        """Return the job while it is worked on."""
        state = JobState.RUNNING if self.state in UNFINISHED else self.state
        # More attempts are counted by who sees a process die of the photo alone: see apart.py.
        return replace(self, state=state, attempts=max(1, self.attempts))

    def with_look(self, looked: bool) -> "Job":
        """Return the job after a person said that they looked, or took that back."""
        return replace(self, looked=looked)._settled()

    def _settled(self) -> "Job":
        is_open = self.is_held_back or (self.wants_review and not self.looked)
        return replace(self, state=JobState.REVIEW if is_open else JobState.DONE)


_ELSEWHERE = frozenset({"seen", "progress"})  # they change often and are kept in files of their own


def to_json(job: Job) -> bytes:
    """Return a job as JSON text, without what is kept elsewhere."""
    values = {name: value for name, value in asdict(job).items() if name not in _ELSEWHERE}
    return json.dumps(values).encode()


@lru_cache(maxsize=64)  # while a photo is worked on, its record is read ten times as often as it is changed
def from_json(text: bytes) -> Job:
    """Return the job that a JSON text holds.

    Raises:
        ValueError: It is damaged, or was written by another version of Veil that this one does not understand.
    """
    try:
        values = json.loads(text)
        values["state"] = JobState(values["state"])
        values["options"] = _options(values["options"])
        values.setdefault("doubt", values["tally"].pop("doubt", 0.0))  # where it was once
        values["tally"] = Tally(**values["tally"])
        values["problem"] = _problem(values["problem"])
        values["orders"] = tuple(_order(each) for each in values["orders"])
        values["wishes"] = tuple(_wish(each) for each in values.get("wishes", ()))
        for name in ("held_for", "left"):
            values[name] = _look(values[name]) if values.get(name) else None
        values["trials"] = tuple(_trial(each) for each in values.get("trials", ()))
        if values.pop("begins_as_video", False):  # what it was once
            values["begins_as"] = Kind.VIDEO
        if values.get("begins_as"):
            values["begins_as"] = Kind(values["begins_as"])
        if values["picture"]:
            values["picture"] = Facts(**{**values["picture"], "kind": Kind(values["picture"]["kind"])})
        if values.get("film"):
            values["film"] = Film(**values["film"])
        if values.get("talk"):
            values["talk"] = Talk(**{**values["talk"], "dropped": tuple(values["talk"]["dropped"])})
        return Job(**values)
    except (TypeError, KeyError, AttributeError, VeilError) as error:
        raise ValueError("the record is not one of a job") from error


def _order(values: dict[str, Any]) -> Order:
    own = {
        "options": _options(values["options"]),
        "dropped": tuple(values.get("dropped", ())),
        "altered": Altered(**values["altered"]) if values.get("altered") else None,
        "look": _look(values["look"]) if values.get("look") else None,
        "problem": _problem(values["problem"]),
    }
    return Order(**{**values, **own})


def _look(values: dict[str, Any]) -> SecondLook:
    return SecondLook(values["frames"], tuple(Place(**{**each, "box": Box(*each["box"])}) for each in values["places"]))


def _wish(values: dict[str, Any]) -> Wish:
    own = {
        "box": Box(*values["box"]),
        "shape": Shape(values["shape"]),
        "problem": _problem(values["problem"]),
    }
    return Wish(**{**values, **own})


def _trial(values: dict[str, Any]) -> Trial:
    return Trial(**{**values, "options": _options(values["options"]), "problem": _problem(values["problem"])})


def _problem(values: dict[str, str] | None) -> Problem | None:
    return Problem(**values) if values else None


def _options(values: dict[str, Any]) -> Options:
    known = {each.name for each in fields(Options)}
    kept = {name: value for name, value in values.items() if name in known}
    kept["color"] = tuple(kept["color"])
    kept["region"] = tuple(_area(*area) for area in kept["region"])
    return Options(**kept)


def _area(first: Any, *others: Any) -> Box | Drawing:
    """Return an area, perhaps with times, as it was written."""
    return Drawing(Box(*first), *others) if isinstance(first, list) else Box(first, *others)
