"""One reader a format: a header at once, pixels later and one frame at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import Any

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from veil.errors import TooLargeError, UnsupportedError
from veil.media import exif, gif, png, raster, webp
from veil.media.damage import damaged, reading
from veil.media.raster import Family, Look, Reading
from veil.types import Frame, Kind, Pixels

_BITS, _PHOTOMETRIC, _SUBFILE, _CHANNEL_LAYOUT, _EXTRA, _SAMPLE_FORMAT, _PROFILE = 258, 262, 254, 284, 338, 339, 34675
_REDUCED_OR_MASK = 0b101
_WHITE_IS_ZERO, _IS_RGB = 0, 2
_MULTIPLIED_IN = 1


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a file before its pixels are decoded.

    Attributes:
        kind: What its frames are.
        sizes: Upright width and height of each page, or of the one canvas.
        looks: What each page, or every frame, is to be written like.
        frames: How many frames there are.
        decode: Starts decoding afresh, one frame at a time.
        plays: How often an animation is shown; 0 without end.
        lossless: The file holds its pixels without loss.
    """

    kind: Kind
    sizes: tuple[tuple[int, int], ...]
    looks: tuple[Look, ...]
    frames: int
    decode: Callable[[], Iterator[Frame]]
    plays: int = 0
    lossless: bool = False


def read_header(data: bytes, format: str, max_pixels: int) -> Header:
    """Read the header of a picture file.

    Args:
        data: The whole file.
        format: A key of FORMATS.
        max_pixels: The most that one still or page, or all frames of an animation together, may hold.

    Raises:
        InputError: The file is damaged.
        UnsupportedError: It holds what Veil does not read.
        TooLargeError: It holds more than ``max_pixels``.
    """
    with reading(format):
        header = _READERS[format](data)
    shown = header.frames if header.kind is Kind.ANIMATION else 1
    for width, height in header.sizes:
        if width < 1 or height < 1:
            raise damaged(format)
        if width * height * shown > max_pixels:
            frames = f" in {shown} frames" if shown > 1 else ""
            raise TooLargeError(
                f"The picture has {width} x {height} pixels{frames}, more than the limit of {max_pixels:,}; "
                "nothing was made from it. Raise the limit if you trust the file and have the memory."
            )
    return header


def _jpeg(data: bytes) -> Header:
    # Opened as plain JPEG, a file with several pictures (MPF, Ultra HDR) shows its main one only.
    def opened() -> Image.Image:
        return JpegImagePlugin.JpegImageFile(BytesIO(data))

    image = opened()
    return _still(image, "jpeg", exif.orientation(image.info.get("exif")), opened)


def _bmp(data: bytes) -> Header:
    def opened() -> Image.Image:
        return BmpImagePlugin.BmpImageFile(BytesIO(data))

    return _still(opened(), "bmp", 1, opened, lossless=True)


def _still(
    image: Image.Image, format: str, orientation: int, opened: Callable[[], Image.Image], *, lossless: bool = False
) -> Header:
    plan = raster.plan_reading(image.mode, image.info.get("icc_profile"), orientation)

    def decode() -> Iterator[Frame]:
        with reading(format):
            frame = Frame(*raster.read(_loaded(opened()), plan))
        yield frame

    return Header(Kind.STILL, (_turned(image.size, orientation),), (plan.look,), 1, decode, lossless=lossless)


def _png(data: bytes) -> Header:
    layout = png.read_layout(data)
    frames = len(layout.durations) or 1
    deep = layout.depth == 16 and not layout.durations

    def opened() -> Image.Image:
        return PngImagePlugin.PngImageFile(BytesIO(layout.essence))

    plan = raster.plan_reading(opened().mode, layout.profile, layout.orientation)
    if frames > 1:
        plan = _coloured(plan)

    def decode_deep() -> Iterator[Frame]:
        from veil.media import sixteen  # it takes long to load, for few pictures

        with reading("png"):
            pixels, alpha = sixteen.decode_png(layout.essence)
            turned = None if alpha is None else raster.upright(alpha, plan.orientation)
            frame = Frame(raster.upright(pixels, plan.orientation), turned)
        yield frame

    def decode() -> Iterator[Frame]:
        durations = layout.durations if frames > 1 else (None,)
        return _moving(opened, "png", plan, durations, int(layout.hidden_default))

    kind = Kind.ANIMATION if frames > 1 else Kind.STILL
    size = _turned(layout.size, layout.orientation)
    return Header(kind, (size,), (plan.look,), frames, decode_deep if deep else decode, layout.plays, lossless=True)


