"""Detections, tracks and drawn areas in, a Plan out; plans as JSON and back.

The JSON form is described by plan.schema.json beside this file.
"""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veil import boxes, keys, polygon
from veil.errors import PlanError, UsageError
from veil.track import Followed, Track, thinned
from veil.types import Area, Box, Detection, Drawing, Facts, Key, Kind, Plan, Point, Reason, Region, Shape, Span, State

VERSION = 1
# An ellipse leaves out the corners of its box: it is made larger by this, so that it reaches over chin and brow also
# where the box that was found is a little off.
ELLIPSE_REACH = 1.15

# What is added to a face from brow to chin before it is grown, so that the area reaches over hair and ears: at the top
# in heights, at each side in widths.
HAIR = 0.3
EAR = 0.1

# A doubtful face that shares more than this intersection over union with a covered one is not worth a question.
IN_ITS_PLACE = 0.6

# The box around a polygon or around all places of an area that moves may be rounded to whole pixels, but not be
# somewhere else.
ROUNDING = 1.0
MOST_VERTICES = 500

SAME_TIME = 1e-6  # seconds: times are rounded

COVERED_STATES = frozenset({State.COVERED, State.DRAWN})

Steps = Sequence[tuple[float, float]]


def regions(
    detections: Sequence[Detection],
    *,
    cover: Steps,
    suggest: Steps,
    shape: Shape,
    grow: float,
    area: Area = Area.FACE,
    min_height: float = 0,
    frames: Span | None = None,
) -> list[Region]:
    """Return what is to be done with each detection, in reading order; the least sure are left out.

    Args:
        detections: What was seen in one picture.
        cover: (height, threshold) steps, as in boxes.thresholds; faces at or above it are covered.
        suggest: The same for faces that are only suggested.
        shape: Outline of the areas; not a polygon.
        grow: Size of a box beside the face; an ellipse is ELLIPSE_REACH times larger still.
        area: How much of a person to cover; a head holds all of what would be covered of the face.
        min_height: Lower faces are left out, in pixels.
        frames: The frames that the areas lie in.
    """
    faces = boxes.stack([each.box for each in detections])
    heights = faces[:, 3] - faces[:, 1]
    scores = np.array([each.score for each in detections])
    sure = scores >= boxes.thresholds(heights, cover)
    tall = heights >= min_height
    doubtful = ~sure & (scores >= boxes.thresholds(heights, suggest)) & tall
    doubtful[doubtful] = ~_lie_on(faces[doubtful], faces[sure & tall])
    wanted = (sure & tall) | doubtful
    shown = [_rounded(each.box) for each in detections]
    places = _areas(shown, shape=shape, grow=grow, area=area)
    found = [
        Region(
            box=place,
            shape=shape,
            state=State.COVERED if certain else State.SUGGESTED,
            score=round(min(float(each.score), 1.0), 4),
            source=each.source,
            face=seen,
            points=tuple(Point(round(x, 2), round(y, 2)) for x, y in each.points),
            frames=frames,
        )
        for each, seen, place, certain, kept in zip(detections, shown, places, sure, wanted, strict=True)
        if kept
    ]
    return sorted(found, key=lambda region: (region.box.top, region.box.left, region.box, region.source))


def followed(
    tracks: Sequence[Track], *, shape: Shape, grow: float, area: Area = Area.FACE, min_height: float = 0
) -> list[Region]:
    """Return what is to be done with each face that was followed through a video, in order of appearance.

    Its score is that of the look that saw it best.

    Args:
        tracks: What was followed.
        shape: Outline of the areas; not a polygon.
        grow: Size of the areas beside the face, as for regions().
        area: How much of a person to cover.
        min_height: Faces that are lower than this in all frames are left out, in pixels.
    """
    found = []
    for track in tracks:
        if (track.boxes[:, 3] - track.boxes[:, 1]).max() < min_height:
            continue
        faces = [Key(key.frame, _rounded(key.box)) for key in thinned(track.first, track.boxes)]
        places = _areas([key.box for key in faces], shape=shape, grow=grow, area=area)
        moving = tuple(Key(key.frame, place) for key, place in zip(faces, places, strict=True))
        region = Region(
            box=keys.around(moving),
            shape=shape,
            state=State.COVERED if track.certain else State.SUGGESTED,
            score=round(min(max(float(seen.score) for _, seen in track.seen), 1.0), 4),
            source="+".join(sorted({name for _, seen in track.seen for name in seen.source.split("+")})),
            face=keys.around(faces),
            frames=track.span,
            keys=moving,
            track=track.id,
            doubtful=track.doubtful,
        )
        found.append(region)
    return found


