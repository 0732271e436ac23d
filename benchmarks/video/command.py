"""The command: four measurements of videos, each by itself. They need ffmpeg.

python benchmarks/video speed FOLDER                       veil run beside ffmpeg, which only decodes and encodes
python benchmarks/video speed FOLDER --peer "deface {input} -o {output}"
python benchmarks/video memory VIDEO                       the same video for ten minutes in 1080p
python benchmarks/video kill VIDEO                         veil run is killed 20 times, each time run again
python benchmarks/video flicker VIDEO                      how much covered areas change beside what is around them
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.video import flicker, kill, memory, speed

PROFILES = ("fast", "balanced", "thorough")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table and return the exit code: 1 if something failed."""
    options = _parser().parse_args(arguments)
    match options.what:
        case "speed":
            return speed.measure(options.folder, options.profile or PROFILES[:2], options.peer, options.runs)
        case "memory":
            return memory.measure(options.video, options.profile, options.minutes, options.height)
        case "kill":
            return kill.measure(options.video, options.profile, options.kills)
        case _:
            return flicker.measure(options.video, options.profile)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ways = parser.add_subparsers(dest="what", required=True)
    timed = ways.add_parser("speed")
    timed.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of videos, or one")
    timed.add_argument("--profile", action="append", choices=PROFILES, help="only this one; may be repeated")
    timed.add_argument("--peer", metavar="COMMAND", help="another program to compare with")
    timed.add_argument("-n", "--runs", type=int, default=3, help="runs of each program (default: %(default)s)")
    held = ways.add_parser("memory")
    held.add_argument("--minutes", type=float, default=10)
    held.add_argument("--height", type=int, default=1080)
    killed = ways.add_parser("kill")
    killed.add_argument("--kills", type=int, default=20)
    flickering = ways.add_parser("flicker")
    for one in (held, killed, flickering):
        one.add_argument("video", type=Path, metavar="VIDEO")
        one.add_argument("--profile", choices=PROFILES, default="fast" if one is killed else "balanced")
    return parser
