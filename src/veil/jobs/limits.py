"""How much the studio takes: of one person, of all together, and of the disk."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from veil.errors import NoSpaceError


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the studio takes, and for how long it keeps it.

    Attributes:
        upload_bytes: Largest file.
        photos: How many photos one person may hold at a time.
        owner_bytes: How large they may be together, as handed in.
        total_bytes: The same for all people together.
        free_bytes: So much of the disk stays free...
        free_share: ...or this part of it, whichever is less.
        keep_seconds: A photo is deleted when nobody has looked at it for so long.
        trace_seconds: For so long it is remembered that there was such a photo.
        results: How many results of one photo are kept, in different styles for instance.
        wishes: How many areas that were followed through one video or animation are remembered.
        regions: How many regions the plan of a photo may hold.
        video_regions: The same for a video or animation.
        keys: How many key frames all regions of a plan may have together.
        frames: How many frames a video may have: a small file may hold endless ones, and others would wait for ever.
        sound_seconds: How long a sound file may be, for the same reason.
        trials: How many parts of sound that were heard before and after are remembered.
        work_seconds: Work is given up when a frame ends later than this after the start, or in a video after the frame
            before it.
    """

    upload_bytes: int = 4_000_000_000
    photos: int = 500
    owner_bytes: int = 20_000_000_000
    total_bytes: int = 100_000_000_000
    free_bytes: int = 1_000_000_000
    free_share: float = 0.05
    keep_seconds: float = 3600.0
    trace_seconds: float = 86_400.0
    results: int = 3
    wishes: int = 20
    regions: int = 2000
    video_regions: int = 20_000
    keys: int = 300_000
    frames: int = 2_000_000
    sound_seconds: float = 86_400.0
    trials: int = 6
    work_seconds: float = 900.0

    def check_disk(self, folder: Path, more: int = 0) -> None:
        """Refuse to write where hardly anything is free.

        Args:
            folder: Where.
            more: So many bytes are about to be written.

        Raises:
            NoSpaceError: The disk is nearly full.
        """
        disk = shutil.disk_usage(folder)
        if disk.free - more < min(self.free_bytes, self.free_share * disk.total):
            raise disk_full()


def disk_full() -> NoSpaceError:
    """Return the error that says so."""
    return NoSpaceError(
        "The disk of the studio is full, so nothing was kept. Delete some files, or tell whoever runs Veil."
    )


def disk_shut() -> NoSpaceError:
    """Return the error that says that the disk may not be written to, which is as good as full."""
    return NoSpaceError(
        "The folder of the studio cannot be written to, so nothing was kept. Tell whoever runs Veil; what was kept "
        "before is safe."
    )