def _webp(data: bytes) -> Header:
    layout = webp.read_layout(data)
    frames = len(layout.durations) or 1
    plan = raster.plan_reading("RGB", layout.profile, layout.orientation)

    def opened() -> Image.Image:  # only to decode: it takes memory for the whole canvas
        image = WebPImagePlugin.WebPImageFile(BytesIO(data))
        if (image.size, getattr(image, "n_frames", 1)) != (layout.size, frames):
            raise damaged("webp")
        return image

    def decode() -> Iterator[Frame]:
        return _moving(opened, "webp", plan, layout.durations if frames > 1 else (None,))

    kind = Kind.ANIMATION if frames > 1 else Kind.STILL
    size = _turned(layout.size, layout.orientation)
    return Header(kind, (size,), (plan.look,), frames, decode, layout.plays, layout.lossless)


def _gif(data: bytes) -> Header:
    layout = gif.read_layout(data)
    # Some frames reach beyond the canvas; a larger canvas gives every frame the same size.
    whole = data[:6] + layout.size[0].to_bytes(2, "little") + layout.size[1].to_bytes(2, "little") + data[10:]
    frames = len(layout.durations)
    plan = Reading(Look(Family.COLOUR))

    def opened() -> Image.Image:
        return _Gif(BytesIO(whole))

    def decode() -> Iterator[Frame]:
        return _moving(opened, "gif", plan, layout.durations if frames > 1 else (None,))

    kind = Kind.ANIMATION if frames > 1 else Kind.STILL
    return Header(kind, (layout.size,), (plan.look,), frames, decode, layout.plays, lossless=True)


class _Gif(GifImagePlugin.GifImageFile):
    """A GIF file whose first frame is held in colours: Pillow takes the next ones wrongly for grey if that is grey."""

    def load_end(self) -> None:
        """Finish the frame that has been decoded."""
        super().load_end()
        if self.mode != "L":
            return
        transparent = self.info.pop("transparency", None)
        grey = self.im if transparent is None else self.im.convert_transparent("LA", transparent)
        self._mode = "RGB" if transparent is None else "RGBA"
        self.im = grey.convert(self._mode)


def _avif(data: bytes) -> Header:
    data = _without_exif(data)
    image = AvifImagePlugin.AvifImageFile(BytesIO(data))
    # Pillow hands on the file's own rotation as EXIF orientation, and nothing else may turn an AVIF picture.
    orientation = exif.orientation(image.info.get("exif"))
    plan = raster.plan_reading(image.mode, image.info.get("icc_profile"), orientation)
    frames = int(image.n_frames)
    if frames > 1:
        plan = _coloured(plan)

    def decode() -> Iterator[Frame]:
        with reading("avif"):
            image = AvifImagePlugin.AvifImageFile(BytesIO(data))
        for index in range(frames):
            with reading("avif"):
                image.seek(index)
                image.load()
                duration = Fraction(int(image.info["duration"]), 1000) if frames > 1 else None
                frame = Frame(*raster.read(image, plan), index, duration)
            yield frame

    kind = Kind.ANIMATION if frames > 1 else Kind.STILL
    return Header(kind, (_turned(image.size, orientation),), (plan.look,), frames, decode)


