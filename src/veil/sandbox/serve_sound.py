"""Reads and writes sound files behind the fences."""

from veil.media.preload import load_moving
from veil.media.sound import Sound, holds_sound_alone, open_sound
from veil.media.source import DescriptorSource
from veil.sandbox.moving import SoundToWrite, samples_of
from veil.sandbox.serving import Caller, answer, writable
from veil.sandbox.wire import Connection, Message

load_moving()


def serve(connection: Connection) -> None:
    """Do what is asked with one sound file; the first thing is to open it."""
    opened: list[Sound] = []

    def holds_alone(message: Message, caller: Caller) -> None:
        caller.give("result", holds_sound_alone(DescriptorSource(message.file)))

    def open_it(message: Message, caller: Caller) -> None:
        opened.append(open_sound(DescriptorSource(message.file), sha256=message.read(str)))
        caller.give("result", opened[0].facts)

    def blocks(message: Message, caller: Caller) -> None:
        for block in opened[0].blocks():
            caller.give("item", None, [block])
        caller.give("end")

    def write(message: Message, caller: Caller) -> None:
        wanted = message.read(SoundToWrite)
        samples = samples_of(caller.items(0), wanted.shape.channels)
        with writable(message) as stream:
            written = opened[0].write(samples, stream, format=wanted.format, shape=wanted.shape)
        caller.give("result", written)

    answer(connection, {"holds_alone": holds_alone, "open": open_it, "blocks": blocks, "write": write})
