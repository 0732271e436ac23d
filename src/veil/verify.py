"""A second look, at results: does a face still show where none should?

The written file is decoded again and looked at with other eyes than those that made the plan: see detect/second.py. A
face that is seen there is named unless it is covered, or was kept on purpose.

What is covered is judged by the picture, not by the plan alone, since a plan does not show whether it was carried out:
where a covered face should be, no fine detail may be left. Without a plan, detail is all there is to go by.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from veil import boxes, pipeline_picture
from veil import plan as plans
from veil import report as reports
from veil.detect import Finder, squeezed
from veil.errors import PlanError, WithheldError
from veil.files import withheld_name
from veil.media.animation import shown_for
from veil.media.files import Opener
from veil.media.image import Picture
from veil.options import Options
from veil.redact import cover_mask
from veil.types import Box, Detection, Kind, Place, Plan, Region, Report, SecondLook, Shape, State, Step

if TYPE_CHECKING:  # what decodes videos is loaded when there is one
    from veil.media.video import Video

HIDDEN = 0.5
"""A face lies in covered areas if they hold at least this share of the ellipse in its box."""

DETAIL = 6.0
"""From this standard deviation on, in grey levels of 255, fine structure is left; see detail()."""

DETAIL_SIDE = 32
"""How high a face is made, in pixels, before its fine structure is measured."""

COARSE = 2.0
"""Standard deviation of the Gaussian that leaves what is not fine, in pixels of that small face."""

APART_SECONDS = 0.5
"""How far apart the frames of a video are, at most, that are looked at."""

LISTED = 5
"""How many places an error names."""

SAME_FACE = 0.3
"""Places in frames looked at one after the other that share more than this intersection over union are one."""


def look_again(result: "Picture | Video", plan: Plan | None, finder: Finder, step: Step = lambda: None) -> SecondLook:
    """Return where a face still shows in a result.

    All frames of pictures are looked at. Of videos, one every APART_SECONDS, and all that the plan leaves in doubt: see
    in_doubt().

    Args:
        result: The open result.
        plan: What it was covered by; without it, whatever is smooth counts as covered.
        finder: Loaded models, from detect.load_second().
        step: Called after each frame or page.

    Raises:
        PlanError: The plan is about a picture of another size, or with other frames.
        InputError: The result is damaged.
        DetectorError: A model failed.
    """
    if isinstance(result, Picture):
        if plan is not None:
            _check_about(plan, result.facts.width, result.facts.height, result.facts.frames)
        return _in_picture(result, plan, finder, step)
    if plan is not None:
        _check_about(plan, result.facts.width, result.facts.height)
    return _in_video(result, plan, finder, step)


def with_second_look(
    report: Report,
    written: Path | bytes,
    plan: Plan,
    finder: Finder,
    options: Options,
    *,
    step: Step = lambda: None,
    opener: Opener | None = None,
) -> Report:
    """Look again at a result before anybody gets it, and return its report with what was seen.

    Args:
        report: On the result.
        written: The whole result: the file that is still to get its name, or the bytes of a picture.
        plan: What it was covered by.
        finder: Loaded models, from detect.load_second().
        options: All settings; those of stage READ are used.
        step: Called after each frame or page.
        opener: Opens the result to be decoded, in this process if not given.

    Raises:
        VeilError: As for look_again().
    """
    opener = opener or Opener()
    opened = (
        opener.open_picture(written, max_pixels=options.max_pixels)
        if isinstance(written, bytes)
        else opener.open_media(written, max_pixels=options.max_pixels)
    )
    with opened as result:
        return replace(report, second_look=look_again(result, plan, finder, step))


def check_passed(look: SecondLook | None, options: Options, target: Path | None = None) -> None:
    """Refuse a result in which a face may still show, unless such ones are released.

    Args:
        look: What a second look told; None if there was none.
        options: All settings; those of stage RELEASE are used.
        target: The name that the file is to get.

    Raises:
        WithheldError: It is refused.
    """
    if look is not None and not look.passed and not options.release:
        raise WithheldError(_why_withheld(look, target), look)


def _why_withheld(look: SecondLook, target: Path | None) -> str:
    listed = "; ".join(map(reports.place_in_words, look.places[:LISTED]))
    more = f"; and {len(look.places) - LISTED} more" if len(look.places) > LISTED else ""
    kept = "nothing was returned" if target is None else f"the result is kept aside as {withheld_name(target)}"
    return (
        f"A face may still show at {listed}{more}, so {kept}.\n"
        "Look there. Cover it with --region LEFT,TOP,RIGHT,BOTTOM, or let the result pass with --release."
    )


def _check_about(plan: Plan, width: int, height: int, frames: int | None = None) -> None:
    """Refuse a plan that cannot be the one that a result was made by.

    Raises:
        PlanError: It is about other sizes or frames.
    """
    known = plan.picture
    if (known.width, known.height) != (width, height) or frames not in (None, known.frames):
        raise PlanError(
            "The plan is about a picture of another size, or with another number of frames; nothing was looked at.\n"
            "Give the plan that this result was made by."
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What a plan says of one frame: regions that are covered, and those that were kept visible on purpose."""

    covered: Sequence[Region]
    kept: Sequence[Region]


