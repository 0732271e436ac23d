"""Regions and a style in, covered pixels out. Pixels outside the regions come back bit for bit.

A picture is covered in its RGB pixels, a frame of a video in its own planes. What each style keeps of a face is
measured in docs/styles.md.
"""

from veil.redact.areas import cover_mask
from veil.redact.picture import GREEN, redact
from veil.redact.planes import redact_planes

__all__ = ["GREEN", "cover_mask", "redact", "redact_planes"]
