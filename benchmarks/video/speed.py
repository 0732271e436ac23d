"""What does covering cost beside decoding and encoding alone?"""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.speed import Cost, take_turns

VEIL = str(Path(sys.executable).with_name("veil"))
ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts")
PLAIN = "ffmpeg"
# What veil run tells the encoder by itself.
TRANSCODE = "ffmpeg -v error -i {input} -an -map 0:v:0 -c:v libx264 -preset medium -crf 20 -y {output}"


def measure(folder: Path, profiles: Sequence[str], peer: str | None, runs: int) -> int:
    """Run all programs in turn on each video, print medians and their ratios to ffmpeg, and return 0."""
    videos = [folder] if folder.is_file() else sorted(each for each in folder.iterdir() if each.suffix in ENDINGS)
    commands = {PLAIN: shlex.split(TRANSCODE)}
    for profile in profiles:
        commands[profile] = [VEIL, "run", "{input}", "-o", "{output}", "--profile", profile, "--quiet"]
    if peer:
        commands["peer"] = shlex.split(peer)
    print(f"medians of {runs} runs, {len(os.sched_getaffinity(0))} processors; in brackets: beside {PLAIN}")
    print(f"{'':<24} {'':<10} {'wall s':>16} {'processor s':>16} {'peak MB':>9}")
    every: list[Mapping[str, Cost]] = []
    for video in videos:
        every.append(take_turns(commands, video, runs))
        _show(video.stem, every[-1])
    if len(every) > 1:
        _show("all", {name: _sum([costs[name] for costs in every]) for name in commands})
    return 0


def _show(video: str, costs: Mapping[str, Cost]) -> None:
    plain = costs[PLAIN]
    for name, cost in costs.items():
        wall = f"{cost.wall_s:.1f} ({cost.wall_s / plain.wall_s:.2f}x)"
        processor = f"{cost.processor_s:.1f} ({cost.processor_s / plain.processor_s:.2f}x)"
        print(f"{video:<24} {name:<10} {wall:>16} {processor:>16} {cost.peak_mb:>9.0f}", flush=True)


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(
        sum(cost.wall_s for cost in costs),
        sum(cost.processor_s for cost in costs),
        max(cost.peak_mb for cost in costs),
        sum(cost.files for cost in costs),
    )
