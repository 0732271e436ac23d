"""One frame of a video in the file's own colours: planes of brightness and colour difference, seen as RGB on demand.

A frame is never turned into RGB and back: it is covered in its planes, so everything outside keeps the values that the
file held.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from veil.errors import UnsupportedError

Plane = NDArray[np.uint8] | NDArray[np.uint16]
"""One plane of a frame, shape (rows, columns)."""

_STEPS = {"yuv420p": (2, 2), "yuv422p": (1, 2), "yuv444p": (1, 1)}

_HELD_AS = {
    "yuv420p": "yuv420p yuvj420p nv12 nv21 gray yuva420p yuv410p",
    "yuv422p": "yuv422p yuvj422p yuyv422 uyvy422 yvyu422 nv16 yuva422p yuv411p yuvj411p",
    "yuv444p": "yuv444p yuvj444p yuv440p yuvj440p nv24 nv42 yuva444p pal8 rgb24 bgr24 rgba bgra argb abgr rgb0 bgr0 "
    "0rgb 0bgr gbrp gbrap rgb555le rgb565le bgr555le bgr565le monow monob",
    "yuv420p10le": "yuv420p10le p010le gray10le yuva420p10le",
    "yuv422p10le": "yuv422p10le p210le yuva422p10le",
    "yuv444p10le": "yuv444p10le yuv440p10le yuva444p10le gbrp10le gbrap10le",
}
_WORKING = {stored: held for held, names in _HELD_AS.items() for stored in names.split()}
"""For each pixel format that decoders give, the planar one it is held in: none loses depth or colour resolution."""

_RGB_MATRIX, _UNSPECIFIED = 0, 2
_MATRICES = {
    1: ("ITU709", 0.2126, 0.0722),
    4: ("FCC", 0.30, 0.11),
    5: ("ITU601", 0.299, 0.114),
    6: ("ITU601", 0.299, 0.114),
    7: ("SMPTE240M", 0.212, 0.087),
    9: ("BT2020", 0.2627, 0.0593),
    10: ("BT2020", 0.2627, 0.0593),
}
"""By code point: FFmpeg's name, and the shares of red and blue in brightness."""
_HD_ROWS = 720
_FULL = int(ColorRange.JPEG)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the frames of a video are held.

    Attributes:
        width: Upright, in pixels.
        height: Upright, in pixels.
        format: One of six planar pixel formats, "yuv420p" for instance.
        matrix: Code point of how RGB becomes brightness and colour difference; never 0 or 2.
        full: Numbers use the full range of their bits, not the narrow one of television.
        interlaced: Rows belong to two fields in turn.
    """

    width: int
    height: int
    format: str
    matrix: int
    full: bool
    interlaced: bool = False

    @property
    def bits(self) -> int:
        """Bits a channel, 8 or 10."""
        return 10 if self.format.endswith("10le") else 8

    @property
    def step(self) -> tuple[int, int]:
        """How many rows and columns share one colour difference."""
        return _STEPS[self.format.removesuffix("10le")]

    @property
    def cell(self) -> tuple[int, int]:
        """Rows and columns of the smallest block whose colours depend on nothing outside it."""
        down, across = self.step
        return (2 * down, across) if self.interlaced and down > 1 else (down, across)

    @property
    def uneven(self) -> bool:
        """Whether colours at the right or lower edge are shared by fewer pixels than elsewhere."""
        down, across = self.step
        return bool(self.height % down or self.width % across)

    @property
    def peak(self) -> int:
        """The highest number in a plane, 255 or 1023."""
        return (1 << self.bits) - 1

    def numbers(self, color: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return what the three planes hold of a colour given as red, green and blue, 0 to 255."""
        red_green_blue = np.array([*color, 1])
        first, second, third = np.rint(_rgb_to_planes(self) @ red_green_blue).clip(0, self.peak).astype(int).tolist()
        return first, second, third

    def without_sharing(self) -> "Layout":
        """Return the same with a colour difference for each pixel."""
        return replace(self, format=_unshared(self.format))


