"""Going on after the program was killed: the plan of a video lies beside its result until that is there.

Looking takes most of the time that a video takes, so it should not have to be done twice. The file is hidden, and holds
no pixels and no names. It outlives its run only if that was killed; any other end deletes it.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import veil
from veil import pipeline, pipeline_video
from veil import plan as plans
from veil.detect import Finder
from veil.errors import PlanError
from veil.files import write_aside
from veil.media.video import Video
from veil.options import Options
from veil.types import Plan, Step


@contextmanager
def planned(video: Video, finder: Finder, options: Options, step: Step, *, target: Path) -> Iterator[Plan]:
    """Give what is to be covered in a video: the plan that a killed run has left, or one made now.

    It is kept for the length of the block, in which the result is made, looked at again and given its name.

    Args:
        video: An open video.
        finder: Loaded models for the profile of ``options``.
        options: All settings.
        step: Called after each frame that is looked at.
        target: The name that the result will have; the plan lies beside it.

    Raises:
        OutputError: The plan cannot be written there.
        VeilError: As for pipeline.find().
    """
    pipeline_video.target_of(video, options)  # what cannot be written is refused before the long search
    path = _beside(target, video, finder, options)
    try:
        plan = _left(path)
        if plan is None:
            plan = pipeline.find(video, finder, options, step)
            with write_aside(path, overwrite=True) as stream:
                stream.write(plans.to_json(plan).encode())
        yield plan
    finally:
        with suppress(OSError):
            path.unlink()


def _beside(target: Path, video: Video, finder: Finder, options: Options) -> Path:
    """Return where the plan lies: a name that only the same video, settings, models and program lead to."""
    parts = [target.name, video.facts.sha256, options.digest(), sorted(finder.models.items()), veil.__version__]
    return target.with_name(f".veil-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}.plan")


def _left(path: Path) -> Plan | None:
    """Return the plan in a file; None if there is none, or it cannot be used."""
    try:
        return plans.from_json(path.read_bytes())
    except (OSError, PlanError):
        return None
