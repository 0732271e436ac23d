"""Who is whose child."""

from pathlib import Path


def children_of(number: int) -> list[int]:
    tasks = Path(f"/proc/{number}/task").glob("*/children")
    return [int(each) for task in tasks for each in task.read_text().split()]


def below(number: int) -> list[int]:
    """All processes below one."""
    found = children_of(number)
    return found + [each for child in found for each in below(child)]


def alive(number: int) -> bool:
    """Whether a process runs; one that nobody has buried does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False
