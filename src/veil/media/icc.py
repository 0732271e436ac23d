"""ICC profiles: cleaned of everything but colour, or used up by converting to sRGB."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from veil.media.damage import quiet
from veil.types import Pixels

_HEADER_BYTES = 128
_MAX_TAGS = 200
_COLOUR_TAGS = (
    {b"wtpt", b"bkpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"gamt", b"cicp"}
    | {b"A2B0", b"A2B1", b"A2B2", b"A2B3", b"B2A0", b"B2A1", b"B2A2", b"B2A3"}
    | {b"D2B0", b"D2B1", b"D2B2", b"D2B3", b"B2D0", b"B2D1", b"B2D2", b"B2D3"}
)
_CLASSES = {b"mntr", b"scnr", b"prtr", b"spac"}
_NEUTRAL_FIELDS = (
    slice(4, 8),  # preferred colour engine
    slice(24, 36),  # date and time
    slice(40, 64),  # platform, flags, manufacturer, model, attributes
    slice(80, 128),  # creator, identity, reserved
)
_PARA_NUMBERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
_CREATE_FAILED = (ImageCms.PyCMSError, OSError, ValueError, TypeError)
_BLACK_POINT_COMPENSATION = ImageCms.Flags.BLACKPOINTCOMPENSATION


def colour_space(profile: bytes | None) -> bytes | None:
    """Return the four letters of a profile's colour space, ``b"RGB "`` for instance; None if it is no profile."""
    if profile is None or len(profile) < _HEADER_BYTES + 4 or profile[36:40] != b"acsp":
        return None
    return profile[16:20]


def is_usable(profile: bytes) -> bool:
    """Say whether colours can be converted from a profile to sRGB."""
    return _probe(profile) is not None


def clean(profile: bytes) -> bytes | None:
    """Return a profile with the same colours and nothing else, or None where that cannot be done.

    Kept are the tags that define colour. Names, copyright, dates, makers, serial numbers and private tags are dropped
    or replaced by neutral text. The result is compared with the original through the colour engine.

    Args:
        profile: An RGB or grey ICC profile.
    """
    if colour_space(profile) is None or profile[12:16] not in _CLASSES:
        return None
    tags = _tags(profile)
    if tags is None:
        return None
    version = profile[8]
    tags[b"desc"] = _description("Colours of the picture", version)
    tags[b"cprt"] = _copyright("No copyright", version)
    cleaned = _assemble(profile[:_HEADER_BYTES], tags)
    before, after = _probe(profile), _probe(cleaned)
    return cleaned if before is not None and before == after else None


def image_to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a Pillow picture of any mode as RGB (or RGBA) in sRGB.

    Args:
        image: The picture; its ``info`` is not looked at.
        profile: What its colours mean; None for the usual meaning of its mode.

    Raises:
        ImageCms.PyCMSError: The profile does not fit the picture.
    """
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if alpha is not None:
        image = image.convert(image.mode[:-1])
    source = ImageCms.ImageCmsProfile(BytesIO(profile)) if profile is not None else None
    if source is None and image.mode == "LAB":
        source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    if source is None:
        converted = image.convert("RGB")
    else:
        result = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=_BLACK_POINT_COMPENSATION,
        )
        assert result is not None  # it is None only when done in place
        converted = result
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def to_srgb(pixels: Pixels, profile: bytes, *, grey: bool) -> Pixels:
    """Return an RGB array, 8 or 16 bits, with its colours converted from a cleaned profile to sRGB.

    Args:
        pixels: Shape (H, W, 3).
        profile: What the colours mean.
        grey: The profile is a grey one; its curve is applied to each channel, since a cover may have brought colours.
    """
    top = int(np.iinfo(pixels.dtype).max)
    if grey:
        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        curve = np.asarray(image_to_srgb(ramp, profile))[0, :, 0].astype(np.float64) * (top / 255)
        table = np.interp(np.arange(top + 1), np.linspace(0, top, 256), curve).round().astype(pixels.dtype)
        return np.asarray(table[pixels])
    if top == 255:
        return np.array(image_to_srgb(Image.fromarray(np.ascontiguousarray(pixels)), profile))
    # The colour engine behind Pillow works in 8 bits: only reached for 16-bit pictures whose target has no profiles.
    high = (pixels >> 8).astype(np.uint8)
    return to_srgb(high, profile, grey=False).astype(np.uint16) * 257


def _tags(profile: bytes) -> dict[bytes, bytes] | None:
    """Return the elements of the colour-defining tags, or None if the tag table is broken."""
    count = int.from_bytes(profile[128:132], "big")
    if count > _MAX_TAGS or len(profile) < 132 + 12 * count:
        return None
    tags = {}
    for at in range(132, 132 + 12 * count, 12):
        name, offset, size = struct.unpack_from(">4sII", profile, at)
        if name not in _COLOUR_TAGS:
            continue
        element = profile[offset : offset + size]
        if len(element) != size or size < 8:
            return None
        trimmed = _trimmed(element)
        if trimmed is None:
            return None
        tags[name] = trimmed
    return tags


def _trimmed(element: bytes) -> bytes | None:
    """Return a tag's element without bytes that its type does not use; None if it is too short for its type."""
    kind, size = element[:4], len(element)
    if kind == b"curv" and size >= 12:
        size = 12 + 2 * int.from_bytes(element[8:12], "big")
    elif kind == b"para" and size >= 12:
        size = 12 + 4 * _PARA_NUMBERS.get(int.from_bytes(element[8:10], "big"), 0)
    elif kind == b"XYZ ":
        size = 20
    elif kind == b"sf32":
        size = 44
    elif kind == b"cicp":
        size = 12
    elif kind not in (b"mft1", b"mft2", b"mAB ", b"mBA ", b"mpet"):
        return None
    return kind + bytes(4) + element[8:size] if len(element) >= size else None


def _assemble(header: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return a profile of the given tags; equal elements are stored once."""
    start = _HEADER_BYTES + 4 + 12 * len(tags)
    table, body = bytearray(struct.pack(">I", len(tags))), bytearray()
    places: dict[bytes, int] = {}
    for name, element in tags.items():
        if element not in places:
            places[element] = start + len(body)
            body += element + bytes(-len(element) % 4)
        table += struct.pack(">4sII", name, places[element], len(element))
    neutral = bytearray(header)
    for field in _NEUTRAL_FIELDS:
        neutral[field] = bytes(field.stop - field.start)
    neutral[:4] = struct.pack(">I", start + len(body))
    return bytes(neutral + table + body)


def _description(text: str, version: int) -> bytes:
    if version >= 4:
        return _multilingual(text)
    letters = text.encode("ascii") + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(letters)) + letters + bytes(4 + 4 + 2 + 1 + 67)


def _copyright(text: str, version: int) -> bytes:
    return _multilingual(text) if version >= 4 else b"text" + bytes(4) + text.encode("ascii") + b"\0"


def _multilingual(text: str) -> bytes:
    letters = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(letters), 28) + letters


def _probe(profile: bytes) -> bytes | None:
    """Return what a coarse cube of colours (or a ramp of greys) becomes in sRGB; None if the profile does not work."""
    if colour_space(profile) == b"GRAY":
        samples = np.arange(256, dtype=np.uint8)[None]
    else:
        steps = np.linspace(0, 255, 9).astype(np.uint8)
        samples = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    try:
        with quiet:
            return image_to_srgb(Image.fromarray(samples), profile).tobytes()
    except _CREATE_FAILED:
        return None
