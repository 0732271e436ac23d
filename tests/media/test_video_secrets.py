"""Nothing of a video but its frames, times and chosen tracks is in a result: each thing is planted and looked for."""

import io
import subprocess
import uuid
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.bitstream import BitStreamFilterContext

from tests.media.clips import Sound, make_clip
from veil.media.video import open_video, write_video
from veil.media.video_formats import CODECS

SECRET = b"Anna-Muster-Musterweg-7"
WORDS = SECRET.decode()
TIMES = range(0, 480, 40)


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def clip(folder: Path) -> Path:
    return make_clip(folder / "plain.mp4", sounds=[Sound()], unit=Fraction(1, 1000), times=TIMES)


def tags(folder: Path) -> Path:
    names = ("title", "artist", "comment", "location", "location-eng", "copyright", "make", "encoder", "creation_time")
    values = {"creation_time": "2011-02-03T04:05:06Z", "location": "+47.1234+008.5678/"}
    extra = [part for name in names for part in ("-metadata", f"{name}={values.get(name, WORDS)}")]
    per_stream = ["-metadata:s:v", f"handler_name={WORDS}", "-metadata:s:a", f"title={WORDS}"]
    ffmpeg("-i", clip(folder), "-c", "copy", *extra, *per_stream, "-movflags", "use_metadata_tags", folder / "tags.mp4")
    return folder / "tags.mp4"


def matroska_tags(folder: Path) -> Path:
    ffmpeg("-i", clip(folder), "-c", "copy", "-metadata", f"title={WORDS}", "-metadata:s:a", f"title={WORDS}",
           folder / "tags.mkv")  # fmt: skip
    return folder / "tags.mkv"


