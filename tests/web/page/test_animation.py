"""Animations, reviewed as videos are: they play, over and over, with people, doubtful moments and what follows."""

import io

from PIL import Image

from tests.jobs.films import FILM, FRAMES


def animation(format: str = "WEBP", step: int = 40) -> bytes:
    """Return an animation in which somebody walks past."""
    frames = [Image.fromarray(FILM.picture(index)) for index in range(FRAMES)]
    stream = io.BytesIO()
    frames[0].save(stream, format, save_all=True, append_images=frames[1:], duration=step, lossless=True)
    return stream.getvalue()