def _without_exif(data: bytes) -> bytes:
    """Return an AVIF file whose EXIF block goes unseen: the decoder refuses good pictures for a bad one."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"meta":
            return data[:at] + data[at : at + size].replace(b"Exif", b"skip") + data[at + size :]
        if size == 1:  # a longer number follows the kind
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            break
        at += size
    return data


def _heic(data: bytes) -> Header:
    import pillow_heif

    def opened() -> Any:
        file = pillow_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=True)
        return file[file.primary_index]  # libheif turns it upright; EXIF orientation does not count in HEIF

    image = opened()
    plan = raster.plan_reading(image.mode, image.info.get("icc_profile"))

    def decode() -> Iterator[Frame]:
        with reading("heic"):
            frame = Frame(*raster.read(opened().to_pillow(), plan))
        yield frame

    return Header(Kind.STILL, (image.size,), (plan.look,), 1, decode)


def _tiff(data: bytes) -> Header:
    image = _opened_tiff(data)
    numbers: list[int] = []
    sizes, plans = [], []
    for number in range(image.n_frames):
        image.seek(number)
        if numbers and image.tag_v2.get(_SUBFILE, 0) & _REDUCED_OR_MASK:
            continue  # a thumbnail or mask of another page: made from the original, so it must not survive
        numbers.append(number)
        sizes.append(image.size)
        profile = image.tag_v2.get(_PROFILE)
        plans.append(raster.plan_reading(image.mode, profile if isinstance(profile, bytes) else None))
        _check_tiff_samples(image)

    def decode() -> Iterator[Frame]:
        with reading("tiff"):
            image = _opened_tiff(data)
        for index, (number, plan) in enumerate(zip(numbers, plans, strict=True)):
            with reading("tiff"):
                image.seek(number)
                frame = Frame(*_tiff_page(image, data, plan), index)
            yield frame

    kind = Kind.PAGES if len(numbers) > 1 else Kind.STILL
    looks = tuple(plan.look for plan in plans)
    return Header(kind, tuple(sizes), looks, len(numbers), decode, lossless=True)


def _opened_tiff(data: bytes) -> TiffImagePlugin.TiffImageFile:
    try:
        return TiffImagePlugin.TiffImageFile(BytesIO(data))
    except SyntaxError as error:
        if "unknown" not in str(error):
            raise
        raise UnsupportedError(
            "The TIFF picture holds its samples in a way that Veil does not read; nothing was made from it. "
            "Save it with 8 or 16 bits a channel and try again."
        ) from error


def _check_tiff_samples(image: TiffImagePlugin.TiffImageFile) -> None:
    if _is_deep_rgb(image) and image.tag_v2.get(_CHANNEL_LAYOUT, 1) != 1:
        raise UnsupportedError(
            "The TIFF picture holds 16-bit colours in separate planes, which Veil does not read; nothing was made from "
            "it. Save it with interleaved channels and try again."
        )


def _is_deep_rgb(image: TiffImagePlugin.TiffImageFile) -> bool:
    return max(image.tag_v2.get(_BITS, (1,))) == 16 and image.tag_v2.get(_PHOTOMETRIC) == _IS_RGB


def _tiff_page(image: TiffImagePlugin.TiffImageFile, data: bytes, plan: Reading) -> tuple[Pixels, Pixels | None]:
    if _is_deep_rgb(image):
        from veil.media import sixteen

        extra = image.tag_v2.get(_EXTRA, ())
        pixels, alpha = sixteen.decode_tiff_page(data, image.tell())
        if image.mode == "RGB":
            return pixels, None
        return (_unmultiplied(pixels, alpha) if alpha is not None and _MULTIPLIED_IN in extra else pixels), alpha
    inverted = image.mode.startswith("I;16") and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    pixels, alpha = raster.read(_loaded(image), plan)  # Pillow turns TIFF pages upright itself
    return (np.iinfo(pixels.dtype).max - pixels if inverted else pixels), alpha


def _unmultiplied(pixels: Pixels, alpha: Pixels) -> Pixels:
    scale = 65535 / np.maximum(alpha, 1)[:, :, None].astype(np.float64)
    return (pixels * scale).clip(0, 65535).round().astype(np.uint16)


def _moving(
    opened: Callable[[], Image.Image],
    format: str,
    plan: Reading,
    durations: tuple[Fraction | None, ...],
    first: int = 0,
) -> Iterator[Frame]:
    with reading(format):
        image = opened()
    for index, duration in enumerate(durations):
        with reading(format):
            image.seek(first + index)
            frame = Frame(*raster.read(_loaded(image), plan), index, duration)
        yield frame


def _loaded(image: Image.Image) -> Image.Image:
    image.load()
    return image


def _turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return (size[1], size[0]) if orientation >= 5 else size


def _coloured(plan: Reading) -> Reading:
    """Return a plan for frames that must all be written with three channels; a grey profile is used up."""
    if plan.look.family is Family.COLOUR:
        return plan
    return Reading(Look(Family.COLOUR), plan.source_profile or plan.look.profile, plan.orientation)


_READERS: dict[str, Callable[[bytes], Header]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _avif,
    "heic": _heic,
    "tiff": _tiff,
    "gif": _gif,
    "bmp": _bmp,
}
