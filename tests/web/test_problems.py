import pytest
from werkzeug import exceptions

from veil import errors
from veil.web.problems import KINDS, problem, refusal


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
        (errors.AuditError("x"), 500, "audit"),
        (errors.JobError("x"), 409, "not-ready"),
        (errors.NoSuchPhotoError("x"), 404, "no-such-photo"),
        (errors.ExpiredError("x"), 410, "expired"),
        (errors.ConflictError("x"), 412, "conflict"),
        (errors.QuotaError("x"), 429, "quota"),
        (errors.NoSpaceError("x"), 507, "no-space"),
        (errors.StoppedError("x"), 422, "stopped"),
        (errors.VeilError("x"), 500, "internal"),
        (exceptions.Unauthorized("x"), 401, "login"),
        (exceptions.Forbidden("x"), 403, "refused"),
        (exceptions.NotFound("x"), 404, "not-found"),
        (exceptions.MethodNotAllowed(description="x"), 405, "refused"),
        (exceptions.PreconditionRequired("x"), 428, "conflict"),
        (exceptions.TooManyRequests("x"), 429, "wait"),
        (exceptions.ServiceUnavailable("x"), 503, "busy"),
    ],
)
def test_every_error_has_its_kind(error: Exception, status: int, kind: str) -> None:
    told = problem(error)
    assert (told["status"], told["kind"], told["detail"]) == (status, kind, "x")
    assert told["type"] == f"urn:veil:problem:{kind}"
    assert kind in KINDS


def test_every_error_of_veil_has_a_kind_of_its_own() -> None:
    every = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.VeilError)]
    kinds = [each for each in every if each is not errors.WithheldError]  # the studio withholds nothing
    told = [problem(each("x"))["kind"] for each in kinds]
    assert len(set(told)) == len(kinds)


def test_too_large_is_said_in_our_words() -> None:
    for told in (problem(exceptions.RequestEntityTooLarge()), refusal(413, "Request Entity Too Large")):
        assert (told["kind"], told["detail"]) == (
            "too-large",
            "The request is larger than the limit; nothing of it was kept.",
        )


def test_other_errors_keep_their_message_to_themselves(caplog: pytest.LogCaptureFixture) -> None:
    told = problem(MemoryError("secret"))
    assert (told["status"], told["kind"]) == (500, "internal")
    assert "secret" not in str(told)
    assert "secret" not in caplog.text
    caplog.clear()


def test_details_can_always_be_written() -> None:
    assert problem(errors.UsageError("half a pair: \ud83d"))["detail"] == "half a pair: ?"
