from pathlib import Path

import pytest

from tests.media.painted import file_of, smooth
from veil.errors import UsageError
from veil.media.formats import FORMATS, extension, format_named, looks_like_picture, refusal, sniff

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
