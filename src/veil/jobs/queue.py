"""How photos that want work reach those who do it. Messages are hints only: the store is the truth."""

from typing import Protocol


class Queue(Protocol):
    """Brings hints to workers. A hint may be lost or come twice: the keeper repeats it, and claims make it harmless."""

    def put(self, job_id: str, *, soon: bool = False) -> None:
        """Say that a photo wants work. Returns at once and never fails.

        Args:
            job_id: Which photo.
            soon: Somebody is waiting for it: it goes before photos that were handed in in a batch.
        """

    def close(self) -> None:
        """Stop; what is under way ends at its next step, and what waits stays in the store."""
