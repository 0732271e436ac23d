"""Sound files: every sample in its place, in and out, and nothing else of the file in a result."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.media.clips import Sound, make_clip
from tests.media.sounds import Samples, clicks, load, peaks, save, save_wave, shape
from veil.errors import InputError, OutputError, UnsupportedError, UsageError
from veil.media.files import Opener
from veil.media.sound import open_sound
from veil.media.sound_formats import DEMUXERS, FILES, sniff_sound
from veil.media.sound_reader import Shape
from veil.media.sound_writer import write_sound

COUNT = 50_001
PLACES = [1000, 25_000, 49_500]
SECRET = "Anna-Muster-Musterweg-7"


@pytest.mark.parametrize(
    ("format", "rate", "channels", "samples"),
    [
        ("wav", 44_100, 2, "s16"),
        ("wav", 22_255, 1, "u8"),
        ("wav", 192_000, 6, "s32"),
        ("wav", 8_000, 1, "flt"),
        ("flac", 44_100, 2, "s16"),
        ("flac", 192_000, 6, "s32"),
        ("flac", 8_000, 1, "s16"),
    ],
)
def test_lossless_files_keep_every_bit(format: str, rate: int, channels: int, samples: str, tmp_path: Path) -> None:
    sound = clicks(channels, COUNT, PLACES, samples)
    after, kept = load(save(tmp_path / f"x.{format}", sound, shape(rate, channels, samples)))
    np.testing.assert_array_equal(after, sound)
    assert (kept.rate, kept.channels, kept.samples) == (rate, channels, samples)


@pytest.mark.parametrize(
    ("format", "rate", "channels", "stored"),
    [
        ("mp3", 44_100, 2, 44_100),
        ("mp3", 22_255, 1, 24_000),
        ("m4a", 44_100, 2, 44_100),
        ("m4a", 48_000, 6, 48_000),
        ("m4a", 8_000, 1, 8_000),
        ("m4a", 192_000, 2, 96_000),
        ("ogg", 44_100, 2, 48_000),
        ("opus", 48_000, 6, 48_000),
        ("opus", 8_000, 1, 48_000),
    ],
)
def test_lossy_files_keep_length_and_time_to_the_sample(
    format: str, rate: int, channels: int, stored: int, tmp_path: Path
) -> None:
    sound = clicks(channels, COUNT, PLACES)
    if stored < rate:  # a single sample would be gone
        sound[:, [place + 1 for place in PLACES]] = sound[:, [place + 2 for place in PLACES]] = 0.9
    after, kept = load(save(tmp_path / f"x.{format}", sound, shape(rate, channels)))
    assert (kept.rate, kept.channels) == (stored, channels)
    assert after.shape[1] == -(-COUNT * stored // rate)
    found = [int(np.abs(after[0, at - 400 : at + 400]).argmax()) + at - 400 for at in np.array(PLACES) * stored // rate]
    np.testing.assert_allclose(np.array(found) * rate / stored, PLACES, atol=max(1, rate / stored))


def test_each_kind_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    for format in FILES:
        path = save(tmp_path / "plain", clicks(1, 9000, [100]), shape(48_000, 1), format)
        with open_sound(path) as sound:
            assert sound.facts.container == ("opus" if format == "ogg" else format)
    assert FILES.keys() == DEMUXERS.keys()


@pytest.mark.parametrize("head", [b"", b"RIFF\0\0\0\0AVI ", b"\xff\xd8\xff\xe0", b"\xff\xf1\x50\x80", b"hello world!"])
def test_other_files_are_not_taken_for_sound(head: bytes, tmp_path: Path) -> None:
    assert sniff_sound(head) is None
    path = tmp_path / "x.wav"
    path.write_bytes(head)
    with pytest.raises(UnsupportedError, match="nothing was made from it"):
        open_sound(path)


def test_mp4_without_a_picture_is_sound_whatever_its_brand_and_one_with_a_picture_is_not(tmp_path: Path) -> None:
    source, target = save_wave(tmp_path / "x.wav", clicks(1, 48_000, [5]), 48_000), tmp_path / "x.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-brand", "mp42", target], check=True)
    assert target.read_bytes()[8:12] == b"mp42"
    assert Opener().is_sound(target)
    assert load(target)[0].shape == (1, 48_000)
    assert not Opener().is_sound(make_clip(tmp_path / "clip.mp4", sounds=[Sound()]))
    assert not Opener().is_sound(tmp_path / "nowhere.wav")


def test_blocks_are_bounded_and_may_be_read_again(tmp_path: Path) -> None:
    sound = clicks(2, 90_001, [5])
    with open_sound(save_wave(tmp_path / "x.wav", sound, 8000)) as opened:
        for _ in range(2):
            blocks = list(opened.blocks())
            assert max(block.shape[1] for block in blocks) <= 8000
            np.testing.assert_array_equal(np.concatenate(blocks, 1), sound)


@pytest.mark.parametrize("format", ["wav", "flac", "m4a"])
def test_a_file_that_was_cut_short_is_damaged(format: str, tmp_path: Path) -> None:
    path = save(tmp_path / f"x.{format}", clicks(1, 90_001, [5]), shape(44_100, 1))
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.raises(InputError, match="damaged or cut short"), open_sound(path) as sound:
        list(sound.blocks())


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = save_wave(tmp_path / "x.wav", clicks(1, 9000, [5]), 8000)
    with open_sound(path) as sound:
        save_wave(path, clicks(1, 9001, [5]), 8000)
        with pytest.raises(InputError, match="has changed"):
            list(sound.blocks())
    with pytest.raises(UsageError, match="closed"):
        list(sound.blocks())


def test_a_file_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no sound"):
        open_sound(save_wave(tmp_path / "x.wav", np.zeros((1, 0), np.float32), 8000))


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_eight_channels_are_refused(format: str, tmp_path: Path) -> None:
    """PyAV would read beyond the channels of such a frame and might end the program."""
    source = tmp_path / f"x.{format}"
    plain = save_wave(tmp_path / "plain.wav", clicks(2, 9000, [5]), 48_000)
    subprocess.run(["ffmpeg", "-v", "error", "-i", plain, "-ac", "8", source], check=True)
    with pytest.raises(UnsupportedError, match="The sound has 8 channels"):
        open_sound(source)


@pytest.mark.parametrize("layout", ["2.1", "4.0", "quad", "5.0(side)", "5.1(side)", "5.1"])
@pytest.mark.parametrize("format", ["wav", "flac"])
def test_channels_keep_their_meaning_where_nothing_is_lost(layout: str, format: str, tmp_path: Path) -> None:
    count = {"2.1": 3, "4.0": 4, "quad": 4}.get(layout, 5 + layout.startswith("5.1"))
    sound = clicks(count, 9000, [5, 70])
    after, kept = load(save(tmp_path / f"x.{format}", sound, Shape(48_000, layout, count, "s16")))
    np.testing.assert_array_equal(after, sound)
    assert kept.layout == layout


@pytest.mark.parametrize("rate", [4000, 384_000])
def test_rates_out_of_range_are_refused(rate: int, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=f"{rate} samples a second"):
        open_sound(save_wave(tmp_path / "x.wav", clicks(1, 9000, [5]), rate))


@pytest.mark.parametrize("format", ["mp3", "m4a", "ogg", "flac", "wav"])
def test_tags_chapters_and_cover_pictures_are_told_and_dropped(format: str, tmp_path: Path) -> None:
    plain = save_wave(tmp_path / "plain.wav", clicks(2, 90_000, [5]), 44_100)
    source = tmp_path / f"x.{format}"
    cover = tmp_path / "cover.png"
    command: list[str | Path] = ["ffmpeg", "-v", "error", "-y", "-i", plain]
    if format in ("mp3", "m4a", "flac"):
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=1:s=32x32", "-frames:v", "1", cover], check=True
        )
        command += ["-i", cover, "-map", "0", "-map", "1", "-c:v", "copy" if format != "m4a" else "png"]
        command += ["-disposition:v", "attached_pic"]
    command += ["-metadata", f"title={SECRET}", "-metadata", f"comment={SECRET}"]
    if format == "ogg":
        command += ["-c:a", "libopus"]
    subprocess.run([*command, source], check=True)
    assert SECRET.encode() in source.read_bytes()
    with open_sound(source) as sound:
        assert "metadata" in sound.facts.dropped
        assert ("cover pictures" in sound.facts.dropped) == (format in ("mp3", "m4a", "flac"))
        for target in FILES:
            stream = io.BytesIO()
            write_sound(sound.blocks(), sound.shape, stream, format=target)
            assert SECRET.encode() not in stream.getvalue()
            assert b"\x89PNG" not in stream.getvalue()
            assert target == "mp3" or b"Lavf" not in stream.getvalue(), "MP3 has its name in the first frame"


def test_a_failing_source_or_disk_leaves_an_error(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    blocks = [clicks(1, 90_000, [5])]
    with pytest.raises(OutputError, match="No space left"):
        write_sound(blocks, shape(8000, 1), Full(), format="wav")

    def broken() -> Iterator[Samples]:
        yield blocks[0]
        raise InputError("broken")

    with pytest.raises(InputError, match="broken"):
        write_sound(broken(), shape(8000, 1), io.BytesIO(), format="flac")


def test_what_a_format_cannot_hold_is_refused() -> None:
    with pytest.raises(UsageError, match="does not hold 6 channels"):
        write_sound([], shape(48_000, 6), io.BytesIO(), format="mp3")
    with pytest.raises(UsageError, match="does not write sound as 'aiff'"):
        write_sound([], shape(48_000, 1), io.BytesIO(), format="aiff")


def test_sound_that_is_too_loud_is_cut_off_rather_than_turned_over(tmp_path: Path) -> None:
    after, _ = load(save(tmp_path / "x.wav", np.full((1, 100), 1.5, np.float32), shape(8000, 1)))
    assert after.min() > 0.99


def test_floating_point_keeps_what_is_louder_than_1_and_refuses_what_is_no_number(tmp_path: Path) -> None:
    loud = np.full((1, 9000), 1.5, np.float32)
    np.testing.assert_array_equal(load(save(tmp_path / "x.wav", loud, shape(8000, 1, "flt")))[0], loud)
    loud[0, 5000] = np.nan
    with pytest.raises(InputError, match="damaged"):
        load(save(tmp_path / "x.wav", loud, shape(8000, 1, "flt")))


def test_peaks_are_found_where_they_are() -> None:
    assert peaks(clicks(1, 100, [3, 50]), 2) == [3, 50]
