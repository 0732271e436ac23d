"""Make docs/images/voices.png: the spectrum over time of made-up speech, as it is and as each mode leaves it.

    python scripts/make_spectrograms.py

Nobody has said it: tests/voice/speech.py makes vowels and hisses. Before and after it there is a chord with noise.
"""

import sys
from io import BytesIO
from pathlib import Path
from secrets import SystemRandom

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.voice.speech import RATE, babble  # noqa: E402

from veil.models import WEIGHTS  # noqa: E402
from veil.voice.activity import find_speech  # noqa: E402
from veil.voice.beep import Beep  # noqa: E402
from veil.voice.disguise import Disguise  # noqa: E402
from veil.voice.edit import Change, edit  # noqa: E402
from veil.voice.network import SpeechNetwork  # noqa: E402

Samples = NDArray[np.float32]

TARGET = ROOT / "docs" / "images" / "voices.png"
AROUND, SPOKEN = 1.5, 3.0  # seconds


def main() -> None:
    """Write the picture."""
    from matplotlib.figure import Figure

    sound = scene()
    stretches, _ = find_speech([sound[None]], RATE, SpeechNetwork(WEIGHTS["silero"]))
    changes: dict[str, Change] = {
        "disguise": Disguise(RATE, SystemRandom()),
        "disguise, run again": Disguise(RATE, SystemRandom()),
        "beep": Beep(RATE),
    }
    rows = {"as it was": sound}
    rows |= {
        name: np.concatenate(list(edit([sound[None]], RATE, stretches, one)), 1)[0] for name, one in changes.items()
    }
    figure = Figure(figsize=(8, 8), layout="constrained", facecolor="white")
    for axes, (name, samples) in zip(figure.subplots(len(rows), sharex=True), rows.items(), strict=True):
        axes.specgram(samples, NFFT=512, noverlap=448, Fs=RATE, vmin=-130, vmax=-40, cmap="magma")
        for edge in (edge for stretch in stretches for edge in stretch):
            axes.axvline(edge / RATE, color="white", linewidth=1, linestyle="--")
        axes.set_ylabel("Hz")
        axes.set_ylim(0, 6000)
        axes.set_title(name, loc="left", fontsize=10)
    axes.set_xlabel("seconds")
    drawn = BytesIO()
    figure.savefig(drawn, dpi=90)
    Image.open(drawn).convert("RGB").quantize(128).save(TARGET, optimize=True)


def scene() -> Samples:
    """Return a chord with noise, speech, and the chord again; one channel."""
    random = np.random.default_rng(3)
    count = int(AROUND * RATE)
    at = np.arange(count) / RATE
    chord = np.sum([0.03 * np.sin(2 * np.pi * pitch * at) for pitch in (262, 330, 392, 1047, 2093)], 0)
    around = (chord + random.normal(0, 0.003, count)).astype(np.float32)
    speech = babble(SPOKEN, seed=4) + random.normal(0, 0.0005, int(SPOKEN * RATE)).astype(np.float32)
    quiet = random.normal(0, 0.0005, int(0.7 * RATE)).astype(np.float32)
    return np.concatenate([around, quiet, speech, quiet, around])


if __name__ == "__main__":
    main()
