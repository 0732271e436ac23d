"""Covering a picture in RGB."""

from collections.abc import Sequence

import numpy as np

from veil.errors import UsageError
from veil.redact import styles
from veil.redact.areas import Mask, Size, Spot, spots
from veil.redact.layers import Layer, fill_with
from veil.types import Pixels, Region, Style

GREEN = (0, 255, 0)
BOX_LINE = 2


def redact(
    pixels: Pixels,
    regions: Sequence[Region],
    style: str = Style.VEIL,
    *,
    color: tuple[int, int, int] = (0, 0, 0),
    strength: float = 1.0,
    safety_boxes: bool = False,
    visible: Mask | None = None,
) -> Pixels:
    """Return a copy of a picture with every region covered.

    Every pixel that a region touches is covered. Regions that reach over the edge are clipped.

    Args:
        pixels: Upright RGB picture, shape (H, W, 3), dtype uint8 or uint16. It is not changed.
        regions: Areas to cover, whatever their state, in pixels of ``pixels``.
        style: A value of Style. "veil" and "solid" keep nothing of the face; the others are a weaker promise.
        color: Red, green, blue, 0 to 255, of style "solid".
        strength: How much stronger "gaussian" blurs and how much larger the cells of "mosaic" are; more than 0. The
            least sizes of both stay. "veil" and "solid" keep nothing at any strength.
        safety_boxes: Draw a green line, 2 pixels wide, just inside the rectangle around each region.
        visible: Shape (H, W): where the picture is not wholly transparent. "veil" takes no colours from elsewhere.

    Returns:
        A new array of the same shape and dtype.

    Raises:
        UsageError: ``style`` is not known.
        ValueError: ``pixels`` has another shape or dtype, ``strength`` is no positive number, or a polygon has no
            vertices.
    """
    check(style, strength)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be (H, W, 3) uint8 or uint16, but got {pixels.shape} {pixels.dtype}")
    height, width = pixels.shape[:2]
    covered = pixels.copy()
    peak = int(np.iinfo(pixels.dtype).max)
    channels = range(3)
    layers = [Layer([pixels[..., one] for one in channels], [covered[..., one] for one in channels], peak)]
    inside = spots(regions, (height, width))
    cover(layers, inside, (height, width), style, colours=[_in_depth(color, peak)], strength=strength, visible=visible)
    if safety_boxes:
        draw_boxes(layers, inside, (height, width), [_in_depth(GREEN, peak)])
    return covered


def check(style: str, strength: float) -> None:
    """Refuse what is no style or no strength.

    Raises:
        UsageError: ``style`` is not known.
        ValueError: ``strength`` is no positive number.
    """
    if style not in tuple(Style):
        raise UsageError(f"There is no style {style!r}; nothing was covered. Choose one of {', '.join(Style)}.")
    if not 0 < strength < np.inf:
        raise ValueError(f"strength must be a positive number, but got {strength}")


def cover(
    layers: Sequence[Layer],
    inside: Sequence[Spot],
    size: Size,
    style: str,
    *,
    colours: Sequence[Sequence[int]],
    strength: float,
    visible: Mask | None = None,
) -> None:
    """Cover spots in all layers.

    Args:
        layers: Over a picture of (height, width) pixels.
        inside: What to cover.
        size: Height and width.
        style: A value of Style.
        colours: The colour of style "solid", by layer and plane.
        strength: As for redact().
        visible: As for redact().
    """
    if not inside:
        return
    match Style(style):
        case Style.VEIL:
            styles.veil(layers, inside, size, visible)
        case Style.GAUSSIAN:
            styles.gaussian(layers, inside, size, strength)
        case Style.MOSAIC:
            styles.mosaic(layers, inside, size, strength)
        case Style.SOLID:
            for spot in inside:
                fill_with(layers, colours, spot, size)


def draw_boxes(layers: Sequence[Layer], inside: Sequence[Spot], size: Size, colours: Sequence[Sequence[int]]) -> None:
    """Draw a line just inside the rectangle around each spot."""
    for spot in inside:
        line = np.ones(spot.mask.shape, bool)
        line[BOX_LINE:-BOX_LINE, BOX_LINE:-BOX_LINE] = False
        fill_with(layers, colours, spot._replace(mask=line), size)


def _in_depth(color: tuple[int, int, int], peak: int) -> tuple[int, ...]:
    """Return an 8-bit colour in the depth of a picture."""
    return tuple(channel * (peak // 255) for channel in color)
