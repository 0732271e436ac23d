"""Recordings of speakers: which there are, and their sound."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from veil.media.sound import open_sound
from veil.voice.resample import resample

Samples = NDArray[np.float32]

RATE = 16_000
TEST, ATTACKER = "test.json", "attacker.json"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording of one speaker.

    Attributes:
        path: The sound file.
        speaker: A name or number.
        sex: "F" or "M"; speakers are compared with their own alone.
        text: What is said, in lower case; None where it is not known.
    """

    path: Path
    speaker: str
    sex: str
    text: str | None


def read_list(folder: Path, name: str) -> list[Utterance]:
    """Return the recordings that a list in a folder names.

    Raises:
        SystemExit: There is no such list, or it is not one.
    """
    try:
        entries = json.loads((folder / name).read_text("utf-8"))
        return [Utterance(folder / one["file"], one["speaker"], one["sex"], one["text"]) for one in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(
            f"{folder / name} is not a list of recordings ({error}); nothing was measured.\n"
            'It holds [{"file": "test/a.flac", "speaker": "1", "sex": "F", "text": "words" or null}, ...].'
        ) from error


def read_sound(utterance: Utterance) -> Samples:
    """Return all channels of a recording in one, at RATE, shape (n,)."""
    with open_sound(utterance.path) as sound:
        blocks: Iterator[Samples] = sound.blocks()
        return resample(np.concatenate(list(blocks), 1).mean(0), sound.shape.rate, RATE)
