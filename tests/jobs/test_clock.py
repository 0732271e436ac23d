"""A clock that is set forwards or back by a day, or both, in the middle of everything."""

import pytest

from tests.jobs.conftest import BOX, ME, Clock, Hints, accept, photo, tools
from veil.cache import PlanCache
from veil.jobs.job import JobState
from veil.jobs.keeper import SWEEP_SECONDS, Keeper
from veil.jobs.results import ResultState
from veil.jobs.store import Store
from veil.jobs.studio import Studio
from veil.jobs.sweep import Sweeper
from veil.jobs.work import work
from veil.web.access import Access

DAY = 86_400.0


@pytest.mark.parametrize("jumps", [(DAY,), (-DAY,), (DAY, -DAY), (-DAY, DAY)])
def test_nothing_is_lost_or_kept_longer_and_nobody_is_logged_out(
    store: Store, studio: Studio, hints: Hints, clock: Clock, jumps: tuple[float, ...]
) -> None:
    steady = Clock(0)
    cache = PlanCache(store.path / "cache", store.secret, clock=clock)
    keeper = Keeper(store, hints, Sweeper(store, cache, steady), steady)
    access = Access("a-token-of-the-office", studio.seal)
    shown = access.make_pass(ME)
    ready, waiting = accept(store, photo()), accept(store, photo(seed=1))
    work(store, ready.id, tools(cache=cache))
    for jump in jumps:
        clock.now += jump
        for _ in range(2):
            steady.now += SWEEP_SECONDS
            clock.now += SWEEP_SECONDS
            keeper.tick()
    assert access.is_pass(shown, ME)
    assert hints.given[-1] == waiting.id
    work(store, waiting.id, tools(cache=cache))
    assert {job.id: job.state for job in studio.jobs(ME)} == {each.id: JobState.DONE for each in (ready, waiting)}
    assert studio.request_result(ME, ready.id, BOX).state is ResultState.READY

    keeps = store.limits.keep_seconds
    for seconds, state in ((keeps - SWEEP_SECONDS, JobState.DONE), (2 * SWEEP_SECONDS, JobState.EXPIRED)):
        steady.now += seconds
        clock.now += seconds
        keeper.tick()
        assert {job.state for job in store.jobs(ready.owner)} == {state}
