"""How much covered areas change from frame to frame, beside what is around them."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from veil import detect, pipeline, pipeline_video
from veil import plan as plans
from veil.media.video import Video, VideoFrame, open_video
from veil.options import Options
from veil.redact import cover_mask
from veil.types import Plan, Style

RING = 15  # pixels around an area
SHARES = (50, 95, 100)


def measure(video: Path, profile: str) -> int:
    """Cover a video with each style, print how much brightness changes from frame to frame, and return 0."""
    with open_video(video) as opened:
        finder = detect.load(profile)
        plan = pipeline.find(opened, finder, Options(profile=profile))
        print(
            f"{video.stem}: mean change of brightness between frames in covered areas: median, 95 %, most of all frames"
        )
        rows = {style.value: changes(opened, plan, Options(style=style)) for style in Style}
    print(f"{'around them':<12} {_shares(next(iter(rows.values()))[:, 1])}")
    for style, both in rows.items():
        print(f"{style:<12} {_shares(both[:, 0])}")
    return 0


def _shares(values: NDArray[np.float64]) -> str:
    return " ".join(f"{value:6.2f}" for value in np.percentile(values, SHARES))


def changes(video: Video, plan: Plan, options: Options) -> NDArray[np.float64]:
    """Return the mean change inside the covered areas and in a ring around them, for each frame that has any.

    Args:
        video: An open video.
        plan: What to cover in it.
        options: How.

    Returns:
        Shape (frames, 2), in steps of 0 to 255.
    """
    found = []
    grown = np.ones((2 * RING + 1,) * 2, np.uint8)
    last: tuple[NDArray[np.int16], NDArray[np.bool_]] | None = None
    for frame in _covered(video, plan, options):
        grey = frame.grey.astype(np.int16)
        mask = cover_mask(plans.to_cover(plan, frame.index), *grey.shape)
        if last is not None:
            change, inside = np.abs(grey - last[0]), mask & last[1]
            either = (mask | last[1]).astype(np.uint8)
            ring = cv2.dilate(either, grown).astype(bool) & ~either.astype(bool)
            if inside.any() and ring.any():
                found.append((change[inside].mean(), change[ring].mean()))
        last = grey, mask
    return np.array(found, np.float64).reshape(-1, 2)


def _covered(video: Video, plan: Plan, options: Options) -> Iterator[VideoFrame]:
    for frame in video.frames():
        yield pipeline_video.cover_frame(frame, plans.to_cover(plan, frame.index), options)
