"""Covering a frame: new pixels where they belong, nothing of the old ones there, and everything else as it was."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.media.clips import make_clip, paint
from veil.media.video import VideoFrame, open_video, write_video
from veil.media.video_image import Converter, Image, Layout, picture_from_planes, planes_of
from veil.redact import redact_planes
from veil.types import Box, Region, Shape, State

FORMATS = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"]
BT601, BT709, BT2020 = 6, 1, 9


def image_of(
    pixels: NDArray[np.uint8],
    format: str = "yuv420p",
    matrix: int = BT601,
    full: bool = False,
    interlaced: bool = False,
) -> Image:
    """Return an image that shows ``pixels``; where some share a colour, the first of them says which."""
    height, width = pixels.shape[:2]
    layout = Layout(width, height, format, matrix, full, interlaced)
    colours, places = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    table = np.array([layout.numbers((red, green, blue)) for red, green, blue in colours.tolist()])
    numbers = table[places].reshape(height, width, 3)
    down, across = layout.step
    first, *others = np.moveaxis(numbers, 2, 0)
    blank = Image(picture_from_planes([], layout), layout, Converter(), clean=True)
    return blank.with_planes([first, *(other[::down, ::across] for other in others)])


def covered(image: Image, rows: slice, columns: slice, colour: tuple[int, int, int]) -> Image:
    """Return an image with a rectangle of one colour in it."""
    region = Region(Box(columns.start, rows.start, columns.stop, rows.stop), Shape.BOX, State.DRAWN, None, "user")
    layout = image.layout
    planes = redact_planes(
        image.planes(),
        [region],
        "solid",
        step=layout.step,
        cell=layout.cell,
        peak=layout.peak,
        color=layout.numbers(colour),
    )
    return image.with_planes(planes)


def planes(image: Image) -> list[NDArray[Any]]:
    return [plane.copy() for plane in planes_of(image.clean(image.layout))]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("matrix", [BT601, BT709, BT2020, 4, 7])
@pytest.mark.parametrize("full", [False, True])
def test_colours_come_back_as_they_went_in(format: str, matrix: int, full: bool) -> None:
    colours = [(0, 0, 0), (255, 255, 255), (255, 0, 255), (0, 255, 0), (200, 30, 10), (90, 100, 180)]
    pixels = np.zeros((48, 64, 3), np.uint8)
    for index, colour in enumerate(colours):
        pixels[:, index * 10 : index * 10 + 10] = colour
    out = image_of(pixels, format, matrix, full).rgb()
    assert np.abs(out.astype(int) - pixels).max() <= 4


def test_colours_are_those_that_ffmpeg_would_store() -> None:
    pixels = paint(3, 128, 96)
    theirs = av.VideoFrame.from_ndarray(pixels).reformat(format="yuv444p", dst_colorspace="ITU601")
    for own, their in zip(planes(image_of(pixels, "yuv444p")), planes_of(theirs), strict=True):
        assert np.abs(own.astype(int) - their).max() <= 2


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("size", [(64, 48), (65, 47), (63, 49), (66, 50)])
def test_a_pixel_shows_only_the_colour_of_its_own_block(format: str, size: tuple[int, int]) -> None:
    """So that pixels beside an area hold nothing of it, from which a cover could be made."""
    one = image_of(np.full((size[1], size[0], 3), 128, np.uint8), format)
    last = (size[1] - 1) // 2 * 2, (size[0] - 1) // 2 * 2
    for top, left in ((20, 30), (0, 0), last):
        rows, columns = slice(top, min(top + 2, size[1])), slice(left, min(left + 2, size[0]))
        expected = np.zeros((size[1], size[0]), bool)
        expected[rows, columns] = True
        different = (one.rgb() != covered(one, rows, columns, (255, 0, 0)).rgb()).any(axis=2)
        np.testing.assert_array_equal(different, expected)


def test_a_frame_with_other_planes_keeps_its_times(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4")) as video:
        frame = next(video.frames())
    covered = frame.with_planes([np.full_like(plane, 128) for plane in frame.image.planes()])
    assert (covered.grey == 128).all() and (covered.pixels == covered.pixels[0, 0]).all()
    assert len(np.unique(frame.grey)) > 50
    assert (covered.index, covered.pts, covered.time, covered.duration) == (0, 0, Fraction(0), Fraction(1, 25))


def test_frames_cannot_be_changed_in_place(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4")) as video:
        frame = next(video.frames())
    for view in (frame.pixels, frame.grey, *frame.image.planes()):
        with pytest.raises(ValueError, match="read-only"):
            view[0, 0] = 0
    assert frame.pixels is frame.pixels


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le"])
def test_grey_is_brightness(pixels: str, tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4", pixels=pixels)) as video:
        frame = next(video.frames())
    assert frame.grey.shape == (48, 64) and frame.grey.dtype == np.uint8
    expected = paint(0) @ [0.299, 0.587, 0.114] * 219 / 255 + 16
    assert np.abs(frame.grey - expected).mean() < 4


@pytest.mark.parametrize(
    ("codec", "pixels", "name"),
    [
        ("rawvideo", "bgr24", "clip.avi"),
        ("ffv1", "bgr0", "clip.mkv"),
        ("ffv1", "gray", "clip.mkv"),
        ("ffv1", "gray10le", "clip.mkv"),
        ("ffv1", "yuv411p", "clip.mkv"),
        ("ffv1", "yuv410p", "clip.mkv"),
        ("ffv1", "yuv440p", "clip.mkv"),
        ("ffv1", "yuva420p", "clip.mkv"),
        ("ffv1", "gbrp10le", "clip.mkv"),
        ("rawvideo", "uyvy422", "clip.mov"),
        ("rawvideo", "nv12", "clip.mkv"),
    ],
)
def test_other_ways_to_store_pixels_are_read_and_covered(codec: str, pixels: str, name: str, tmp_path: Path) -> None:
    unit = Fraction(1, 25) if name.endswith("avi") else Fraction(1, 1000)
    path = make_clip(tmp_path / name, codec=codec, pixels=pixels, unit=unit, times=range(3), options={"strict": "-2"})
    expected = paint(1)
    if "gray" in pixels:
        expected = np.repeat((expected @ [0.299, 0.587, 0.114])[..., None], 3, axis=2).astype(np.uint8)
    with open_video(path) as video, (tmp_path / "out").open("w+b") as file:
        frames = [hide_corner(frame) for frame in video.frames()]
        assert np.abs(frames[1].pixels[:, 10:].astype(int) - expected[:, 10:]).mean() < 8
        write_video(video, frames, file, container="mkv", quality=0, preset="ultrafast")
    with open_video(tmp_path / "out") as video:
        (_, frame, _) = video.frames()
    assert np.abs(frame.pixels[2:8, 2:8].astype(int) - (255, 0, 255)).max() < 12
    assert np.abs(frame.pixels[:, 12:].astype(int) - frames[1].pixels[:, 12:]).mean() < 3


def hide_corner(frame: VideoFrame) -> VideoFrame:
    return frame.with_planes(planes(covered(frame.image, slice(0, 10), slice(0, 10), (255, 0, 255))))


def test_outside_a_cover_only_the_encoder_changes_anything(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4")
    with open_video(path) as video, (tmp_path / "out.mp4").open("w+b") as file:
        before = [frame.image for frame in video.frames()]
        frames = map(hide_corner, video.frames())
        write_video(video, frames, file, quality=0, preset="ultrafast")  # without loss
    with open_video(tmp_path / "out.mp4") as video:
        after = [frame.image for frame in video.frames()]
    for one, other in zip(before, after, strict=True):
        for old, new in zip(planes(one), planes(other), strict=True):
            np.testing.assert_array_equal(new[10:], old[10:])
            np.testing.assert_array_equal(new[:, 10:], old[:, 10:])
