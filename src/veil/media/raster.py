"""Between Pillow's pictures and Veil's arrays: modes, orientation, depth, alpha."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from veil.errors import UnsupportedError
from veil.media import icc
from veil.media.formats import ALL_MODES
from veil.types import Frame, Pixels

_STRIP_PIXELS = 1 << 20
_DIRECT = {"1", "L", "LA", "RGB", "RGBA", "I;16", "I;16L", "I;16B", "I;16N"}
_SIMPLER = {"PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}
_FOREIGN = {"CMYK", "LAB", "YCbCr", "HSV"}
_COLOUR_SPACES = {"CMYK": b"CMYK", "LAB": b"Lab "}


class Family(StrEnum):
    """How few colours the frames of a file need."""

    BILEVEL = "bilevel"
    GREY = "grey"
    COLOUR = "colour"


@dataclass(frozen=True, slots=True)
class Look:
    """What a frame shall be written like.

    Attributes:
        family: What kind of colours the original has.
        profile: Cleaned ICC profile that goes with the pixels, or None for sRGB.
    """

    family: Family
    profile: bytes | None = None


@dataclass(frozen=True, slots=True)
class Raster:
    """Samples ready for a writer.

    Attributes:
        mode: "1", "L", "LA", "RGB" or "RGBA".
        samples: Shape (H, W) for "1" and "L", otherwise (H, W, channels); uint8 or uint16. "1" holds 0 and 255.
        profile: ICC profile that fits the samples, or None.
    """

    mode: str
    samples: Pixels
    profile: bytes | None


@dataclass(frozen=True, slots=True)
class Reading:
    """How to turn a stored picture into upright RGB.

    Attributes:
        look: What it shall be written like.
        source_profile: ICC profile to convert the colours from, or None to take them as they are.
        orientation: EXIF orientation, 1 to 8, to be undone.
    """

    look: Look
    source_profile: bytes | None = None
    orientation: int = 1


def plan_reading(mode: str, profile: bytes | None, orientation: int = 1) -> Reading:
    """Decide from a picture's Pillow mode and ICC profile what becomes of its colours.

    Raises:
        UnsupportedError: Veil does not read samples of that kind.
    """
    if mode not in _DIRECT and mode not in _SIMPLER and mode not in _FOREIGN and mode != "P":
        raise UnsupportedError(
            f"The picture holds {_samples_in_words(mode)}, which Veil does not read; nothing was made from it. "
            "Save it with 8 or 16 bits a channel and try again."
        )
    if mode in _FOREIGN:
        fits = icc.colour_space(profile) == _COLOUR_SPACES.get(mode)
        return Reading(Look(Family.COLOUR), profile if fits else None, orientation)
    family = _family(mode)
    space = b"RGB " if family is Family.COLOUR else b"GRAY"
    if profile is None or family is Family.BILEVEL or icc.colour_space(profile) != space:
        return Reading(Look(family), None, orientation)
    cleaned = icc.clean(profile)
    if cleaned is not None:
        return Reading(Look(family, cleaned), None, orientation)
    convertible = icc.is_usable(profile) and not mode.startswith("I;16")
    return Reading(Look(family), profile if convertible else None, orientation)


def read(image: Image.Image, reading: Reading) -> tuple[Pixels, Pixels | None]:
    """Return upright RGB, shape (H, W, 3), and alpha, shape (H, W) or None, of a loaded Pillow picture.

    Works in strips, so that no second whole copy exists beside the result.
    """
    image = _simplified(image, reading.source_profile)
    width, height = image.size
    turned = reading.orientation >= 5
    shape = (width, height) if turned else (height, width)
    deep = image.mode.startswith("I;16")
    pixels: Pixels = np.empty((*shape, 3), np.uint16) if deep else np.empty((*shape, 3), np.uint8)
    alpha = np.empty(shape, np.uint8) if image.mode in ("LA", "RGBA") else None
    as_stored = _as_stored(pixels, reading.orientation)
    alpha_as_stored = None if alpha is None else _as_stored(alpha, reading.orientation)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = np.asarray(image.crop((0, top, width, min(top + rows, height))))
        if strip.dtype == np.bool_:
            strip = strip * np.uint8(255)
        if strip.ndim == 2:
            strip = strip[:, :, None]
        colours = strip[:, :, : strip.shape[2] - (alpha is not None)]
        as_stored[top : top + rows] = colours  # one channel spreads over three
        if alpha_as_stored is not None:
            alpha_as_stored[top : top + rows] = strip[:, :, -1]
    return pixels, alpha


def upright(stored: Pixels, orientation: int) -> Pixels:
    """Return a copy of a stored picture, turned as its EXIF orientation says."""
    height, width = stored.shape[:2]
    shape = (width, height) if orientation >= 5 else (height, width)
    out: Pixels = np.empty((*shape, *stored.shape[2:]), stored.dtype)
    _as_stored(out, orientation)[:] = stored
    return out


def write(
    frame: Frame, look: Look, *, modes: frozenset[str] = ALL_MODES, deep: bool = True, profile: bool = True
) -> Raster:
    """Return a frame's samples in the simplest mode of its family that still holds them all.

    Args:
        frame: What to write.
        look: What the original was like.
        modes: What the target holds; without "RGBA" the frame is laid over white.
        deep: The target holds 16 bits; otherwise they are rounded to 8.
        profile: The target holds an ICC profile; otherwise colours are converted to sRGB.
    """
    pixels: Pixels = frame.pixels if deep else eight_bits(frame.pixels)
    opacity: Pixels | None = None if frame.alpha is None else (frame.alpha if deep else eight_bits(frame.alpha))
    if opacity is not None and "RGBA" not in modes:
        pixels, opacity = _over_white(pixels, opacity), None
    was_grey = look.family is not Family.COLOUR
    grey = was_grey and ("L" if opacity is None else "LA") in modes and _is_grey(pixels)
    kept = look.profile
    if kept is not None and (not profile or was_grey != grey):  # a grey profile does not fit three channels
        pixels, kept = icc.to_srgb(pixels, kept, grey=was_grey), None
    if not grey:
        samples = pixels if opacity is None else _stacked(pixels, opacity)
        return Raster("RGB" if opacity is None else "RGBA", samples, kept)
    one = pixels[:, :, 0].copy()
    if opacity is not None:
        return Raster("LA", _stacked(one[:, :, None], opacity), kept)
    bilevel = look.family is Family.BILEVEL and "1" in modes
    if bilevel and bool(((one == 0) | (one == np.iinfo(one.dtype).max)).all()):
        return Raster("1", eight_bits(one), None)
    return Raster("L", one, kept)


def to_image(raster: Raster) -> Image.Image:
    """Return 8-bit samples, or 16-bit grey ones, as a Pillow picture that carries nothing else."""
    image = Image.fromarray(np.ascontiguousarray(raster.samples))
    return image.convert("1", dither=Image.Dither.NONE) if raster.mode == "1" else image


def eight_bits(samples: Pixels) -> NDArray[np.uint8]:
    """Return samples rounded to 8 bits; 8-bit ones are returned as they are."""
    if samples.dtype == np.uint8:
        return samples.astype(np.uint8, copy=False)
    out = np.empty(samples.shape, np.uint8)
    for row, target in zip(samples, out, strict=True):
        target[:] = (row.astype(np.uint32) + 128) // 257
    return out


def _simplified(image: Image.Image, source_profile: bytes | None) -> Image.Image:
    if source_profile is not None or image.mode in _FOREIGN:
        if image.mode == "P":
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        return icc.image_to_srgb(image, source_profile)
    if image.mode == "P":
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in _SIMPLER:
        return image.convert(_SIMPLER[image.mode])
    if "transparency" in image.info and image.mode in ("1", "L", "RGB"):
        return image.convert("RGBA" if image.mode == "RGB" else "LA")
    return image


def _family(mode: str) -> Family:
    if mode == "1":
        return Family.BILEVEL
    return Family.GREY if mode in ("L", "LA", "La") or mode.startswith("I;16") else Family.COLOUR


def _samples_in_words(mode: str) -> str:
    return {"F": "floating-point samples", "I": "32-bit or signed samples"}.get(mode, f"samples of the kind {mode!r}")


def _as_stored(picture: Pixels, orientation: int) -> Pixels:
    """Return a view of an upright picture that is indexed like the stored one."""
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return picture.swapaxes(0, 1) if orientation >= 5 else picture


def _is_grey(pixels: Pixels) -> bool:
    red = pixels[:, :, 0]
    return bool((red == pixels[:, :, 1]).all() and (red == pixels[:, :, 2]).all())


def _stacked(channels: Pixels, alpha: Pixels) -> Pixels:
    out: Pixels = np.empty((*alpha.shape, channels.shape[2] + 1), channels.dtype)
    out[:, :, :-1] = channels
    out[:, :, -1] = alpha
    return out


def _over_white(pixels: Pixels, alpha: Pixels) -> Pixels:
    out = np.empty_like(pixels)
    white = np.uint64(np.iinfo(pixels.dtype).max)
    for row, opacity, target in zip(pixels, alpha, out, strict=True):
        cover = opacity.astype(np.uint64)[:, None]
        target[:] = (row * cover + white * (white - cover) + white // 2) // white
    return out


def changes(before: Frame, after: Frame) -> NDArray[np.bool_]:
    """Return where two frames of one size differ, shape (H, W), colour under full transparency included."""
    changed = np.asarray((before.pixels != after.pixels).any(axis=2))
    if before.alpha is not None and after.alpha is not None:
        changed |= before.alpha != after.alpha
    return changed


def bounds(mask: NDArray[np.bool_], *, even: bool = False) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) of the smallest box around the set pixels; one pixel where none is set.

    Args:
        mask: Shape (H, W).
        even: Move left and top to even numbers, outwards.
    """
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not columns.size:
        return 0, 0, 1, 1
    left, top = int(columns[0]), int(rows[0])
    if even:
        left, top = left & ~1, top & ~1
    return left, top, int(columns[-1]) + 1, int(rows[-1]) + 1


def crop(frame: Frame, box: tuple[int, int, int, int]) -> Frame:
    """Return a part of a frame, as views."""
    left, top, right, bottom = box
    alpha = None if frame.alpha is None else frame.alpha[top:bottom, left:right]
    return Frame(frame.pixels[top:bottom, left:right], alpha, frame.index, frame.duration)


def with_alpha(frame: Frame) -> Frame:
    """Return a frame that has an alpha channel, an opaque one if it had none."""
    if frame.alpha is not None:
        return frame
    alpha = np.full(frame.pixels.shape[:2], np.iinfo(frame.pixels.dtype).max, frame.pixels.dtype)
    return Frame(frame.pixels, alpha, frame.index, frame.duration)
