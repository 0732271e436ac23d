"""What is known of one photo in the studio, as a frozen value and as JSON."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from veil import errors
from veil.errors import VeilError
from veil.options import Options
from veil.plan import digest
from veil.types import Box, Drawing, Facts, Kind, Plan, State


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
class Tally:
    """What a plan holds, counted.

    Attributes:
        covered: Faces that were found and will be covered.
        drawn: Areas drawn by a person.
        kept: Faces left visible because a person said so.
        suggested: Doubtful faces that nobody has decided on; they are visible.
        doubt: The highest score among those, 0 to 1; 0 without any.
    """

    covered: int = 0
    drawn: int = 0
    kept: int = 0
    suggested: int = 0
    doubt: float = 0.0

    @classmethod
    def of(cls, plan: Plan) -> "Tally":
        """Count what a plan holds."""
        counts = Counter(region.state for region in plan.regions)
        open_scores = [region.score or 0.0 for region in plan.regions if region.state is State.SUGGESTED]
        return cls(
            covered=counts[State.COVERED],
            drawn=counts[State.DRAWN],
            kept=counts[State.KEPT],
            suggested=counts[State.SUGGESTED],
            doubt=max(open_scores, default=0.0),
        )

    @property
    def nothing_found(self) -> bool:
        """Whether the plan holds no region at all, which a person should confirm."""
        return not (self.covered or self.drawn or self.kept or self.suggested)

    @property
    def wants_review(self) -> bool:
        """Whether a person should look before a result is released."""
        return self.nothing_found or self.suggested > 0


@dataclass(frozen=True, slots=True)
class Order:
    """A result that somebody asked for.

    Attributes:
        key: Digest of the settings that shape it.
        options: All settings; those of stages COVER and WRITE are used.
        revision: The plan that it was made by; empty until it is made.
        sha256: Hash of the finished file, in hexadecimal; empty until it is made.
        problem: Why it cannot be made.
    """

    key: str
    options: Options
    revision: str = ""
    sha256: str = ""
    problem: Problem | None = None

    @property
    def waits(self) -> bool:
        """Whether it is still to be made."""
        return not self.sha256 and self.problem is None


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
        progress: Frames done and frames in all, while a picture with several is worked on.
        revision: Digest of its plan; empty until there is one.
        found: Digest of the plan as the machine made it; empty until there is one.
        picture: Facts of the picture; None until there is a plan.
        extension: Ending of a result in the photo's own format, such as ".jpg"; empty until there is a plan.
        tally: What the plan holds.
        looked: Whether a person has said that they looked.
        attempts: How often work on it was begun and not ended.
        orders: Results that were asked for, oldest first.
        problem: Why it failed.
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
    tally: Tally = Tally()
    looked: bool = False
    attempts: int = 0
    orders: tuple[Order, ...] = ()
    problem: Problem | None = None

    @property
    def wants_work(self) -> bool:
        """Whether something is still to be found or made."""
        return self.state in UNFINISHED or (self.state in LOOKED_AT and any(order.waits for order in self.orders))

    def order(self, key: str) -> Order | None:
        """Return the order for a result with these settings, if there is one."""
        return next((order for order in self.orders if order.key == key), None)

    def with_order(self, changed: Order) -> "Job":
        """Return the job with one of its orders changed; an order that is no longer there stays away."""
        return replace(self, orders=tuple(changed if one.key == changed.key else one for one in self.orders))

    def with_plan(self, plan: Plan) -> "Job":
        """Return the job with another plan."""
        tally = Tally.of(plan)
        state = _settled(tally, self.looked)
        return replace(self, revision=digest(plan), picture=plan.picture, tally=tally, state=state)

    def with_look(self, looked: bool) -> "Job":
        """Return the job after a person said that they looked, or took that back."""
        return replace(self, looked=looked, state=_settled(self.tally, looked))


def _settled(tally: Tally, looked: bool) -> JobState:
    return JobState.REVIEW if tally.wants_review and not looked else JobState.DONE


_ELSEWHERE = frozenset({"seen", "progress"})  # they change often and are kept in files of their own


def to_json(job: Job) -> bytes:
    """Return a job as JSON text, without what is kept elsewhere."""
    values = {name: value for name, value in asdict(job).items() if name not in _ELSEWHERE}
    return json.dumps(values).encode()


def from_json(text: bytes) -> Job:
    """Return the job that a JSON text holds.

    Raises:
        ValueError: It is damaged, or was written by another version of Veil that this one does not understand.
    """
    try:
        values = json.loads(text)
        values["state"] = JobState(values["state"])
        values["options"] = _options(values["options"])
        values["tally"] = Tally(**values["tally"])
        values["problem"] = _problem(values["problem"])
        values["orders"] = tuple(_order(each) for each in values["orders"])
        if values["picture"]:
            values["picture"] = Facts(**{**values["picture"], "kind": Kind(values["picture"]["kind"])})
        return Job(**values)
    except (TypeError, KeyError, AttributeError, VeilError) as error:
        raise ValueError("the record is not one of a job") from error


def _order(values: dict[str, Any]) -> Order:
    return Order(**{**values, "options": _options(values["options"]), "problem": _problem(values["problem"])})


def _problem(values: dict[str, str] | None) -> Problem | None:
    return Problem(**values) if values else None


def _options(values: dict[str, Any]) -> Options:
    known = {field.name for field in fields(Options)}
    kept = {name: value for name, value in values.items() if name in known}
    kept["color"] = tuple(kept["color"])
    kept["region"] = tuple(_area(*area) for area in kept["region"])
    return Options(**kept)


def _area(first: Any, *others: Any) -> Box | Drawing:
    """Return an area, perhaps with times, as it was written."""
    return Drawing(Box(*first), *others) if isinstance(first, list) else Box(first, *others)