def _lie_on(faces: boxes.Boxes, others: boxes.Boxes) -> NDArray[np.bool_]:
    """Return which faces lie where one of the others does, shape (N,)."""
    return np.asarray((boxes.iou(faces, others) > IN_ITS_PLACE).any(axis=1))


def _areas(faces: Sequence[Box], *, shape: Shape, grow: float, area: Area) -> list[Box]:
    """Return what is covered for each face."""
    if shape is Shape.POLYGON:
        raise ValueError("what is covered of a found face is an ellipse or a box, not a polygon")
    stacked = boxes.stack(faces)
    wholes = _heads(stacked) if area is Area.HEAD else stacked
    grown = boxes.grow(wholes, grow * ELLIPSE_REACH if shape is Shape.ELLIPSE else grow)
    return [_rounded(Box(*place)) for place in grown.tolist()]


def _heads(faces: boxes.Boxes) -> boxes.Boxes:
    """Return faces with hair and ears, shape (N, 4)."""
    width, height = faces[:, 2] - faces[:, 0], faces[:, 3] - faces[:, 1]
    zero = np.zeros(len(faces))
    return faces + np.stack([-EAR * width, -HAIR * height, EAR * width, zero], axis=1)


def drawn(area: Box, shape: Shape, frames: Span | None = None, *, outline: Sequence[Point] = ()) -> Region:
    """Return a region that a person drew.

    Args:
        area: Where it is; for a polygon, polygon.bounds(outline).
        shape: Outline of the area.
        frames: The frames or pages in which it lies; None for all of them.
        outline: Vertices of a polygon.

    Raises:
        ValueError: The vertices do not make a polygon in this area, or another shape has some.
    """
    region = Region(
        box=area, shape=shape, state=State.DRAWN, score=None, source="user", frames=frames, outline=tuple(outline)
    )
    problem = _wrong_outline(region)
    if problem:
        raise ValueError(f"a {shape} cannot be drawn so: {problem}")
    return region


def drawn_moving(way: Followed, shape: Shape) -> Region:
    """Return a region that a person drew around something that was followed from there.

    Args:
        way: Where it is.
        shape: Outline of the area; not a polygon.
    """
    moving = tuple(Key(key.frame, _rounded(key.box)) for key in thinned(way.first, way.boxes))
    return Region(
        box=keys.around(moving),
        shape=shape,
        state=State.DRAWN,
        score=None,
        source="user",
        frames=Span(way.first, way.first + len(way.boxes)),
        keys=moving,
        doubtful=way.doubtful,
    )


def shown_in(drawing: Drawing, times: Sequence[float], duration: float) -> Span | None:
    """Return the frames that are shown while an area is to be covered; None for all of them.

    Args:
        drawing: The area and its times.
        times: When each frame is shown, in seconds from the first one, rising.
        duration: When the last frame ends.

    Raises:
        UsageError: It begins after the end.
    """
    if drawing.start is None and drawing.stop is None:
        return None
    check_begins(drawing, duration)
    first = 0 if drawing.start is None else max(0, bisect_right(times, drawing.start + SAME_TIME) - 1)
    stop = len(times) if drawing.stop is None else bisect_left(times, drawing.stop - SAME_TIME)
    return Span(first, max(stop, first + 1))


def check_begins(drawing: Drawing, duration: float) -> None:
    """Refuse an area that begins after the end: nothing would be covered where something was to be.

    Raises:
        UsageError: It does.
    """
    if drawing.start is not None and drawing.start > duration + SAME_TIME:
        raise UsageError(
            f"The area {_shown(drawing.box)} begins at {drawing.start:g} s, after the end at"
            f" {duration:.2f} s; nothing was written."
        )


