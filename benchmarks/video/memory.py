"""How much memory does a long video take, in all processes together?"""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.studio.load import family_mb
from benchmarks.video.speed import VEIL

LIMIT_MB = 600
EVERY_S = 1.0


def measure(video: Path, profile: str, minutes: float, height: int) -> int:
    """Make a video of that length and height of another one, run veil on it, and print what it held at most.

    Returns:
        0, or 1 if that was more than LIMIT_MB.
    """
    with tempfile.TemporaryDirectory() as scratch:
        source = lengthened(video, minutes, height, Path(scratch))
        target = str(Path(scratch, "safe.mp4"))
        most_mb = most_held_mb([VEIL, "run", str(source), "-o", target, "--profile", profile, "--quiet"])
    print(f"{minutes:g} minutes, {height} rows, {profile}: {most_mb:.0f} MB at most, limit {LIMIT_MB} MB")
    return int(most_mb > LIMIT_MB)


def most_held_mb(command: Sequence[str]) -> float:
    """Run a command and return the most memory that it and all it started were seen to hold together, in megabytes.

    They are looked at once a second; memory that they share counts once.

    Raises:
        CalledProcessError: It failed.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    most_mb = 0.0
    while True:
        most_mb = max(most_mb, family_mb(process.pid))
        try:
            status = process.wait(EVERY_S)
        except subprocess.TimeoutExpired:
            continue
        if status:
            raise subprocess.CalledProcessError(status, command)
        return most_mb


def lengthened(video: Path, minutes: float, height: int, folder: Path) -> Path:
    """Write a video scaled to so many rows, again and again, until it is so long."""
    once, again = folder / "once.mp4", folder / "again.mp4"
    scale = f"scale=-2:{height}"
    encoder = ["-c:v", "libx264", "-preset", "veryfast"]
    _ffmpeg("-i", str(video), "-an", "-map", "0:v:0", "-vf", scale, *encoder, str(once))
    _ffmpeg("-stream_loop", "-1", "-i", str(once), "-c", "copy", "-t", str(minutes * 60), str(again))
    once.unlink()
    return again


def _ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", *words], check=True, stdin=subprocess.DEVNULL)
