import hashlib

import pytest

from veil.errors import UsageError
from veil.web import access
from veil.web.access import Access, Attempts, check_token

TOKEN = "correct horse battery".replace(" ", "-")


def seal(text: str) -> str:
    return hashlib.sha256(b"secret" + text.encode()).hexdigest()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_only_the_token_is_the_token() -> None:
    door = Access(TOKEN, seal)
    assert door.protected
    assert door.is_token(TOKEN)
    for other in ("", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ü", "\ud800".encode("utf-8", "replace").decode()):
        assert not door.is_token(other)


def test_without_a_token_nothing_is_protected() -> None:
    door = Access(None, seal)
    assert not door.protected
    assert not door.is_token("")
    assert not door.is_token("None")
    assert not door.is_pass(door.make_pass("a"), "a")


def test_a_pass_is_for_one_session_token_and_store() -> None:
    door = Access(TOKEN, seal)
    shown = door.make_pass("a" * 32)
    assert TOKEN not in shown
    assert door.is_pass(shown, "a" * 32)
    assert not door.is_pass(shown, "b" * 32)
    assert not door.is_pass("", "a" * 32)
    assert not door.is_pass("ü", "a" * 32)
    assert not Access(TOKEN + "x", seal).is_pass(shown, "a" * 32)
    assert not Access(TOKEN, lambda text: seal("other" + text)).is_pass(shown, "a" * 32)


@pytest.mark.parametrize(
    ("token", "reason"),
    [("", "0 characters"), ("x" * 15, "15 characters"), ("x" * 16 + " ", "spaces"), ("x" * 16 + "ü", "ASCII")],
)
def test_simple_tokens_are_refused_without_being_shown(token: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as told:
        check_token(token)
    assert not token or token not in str(told.value)


def test_wrong_tokens_make_an_address_wait() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for moment in range(access.FAILURES):
        assert attempts.wait("10.0.0.1") == 0
        clock.now = moment
        attempts.failed("10.0.0.1")
    assert attempts.wait("10.0.0.1") == access.FAILURE_SECONDS - clock.now
    assert attempts.wait("10.0.0.2") == 0
    clock.now = access.FAILURE_SECONDS
    assert attempts.wait("10.0.0.1") == 0
    attempts.failed("10.0.0.1")
    assert attempts.wait("10.0.0.1") == 1


def test_a_crowd_of_strangers_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "ADDRESSES", 3)
    attempts = Attempts(Clock())
    for _ in range(access.FAILURES):
        attempts.failed("known")
    for number in range(2):
        attempts.failed(str(number))
    assert attempts.wait("known")
    attempts.failed("2")
    assert not attempts.wait("known")
    assert len(attempts._failures) == 3
