from pathlib import Path

import pytest

from tests.media.painted import file_of, smooth
from veil.errors import UsageError
from veil.media.formats import (
    FORMATS,
    VIDEO_FORMATS,
    extension,
    format_named,
    is_media,
    looks_like_picture,
    media_extension,
    media_named,
    refusal,
    sniff,
)
from veil.media.video_formats import CONTAINERS

PILLOW_NAMES = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "heic": "HEIF", "tiff": "TIFF"} | {
    "gif": "GIF",
    "bmp": "BMP",
}


@pytest.mark.parametrize("name", FORMATS)
def test_files_are_known_by_their_first_bytes(name: str, tmp_path: Path) -> None:
    data = file_of(smooth(), PILLOW_NAMES[name])
    assert sniff(data[:512]) == name
    path = tmp_path / "misleading.txt"
    path.write_bytes(data)
    assert looks_like_picture(path)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"", "empty"),
        (b"Dear Alice", "not a picture"),
        (b"BM is short for something", "not a picture"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video"),
        (b"\x1a\x45\xdf\xa3\x01", "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
    ],
)
def test_other_files_are_refused_by_what_they_are(head: bytes, word: str, tmp_path: Path) -> None:
    assert sniff(head) is None
    assert word in str(refusal(head))
    path = tmp_path / "photo.jpg"
    path.write_bytes(head)
    assert not looks_like_picture(path)


def test_a_general_heif_brand_is_told_apart_by_the_others() -> None:
    assert sniff(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf") == "avif"
    assert sniff(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf") == "heic"


def test_names_and_endings() -> None:
    assert extension("jpeg") == extension("JPG") == extension(".jpe") == ".jpg"
    assert [format_named(name) for name in ("apng", "heif", ".TIF")] == ["png", "heic", "tiff"]
    with pytest.raises(UsageError, match="'xcf'"):
        format_named("xcf")


def test_videos_have_the_names_of_what_is_written() -> None:
    assert {name: endings[0] for name, endings in VIDEO_FORMATS.items()} == {
        name: one.extension for name, one in CONTAINERS.items()
    }
    assert [media_named(name) for name in ("M4V", ".mts", "webm", "JPG")] == ["mp4", "ts", "webm", "jpeg"]
    assert [media_extension(name) for name in ("mov", "m2ts", "tiff")] == [".mov", ".ts", ".tif"]
    with pytest.raises(UsageError, match=r"'xcf'.*png.*mkv"):
        media_named("xcf")


@pytest.mark.parametrize(("name", "meant"), [("a.MOV", True), ("a.wmv", True), ("a.txt", False)])
def test_what_bears_the_name_of_a_video_is_meant(name: str, meant: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"text")
    assert is_media(tmp_path / name) == meant
