"""Reading: upright frames of a video with exact times."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream
from numpy.typing import NDArray

from veil.errors import InputError, TooLargeError
from veil.media.video_decoder import pictures, pictures_since, set_up_decoder
from veil.media.video_facts import main_stream
from veil.media.video_file import open_container
from veil.media.video_image import Converter, Image, Layout, Plane, layout_of, picture_from_planes, planes_of
from veil.media.video_turn import Turn, make_upright, notes_of, turn_of
from veil.media.video_whole import damaged_video


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One upright frame of a video.

    Attributes:
        image: Its planes, in the file's own colours.
        index: Its number in order of presentation, from 0.
        pts: When it is shown, in units of ``VideoFacts.time_base``, counted as the file counts.
        time: The same in seconds.
        duration: How long it is shown, in seconds, as the file says; 0 where it does not say.
    """

    image: Image
    index: int
    pts: int
    time: Fraction
    duration: Fraction

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """RGB, shape (H, W, 3), uint8, read-only. Worked out when first asked for, then kept."""
        return self.image.rgb()

    @property
    def grey(self) -> NDArray[np.uint8]:
        """Brightness, shape (H, W), uint8, read-only; it costs next to nothing, unlike ``pixels``."""
        return self.image.brightness()

    def with_planes(self, planes: Sequence[Plane]) -> "VideoFrame":
        """Return a frame with the same number and times that holds other planes of the same shapes.

        Args:
            planes: Like ``image.planes()``; not to be changed any more.
        """
        return VideoFrame(self.image.with_planes(planes), self.index, self.pts, self.time, self.duration)


@dataclass(frozen=True, slots=True)
class Look:
    """How the frames of a video look, which only decoding one of them shows.

    Attributes:
        layout: How frames are held.
        turn: How stored frames become upright.
        rotation: By how many degrees PyAV says that frames are turned; unlike ``turn`` it is quick to compare.
    """

    layout: Layout
    turn: Turn
    rotation: int

    def fits(self, picture: av.VideoFrame) -> bool:
        """Whether a frame may follow others that look so; some may have fields and others not."""
        layout = _layout_of(picture, self.turn)
        return picture.rotation == self.rotation and replace(layout, interlaced=self.layout.interlaced) == self.layout


def look_at(picture: av.VideoFrame) -> Look:
    """Return how a decoded frame looks, and with it all frames of its video.

    Use it for one frame only: reading the notes of a frame ties PyAV's objects into a knot that outlives it for long.

    Raises:
        UnsupportedError: Its pixels are stored in a way that Veil cannot keep.
    """
    turn = turn_of(notes_of(picture).get("DISPLAYMATRIX"))
    return Look(_layout_of(picture, turn), turn, picture.rotation)


def _layout_of(picture: av.VideoFrame, turn: Turn) -> Layout:
    width, height = (picture.height, picture.width) if turn.transpose else (picture.width, picture.height)
    odd = bool((turn.flip_x and width % 2) or (turn.flip_y and height % 2))
    return layout_of(picture, transpose=turn.transpose, odd_flips=odd)


def read_frames(
    file: BinaryIO,
    *,
    kind: str,
    look: Look,
    max_pixels: int,
    max_frames: int | None,
    promised: int,
    entry: tuple[int, int] | None = None,
) -> Generator[VideoFrame, None, None]:
    """Decode a video, one frame at a time, in order of presentation.

    Args:
        file: Open for reading; left open.
        kind: A key of DEMUXERS.
        look: How its frames look.
        max_pixels: The limit for one frame.
        max_frames: The limit for their number; None for no limit.
        promised: How many packets its structure shows, as check_whole() says.
        entry: Number and ``pts`` of a frame to begin with; None for the first one.

    Raises:
        InputError: The file is damaged, or frames change their size or format in its middle.
        TooLargeError: There are more than ``max_frames``.
    """
    index, since = entry or (0, None)
    with open_container(file, kind, max_pixels=max_pixels) as container:
        stream = _only_main(container)
        set_up_decoder(stream, max_pixels=max_pixels)
        assert stream.time_base is not None  # every stream of an opened file has one
        unit = stream.time_base
        converter = Converter()
        if since is None:
            stored = pictures(container, stream, kind, promised=promised)
        else:
            stored = pictures_since(container, stream, kind, since)
        with closing(stored):
            for pts, picture in _in_order(stored):
                if max_frames is not None and index >= max_frames:
                    raise TooLargeError(
                        f"The video has more than {max_frames:,} frames, which is the limit; nothing was made from it."
                    )
                if not look.fits(picture):
                    raise InputError(
                        "The size or format of the video's frames changes in its middle; nothing was made from it. "
                        "Split it there first."
                    )
                yield VideoFrame(_upright(picture, look, converter), index, pts, pts * unit, picture.duration * unit)
                index += 1


def _in_order(stored: Iterable[av.VideoFrame]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield each picture with its time, which must be later than that of the one before."""
    last: int | None = None
    for picture in stored:
        pts = picture.pts
        if pts is None or (last is not None and pts <= last):
            raise InputError(
                "The video's frames are not in order of time, or a time is missing; nothing was made from it."
            )
        last = pts
        yield pts, picture


def _only_main(container: InputContainer) -> VideoStream:
    """Return the stream that is meant, and let the reader pass over all others."""
    main = main_stream(container)
    if main is None:
        raise damaged_video()
    for stream in container.streams:
        if stream.index != main.index:
            stream.discard = Discard.all
    return main


def _upright(picture: av.VideoFrame, look: Look, converter: Converter) -> Image:
    """Return a decoded picture in the video's layout."""
    layout = replace(look.layout, interlaced=picture.interlaced_frame)
    plain = look.turn == Turn()
    grey = picture.format.name.startswith("gray")
    if not grey and picture.format.name.replace("yuvj", "yuv") != layout.format:
        picture = converter.to_planar(picture, layout)
    if plain and not grey:
        return Image(picture, layout, converter, clean=False)
    planes = [make_upright(plane, look.turn) for plane in planes_of(picture)]
    return Image(picture_from_planes(planes, layout), layout, converter, clean=True)