def check_inside(area: Box, picture: Facts) -> None:
    """Refuse an area that lies beside the picture: nothing would be covered where something was to be.

    Raises:
        UsageError: It does.
    """
    if not boxes.touches(boxes.stack([area]), picture.width, picture.height).all():
        raise UsageError(
            f"The area {_shown(area)} lies outside of the picture, which is {picture.width} x {picture.height} pixels"
            " large; nothing was done."
        )


def _shown(area: Box) -> str:
    return ",".join(f"{side:g}" for side in area)


def refit(plan: Plan, *, shape: Shape, grow: float, area: Area) -> Plan:
    """Return a plan whose found areas are as finding with these settings would have made them.

    Regions stay in their order, with their states, scores and frames; drawn areas stay as they were drawn. So does
    ``options_digest``, which tells how the faces were found.

    Args:
        plan: It is not changed.
        shape: Outline of the areas; not a polygon.
        grow: Size of the areas beside the face, as for regions().
        area: How much of a person to cover.
    """

    def refitted(region: Region) -> Region:
        if region.face is None or region.state is State.DRAWN:
            return region
        if region.keys:
            places = _areas(keys.shrunk(region.keys, region.face), shape=shape, grow=grow, area=area)
            moving = tuple(Key(key.frame, place) for key, place in zip(region.keys, places, strict=True))
            return replace(region, box=keys.around(moving), keys=moving, shape=shape)
        (place,) = _areas([region.face], shape=shape, grow=grow, area=area)
        return replace(region, box=place, shape=shape, outline=())

    return replace(plan, regions=tuple(map(refitted, plan.regions)))


def digest(plan: Plan) -> str:
    """Return SHA-256, in hexadecimal, over all that a plan says."""
    return digest_of(to_json(plan).encode())


def digest_of(text: bytes) -> str:
    """Return the digest() of the plan that to_json() wrote so."""
    return hashlib.sha256(text).hexdigest()


def to_cover(plan: Plan, index: int) -> list[Region]:
    """Return the regions of one frame or page that are to be covered, each where it is in that frame."""
    return in_frame(plan, index, COVERED_STATES)


def in_frame(plan: Plan, index: int, states: frozenset[State]) -> list[Region]:
    """Return the regions of one frame or page in some states, each where it is in that frame."""
    return [
        _in_frame(region, index)
        for region in plan.regions
        if region.state in states and (region.frames is None or index in range(*region.frames))
    ]


def _in_frame(region: Region, index: int) -> Region:
    """Return a region as it is in one of its frames; of one that moves, the face alone is not known.

    One that would be nowhere, which no plan that was read holds, is everywhere it ever is.
    """
    place = keys.box_at(region.keys, index) if region.keys else None
    return region if place is None else replace(region, box=place, face=None, keys=())


def check_fits(plan: Plan, picture: Facts) -> None:
    """Refuse a plan that was made for another picture: the wrong areas would be covered and faces left bare.

    Raises:
        PlanError: The picture's bytes are not those that the plan was made for.
    """
    if plan.picture != picture:
        raise PlanError(
            "This plan was made for another picture, or the picture has changed since; nothing was written.\n"
            "Make a new plan for it with veil find."
        )


def to_json(plan: Plan) -> str:
    """Return a plan as JSON text, one region a line."""
    head = {"veil_plan": VERSION, **_fields(plan), "picture": _fields(plan.picture), "models": dict(plan.models)}
    lines = ",\n".join("    " + json.dumps(_fields(region)) for region in head.pop("regions"))
    listed = f"[\n{lines}\n  ]" if lines else "[]"
    return json.dumps(head, indent=2).removesuffix("\n}") + f',\n  "regions": {listed}\n}}\n'


