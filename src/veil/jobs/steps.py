"""What is done with the pixels of one photo besides finding and covering: showing it small."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import cv2

from veil import pipeline
from veil import plan as plans
from veil.media.files import Opener
from veil.media.formats import media_extension, media_named
from veil.media.image import DEFAULT_MAX_PIXELS, Picture, encode, picture_from_array
from veil.options import Options
from veil.types import Box, Facts, Frame, Pixels, Plan, Point, Region

PREVIEW_SIDE = 1600
PREVIEW_QUALITY = 85

_OPAQUE, _TRANSPARENT = "jpeg", "webp"  # a JPEG file takes a tenth of the time, but cannot be seen through


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture that every browser shows.

    Attributes:
        data: The file.
        format: "jpeg" or "webp".
    """

    data: bytes
    format: str


def write_preview(picture: Picture, stream: BinaryIO) -> None:
    """Write a photo's first frame as a small picture that every browser shows.

    Raises:
        InputError: The picture is damaged.
    """
    frame = next(iter(picture.frames()))
    format = _OPAQUE if frame.alpha is None else _TRANSPARENT
    picture.write_still(_small(frame), stream, format=format, quality=PREVIEW_QUALITY)


def make_preview(original: Path, opener: Opener, *, max_pixels: int) -> bytes:
    """Return the file of a photo's preview.

    Args:
        original: The photo.
        opener: Opens it.
        max_pixels: The limit that the photo was looked at with.

    Raises:
        InputError: The photo is damaged or gone.
    """
    stream = io.BytesIO()
    with opener.open_picture(original, max_pixels=max_pixels) as picture:
        write_preview(picture, stream)
    return stream.getvalue()


def small(pixels: Pixels, side: int = PREVIEW_SIDE) -> Preview:
    """Return a frame of a video or animation as a small picture that every browser shows.

    Args:
        pixels: RGB, shape (H, W, 3), uint8.
        side: The most pixels of its longer side.
    """
    stream = io.BytesIO()
    picture = picture_from_array(_shrunk(pixels, side))
    encode(picture.frames(), picture, stream, format=_OPAQUE, quality=PREVIEW_QUALITY, quick=True)
    return Preview(stream.getvalue(), _OPAQUE)


def read_preview(preview: Path) -> Preview:
    """Return what write_preview() made."""
    data = preview.read_bytes()
    return Preview(data, _TRANSPARENT if data.startswith(b"RIFF") else _OPAQUE)


def covered_preview(preview: Path | bytes, opener: Opener, plan: Plan, options: Options, shown: int = 0) -> Preview:
    """Return a preview with its faces covered.

    Args:
        preview: What write_preview() or small() made: the file, or its bytes.
        opener: Opens it.
        plan: What to cover, in pixels of the whole photo.
        options: All settings; those of stage COVER are used.
        shown: Number of the frame that the preview shows.
    """
    stream = io.BytesIO()
    with opener.open_picture(preview, max_pixels=DEFAULT_MAX_PIXELS) as opened:
        small = pipeline.decoded_once(opened)
        frames = pipeline.covered_frames(small, _scaled(plan, small.facts, shown), options)
        small.write(frames, stream, quality=PREVIEW_QUALITY, quick=True)
    return Preview(stream.getvalue(), small.facts.format)


def result_format(own: str, options: Options) -> tuple[str, str]:
    """Return the format of a result and the ending of its name, ("jpeg", ".jpg") for instance.

    Args:
        own: The format of what it is made of.
        options: All settings.

    Raises:
        UsageError: The format asked for is not known.
    """
    name = media_named(options.format) if options.format else own
    return name, media_extension(name)


def _scaled(plan: Plan, small: Facts, shown: int) -> Plan:
    """Return what a plan covers in one frame, in pixels of a smaller picture of it."""
    x, y = small.width / plan.picture.width, small.height / plan.picture.height
    return replace(plan, picture=small, regions=tuple(_scaled_regions(plan, shown, x, y)))


def _scaled_regions(plan: Plan, shown: int, x: float, y: float) -> Iterator[Region]:
    for region in plans.to_cover(plan, shown):
        yield replace(
            region,
            box=scaled_box(region.box, x, y),
            face=None if region.face is None else scaled_box(region.face, x, y),
            points=(),
            outline=tuple(Point(point.x * x, point.y * y) for point in region.outline),
            frames=None,
        )


def scaled_box(box: Box, x: float, y: float) -> Box:
    """Return a box in pixels of a picture that is so many times as wide and as high."""
    return Box(box.left * x, box.top * y, box.right * x, box.bottom * y)


def _small(frame: Frame) -> Frame:
    return Frame(_shrunk(frame.pixels), None if frame.alpha is None else _shrunk(frame.alpha))


def _shrunk(samples: Pixels, side: int = PREVIEW_SIDE) -> Pixels:
    """Return samples, (H, W) or (H, W, 3), scaled down so that the longer side has at most ``side`` pixels."""
    height, width = samples.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return samples
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized: Any = cv2.resize(samples, size, interpolation=cv2.INTER_AREA)
    small: Pixels = resized.astype(samples.dtype, copy=False)
    return small
