"""One writer a format.

Files are built from pixels, times and cleaned profiles; nothing else is ever handed to a codec.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import chain, repeat
from typing import Any, BinaryIO

import numpy as np
from PIL import AvifImagePlugin, BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

from veil.errors import OutputError, UsageError
from veil.media import gif, png, raster, tiff, webp
from veil.media.damage import quiet
from veil.media.formats import FORMATS
from veil.media.raster import Family, Look, Raster
from veil.types import Frame, Kind

_PNG_LEVEL = 4
_AVIF_SPEED = 8  # of 10: a third of the default's time for the same size and look
_WEBP_METHOD, _WEBP_QUICK = 4, 2  # of 6: the quick one takes less than half the time for a few bytes in a hundred more
_HEVC_PRESET = "superfast"  # of x265: a third of the default's time for the same size and look


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be written.

    Attributes:
        target: A key of FORMATS.
        frames: The frames to write.
        originals: The same frames before anything was covered.
        looks: What each page, or every frame, is to be written like.
        kind: What the frames are.
        count: How many there are.
        plays: How often an animation is shown; 0 without end.
        lossless: The original holds its pixels without loss.
        quality: 1 to 100, for formats with loss.
        quick: Save time rather than bytes, where the codec offers that: JPEG, WebP.
    """

    target: str
    frames: Iterable[Frame]
    originals: Iterable[Frame]
    looks: tuple[Look, ...]
    kind: Kind
    count: int
    plays: int
    lossless: bool
    quality: int
    quick: bool = False


def write(job: Job, stream: BinaryIO) -> None:
    """Write a picture file.

    Raises:
        UsageError: The target cannot hold such frames.
        OutputError: The codec refuses the picture, or the file would be too large for its format.
    """
    _check_kind(job)
    frames = _checked(job)
    if job.target == "tiff":
        tiff.write((raster.write(frame, _look(job, frame)) for frame in frames), stream)
    elif job.target == "gif":
        gif.write(_gif_pictures(job, frames), stream, plays=job.plays)
    elif job.kind is Kind.ANIMATION:
        _write_animation(job, list(frames), stream)
    else:
        (picture,) = [_prepared(job, frame) for frame in frames]
        stream.write(_still(job, picture))


def _check_kind(job: Job) -> None:
    form = FORMATS[job.target]
    if job.kind is Kind.ANIMATION and not form.moves:
        raise UsageError(
            f"The picture is an animation and {form.title} holds stills only; nothing was written. "
            "Choose gif, png, webp or avif."
        )
    if job.kind is Kind.PAGES and not form.pages:
        raise UsageError(
            f"The picture has several pages and {form.title} holds one only; nothing was written. Choose tiff."
        )


def _checked(job: Job) -> Iterator[Frame]:
    form, given = FORMATS[job.target], 0
    for frame in job.frames:
        given += 1
        height, width = frame.pixels.shape[:2]
        if max(height, width) > form.max_side:
            raise UsageError(
                f"The picture has {width} x {height} pixels and {form.title} holds at most {form.max_side} a side; "
                "nothing was written. Choose png or tiff."
            )
        yield frame
    if given != job.count:
        raise UsageError(f"The picture has {job.count} frame(s) and {given} were given; a result would not be whole.")


def _look(job: Job, frame: Frame) -> Look:
    return job.looks[min(frame.index, len(job.looks) - 1)]


def _prepared(job: Job, frame: Frame) -> Raster:
    form = FORMATS[job.target]
    # OpenCV, which writes 16-bit PNG, has no grey with opacity.
    modes = form.modes - {"LA"} if job.target == "png" and frame.pixels.dtype == np.uint16 else form.modes
    return raster.write(frame, _look(job, frame), modes=modes, deep=form.deep, profile=form.profile)


def _still(job: Job, picture: Raster) -> bytes:
    if job.target == "png":
        return _png_file(job, picture)
    if job.target == "heic":
        return _heic_file(job, picture)
    return _saved(job, raster.to_image(picture), **_settings(job, picture.profile, grey=picture.mode == "L"))


def _settings(job: Job, profile: bytes | None, *, grey: bool = False) -> dict[str, Any]:
    """Return what Pillow is told besides pixels."""
    match job.target:
        case "jpeg":
            return {"quality": job.quality, "subsampling": 0, "optimize": not job.quick, "icc_profile": profile}
        case "webp":
            quality = {"quality": 75, "lossless": True, "exact": True} if job.lossless else {"quality": job.quality}
            return quality | {"method": _WEBP_QUICK if job.quick else _WEBP_METHOD, "icc_profile": profile}
        case "avif":
            chroma = "4:0:0" if grey else "4:4:4"
            return {"quality": job.quality, "subsampling": chroma, "speed": _AVIF_SPEED, "icc_profile": profile}
    return {}


