"""What somebody waits for at the page: areas that are followed through a film, a few seconds of sound to listen to."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from veil import plan as plans
from veil.jobs import disk, sounds, videos
from veil.jobs.endings import problem_of, rested
from veil.jobs.folder import JobFolder
from veil.jobs.job import Trial, Wish
from veil.jobs.progress import Progress, Superseded
from veil.jobs.reels import Reel
from veil.media.sound import Sound


def answer_all(folder: JobFolder, medium: Reel | Sound, counting: Callable[[], Progress]) -> bool:
    """Follow all areas and make all parts of the sound that somebody waits for; say whether there were any.

    Args:
        folder: The file's.
        medium: The file, opened.
        counting: Returns what counts the steps of each.
    """
    some = False
    while (job := folder.read()).is_urgent:
        some = True
        trial = next((trial for trial in job.trials if trial.waits), None)
        wish = next((wish for wish in job.wishes if wish.waits), None)
        if trial is not None:
            _try_out(folder, medium, trial, counting())
        elif wish is not None and not isinstance(medium, Sound):
            _follow(folder, medium, wish, counting())
    return some


def _try_out(folder: JobFolder, medium: Reel | Sound, trial: Trial, progress: Progress) -> None:
    """Make a few seconds of sound before and after; if they cannot be made, the trial tells why."""

    def check() -> None:
        if folder.read().trial(trial.key) is None:
            raise Superseded

    def try_out() -> None:
        with suppress(Superseded):
            ready = sounds.try_out(folder, medium, trial, lambda: progress.step(check))
            folder.change(lambda now: rested(now.with_trial(ready)))

    problem = problem_of(try_out, folder)
    if problem is not None:
        refused = replace(trial, problem=problem)
        folder.change(lambda now: rested(now.with_trial(refused)))


def _follow(folder: JobFolder, reel: Reel, wish: Wish, progress: Progress) -> None:
    """Follow one area; if it cannot be followed, the wish tells why."""
    _, plan = folder.read_settled()

    def check() -> None:
        if folder.read().wish(wish.key) is None:
            raise Superseded

    def follow() -> None:
        times = videos.read_times(folder)
        progress.expect(len(times.pts))
        with suppress(Superseded):
            region = reel.follow(wish, times.pts, lambda: progress.step(check))
            with folder.unless_gone():
                disk.write_whole(folder.followed(wish.key), plans.to_json(replace(plan, regions=(region,))).encode())
            folder.change(lambda now: rested(now.with_wish(replace(wish, ready=True))))

    problem = problem_of(follow, folder)
    if problem is not None:
        folder.change(lambda now: rested(now.with_wish(replace(wish, problem=problem))))
