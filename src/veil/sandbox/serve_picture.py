"""Reads and writes pictures behind the fences."""

from PIL import Image

from veil.errors import InputError
from veil.media.image import Picture, open_picture
from veil.sandbox.serving import Caller, answer, writable
from veil.sandbox.values import (
    FrameNote,
    PictureNote,
    PictureToOpen,
    PictureToWrite,
    StillToWrite,
    arrays_of,
    frames_of,
)
from veil.sandbox.wire import Connection, Message

Image.preinit()  # it loads what Pillow would load when it first writes, which is too late


def serve(connection: Connection, file: int) -> None:
    """Do what is asked with one picture; the first thing is to open it."""
    opened: list[Picture] = []

    def open_it(message: Message, caller: Caller) -> None:
        wanted = message.read(PictureToOpen)
        opened.append(open_picture(_contents(file), max_pixels=wanted.max_pixels, sha256=wanted.sha256))
        caller.give("result", PictureNote.of(opened[0]))

    def frames(message: Message, caller: Caller) -> None:
        for frame in opened[0].frames():
            caller.give("item", FrameNote.of(frame), arrays_of(frame))
        caller.give("end")

    def write(message: Message, caller: Caller) -> None:
        wanted = message.read(PictureToWrite)
        with writable(message) as stream:
            opened[0].write(frames_of(caller.items(0)), stream, **wanted._asdict())
        caller.give("result")

    def write_still(message: Message, caller: Caller) -> None:
        wanted = message.read(StillToWrite)
        with writable(message) as stream:
            (frame,) = frames_of(caller.items(0))
            opened[0].write_still(frame, stream, **wanted._asdict())
        caller.give("result")

    answer(connection, {"open": open_it, "frames": frames, "write": write, "write_still": write_still})


def _contents(file: int) -> bytes:
    with open(file, "rb") as stream:  # noqa: PTH123 - a descriptor
        try:
            return stream.read()
        except OSError as error:
            raise InputError(f"The file cannot be read ({error.strerror}); nothing was made from it.") from error