def _saved(job: Job, image: Image.Image, **settings: Any) -> bytes:
    try:
        with quiet, _memory_file() as file:
            image.save(file, job.target.upper(), **settings)
            file.seek(0)
            return file.read()
    except (OSError, ValueError, RuntimeError) as error:
        raise _refused(job) from error


def _memory_file() -> BinaryIO:
    """Return a file in memory. Into one with a descriptor Pillow's own encoders write without Python's lock."""
    return os.fdopen(os.memfd_create("veil"), "w+b") if hasattr(os, "memfd_create") else BytesIO()


def _refused(job: Job) -> OutputError:
    return OutputError(
        f"The picture could not be encoded as {FORMATS[job.target].title}; nothing was written. Choose another format."
    )


def _png_file(job: Job, picture: Raster) -> bytes:
    if picture.samples.dtype == np.uint8:
        return png.with_profile(_saved(job, raster.to_image(picture), compress_level=_PNG_LEVEL), picture.profile)
    from veil.media import sixteen  # it takes long to load, for few pictures

    return png.with_profile(sixteen.encode_png(picture.samples), picture.profile)


def _heic_file(job: Job, picture: Raster) -> bytes:
    import pillow_heif

    image = raster.to_image(picture)
    if picture.profile is not None:
        image.info["icc_profile"] = picture.profile
    file = BytesIO()
    try:
        with quiet:
            pillow_heif.from_pillow(image).save(
                file, quality=job.quality, chroma="444", enc_params={"preset": _HEVC_PRESET}
            )
    except (OSError, ValueError, RuntimeError) as error:
        raise _refused(job) from error
    return file.getvalue()


def _write_animation(job: Job, frames: Sequence[Frame], stream: BinaryIO) -> None:
    """Write frames that are all in memory: they are compared with each other and must be of one kind."""
    frames = [Frame(raster.eight_bits(frame.pixels), *_rest(frame)) for frame in frames]
    if any(frame.alpha is not None for frame in frames):
        frames = [raster.with_alpha(frame) for frame in frames]
    look = Look(Family.COLOUR, job.looks[0].profile)
    if job.target == "avif":
        _write_avif_animation(job, frames, look, stream)
        return

    def still(frame: Frame) -> bytes:
        return _still(job, raster.write(frame, Look(Family.COLOUR)))

    if job.target == "png":
        png.write_animation(frames, stream, plays=job.plays, profile=look.profile, still=still)
    else:
        durations = _whole_ticks((frame.duration for frame in frames), 1000)
        webp.write_animation(frames, durations, stream, plays=job.plays, profile=look.profile, still=still)


def _rest(frame: Frame) -> tuple[Any, int, Fraction | None]:
    return None if frame.alpha is None else raster.eight_bits(frame.alpha), frame.index, frame.duration


def _write_avif_animation(job: Job, frames: Sequence[Frame], look: Look, stream: BinaryIO) -> None:
    images = [raster.to_image(raster.write(frame, look)) for frame in frames]
    times = _whole_ticks((frame.duration for frame in frames), 1000)
    settings = _settings(job, look.profile) | {"save_all": True, "append_images": images[1:], "duration": times}
    stream.write(_saved(job, images[0], **settings))


def _whole_ticks(durations: Iterable[Fraction | None], a_second: int) -> list[int]:
    """Return durations in whole ticks; what rounding takes from one goes to the next, so that the sum stays true."""
    ticks, due, done = [], Fraction(0), 0
    for duration in durations:
        due += (duration or 0) * a_second
        ticks.append(round(due) - done)
        done += ticks[-1]
    return ticks


def _gif_pictures(job: Job, frames: Iterator[Frame]) -> Iterator[gif.Picture]:
    due, done = Fraction(0), 0
    for frame, original in zip(frames, chain(job.originals, repeat(None)), strict=False):
        codes = _codes(job, frame)
        fresh = np.ones(codes.shape, np.bool_)
        if original is not None and original.pixels.shape == frame.pixels.shape:
            fresh = codes != _codes(job, original)
        due += (frame.duration or 0) * 100
        yield gif.Picture(codes, fresh, min(round(due) - done, 0xFFFF))
        done = round(due)


def _codes(job: Job, frame: Frame) -> gif.Codes:
    samples = _prepared(job, frame).samples  # always with three channels or four
    codes = samples[:, :, 0].astype(np.int32)
    for channel in (1, 2):
        codes <<= 8
        codes |= samples[:, :, channel]
    if frame.alpha is not None:
        codes[samples[:, :, 3] < 128] = gif.TRANSPARENT
    return codes