def _fields(value: Plan | Facts | Region) -> dict[str, Any]:
    """Return the fields of a value as they are; asdict() would copy all in them, which takes ten times as long."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def from_json(text: str | bytes) -> Plan:
    """Return the plan that a JSON text holds.

    Raises:
        PlanError: It is not JSON, does not follow plan.schema.json, or contradicts itself.
    """
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"The plan is not valid JSON ({error}); nothing was covered.") from error
    problem = next(_schema_problems(data), None)
    if problem is None:
        plan = _build(data)
        problem = next(_contradictions(plan), None)
    if problem is not None:
        raise PlanError(f"The plan cannot be used: {problem}; nothing was covered.")
    return plan


def _rounded(box: Box) -> Box:
    return Box(*(round(side, 2) for side in box))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


@cache
def _validator() -> Any:
    from jsonschema_rs import Draft202012Validator  # only needed for plans read from outside

    schema = json.loads(resources.files("veil").joinpath("plan.schema.json").read_text("utf-8"))
    return Draft202012Validator(schema)


def _schema_problems(data: object) -> Iterator[str]:
    for error in _validator().iter_errors(data):
        place = "/".join(str(step) for step in error.instance_path) or "its top level"
        yield f"at {place}, the rule {str(error.schema_path[-1])!r} of the format is broken"


def _build(data: dict[str, Any]) -> Plan:
    picture = dict(data["picture"])
    return Plan(
        picture=Facts(**{**picture, "kind": Kind(picture["kind"])}),
        regions=tuple(
            Region(
                box=Box(*each["box"]),
                shape=Shape(each["shape"]),
                state=State(each["state"]),
                score=each["score"],
                source=each["source"],
                face=Box(*each["face"]) if each["face"] else None,
                points=tuple(Point(*point) for point in each["points"]),
                frames=Span(*map(int, each["frames"])) if each["frames"] else None,
                outline=tuple(Point(*vertex) for vertex in each.get("outline", ())),
                keys=tuple(Key(int(frame), Box(*box)) for frame, box in each.get("keys", ())),
                track=each.get("track"),
                doubtful=tuple(Span(*map(int, span)) for span in each.get("doubtful", ())),
                reason=Reason(each["reason"]) if each.get("reason") else None,
            )
            for each in data["regions"]
        ),
        profile=data["profile"],
        options_digest=data["options_digest"],
        models=data["models"],
    )


def _contradictions(plan: Plan) -> Iterator[str]:
    for number, region in enumerate(plan.regions):
        if region.box.width <= 0 or region.box.height <= 0:
            yield f"the box of region {number} is empty or turned inside out"
        if region.frames is not None and not region.frames.first < region.frames.stop <= plan.picture.frames:
            yield f"region {number} lies in frames that the picture does not have"
        if any(not first < stop <= plan.picture.frames for first, stop in region.doubtful):
            yield f"region {number} is doubtful in frames that the picture does not have"
        problem = _wrong_outline(region)
        if problem:
            yield f"region {number} is a {region.shape} where {problem}"
        if region.keys and plan.picture.kind not in (Kind.VIDEO, Kind.ANIMATION):
            yield f"region {number} moves, which only areas of videos and animations do"
        problem = _wrong_keys(region)
        if problem:
            yield f"region {number} moves so that {problem}"


def _wrong_outline(region: Region) -> str | None:
    """Return what is wrong with the vertices of a region, or None."""
    if region.shape is not Shape.POLYGON:
        return "there must be no vertices" if region.outline else None
    if not 3 <= len(region.outline) <= MOST_VERTICES:
        return f"there must be 3 to {MOST_VERTICES} vertices"
    if not np.isfinite(region.outline).all():
        return "a vertex is not a place"
    if not np.allclose(region.box, polygon.bounds(region.outline), rtol=0, atol=ROUNDING):
        return "the box is not the one around the vertices"
    return None


def _wrong_keys(region: Region) -> str | None:
    """Return what is wrong with how a region moves, or None: it must be somewhere in each of its frames."""
    if not region.keys:
        return None
    at = [key.frame for key in region.keys]
    if region.shape is Shape.POLYGON:
        return "it must be no polygon"
    if any(later <= earlier for earlier, later in pairwise(at)):
        return "its key frames do not rise"
    if region.frames is None or (at[0], at[-1] + 1) != region.frames:
        return "its key frames are not the first and the last of its frames, and some between"
    if any(key.box.width <= 0 or key.box.height <= 0 for key in region.keys):
        return "a box is empty or turned inside out"
    if not np.allclose(region.box, keys.around(region.keys), rtol=0, atol=ROUNDING):
        return "its box is not the one around all its places"
    return None
