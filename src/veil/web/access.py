"""Who may enter a studio that others on the network can reach: people and programs that know its token."""

import threading
import time
from collections.abc import Callable
from hmac import compare_digest

from veil.errors import UsageError

SHORTEST_TOKEN = 16  # characters
FAILURES = 5  # wrong tokens from one address...
FAILURE_SECONDS = 60.0  # ...in this time, before it has to wait
ADDRESSES = 10_000  # so many are remembered; a crowd of strangers must not fill the memory

Seal = Callable[[str], str]


class Access:
    """Knows the token, and tells who has shown it.

    Args:
        token: What has to be shown; None lets everybody in, which is for this computer alone.
        seal: Signs a text with the secret of the store, so that every server on that store takes the same passes.

    Raises:
        UsageError: The token is short, or cannot be sent in a header.
    """

    def __init__(self, token: str | None, seal: Seal) -> None:
        if token is not None:
            check_token(token)
        self._token = token
        self._seal = seal

    @property
    def protected(self) -> bool:
        """Whether a token has to be shown."""
        return self._token is not None

    def is_token(self, given: str) -> bool:
        """Return whether this is the token. The time taken tells nothing about it, not even its length."""
        # Sealed texts are compared: they are equally long, and where they differ cannot be steered.
        return self.protected and compare_digest(self._seal(f"token\n{given}"), self._seal(f"token\n{self._token}"))

    def make_pass(self, session: str) -> str:
        """Return what a session shows instead of the token from now on; it ends when the token changes."""
        return self._seal(f"pass\n{session}\n{self._token}")

    def is_pass(self, given: str, session: str) -> bool:
        """Return whether this pass was made for this session."""
        return self.protected and compare_digest(given.encode(), self.make_pass(session).encode())


def check_token(token: str) -> None:
    """Refuse a token that could be guessed or that a header cannot carry.

    Raises:
        UsageError: It is one of these; the message never holds the token.
    """
    if len(token) < SHORTEST_TOKEN:
        raise UsageError(
            f"The token has {len(token)} characters; it needs {SHORTEST_TOKEN} or more. The studio was not started.\n"
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    if not all("!" <= character <= "~" for character in token):
        raise UsageError(
            "The token holds spaces or characters that are not plain ASCII, so it cannot be sent in a header. "
            "The studio was not started."
        )


class Attempts:
    """Counts wrong tokens by address, so that nobody can try many.

    Safe to use from several threads.

    Args:
        clock: Seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, list[float]] = {}
        self._changing = threading.Lock()

    def wait(self, address: str) -> int:
        """Return how many seconds an address has to wait before its next try; 0 if it need not."""
        with self._changing:
            recent = self._recent(address)
        if len(recent) < FAILURES:
            return 0
        return max(1, round(recent[-FAILURES] + FAILURE_SECONDS - self._clock()))

    def failed(self, address: str) -> None:
        """Remember a wrong token."""
        with self._changing:
            recent = self._recent(address)
            self._failures.pop(address, None)  # to the end: the first in the dictionary is the oldest
            self._failures[address] = [*recent, self._clock()][-FAILURES:]
            if len(self._failures) > ADDRESSES:
                del self._failures[next(iter(self._failures))]

    def _recent(self, address: str) -> list[float]:
        start = self._clock() - FAILURE_SECONDS
        return [moment for moment in self._failures.get(address, []) if moment > start]
