"""Every error that Veil raises on purpose, as one tree.

    VeilError
    ├── UsageError             the call or an option is wrong
    ├── InputError             a picture cannot be read
    │   ├── UnsupportedError   its format is not one Veil reads
    │   └── TooLargeError      it is larger than the limit
    ├── OutputError            a result cannot be written there
    ├── PlanError              a plan is damaged or belongs to another picture
    ├── DetectorError          a model cannot be loaded or failed
    └── JobError               a photo handed to the studio cannot be served now
        ├── NoSuchPhotoError   it is not there, was deleted, or belongs to someone else
        └── DeskFullError      as many photos are held as the limit allows

A message says what happened, what was left safe, and what to do next. The command line ends with ``exit_code``, the
studio answers with ``http_status``.
"""


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


class PlanError(VeilError, ValueError):
    """A plan cannot be read, or was made for another picture."""

    http_status = 422


class DetectorError(VeilError, RuntimeError):
    """A model cannot be loaded or failed while looking. Never answered with an empty list."""


class JobError(VeilError):
    """A photo handed to the studio cannot be served now."""

    http_status = 409


class NoSuchPhotoError(JobError, LookupError):
    """No such photo: it never was there, has been deleted, or belongs to another browser session."""

    http_status = 404


class DeskFullError(JobError):
    """As many photos are held as the limit allows."""

    http_status = 503
