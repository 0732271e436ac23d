"""Nothing of a file but its pixels may reach the result: every hiding place is filled, then looked for."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from tests.media.painted import again, file_of, frames_of, smooth
from tests.media.test_icc import MARKER as ICC_MARKER
from tests.media.test_icc import profile

MARKER = b"ALICE-LIVES-AT-52.37N"
TEXT = MARKER.decode()
PICTURE = smooth()
FORMS = (MARKER, TEXT.encode("utf-16-le"), TEXT.encode("utf-16-be"), ICC_MARKER[:12])


def exif_words() -> bytes:
    """EXIF with a description, an owner and a place."""
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = exif[0x9C9D] = TEXT
    exif.get_ifd(0x8769).update({0x927C: MARKER, 0x9286: MARKER, 0xA431: TEXT})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 22.0, 12.0), 27: MARKER})
    return exif.tobytes()


def exif_block() -> bytes:
    """The same and a thumbnail."""
    return exif_words() + file_of(PICTURE[:16, :16], "JPEG", comment=MARKER)


def xmp() -> bytes:
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>' + MARKER + b"</rdf:RDF></x:xmpmeta>"


def segment(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body


def jpeg(*segments: bytes, after: bytes = b"", **settings: object) -> bytes:
    data = file_of(PICTURE, "JPEG", **settings)
    return data[:2] + b"".join(segments) + data[2:] + after


def photoshop() -> bytes:
    return (
        b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(MARKER) + 5) + b"\x1c\x02\x50\0\x15" + MARKER
    )


def second_jpeg() -> bytes:
    return file_of(PICTURE[::-1], "JPEG", comment=MARKER)


def png(*chunks: tuple[bytes, bytes], after: bytes = b"", at_end: bool = False) -> bytes:
    data = file_of(PICTURE, "PNG")
    place = len(data) - 12 if at_end else 33
    new = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return data[:place] + new + data[place:] + after


def png_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", TEXT)
    info.add_text("Comment", TEXT, zip=True)
    info.add_itxt("XML:com.adobe.xmp", TEXT, zip=True)
    return file_of(PICTURE, "PNG", pnginfo=info)


def webp(kind: bytes, body: bytes) -> bytes:
    data = file_of(PICTURE, "WEBP", icc_profile=profile()) + kind + struct.pack("<I", len(body)) + body
    data += bytes(len(data) % 2)
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def gif(block: bytes, *, after: bytes = b"") -> bytes:
    data = file_of(Image.fromarray(PICTURE).quantize(32), "GIF")
    place = 13 + (3 << (data[10] & 7) + 1)
    return data[:place] + block + data[place:] + after


def tiff(tags: dict[int, object], *, after: bytes = b"") -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        directory[tag] = value
        if isinstance(value, bytes):
            directory.tagtype[tag] = 7
    return file_of(PICTURE, "TIFF", tiffinfo=directory) + after


def heic(*, thumbnail: bool = False, second: bool = False) -> bytes:
    heif = pillow_heif.from_pillow(Image.fromarray(PICTURE))
    heif[0].info["exif"] = exif_block()
    heif[0].info["xmp"] = xmp()
    heif[0].info["icc_profile"] = profile()
    if thumbnail:
        heif[0].info["thumbnails"] = list[int | None]([32])
    if second:
        heif.add_from_pillow(Image.fromarray(PICTURE[::-1]))
    out = BytesIO()
    heif.save(out, quality=90)
    return out.getvalue()


GIF_XMP = b"\x21\xff\x0bXMP DataXMP" + bytes([len(MARKER)]) + MARKER + b"\0"
PLACES = {
    "jpeg exif, gps, thumbnail": jpeg(exif=exif_block()),
    "jpeg xmp": jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp())),
    "jpeg extended xmp": jpeg(segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + xmp())),
    "jpeg photoshop, iptc": jpeg(segment(0xED, photoshop())),
    "jpeg comment": jpeg(segment(0xFE, MARKER)),
    "jpeg jfxx thumbnail": jpeg(segment(0xE0, b"JFXX\0\x10" + second_jpeg())),
    "jpeg second picture": jpeg(segment(0xE2, b"MPF\0" + MARKER), after=second_jpeg()),
    "jpeg gain map": jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0hdrgm" + xmp()), after=second_jpeg() + MARKER),
    "jpeg unknown segment": jpeg(segment(0xEB, MARKER)),
    "jpeg trailing": jpeg(after=MARKER),
    "jpeg profile": jpeg(icc_profile=profile()),
    "jpeg multi-picture": file_of(
        PICTURE, "MPO", save_all=True, append_images=[Image.fromarray(PICTURE[::-1])], exif=exif_block()
    ),
    "png text": png_text(),
    "png exif": png((b"eXIf", exif_block())),
    "png late exif": png((b"eXIf", exif_block()), at_end=True),
    "png unknown chunk": png((b"prVt", MARKER), (b"caNv", MARKER)),
    "png profile": png((b"iCCP", MARKER + b"\0\0" + zlib.compress(profile()))),
    "png trailing": png(after=MARKER),
    "webp exif": webp(b"EXIF", exif_block()),
    "webp xmp": webp(b"XMP ", xmp()),
    "webp unknown chunk": webp(b"prvt", MARKER),
    "webp trailing": file_of(PICTURE, "WEBP") + MARKER,
    "gif comment": gif(b"\x21\xfe" + bytes([len(MARKER)]) + MARKER + b"\0"),
    "gif xmp": gif(GIF_XMP),
    "gif trailing": gif(b"", after=MARKER),
    "tiff words": tiff({270: TEXT, 315: TEXT, 305: TEXT, 33432: TEXT, 306: TEXT[:19], 316: TEXT}),
    "tiff xmp, iptc, photoshop": tiff({700: xmp(), 33723: MARKER, 34377: photoshop(), 50000: MARKER}),
    "tiff exif": file_of(PICTURE, "TIFF", exif=exif_words()),
    "tiff trailing": tiff({}, after=MARKER + second_jpeg()),
    "avif exif, xmp, profile": file_of(PICTURE, "AVIF", exif=exif_block(), xmp=xmp(), icc_profile=profile()),
    "avif unknown box": file_of(PICTURE, "AVIF") + struct.pack(">I", 8 + len(MARKER)) + b"free" + MARKER,
    "heic exif, xmp, profile": heic(),
    "heic thumbnail": heic(thumbnail=True),
    "heic second picture": heic(second=True),
    "heic unknown box": heic() + struct.pack(">I", 8 + len(MARKER)) + b"free" + MARKER,
    "bmp trailing": file_of(PICTURE, "BMP") + MARKER,
}


def readable(data: bytes) -> bytes:
    """The file and whatever can be inflated anywhere in it, pixels included."""
    found = [data]
    for at in range(len(data) - 1):
        if data[at] & 0x0F == 8 and (data[at] << 8 | data[at + 1]) % 31 == 0:
            try:
                found.append(zlib.decompressobj().decompress(data[at:], 1 << 20))
            except zlib.error:
                continue
    return b"\n".join(found)


def holds_marker(data: bytes) -> bool:
    everything = readable(data)
    return any(form in everything for form in FORMS)


@pytest.mark.parametrize("place", PLACES)
def test_nothing_hidden_survives(place: str) -> None:
    data = PLACES[place]
    assert holds_marker(data), "nothing was planted, so this test could not fail"
    result = again(data)
    assert not holds_marker(result)
    assert result.count(b"\xff\xd8\xff") == (place.startswith("jpeg"))
    for word in (b"Exif", b"http://", b"xmpmeta", b"8BIM", b"MPF\0", b"hdrgm", b"JFXX"):
        assert word not in result
    assert np.abs(frames_of(data)[0].pixels.astype(int) - frames_of(result)[0].pixels).mean() < 3


@pytest.mark.parametrize("target", ["jpeg", "png", "webp", "avif", "heic", "tiff", "gif", "bmp"])
@pytest.mark.parametrize("place", ["jpeg exif, gps, thumbnail", "png text", "tiff words", "heic exif, xmp, profile"])
def test_nothing_hidden_survives_a_change_of_format(place: str, target: str) -> None:
    result = again(PLACES[place], format=target)
    assert not holds_marker(result)
    assert result.count(b"\xff\xd8\xff") == (target == "jpeg")


def test_heic_results_hold_one_picture_and_no_thumbnail() -> None:
    for place in ("heic thumbnail", "heic second picture"):
        source = pillow_heif.open_heif(BytesIO(PLACES[place]))
        assert len(source) == 2 or source[0].info["thumbnails"]
        result = pillow_heif.open_heif(BytesIO(again(PLACES[place])))
        assert len(result) == 1
        assert not result[0].info["thumbnails"]
        assert not result[0].info.get("exif") and not result[0].info.get("xmp")


def test_png_results_hold_only_chunks_that_make_pixels() -> None:
    for place in PLACES:
        if place.startswith("png"):
            result, at, kinds = again(PLACES[place]), 8, set()
            while at < len(result):
                (size,) = struct.unpack_from(">I", result, at)
                kinds.add(result[at + 4 : at + 8])
                at += 12 + size
            assert kinds <= {b"IHDR", b"iCCP", b"IDAT", b"IEND"}


def test_tiff_results_hold_only_tags_that_make_pixels() -> None:
    for place in PLACES:
        if place.startswith("tiff"):
            with Image.open(BytesIO(again(PLACES[place]))) as image:
                tags = set(image.tag_v2)  # type: ignore[attr-defined]
            assert tags <= {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317}
