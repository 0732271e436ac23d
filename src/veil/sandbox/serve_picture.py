"""Reads and writes pictures behind the fences."""

from veil.errors import InputError
from veil.media.image import Picture, open_picture
from veil.media.preload import load_pictures
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

load_pictures()


def serve(connection: Connection) -> None:
    """Do what is asked with pictures, one after the other."""
    opened: list[Picture] = []

    def open_it(message: Message, caller: Caller) -> None:
        wanted = message.read(PictureToOpen)
        opened.clear()  # before there is another: its memory is used again
        opened.append(open_picture(_contents(message), max_pixels=wanted.max_pixels, sha256=wanted.sha256))
        caller.give("result", PictureNote.of(opened[0]))

    def frames(message: Message, caller: Caller) -> None:
        for frame in opened[0].frames():
            caller.give("item", FrameNote.of(frame), arrays_of(frame))
        caller.give("end")

    def write(message: Message, caller: Caller) -> None:
        wanted = message.read(PictureToWrite)
        picture = opened[0] if opened else wanted.like.picture(lambda: iter(()))
        with writable(message) as stream:
            picture.write(
                frames_of(caller.items(0)), stream, format=wanted.format, quality=wanted.quality, quick=wanted.quick
            )
        caller.give("result")

    def write_still(message: Message, caller: Caller) -> None:
        wanted = message.read(StillToWrite)
        with writable(message) as stream:
            (frame,) = frames_of(caller.items(0))
            picture = wanted.like.picture(lambda: iter(()))
            picture.write_still(frame, stream, format=wanted.format, quality=wanted.quality)
        caller.give("result")

    def write_screening(message: Message, caller: Caller) -> None:
        like = message.read(PictureNote).picture(lambda: iter(()))
        with writable(message) as stream:
            like.write_screening(frames_of(caller.items(0)), stream)
        caller.give("result")

    asks = {
        "open": open_it,
        "frames": frames,
        "write": write,
        "write_still": write_still,
        "write_screening": write_screening,
    }
    answer(connection, asks)


def _contents(message: Message) -> bytes:
    with open(message.file, "rb") as stream:  # noqa: PTH123 - a descriptor
        try:
            return stream.read()
        except OSError as error:
            raise InputError(f"The file cannot be read ({error.strerror}); nothing was made from it.") from error
