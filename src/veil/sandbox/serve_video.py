"""Reads and writes videos behind the fences."""

from collections.abc import Iterator
from contextlib import closing

from veil import memory
from veil.media.preload import load_moving
from veil.media.sound_tracks import AlteredSound
from veil.media.source import DescriptorSource
from veil.media.video import HowToWrite, Video, VideoFrame, open_video
from veil.sandbox.moving import (
    FramesToRead,
    TrackNote,
    VideoFrameNote,
    VideoNote,
    VideoToOpen,
    VideoToWrite,
    samples_of,
    video_frames_of,
)
from veil.sandbox.serving import Caller, answer, writable
from veil.sandbox.wire import Connection, Message

load_moving()


def serve(connection: Connection) -> None:
    """Do what is asked with one video; the first thing is to open it."""
    memory.keep_large_apart()
    memory.give_back()  # the room that is there for photos: frames are too large for it
    opened: list[Video] = []

    def open_it(message: Message, caller: Caller) -> None:
        wanted = message.read(VideoToOpen)
        opened.append(open_video(DescriptorSource(message.file), **wanted._asdict()))
        caller.give("result", VideoNote(opened[0].facts, opened[0].look))

    def frames(message: Message, caller: Caller) -> None:
        wanted = message.read(FramesToRead)
        with closing(opened[0].frames(wanted.start, wanted.pts)) as found:
            for frame in found:
                caller.give("item", VideoFrameNote.of(frame), frame.image.planes())
        memory.give_back()  # what decoding took: the same process may encode next
        caller.give("end")

    def check_tracks(message: Message, caller: Caller) -> None:
        opened[0].check_tracks(message.read(HowToWrite))
        caller.give("result")

    def sounds(message: Message, caller: Caller) -> None:
        caller.give("result", [TrackNote(sound.shape, sound.start) for sound in opened[0].sounds()])

    def blocks(message: Message, caller: Caller) -> None:
        for block in opened[0].sounds()[message.read(int)].blocks():
            caller.give("item", None, [block])
        caller.give("end")

    def write(message: Message, caller: Caller) -> None:
        wanted = message.read(VideoToWrite)
        altered = [
            AlteredSound(note.shape, note.start, samples_of(caller.items(number), note.shape.channels))
            for number, note in enumerate(wanted.altered, 1)
        ]
        with writable(message) as stream:
            written = opened[0].write(_given(caller, opened[0]), stream, wanted.how, altered)
        caller.give("result", written)

    def write_screening(message: Message, caller: Caller) -> None:
        with writable(message) as stream:
            opened[0].write_screening(_given(caller, opened[0]), stream)
        caller.give("result")

    asks = {
        "open": open_it,
        "frames": frames,
        "check_tracks": check_tracks,
        "sounds": sounds,
        "blocks": blocks,
        "write": write,
        "write_screening": write_screening,
    }
    answer(connection, asks)


def _given(caller: Caller, video: Video) -> Iterator[VideoFrame]:
    return video_frames_of(caller.items(0), video.look, video.facts.time_base)