def layout_of(picture: av.VideoFrame, *, transpose: bool, odd_flips: bool) -> Layout:
    """Return how frames like a decoded one are held.

    Args:
        picture: As decoded.
        transpose: Rows and columns will be swapped.
        odd_flips: It will be mirrored along a side with an odd number of pixels, so that shared colours would shift.

    Raises:
        UnsupportedError: Its pixel format or colours are none that Veil can hold without loss.
    """
    stored = picture.format.name
    if stored not in _WORKING:
        raise UnsupportedError(
            f"The video's pixels are stored as {stored!r}, with a depth or layout that Veil cannot keep; "
            "nothing was made from it. Convert it to 8 or 10 bits a channel first."
        )
    held = _WORKING[stored]
    down, across = _STEPS[held.removesuffix("10le")]
    if (transpose and down != across) or (odd_flips and across > 1):
        held = _unshared(held)
    matrix = int(picture.colorspace)
    if matrix in (_RGB_MATRIX, _UNSPECIFIED):
        matrix = 1 if min(picture.height, picture.width) >= _HD_ROWS else 6
    if matrix not in _MATRICES:
        raise UnsupportedError(
            f"The video's colours are stored with matrix {matrix} of ITU-T H.273, which Veil does not read; "
            "nothing was made from it."
        )
    width, height = (picture.height, picture.width) if transpose else (picture.width, picture.height)
    full = int(picture.color_range) == _FULL and not _is_rgb(stored)
    return Layout(width, height, held, matrix, full or stored.startswith("yuvj"), picture.interlaced_frame)