def chapters(folder: Path) -> Path:
    (folder / "notes.txt").write_text(f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=200\ntitle={WORDS}\n")
    ffmpeg("-i", clip(folder), "-i", folder / "notes.txt", "-map_metadata", 1, "-c", "copy", folder / "chapters.mkv")
    return folder / "chapters.mkv"


def attachment(folder: Path) -> Path:
    (folder / "note.txt").write_bytes(SECRET)
    ffmpeg("-i", clip(folder), "-c", "copy", "-attach", folder / "note.txt", "-metadata:s:t", "mimetype=text/plain",
           folder / "attachment.mkv")  # fmt: skip
    return folder / "attachment.mkv"


def cover_picture(folder: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "color=red:s=16x16", "-frames:v", 1, folder / "cover.png")
    png = (folder / "cover.png").read_bytes()
    text = b"tEXtComment\0" + SECRET
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    (folder / "cover.png").write_bytes(png[:33] + chunk + png[33:])
    ffmpeg("-i", clip(folder), "-i", folder / "cover.png", "-map", 0, "-map", 1, "-c", "copy", "-disposition:v:1",
           "attached_pic", folder / "cover.mp4")  # fmt: skip
    return folder / "cover.mp4"


def second_video(folder: Path) -> Path:
    ffmpeg("-i", clip(folder), "-i", tags(folder), "-map", "0:v", "-map", "1:v", "-c", "copy", "-metadata:s:v:1",
           f"title={WORDS}", folder / "two.mkv")  # fmt: skip
    return folder / "two.mkv"


def subtitles(folder: Path) -> Path:
    (folder / "words.srt").write_text(f"1\n00:00:00,000 --> 00:00:00,400\n{WORDS}\n")
    ffmpeg("-i", clip(folder), "-i", folder / "words.srt", "-c", "copy", "-c:s", "mov_text", folder / "words.mp4")
    return folder / "words.mp4"


def timecode(folder: Path) -> Path:
    ffmpeg("-i", clip(folder), "-c", "copy", "-timecode", "10:11:12:13", "-metadata:s:v", f"reel_name={WORDS}",
           folder / "timecode.mov")  # fmt: skip
    return folder / "timecode.mov"


def data_stream(folder: Path) -> Path:
    path = folder / "data.ts"
    with av.open(str(clip(folder))) as source, av.open(str(path), "w") as target:
        video = target.add_stream_from_template(source.streams.video[0], opaque=True)
        data = target.add_data_stream("klv")
        for packet in source.demux(video=0):
            if packet.dts is None:
                continue
            note = av.Packet(SECRET)
            note.stream, note.pts, note.dts, note.time_base = data, packet.pts, packet.dts, packet.time_base
            packet.stream = video
            target.mux(packet)
            target.mux(note)
    return path


def users_notes_in_the_picture(folder: Path) -> Path:
    """Unregistered user data (SEI), which many encoders and cameras write into each frame."""
    path = folder / "notes.mp4"
    with av.open(str(clip(folder))) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        video = target.add_stream_from_template(stream, opaque=True)
        notes = BitStreamFilterContext(f"h264_metadata=sei_user_data={uuid.UUID(int=7)}+{WORDS}", stream)
        for packet in source.demux(video=0):
            if packet.dts is None:
                continue
            for noted in notes.filter(packet):
                noted.stream = video
                target.mux(noted)
    return path


def closed_captions(folder: Path) -> Path:
    """Captions of ATSC A/53, hidden in each frame; here their bytes spell the secret."""
    letters = SECRET + bytes(len(SECRET) % 2)
    pairs = b"".join(b"\xfc" + letters[at : at + 2] for at in range(0, len(letters), 2))
    payload = b"\xb5\x00\x31GA94\x03" + bytes([0x40 | len(pairs) // 3]) + b"\xff" + pairs + b"\xff"
    message = b"\x06\x04" + bytes([len(payload)]) + payload + b"\x80"
    path = folder / "captions.mp4"
    with av.open(str(clip(folder))) as source, av.open(str(path), "w") as target:
        video = target.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(video=0):
            if packet.dts is None:
                continue
            noted = av.Packet(len(message).to_bytes(4, "big") + message + bytes(packet))
            noted.pts, noted.dts, noted.time_base, noted.is_keyframe = (
                packet.pts, packet.dts, packet.time_base, packet.is_keyframe,
            )  # fmt: skip
            noted.stream = video
            target.mux(noted)
    return path


def vorbis_comment(folder: Path) -> Path:
    """Vorbis carries its comments in the header that players need."""
    plain = make_clip(
        folder / "plain.mkv", unit=Fraction(1, 1000), times=TIMES, sounds=[Sound("vorbis")],
        settings={"max_b_frames": 0},
    )  # fmt: skip
    path = folder / "vorbis.mkv"
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        streams = [target.add_stream_from_template(stream, opaque=True) for stream in source.streams]
        context = streams[1].codec_context
        assert context.extradata is not None
        at = context.extradata.index(b"\x03vorbis")
        setup = context.extradata[context.extradata.index(b"\x05vorbis") :]
        identity = context.extradata[at - 30 : at]
        comment = b"\x03vorbis" + len(SECRET).to_bytes(4, "little") + SECRET + bytes(4) + b"\x01"
        context.extradata = bytes([2, len(identity), len(comment)]) + identity + comment + setup
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                packet.dts = packet.dts if packet.dts is not None else packet.pts
                target.mux(packet)
    return path


PLANTS: dict[Callable[[Path], Path], str] = {
    tags: "metadata",
    matroska_tags: "metadata",
    chapters: "chapters",
    attachment: "attachments",
    cover_picture: "cover pictures",
    second_video: "further video streams",
    subtitles: "",
    timecode: "data streams",
    data_stream: "data streams",
    users_notes_in_the_picture: "",
    closed_captions: "closed captions",
    vorbis_comment: "",
}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_what_is_planted_is_gone_and_was_told(plant: Callable[[Path], Path], tmp_path: Path) -> None:
    source = plant(tmp_path)
    assert SECRET in source.read_bytes() or plant is closed_captions  # which have two letters at a time
    with open_video(source) as video:
        assert PLANTS[plant] in (*video.facts.dropped, "")
        for container in {"mp4", "mkv", video.facts.container}:
            stream = io.BytesIO()
            write_video(video, video.frames(), stream, container=container, sound="keep", preset="ultrafast")
            assert SECRET not in stream.getvalue() and b"2011" not in stream.getvalue()
            assert b"GA94" not in stream.getvalue()
            stream.seek(0)
            with av.open(stream) as result:
                kinds = [track.type for track in result.streams]
                assert kinds == ["video"] + ["audio"] * len(video.facts.sound)
                assert result.chapters() == [] and set(result.metadata) <= ALLOWED
                assert all(set(track.metadata) <= ALLOWED for track in result.streams)


ALLOWED = {"major_brand", "minor_version", "compatible_brands", "language", "handler_name", "vendor_id"} | {
    "encoder",
    "ENCODER",
    "duration",
    "DURATION",
}
"""What the container's writer says by itself, of itself."""


@pytest.mark.parametrize("plant", [users_notes_in_the_picture, closed_captions], ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("codec", CODECS)
def test_notes_within_pictures_reach_no_encoder(plant: Callable[[Path], Path], codec: str, tmp_path: Path) -> None:
    seen = []
    with open_video(plant(tmp_path)) as video:
        for frame in video.frames():
            seen.append(len(frame.image.clean(frame.image.layout).side_data))
        stream = io.BytesIO()
        write_video(video, video.frames(), stream, container="mp4", codec=codec, preset="ultrafast")
    assert SECRET not in stream.getvalue() and b"GA94" not in stream.getvalue()
    assert set(seen) == {0}


def test_writers_say_nothing_of_their_own(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4")) as video:
        for container in ("mp4", "mov", "mkv"):
            stream = io.BytesIO()
            write_video(video, video.frames(), stream, container=container)
            stream.seek(0)
            with av.open(stream) as result:
                said = {**result.metadata, **result.streams.video[0].metadata}
            assert not {"creation_time", "location", "title"} & set(said)
            assert said.get("encoder", "Lavf") == "Lavf" and said.get("ENCODER", "Lavf") == "Lavf"
            assert said.get("handler_name", "VideoHandler") == "VideoHandler"
