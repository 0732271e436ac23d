import pytest

from veil import errors
from veil.web.problems import KINDS, problem


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (errors.UsageError("x"), 400, "usage"),
        (errors.InputError("x"), 422, "damaged"),
        (errors.UnsupportedError("x"), 415, "unsupported"),
        (errors.TooLargeError("x"), 413, "too-large"),
        (errors.OutputError("x"), 409, "output"),
        (errors.PlanError("x"), 422, "plan"),
        (errors.DetectorError("x"), 500, "detector"),
        (errors.JobError("x"), 409, "not-ready"),
        (errors.NoSuchPhotoError("x"), 404, "no-such-photo"),
        (errors.DeskFullError("x"), 503, "desk-full"),
    ],
)
def test_every_error_has_its_kind(error: errors.VeilError, status: int, kind: str) -> None:
    told = problem(error)
    assert (told["status"], told["kind"], told["detail"]) == (status, kind, "x")
    assert told["type"] == f"urn:veil:problem:{kind}"
    assert kind in KINDS


def test_other_errors_keep_their_message_to_themselves(caplog: pytest.LogCaptureFixture) -> None:
    told = problem(MemoryError("secret"))
    assert (told["status"], told["kind"]) == (500, "internal")
    assert "secret" not in str(told)
    assert "secret" not in caplog.text
    caplog.clear()
