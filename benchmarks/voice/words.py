"""How well the words can be understood: the word error rate of a speech recogniser."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class Recogniser:
    """Whisper (Radford et al. 2022) as faster-whisper runs it, without a search for better readings."""

    def __init__(self, folder: Path) -> None:
        """Load the model from a folder with model.bin, config.json, tokenizer.json and vocabulary."""
        from faster_whisper import WhisperModel

        self._model: Any = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )

    def read(self, samples: Samples) -> str:
        """Return what is said in English sound at 16,000 samples a second."""
        parts, _ = self._model.transcribe(
            samples, language="en", beam_size=1, temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(part.text for part in parts)


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case, without punctuation."""
    for short, long in (("mr.", "mister"), ("mrs.", "missus"), ("dr.", "doctor"), ("-", " ")):
        text = text.lower().replace(short, long)
    return re.sub(r"[^a-z' ]", "", text).split()


def word_error_rate(pairs: Sequence[tuple[str, str]]) -> float:
    """Return how many words are wrong, missing or too many, beside how many were said; pairs of said and read."""
    said = sum(len(words_of(truth)) for truth, _ in pairs)
    return sum(_mistakes(words_of(truth), words_of(read)) for truth, read in pairs) / max(said, 1)


def _mistakes(said: list[str], read: list[str]) -> int:
    """Return the least number of words to change, add or take away (Levenshtein 1966)."""
    row = list(range(len(read) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(read, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]