def _known(plan: Plan, frame: int) -> _Known:
    return _Known(plans.to_cover(plan, frame), plans.in_frame(plan, frame, frozenset({State.KEPT})))


def _in_picture(picture: Picture, plan: Plan | None, finder: Finder, step: Step) -> SecondLook:
    count, time = 0, 0.0
    places: list[Place] = []
    moves = picture.facts.kind is Kind.ANIMATION
    for frame in picture.frames():
        seen = pipeline_picture.look(finder, frame)
        pixels = pipeline_picture.as_seen(frame)
        found = _showing(seen, pixels, _known(plan, frame.index) if plan else None, finder)
        places += [Place(each.box, each.score, frame.index, time if moves else None) for each in found]
        time += float(shown_for(frame))
        count += 1
        step()
    return SecondLook(count, _each_once(places) if moves else tuple(places))


def _in_video(video: "Video", plan: Plan | None, finder: Finder, step: Step) -> SecondLook:
    doubtful = in_doubt(plan) if plan is not None else frozenset()
    count, total = 0, 0
    start = last = -np.inf
    places: list[Place] = []
    with closing(video.frames()) as frames:
        for frame in frames:
            time = float(frame.time)
            if not total:
                start = time
            if time - last >= APART_SECONDS or frame.index in doubtful:
                last = time
                pixels = frame.pixels
                seen = squeezed.look(finder, pixels, float(video.facts.sample_aspect))
                found = _showing(seen, pixels, _known(plan, frame.index) if plan else None, finder)
                places += [Place(each.box, each.score, frame.index, time - start) for each in found]
                count += 1
            total += 1
            step()
    finder.release()  # other work with videos takes as much memory again
    if plan is not None:
        _check_about(plan, video.facts.width, video.facts.height, total)
    return SecondLook(count, _each_once(places))


def left_open(look: SecondLook, plan: Plan) -> SecondLook | None:
    """Return what a look saw that a plan, changed since then, neither covers nor keeps; None if nothing is left."""
    shape = plan.picture.height, plan.picture.width
    left: list[Place] = []
    for frame, places in groupby(look.places, key=lambda place: place.frame):
        known = _known(plan, frame)
        masks = tuple(cover_mask(each, *shape) for each in (known.covered, known.kept))
        left += [each for each in places if not any(_holds(mask, _ellipse(each.box, *shape)) for mask in masks)]
    return replace(look, places=tuple(left)) if left else None


