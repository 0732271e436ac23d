"""Which way up a video is stored, and how its planes become upright."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import av
import cv2
from av.sidedata.sidedata import SideData

from veil.errors import UnsupportedError
from veil.media.video_image import Plane

_MATRIX = struct.Struct("=9i")


@dataclass(frozen=True, slots=True)
class Turn:
    """How stored frames become upright: rows and columns are swapped first, then the picture is flipped.

    Attributes:
        transpose: Swap rows and columns.
        flip_x: Then mirror left to right.
        flip_y: Then mirror top to bottom.
    """

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @property
    def mirrored(self) -> bool:
        """Whether stored frames show the world mirrored."""
        return self.transpose ^ self.flip_x ^ self.flip_y

    @property
    def degrees(self) -> int:
        """By how much stored frames, once unmirrored left to right, are turned clockwise: 0, 90, 180 or 270."""
        if self.transpose:
            return 90 if self.flip_x else 270
        return 180 if self.flip_y else 0


def notes_of(picture: av.VideoFrame) -> dict[str, bytes]:
    """Return what a decoder has attached to a frame beside its pixels, by FFmpeg's name.

    Raises:
        UnsupportedError: Among it is something unknown, so that it may be what says which way up the frame is.
    """
    try:
        sides = cast("Iterable[SideData]", picture.side_data)  # PyAV's types say a dictionary
        return {side.type.name: bytes(side) for side in sides}
    except ValueError as error:
        raise UnsupportedError(
            "The video's frames bear notes of a kind that Veil does not know; nothing was made from it."
        ) from error


def turn_of(matrix: bytes | None) -> Turn:
    """Return the turn that a display matrix asks for: nine integers, of which the first two of two rows count here.

    Raises:
        UnsupportedError: The matrix turns by an angle that is not a multiple of 90 degrees.
    """
    if matrix is None or len(matrix) < _MATRIX.size:
        return Turn()
    a, b, _, c, d, *_ = _MATRIX.unpack_from(matrix)
    if a and d and not b and not c:
        return Turn(False, a < 0, d < 0)
    if b and c and not a and not d:
        return Turn(True, c < 0, b < 0)
    raise UnsupportedError(
        "The video is stored at an angle that is not a multiple of 90 degrees; nothing was made from it."
    )


def make_upright(plane: Plane, turn: Turn) -> Plane:
    """Return a plane the way up that people see it; the plane itself if it is so already."""
    if turn.transpose:
        plane = cast("Plane", cv2.transpose(plane))
    if turn.flip_x or turn.flip_y:
        plane = cast("Plane", cv2.flip(plane, -1 if turn.flip_x and turn.flip_y else int(turn.flip_x)))
    return plane
