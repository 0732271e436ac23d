"""Every error that Veil raises on purpose, as one tree.

    VeilError
    ├── UsageError             the call or an option is wrong
    ├── InputError             a picture cannot be read
    │   ├── UnsupportedError   its format is not one Veil reads
    │   └── TooLargeError      it is larger than the limit
    ├── OutputError            a result cannot be written there
    ├── WithheldError          a face may still show in a result, so it was not given its name
    ├── PlanError              a plan is damaged or belongs to another picture
    ├── DetectorError          a model cannot be loaded or failed
    ├── AuditError             the audit log cannot be read or written, or was changed
    └── JobError               a photo handed to the studio cannot be served now
        ├── NoSuchPhotoError   it is not there, was deleted, or belongs to someone else
        ├── ExpiredError       it was deleted because nobody looked at it for long
        ├── HeldBackError      a face may still show in its result, and nobody has released that
        ├── ConflictError      its plan has been changed by someone else meanwhile
        ├── QuotaError         one person has handed in as much as the limits allow
        ├── NoSpaceError       the store or the disk is full, or takes nothing
        └── StoppedError       working on it was given up: it ended the program again and again, or took too long

A message says what happened, what was left safe, and what to do next. The command line ends with ``exit_code``, the
studio answers with ``http_status``.
"""

from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from veil.types import SecondLook


class VeilError(Exception):
    """Anything that Veil refuses or fails to do, said in words for the person who asked for it."""

    exit_code = 1
    http_status = 500


class UsageError(VeilError, ValueError):
    """An option or argument has a value that Veil does not take."""

    exit_code = 2
    http_status = 400


class InputError(VeilError, ValueError):
    """A picture is damaged, empty or cannot be opened."""

    http_status = 422


class UnsupportedError(InputError):
    """A file is of a kind that Veil does not read."""

    http_status = 415


class TooLargeError(InputError):
    """A picture has more pixels than the limit allows."""

    http_status = 413


class OutputError(VeilError, OSError):
    """A result cannot be written without harm: it exists, is an input, or the disk refuses."""

    http_status = 409


class WithheldError(VeilError):
    """A second look at a result saw a face, so the result was kept aside and not given its name.

    Attributes:
        look: What the second look told.
    """

    exit_code = 3
    http_status = 422

    def __init__(self, message: str, look: "SecondLook") -> None:
        """Take the message and what the second look told."""
        super().__init__(message)
        self.look = look


class PlanError(VeilError, ValueError):
    """A plan cannot be read, or was made for another picture."""

    http_status = 422


class DetectorError(VeilError, RuntimeError):
    """A model cannot be loaded or failed while looking. Never answered with an empty list."""


class AuditError(VeilError, OSError):
    """The audit log cannot be read or written, or its end was changed."""


class JobError(VeilError):
    """A photo handed to the studio cannot be served now: faces are still being looked for, for instance."""

    http_status = 409


class NoSuchPhotoError(JobError, LookupError):
    """No such photo: it never was there, has been deleted, or belongs to another browser session."""

    http_status = 404


class ExpiredError(JobError, LookupError):
    """A photo has been deleted because nobody looked at it for as long as photos are kept."""

    http_status = 410


class HeldBackError(JobError):
    """A second look saw a face in a result of the studio, and nobody has said that it may be fetched all the same."""


class ConflictError(JobError):
    """A plan has been changed since it was read, so that saving it would undo someone's decisions."""

    http_status = 412


class QuotaError(JobError):
    """One person holds as many photos, or as many bytes of them, as the limits allow."""

    http_status = 429


class NoSpaceError(JobError):
    """The store holds as much as it may, or its disk is full or may not be written to."""

    http_status = 507


class StoppedError(JobError):
    """Working on a photo ended the whole program again and again, or took too long, so it was given up."""

    http_status = 422


def plain(text: str) -> str:
    """Return text, which may hold names of files or what comes from them, so that it acts on no terminal."""
    return "".join(each if each.isprintable() or each == "\n" or category(each) == "Zs" else "?" for each in text)
