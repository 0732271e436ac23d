"""What is told of photos, as values that JSON can hold."""

from dataclasses import asdict
from typing import Any

from veil.jobs.job import Film, Job, Talk
from veil.jobs.studio import Studio
from veil.options import Options, Stage, settings
from veil.report import look_to_dict
from veil.web.inputs import OF_RESULTS
from veil.web.problems import problem

TOLD = frozenset({Stage.FIND, *OF_RESULTS})
"""Settings of these stages are a photo's own; the others are the server's."""


def photo(studio: Studio, job: Job) -> dict[str, Any]:
    """Return what is known of one photo. Its regions are in its plan."""
    return {
        "id": job.id,
        "state": job.state,
        "kind": job.kind,
        "seconds": _seconds(job),
        "video": None if job.film is None else _video(job.film),
        "sound": None if job.talk is None else _sound(job.talk),
        "created": job.created,
        "expires": job.seen + studio.limits.keep_seconds,
        "progress": None if job.progress is None else dict(zip(("done", "total"), job.progress, strict=True)),
        "looked": job.looked,
        "revision": job.revision,
        "nothing_found": job.nothing_found,
        "heard_nothing": job.heard_nothing,
        "wants_review": job.wants_review,
        "second_look": _second_look(job),
        "counts": asdict(job.tally),
        "doubt": job.doubt,
        "picture": None if job.picture is None else _picture(job),
        "extension": job.extension,
        "options": _options(job.options),
        "problem": None if job.problem is None else problem(job.problem.error()),
    }


def listing(studio: Studio, owner: str) -> dict[str, Any]:
    """Return what is known of all photos of an owner, doubtful ones first, and a mark that changes when they do."""
    revision = studio.changes(owner, None, 0)  # before the list: a change in between is told again, never missed
    return {"photos": [photo(studio, job) for job in studio.jobs(owner)], "revision": revision}


def _second_look(job: Job) -> dict[str, Any] | None:
    """Return what second looks at results told, and what becomes of that."""
    if job.look is None:
        return None
    told = look_to_dict(job.look)
    state = "passed" if job.look.passed else "held-back" if job.is_held_back else "released"
    return {"state": state, "frames": told["frames"], "places": told["places"]}


def _picture(job: Job) -> dict[str, Any]:
    facts = asdict(job.picture) if job.picture else {}
    del facts["sha256"]  # which plans and reports hold
    return facts


def _video(film: Film) -> dict[str, Any]:
    return {
        "width": film.width,
        "height": film.height,
        "frames": film.frames,
        "sound": film.sound,
        "subtitles": film.subtitles,
        "screening": film.frames > 0,
    }


def _sound(talk: Talk) -> dict[str, Any]:
    told = asdict(talk)
    return {name: told[name] for name in ("format", "rate", "channels", "stretches", "spoken")}


def _seconds(job: Job) -> float | None:
    known = job.talk or job.film
    return None if known is None else known.seconds


def _options(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name, about in settings().items() if about.stage in TOLD}