def in_doubt(plan: Plan) -> frozenset[int]:
    """Return the frames of a video in which a face may have escaped a plan.

    These are frames in which a face is covered without being seen, the first and last of each face and those just
    outside, where it may have shown before it was found or after it was lost, and the middle of each suggestion.
    """
    doubtful: set[int] = set()
    for region in plan.regions:
        for span in region.doubtful:
            doubtful.update(range(*span))
        if region.frames is not None:
            first, stop = region.frames
            doubtful.update((first - 1, first, stop - 1, stop))
            if region.state is State.SUGGESTED:
                doubtful.add((first + stop) // 2)
    return frozenset(doubtful)


def _each_once(places: Sequence[Place]) -> tuple[Place, ...]:
    """Return a face that is seen in several frames one after the other once: where it is seen best."""
    faces: list[tuple[Place, Place]] = []  # the latest and the best of each
    frames = [list(each) for _, each in groupby(places, key=lambda place: place.frame)]
    before: list[int] = []  # the faces that were seen in the frame before
    for seen in frames:
        now = []
        for place in seen:
            shared = boxes.iou(boxes.stack([place.box]), boxes.stack([faces[each][0].box for each in before]))[0]
            if shared.size and shared.max() > SAME_FACE:
                known = before.pop(int(shared.argmax()))
                faces[known] = (place, max(faces[known][1], place, key=lambda each: each.score))
            else:
                known = len(faces)
                faces.append((place, place))
            now.append(known)
        before = now
    return tuple(sorted((best for _, best in faces), key=lambda place: (place.frame, -place.score)))


def _showing(
    seen: Sequence[Detection], pixels: NDArray[np.uint8], known: _Known | None, finder: Finder
) -> list[Detection]:
    """Return those of the faces that were seen in a frame that still show, the surest first."""
    places = boxes.stack([each.box for each in seen])
    limits = boxes.thresholds(places[:, 3] - places[:, 1], finder.cover)
    sure = [each for each, limit in zip(seen, limits.tolist(), strict=True) if each.score >= limit]
    if not sure:
        return []
    masks = (
        None if known is None else tuple(cover_mask(each, *pixels.shape[:2]) for each in (known.covered, known.kept))
    )
    return sorted((each for each in sure if _shows(each.box, pixels, masks)), key=lambda each: (-each.score, each.box))


def _shows(box: Box, pixels: NDArray[np.uint8], masks: Sequence[NDArray[np.bool_]] | None) -> bool:
    """Return whether a face that was seen in a box is neither covered nor kept on purpose."""
    rows, columns = boxes.round_out(box, pixels.shape[1], pixels.shape[0])
    part = pixels[rows, columns]
    left, top, right, bottom = box
    here = Box(left - columns.start, top - rows.start, right - columns.start, bottom - rows.start)
    inside = _ellipse(here, *part.shape[:2])
    if not inside.any():
        return False  # it lies outside of the picture
    if masks is None:
        return detail(part, inside, box.height) >= DETAIL
    covered, kept = (mask[rows, columns] & inside for mask in masks)
    if _holds(kept, inside):
        return False
    if not _holds(covered, inside):
        return True
    return detail(part, covered, box.height) >= DETAIL


def _ellipse(box: Box, height: int, width: int) -> NDArray[np.bool_]:
    """Return what of a picture lies in the ellipse in a box, shape (height, width)."""
    return cover_mask([Region(box, Shape.ELLIPSE, State.COVERED, None, "")], height, width)


def _holds(mask: NDArray[np.bool_], inside: NDArray[np.bool_]) -> bool:
    """Return whether as much of a face lies in a mask as settles it."""
    return bool((mask & inside).sum() >= HIDDEN * inside.sum())


def detail(pixels: NDArray[np.uint8], where: NDArray[np.bool_], height: float) -> float:
    """Return how much fine structure there is, such as eyes and a mouth: its standard deviation, in grey levels of 255.

    A face is made DETAIL_SIDE pixels high, if it is higher; what a Gaussian of COARSE pixels leaves of it is
    not fine. So the measure does not depend on how large a face is.

    Args:
        pixels: RGB, shape (H, W, 3), uint8: the face and nothing around it.
        where: Shape (H, W): what counts.
        height: Of the face, in pixels.
    """
    scale = min(1.0, DETAIL_SIDE / height)
    size = tuple(max(1, round(side * scale)) for side in where.shape[::-1])
    share = cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) * where
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    counts = share > 0.5
    if not counts.any():
        return 0.0
    mean = small / np.maximum(share, 1e-6)
    weight = np.maximum(cv2.GaussianBlur(share, (0, 0), COARSE), 1e-6)
    fine = mean - cv2.GaussianBlur(small, (0, 0), COARSE) / weight
    return float(fine[counts].std())
