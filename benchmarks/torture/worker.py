"""Runs the command line on one file after the other, in one process with the models loaded once.

It reads orders and writes answers, one JSON object a line. What the command prints is caught where the operating system
sees it, so that what a codec prints by itself is caught, too.
"""

import functools
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import av
import pillow_heif
from PIL import Image, ImageSequence

from veil import cli, detect
from veil.media.formats import FORMATS

PICTURES = {ending for each in FORMATS.values() for ending in each.extensions}
BROKEN = 70


def main() -> None:
    """Answer orders until there are no more."""
    detect.load = functools.cache(detect.load)
    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None
    with os.fdopen(os.dup(1), "w") as answers, tempfile.TemporaryFile(buffering=0) as printed:
        for stream in (1, 2):
            os.dup2(printed.fileno(), stream)
        for line in sys.stdin:
            order = json.loads(line)
            answer = _run(order["words"]) | {"said": _taken(printed)}
            if answer["code"] == 0:
                sound_is_kept = "keep" in order["words"]  # copied as it is, with what is damaged in it
                answer["unreadable"] = _unreadable(Path(order["target"]), with_sound=not sound_is_kept)
                _taken(printed)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


def _run(words: list[str]) -> dict[str, Any]:
    """Run the command; return its exit code, the seconds it took, and the most memory it held, in megabytes."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    start = time.perf_counter()
    try:
        cli.main(words)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        traceback.print_exc()
        code = BROKEN
    return {"code": code, "seconds": time.perf_counter() - start, "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    """Return the peak of this process, or of the largest that it started so far."""
    (held,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return max(int(held.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024 / 1e6


def _taken(printed: Any) -> str:
    """Return what was printed, and forget it."""
    sys.stdout.flush()
    sys.stderr.flush()
    printed.seek(0)
    said: bytes = printed.read()
    printed.seek(0)
    printed.truncate()
    return said.decode(errors="replace")


def _unreadable(result: Path, *, with_sound: bool) -> str:
    """Return why a result cannot be decoded to its end by others than Veil, or an empty text."""
    try:
        if result.suffix.lower() in PICTURES:
            with Image.open(result) as picture:
                for frame in ImageSequence.Iterator(picture):
                    frame.load()
        else:
            with av.open(str(result)) as file:
                streams = (*file.streams.video, *(file.streams.audio if with_sound else ()))
                if not sum(1 for packet in file.demux(streams) for _ in packet.decode()):
                    return "there is nothing in it"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    main()