class Converter:
    """Changes pixel formats. FFmpeg's tables are kept between frames; one thread at a time uses them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scaler = VideoReformatter()

    def to_rgb(self, picture: av.VideoFrame, layout: Layout) -> NDArray[np.uint8]:
        """Return RGB, shape (H, W, 3), uint8. Every pixel takes the colour difference of its own block alone."""
        name = Colorspace[_MATRICES[layout.matrix][0]]
        source = ColorRange.JPEG if layout.full else ColorRange.MPEG
        with self._lock:
            rgb = self._scaler.reformat(
                picture,
                format="rgb24",
                src_colorspace=name,
                dst_colorspace=name,
                src_color_range=source,
                dst_color_range=ColorRange.JPEG,
                interpolation=Interpolation.POINT,
                threads=1,
            )
        (plane,) = planes_of(rgb, channels=3)
        return np.ascontiguousarray(plane.reshape(layout.height, layout.width, 3)).astype(np.uint8, copy=False)

    def to_planar(self, picture: av.VideoFrame, layout: Layout) -> av.VideoFrame:
        """Return a picture in the pixel format of a layout, which may have its sides swapped."""
        name = Colorspace[_MATRICES[layout.matrix][0]]
        both = ColorRange.JPEG if layout.full else ColorRange.MPEG
        source = ColorRange.JPEG if _is_rgb(picture.format.name) else both
        with self._lock:
            return self._scaler.reformat(
                picture,
                format=layout.format,
                src_colorspace=name,
                dst_colorspace=name,
                src_color_range=source,
                dst_color_range=both,
                threads=1,
            )

    def to_small(self, picture: av.VideoFrame, layout: Layout, width: int, height: int) -> av.VideoFrame:
        """Return a picture in another size, as 8-bit 4:2:0 in the narrow range of television."""
        name = Colorspace[_MATRICES[layout.matrix][0]]
        with self._lock:
            return self._scaler.reformat(
                picture,
                width=width,
                height=height,
                format="yuv420p",
                src_colorspace=name,
                dst_colorspace=name,
                src_color_range=ColorRange.JPEG if layout.full else ColorRange.MPEG,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.AREA,
                threads=1,
            )


class Image:
    """The planes of one upright frame. Never changed once made.

    Attributes:
        layout: How it is held.
    """

    def __init__(
        self, held: "av.VideoFrame | Sequence[Plane]", layout: Layout, converter: Converter, *, clean: bool
    ) -> None:
        """Take a picture, or planes, that are in the layout already.

        Args:
            held: Its planes are looked at, not copied.
            layout: How it is held.
            converter: Makes RGB of it when asked.
            clean: It was made here and so bears nothing but its planes.
        """
        self.layout = layout
        self._made = held if isinstance(held, av.VideoFrame) else None
        self._views: list[Plane] = planes_of(held) if isinstance(held, av.VideoFrame) else list(held)
        self._converter = converter
        self._clean = clean
        self._rgb: NDArray[np.uint8] | None = None

    def rgb(self) -> NDArray[np.uint8]:
        """Return RGB, shape (H, W, 3), uint8, read-only; worked out once."""
        if self._rgb is None:
            layout = self.layout.without_sharing() if self.layout.uneven else self.layout  # FFmpeg would blur the edge
            picture = self._picture if layout is self.layout else self.clean(layout)
            self._rgb = self._converter.to_rgb(picture, layout)
            self._rgb.flags.writeable = False
        return self._rgb

    def brightness(self) -> NDArray[np.uint8]:
        """Return the plane of brightness as uint8, shape (H, W), read-only; in 8 bits nothing is worked out for it."""
        plane = self._views[0][:]
        grey = (plane >> (self.layout.bits - 8)).astype(np.uint8) if plane.dtype == np.uint16 else plane
        grey.flags.writeable = False
        return grey.view(np.uint8)

    def planes(self) -> list[Plane]:
        """Return views of the planes, read-only: brightness, shape (H, W), and two of colour difference."""
        for view in self._views:
            view.flags.writeable = False
        return list(self._views)

    def with_planes(self, planes: Sequence[Plane]) -> "Image":
        """Return a frame that looks like this one but holds other planes of the same shapes, which it takes over."""
        return Image(planes, self.layout, self._converter, clean=True)

    def scaled(self, width: int, height: int) -> av.VideoFrame:
        """Return a picture of it in another size that holds nothing but pixels: 8-bit 4:2:0, narrow range."""
        small = self._converter.to_small(self._picture, self.layout, width, height)
        return picture_from_planes(planes_of(small), Layout(width, height, "yuv420p", self.layout.matrix, full=False))

    def clean(self, layout: Layout) -> av.VideoFrame:
        """Return a picture that holds these planes and nothing else that came with them.

        Args:
            layout: Its own, or the same with a colour difference for each pixel.
        """
        if layout.format == self.layout.format:
            return self._picture if self._clean else self._copy()
        down, across = self.layout.step
        first, *others = self._views
        spread = [plane.repeat(down, axis=0).repeat(across, axis=1) for plane in others]
        return picture_from_planes([first, *(plane[: layout.height, : layout.width] for plane in spread)], layout)

    def _copy(self) -> av.VideoFrame:
        return picture_from_planes(self._views, self.layout)

    @property
    def _picture(self) -> av.VideoFrame:
        """Itself as FFmpeg wants it; made once."""
        if self._made is None:
            self._made = self._copy()
        return self._made


def planes_of(picture: av.VideoFrame, channels: int = 1) -> list[Plane]:
    """Return the planes of a planar picture as arrays over its own memory, shape (rows, columns * channels)."""
    dtype = np.dtype(np.uint16 if picture.format.name.endswith("10le") else np.uint8)
    views: list[Plane] = []
    for plane in picture.planes:
        samples: NDArray[Any] = np.frombuffer(memoryview(plane), dtype)
        view = samples.reshape(plane.height, -1)[:, : plane.width * channels]
        views.append(view[::-1] if plane.line_size < 0 else view)  # stored from the bottom up
    return views


def picture_from_planes(planes: Sequence[Plane], layout: Layout) -> av.VideoFrame:
    """Return a new picture with copies of planes and no other properties; missing colour planes become neutral."""
    picture = av.VideoFrame(layout.width, layout.height, layout.format)
    targets = planes_of(picture)
    for target, plane in zip(targets, planes, strict=False):
        target[...] = plane
    for target in targets[len(planes) :]:
        target[...] = 1 << (layout.bits - 1)
    return picture


def _rgb_to_planes(layout: Layout) -> NDArray[np.float32]:
    """Return the 3 x 4 matrix from RGB of 0 to 255 to the numbers of the planes."""
    _, red, blue = _MATRICES[layout.matrix]
    luma = np.array([red, 1 - red - blue, blue])
    cb = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue))
    cr = (np.array([1, 0, 0]) - luma) / (2 * (1 - red))
    unit = 1 << (layout.bits - 8)
    scales = np.array([255, 255, 255] if layout.full else [219, 224, 224]) * unit
    if layout.full:
        scales[:] = layout.peak
    offsets = np.array([0 if layout.full else 16, 128, 128]) * unit
    return np.column_stack([np.stack([luma, cb, cr]) * (scales / 255)[:, None], offsets]).astype(np.float32)


def _unshared(name: str) -> str:
    return re.sub("4(20|22)", "444", name)


def _is_rgb(name: str) -> bool:
    return "rgb" in name or "bgr" in name or name.startswith(("gbr", "pal8", "mono"))
