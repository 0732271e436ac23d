"""What can be done to one photo on the desk: look at it, cover it, show it small."""

from pathlib import Path
from typing import Any, BinaryIO

import cv2

from veil import pipeline
from veil.detect import Finder
from veil.media.formats import extension, format_named
from veil.media.image import encode, open_picture, picture_from_pil, to_pil
from veil.options import Options
from veil.types import Facts, Frame, Pixels, Plan

PREVIEW_FORMAT = "webp"
PREVIEW_SIDE = 1600
PREVIEW_QUALITY = 85


def look(original: Path, finder: Finder, options: Options, step: pipeline.Step) -> Plan:
    """Return what is to be covered in a photo. Errors are those of pipeline.find() and open_picture()."""
    with open_picture(original, max_pixels=options.max_pixels) as picture:
        return pipeline.find(picture, finder, options, step)


def cover(original: Path, plan: Plan, stream: BinaryIO, options: Options, step: pipeline.Step) -> None:
    """Write the whole covered photo. Errors are those of pipeline.cover() and open_picture()."""
    with open_picture(original, max_pixels=options.max_pixels) as picture:
        pipeline.cover(picture, plan, stream, options, step)


def preview(original: Path, plan: Plan | None, stream: BinaryIO, options: Options) -> None:
    """Write a photo's first frame as a small WebP that every browser shows.

    Args:
        original: The photo.
        plan: What to cover, at full size, before the picture is shrunk; None shows the original.
        stream: Where the preview is written.
        options: All settings; those of stage COVER are used.
    """
    with open_picture(original, max_pixels=options.max_pixels) as picture:
        frames = picture.frames() if plan is None else pipeline.covered_frames(picture, plan, options)
        frame = next(iter(frames))
        small = picture_from_pil(to_pil(_small(frame), picture))  # a still, whatever it was, in the same colours
    encode(small.frames(), small, stream, format=PREVIEW_FORMAT, quality=PREVIEW_QUALITY)


def result_format(picture: Facts, options: Options) -> tuple[str, str]:
    """Return the format of a result and the ending of its name, ("jpeg", ".jpg") for instance."""
    name = format_named(options.format) if options.format else picture.format
    return name, extension(name)


def _small(frame: Frame) -> Frame:
    return Frame(_shrunk(frame.pixels), None if frame.alpha is None else _shrunk(frame.alpha))


def _shrunk(samples: Pixels) -> Pixels:
    """Return samples, (H, W) or (H, W, 3), scaled down so that the longer side has at most PREVIEW_SIDE pixels."""
    height, width = samples.shape[:2]
    scale = PREVIEW_SIDE / max(height, width)
    if scale >= 1:
        return samples
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized: Any = cv2.resize(samples, size, interpolation=cv2.INTER_AREA)
    small: Pixels = resized.astype(samples.dtype, copy=False)
    return small
