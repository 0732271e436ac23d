"""Finding faces. The only room that knows models and the runtime that runs them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from veil.errors import DetectorError, UsageError
from veil.models import DETECTORS
from veil.types import Detection


class Detector(Protocol):
    """Anything that finds faces in one picture. Keeps no state; may be called from several threads."""

    @property
    def name(self) -> str:
        """Lower-case name that plans cite as the source."""

    def detect(self, pixels: NDArray[np.uint8], /) -> list[Detection]:
        """Return every face seen, in pixels of ``pixels``, in any order, low scores too.

        Never returns ``[]`` to hide a failure: raises DetectorError, so that no half-covered file is written.

        Args:
            pixels: Upright RGB picture, shape (H, W, 3), dtype uint8.
        """


def _nothing() -> None:
    """Let go of nothing."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A detector and what its scores mean.

    Attributes:
        detector: Looks at one picture.
        cover: (height, threshold) steps, as in boxes.thresholds: faces with such scores are covered.
        suggest: The same for faces that are shown to a person for a decision.
        models: SHA-256 of the weights of each model used, in hexadecimal, by name.
        glance: Looks at a picture for less, and sees small faces less often; for videos, between two full looks. None
            where each look is to be full.
        in_videos: Who looks at videos instead; None where it is the same.
        release: Lets go of the models and of the memory that looking took, to be called when there is other work to do
            for long; the next look loads them anew.
    """

    detector: Detector
    cover: Sequence[tuple[float, float]]
    suggest: Sequence[tuple[float, float]]
    models: Mapping[str, str]
    glance: Detector | None = None
    in_videos: "Finder | None" = None
    release: Callable[[], None] = _nothing

    def look(self, pixels: NDArray[np.uint8], *, glance: bool = False) -> list[Detection]:
        """Return what the detector sees, or fail: a NaN is below every threshold and would pass for no face.

        Args:
            pixels: Upright RGB picture, shape (H, W, 3), dtype uint8.
            glance: Whether a glance is enough, if there is one.

        Raises:
            DetectorError: The detector failed, or its answer makes no sense.
        """
        detector = self.glance if glance and self.glance else self.detector
        found = detector.detect(pixels)
        if not np.isfinite([(*each.box, each.score) for each in found]).all():
            raise DetectorError(
                f"The detector {detector.name} gave a place or score that is not a number; nothing was made."
            )
        return found


def load(profile: str, *, streams: int = 1) -> Finder:
    """Load the models of a profile.

    Args:
        profile: A value of Profile.
        streams: How many pictures will be looked at side by side, each by its own thread.

    Raises:
        UsageError: The profile is not known.
        DetectorError: A model cannot be loaded.
    """
    from veil.detect.profiles import build  # the back ends are loaded when used

    return build(profile, streams)


def load_second(profile: str, *, streams: int = 1) -> Finder:
    """Load what looks a second time, at results: another model, or other sizes of the picture, than the profile's own.

    Its ``cover`` says from which score on a face still shows; ``suggest`` is the same.

    Args:
        profile: A value of Profile: how hard to look.
        streams: As for load().

    Raises:
        UsageError: The profile is not known.
        DetectorError: A model cannot be loaded.
    """
    from veil.detect.second import build

    return build(profile, streams)


def open_detector(name: str, *, min_score: float = 0.05, streams: int = 1) -> Detector:
    """Load one detector alone, to look at a picture as it is, in one size.

    Args:
        name: One of veil.models.DETECTORS.
        min_score: Faces with a lower score are not reported.
        streams: As for load().

    Raises:
        UsageError: There is no such detector.
        DetectorError: The model cannot be loaded.
    """
    from veil.detect.runtime import Tuning

    tuning = Tuning(precision="bf16", streams=streams)
    match name:  # only the back end that is used is imported
        case "centerface":
            from veil.detect.centerface import CenterFace

            return CenterFace(min_score=min_score, tuning=tuning)
        case "yunet":
            from veil.detect.yunet import YuNet

            return YuNet(min_score=min_score, tuning=tuning)
        case "blazeface-full" | "blazeface-short":
            from veil.detect.blazeface import BlazeFace

            return BlazeFace("full" if name == "blazeface-full" else "short", min_score=min_score, tuning=tuning)
    raise UsageError(f"There is no detector {name!r}; nothing was done. Choose one of {', '.join(DETECTORS)}.")
