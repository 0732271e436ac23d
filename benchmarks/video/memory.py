"""How much memory does a long video take?"""

import subprocess
import tempfile
from pathlib import Path

from benchmarks.speed import run_once
from benchmarks.video.speed import VEIL


def measure(video: Path, profile: str, minutes: float, height: int) -> int:
    """Make a video of that length and height of another one, run veil on it, print what it took, and return 0."""
    with tempfile.TemporaryDirectory() as scratch:
        source = lengthened(video, minutes, height, Path(scratch))
        command = [VEIL, "run", "{input}", "-o", "{output}", "--profile", profile, "--quiet"]
        cost = run_once(command, source)
    print(f"{minutes:g} minutes, {height} rows, {profile}: {cost.peak_mb:.0f} MB at most, {cost.processor_s:.0f} s")
    return 0


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
