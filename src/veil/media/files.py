"""Files of any kind that Veil reads: what a file is shows from its first bytes."""

from pathlib import Path
from typing import TYPE_CHECKING

from veil.errors import InputError, UnsupportedError
from veil.media.formats import refusal, sniff
from veil.media.image import Picture, open_picture
from veil.media.source import PathSource, unreadable
from veil.types import Kind

HEAD_BYTES = 1024
"""How much of a file shows what it is."""

if TYPE_CHECKING:  # what decodes videos is loaded when there is one
    from veil.media.sound import Sound
    from veil.media.video import Video


def is_video(path: Path) -> bool:
    """Say from its first bytes whether a file is a video.

    Raises:
        InputError: The file cannot be read.
    """
    head = _head_of(path)
    if sniff(head) is not None:
        return False
    from veil.media.video_file import sniff_video

    return sniff_video(head) is not None


def kind_at_first_sight(path: Path) -> Kind | None:
    """Return VIDEO or SOUND for a file that begins as one, None for others; nothing of it is decoded.

    A video may still turn out to be sound alone: see is_sound().

    Raises:
        InputError: The file cannot be read.
    """
    if is_video(path):
        return Kind.VIDEO
    head = _head_of(path)
    if sniff(head) is not None:
        return None
    from veil.media.sound_formats import sniff_sound

    return Kind.SOUND if sniff_sound(head) else None


class Opener:
    """Opens files to be decoded in this process."""

    def open_picture(self, file: Path | bytes, *, max_pixels: int) -> Picture:
        """Open a picture. Arguments and errors are those of image.open_picture()."""
        return open_picture(file, max_pixels=max_pixels)

    def open_video(self, path: Path, *, max_pixels: int, max_frames: int | None = None, sha256: str = "") -> "Video":
        """Open a video. Arguments and errors are those of video.open_video()."""
        from veil.media.video import open_video

        return open_video(path, max_pixels=max_pixels, max_frames=max_frames, sha256=sha256)

    def open_sound(self, path: Path) -> "Sound":
        """Open a sound file. Errors are those of sound.open_sound()."""
        from veil.media.sound import open_sound

        return open_sound(path)

    def holds_sound_alone(self, path: Path) -> bool:
        """Say whether an MP4 or MOV file is sound that Veil reads, which only its structure tells."""
        from veil.media.sound import holds_sound_alone

        return holds_sound_alone(path)

    def open_media(self, path: Path, *, max_pixels: int, is_sound: bool | None = None) -> "Picture | Video":
        """Open a picture or a video.

        Args:
            path: The file.
            max_pixels: The most that one still or page, or all frames of an animation together, may hold. A frame of a
                video is held to it, too, and never has more than media.video.DEFAULT_MAX_PIXELS.
            is_sound: What is_sound() has said of the file, where it was asked already.

        Raises:
            UnsupportedError: It is neither, or of a kind Veil does not read.
            TooLargeError: It holds more than is allowed.
            InputError: It is damaged, or the file cannot be read. Messages do not hold the file's name.
        """
        head = _head_of(path)
        if sniff(head) is not None:
            return self.open_picture(path, max_pixels=max_pixels)
        from veil.media.video import DEFAULT_MAX_PIXELS
        from veil.media.video_file import TITLES, sniff_video

        if self.is_sound(path) if is_sound is None else is_sound:
            raise UnsupportedError(
                "The file is sound alone, with nothing to look at; nothing was made from it. "
                "The voices in it are changed by veil run with --voice."
            )
        if sniff_video(head) is None:
            raise refusal(head, TITLES)
        return self.open_video(path, max_pixels=min(max_pixels, DEFAULT_MAX_PIXELS))

    def is_sound(self, path: Path) -> bool:
        """Say from what is in it whether a file is sound that Veil reads; one that cannot be read is not."""
        try:
            head = _head_of(path)
            if sniff(head) is not None:
                return False
            from veil.media.sound_formats import sniff_sound  # what decodes sound is loaded for what is no picture
            from veil.media.video_file import sniff_video

            if sniff_sound(head) is not None:
                return True
            return sniff_video(head) in ("mp4", "mov") and self.holds_sound_alone(path)
        except InputError:
            return False


def _head_of(path: Path) -> bytes:
    with PathSource.of(path, "The file").open() as file:
        try:
            return file.read(HEAD_BYTES)
        except OSError as error:
            raise unreadable(error) from error
