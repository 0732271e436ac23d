"""The library's functions: one picture or video in, a plan or a covered picture or video out.

A picture is a file (str or Path), the bytes of a file, a PIL picture, or an array; a video is a file. Arrays are RGB
(H, W, 3), RGB with opacity (H, W, 4) or grey (H, W), dtype uint8 or uint16.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from veil import detect, pipeline, verify
from veil.detect import Finder
from veil.errors import OutputError, UsageError
from veil.files import write_aside
from veil.media import image as media
from veil.media.files import Opener
from veil.options import Options
from veil.types import Plan, Report, SecondLook, Step

if TYPE_CHECKING:
    from PIL.Image import Image

    from veil.media.sound import Sound
    from veil.media.video import Video
    from veil.sandbox.box import Sandbox

    Source: TypeAlias = str | Path | bytes | Image | NDArray[Any]
    Held = TypeVar("Held", bytes, Image, NDArray[Any])
    """A picture that is held in memory."""


def find(
    source: Source,
    options: Options | None = None,
    *,
    finder: Finder | None = None,
    sandbox: Sandbox | None = None,
) -> Plan:
    """Return what is to be covered in a picture or video; nothing is changed or written.

    Args:
        source: The picture or video.
        options: Settings; the defaults if not given.
        finder: Loaded models, from detect.load(options.profile). Give them when there are many pictures; otherwise
            they are loaded each time, which takes about half a second.
        sandbox: Where the codecs run, for files and bytes that nobody vouches for; without it, in this process.

    Raises:
        InputError: The picture cannot be read.
        DetectorError: A model cannot be loaded or failed.

    Example:
        >>> import veil, skimage.data
        >>> plan = veil.find(skimage.data.astronaut())
        >>> [(region.state.value, round(region.score, 1)) for region in plan.regions]
        [('covered', 1.0)]
    """
    options = options or Options()
    with _open(source, options, sandbox) as picture:
        return pipeline.find(picture, finder or detect.load(options.profile), options)


@overload
def cover(
    source: Held,
    plan: Plan,
    options: Options | None = None,
    *,
    second: Finder | None = None,
    sandbox: Sandbox | None = None,
) -> Held: ...
@overload
def cover(
    source: str | Path,
    plan: Plan,
    options: Options | None = None,
    *,
    output: str | Path,
    overwrite: bool = False,
    second: Finder | None = None,
    sandbox: Sandbox | None = None,
) -> Report: ...
def cover(
    source: Source,
    plan: Plan,
    options: Options | None = None,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    second: Finder | None = None,
    sandbox: Sandbox | None = None,
) -> Any:
    """Cover a picture or video by a plan that was made for it.

    Args:
        source: The picture or video. It is not changed.
        plan: From find() or plan.from_json(), perhaps edited by a person.
        options: Settings; the defaults if not given.
        output: The file to write, for what is given as a file.
        overwrite: Replace the file if it exists.
        second: Loaded models, from detect.load_second(plan.profile), for options that say ``verify``; loaded each time
            if not given.
        sandbox: As for find().

    Returns:
        The covered picture, of the type of ``source``; for a file, the report on what was written.

    Raises:
        PlanError: The plan was made for another picture.
        InputError: The picture cannot be read.
        OutputError: The file exists, is the input, or cannot be written.
        WithheldError: A face may still show, and the options say ``verify`` and not ``release``; a file is kept aside.
    """
    options = options or Options()
    if isinstance(source, str | Path):
        with _open(source, options, sandbox) as opened, _target(source, output, overwrite) as stream:
            report = pipeline.cover(opened, plan, stream, options)
            return _verified(report, stream, plan, options, output, second, sandbox)
    with _open_held(source, options, _opener(sandbox)) as picture:
        _refuse_output(output)
        return _held(source, picture, plan, options, second)


@overload
def anonymise(
    source: Held,
    options: Options | None = None,
    *,
    finder: Finder | None = None,
    second: Finder | None = None,
    sandbox: Sandbox | None = None,
) -> Held: ...
@overload
def anonymise(
    source: str | Path,
    options: Options | None = None,
    *,
    finder: Finder | None = None,
    output: str | Path,
    overwrite: bool = False,
    second: Finder | None = None,
    sandbox: Sandbox | None = None,
) -> Report: ...
def anonymise(
    source: Source,
    options: Options | None = None,
    *,
    finder: Finder | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    second: Finder | None = None,
    sandbox: Sandbox | None = None,
) -> Any:
    """Find every face in a picture or video and cover it: find(), then cover(). Of a sound file, change the voices.

    The arguments, the result and the errors are those of find() and cover().

    Example:
        >>> import veil, skimage.data
        >>> photo = skimage.data.astronaut()
        >>> safe = veil.anonymise(photo, veil.Options(style="solid"))
        >>> safe.shape == photo.shape, safe[120, 225].tolist()
        (True, [0, 0, 0])
    """
    options = options or Options()
    if isinstance(source, str | Path):
        opener, path = _opener(sandbox), Path(source)
        if opener.is_sound(path):
            with opener.open_sound(path) as sound:
                return _anonymise_sound(sound, source, output, options, overwrite=overwrite)
        with (
            opener.open_media(path, max_pixels=options.max_pixels, is_sound=False) as opened,
            _target(source, output, overwrite) as stream,
        ):
            finder = finder or detect.load(options.profile)
            plan, report = pipeline.anonymise(opened, finder, stream, options)
            return _verified(report, stream, plan, options, output, second, sandbox)
    with _open_held(source, options, _opener(sandbox)) as picture:
        _refuse_output(output)
        plan = pipeline.find(picture, finder or detect.load(options.profile), options)
        return _held(source, picture, plan, options, second)


def check(
    source: Source,
    plan: Plan | None = None,
    options: Options | None = None,
    *,
    finder: Finder | None = None,
    step: Step = lambda: None,
    sandbox: Sandbox | None = None,
) -> SecondLook:
    """Look again at a result, and tell where a face still shows.

    Args:
        source: The result: a picture or video.
        plan: What it was covered by; without it, whatever is smooth counts as covered.
        options: Settings; ``profile`` says how hard to look.
        finder: Loaded models, from detect.load_second(options.profile).
        step: Called after each frame.
        sandbox: Where the file is decoded; in this process if not given.

    Raises:
        PlanError: The plan is about a picture of another size, or with other frames.
        InputError: The result cannot be read.
        DetectorError: A model cannot be loaded or failed.
    """
    options = options or Options()
    with _open(source, options, sandbox) as result:
        return verify.look_again(result, plan, finder or detect.load_second(options.profile), step)


def _verified(
    report: Report,
    stream: BinaryIO,
    plan: Plan,
    options: Options,
    output: str | Path | None,
    second: Finder | None,
    sandbox: Sandbox | None,
) -> Report:
    """Return the report on a file that is being written, after a second look if one is wanted."""
    if not options.verify or output is None:
        return report
    stream.flush()
    finder = second or detect.load_second(plan.profile)
    written = Path(stream.name)
    report = verify.with_second_look(report, written, plan, finder, options, opener=_opener(sandbox))
    verify.check_passed(report.second_look, options, Path(output))
    return report


def _anonymise_sound(
    sound: Sound, source: str | Path, output: str | Path | None, options: Options, *, overwrite: bool
) -> Report:
    """Change the voices in a sound file."""
    from veil import pipeline_sound  # what decodes sound is loaded when there is some

    pipeline_sound.target_of(sound, options)  # what cannot be done is refused before a file is begun
    with _target(source, output, overwrite) as stream:
        return pipeline_sound.anonymise(sound, stream, options)


def _opener(sandbox: Sandbox | None) -> Opener:
    return Opener() if sandbox is None else sandbox


def _open(source: Source, options: Options, sandbox: Sandbox | None) -> media.Picture | Video:
    if isinstance(source, str | Path):
        return _opener(sandbox).open_media(Path(source), max_pixels=options.max_pixels)
    return _open_held(source, options, _opener(sandbox))


def _open_held(source: bytes | Image | NDArray[Any], options: Options, opener: Opener) -> media.Picture:
    if isinstance(source, bytes):
        return opener.open_picture(source, max_pixels=options.max_pixels)
    if isinstance(source, np.ndarray):
        return media.picture_from_array(source)
    return media.picture_from_pil(source)


def _held(source: Source, picture: media.Picture, plan: Plan, options: Options, second: Finder | None) -> Any:
    """Return a picture that is held in memory covered, in the form in which it was given."""
    if options.verify:
        second = second or detect.load_second(plan.profile)
    if isinstance(source, bytes):
        stream = io.BytesIO()
        report = pipeline.cover(picture, plan, stream, options)
        if options.verify and second is not None:
            report = verify.with_second_look(report, stream.getvalue(), plan, second, options)
            verify.check_passed(report.second_look, options)
        return stream.getvalue()
    (frame,) = pipeline.covered_frames(picture, plan, options)
    if options.verify and second is not None:
        shown = media.picture_from_array(frame.pixels)
        verify.check_passed(verify.look_again(shown, plan, second), options)
    return media.to_array(frame, picture) if isinstance(source, np.ndarray) else media.to_pil(frame, picture)


@contextmanager
def _target(source: str | Path, output: str | Path | None, overwrite: bool) -> Iterator[BinaryIO]:
    if output is None:
        raise UsageError("What is given as a file needs output=, the file to write; nothing was done.")
    if Path(output).exists() and Path(output).samefile(source):
        raise OutputError(f"The result would replace the input {output}; nothing was done.\nGive another output.")
    with write_aside(Path(output), overwrite=overwrite) as stream:
        yield stream


def _refuse_output(output: str | Path | None) -> None:
    if output is not None:
        raise UsageError("output= is for pictures given as files; this one is returned. Nothing was done.")
