"""The bodies that are in memory at the same time: a bound, however many pages are on their way."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from monitor.fetching.asking import _wait_for_memory
from monitor.fetching.memory_budget import MemoryBudget, Share
from monitor.intake import Intake
from monitor.poller.cycle import run_cycle
from monitor.poller.session import open_session
from monitor.record.store.store import Store
from monitor.record.values import Outcome, Page
from tests.fakes.site import Answer
from tests.monitor.fetching.test_fetcher import World, in_world
from tests.monitor.poller import world as polling

FREE, LIMIT = 1000, 600


@pytest.mark.parametrize("seed", range(20))
def test_bodies_grow_within_the_bound_and_all_come_to_their_end(seed: int) -> None:
    """Whatever their sizes, their order and who gives up on the way: never more than FREE and one limit."""
    dice, budget, most, ended = random.Random(seed), MemoryBudget(FREE), 0, 0

    async def grow(size: int) -> None:
        nonlocal most, ended
        with budget.share() as share:
            for held in range(0, size, 50):
                await share.wait(held)
                most = max(most, budget.used)
                await asyncio.sleep(0)
                if dice.random() < 0.01:
                    raise ConnectionError
            await asyncio.sleep(0)  # it is taken in
        ended += 1

    async def all_of_them() -> None:
        sizes = [dice.choice([20, 300, LIMIT]) for _ in range(60)]
        tasks = [asyncio.create_task(grow(size)) for size in sizes]
        tasks[7].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)

    asyncio.run(all_of_them())
    assert FREE / 2 < most <= FREE + LIMIT
    assert ended > 30
    assert budget.used == 0


def test_who_is_alone_never_waits() -> None:
    """A body longer than all that is free comes in nevertheless."""
    share = Share(MemoryBudget(FREE))
    assert all(share.take(size) for size in range(0, 10 * FREE, 100))


BODY = random.Random(1).randbytes(300_000)


def test_many_answers_at_once_are_in_memory_only_so_far(store: Store) -> None:
    """Those for which there is no room are left on the wire, and get what they came for afterwards."""
    most, taking = 0, 0

    async def fetch(world: World, number: int) -> None:
        nonlocal most, taking
        with world.asker.budget.share() as share:
            page = await world.fetch(f"/{number}", share=share)
            assert isinstance(page, Page)
            assert share.held == len(page.body)
            taking += len(page.body)
            most = max(most, taking)
            await asyncio.sleep(0.01)
            taking -= len(page.body)

    async def check(world: World) -> None:
        world.asker.budget = MemoryBudget(2 * len(BODY))
        for number in range(16):
            world.site.answers(f"/{number}", Answer(200, BODY))
        await asyncio.gather(*(fetch(world, number) for number in range(16)))
        assert 0 < most <= 3 * len(BODY)
        assert world.asker.budget.used == 0

    in_world(store, check)


def test_a_site_is_not_slow_because_there_was_no_room() -> None:
    """The time that it has is longer by as much as its answer waited for others."""

    async def check() -> None:
        loop, budget = asyncio.get_running_loop(), MemoryBudget(FREE)
        ahead, share = budget.share(), budget.share()
        assert ahead.take(2 * FREE)
        async with asyncio.timeout(1) as deadline:
            ends = deadline.when()
            loop.call_later(1.2, ahead.__exit__, None, None, None)
            await _wait_for_memory(share, deadline, LIMIT)
            assert ends is not None
            assert (deadline.when() or 0) - ends > 1.1
        assert budget.used == LIMIT

    asyncio.run(check())


def _keep_count(monkeypatch: pytest.MonkeyPatch) -> list[MemoryBudget]:
    made: list[MemoryBudget] = []

    class Counted(MemoryBudget):
        def __init__(self) -> None:
            super().__init__(3 * len(BODY))
            made.append(self)

    monkeypatch.setattr("monitor.fetching.asking.MemoryBudget", Counted)
    return made


def test_a_poller_has_room_for_pages_and_files_until_they_are_taken_in(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each counts until its intake has ended; of twelve at once, half of them files, a few are there."""
    made = _keep_count(monkeypatch)
    used: list[int] = []

    def take_in(*_: Any, **__: Any) -> Intake:
        used.append(made[0].used)
        return Intake(Outcome.UNCHANGED)

    async def check(world: polling.World) -> None:
        for number in range(6):
            world.site.answers(f"/{number}", Answer(200, BODY, polling.CSV))
            world.drop(f"{number}.csv", BODY)
        poller = world.make_poller(take_in=take_in)
        async with open_session(poller) as session:
            sources = session.settings.sources
            for source in (sources[0], sources[-1]):
                await run_cycle(session, source)
            assert used == [len(BODY)] * 2
            await asyncio.gather(*(run_cycle(session, source) for source in sources[:-1]))
        assert made[0].used == 0
        assert len(used) == 13
        assert 2 * len(BODY) < max(used) <= 4 * len(BODY)

    given = [{"id": f"web-{n}", "format": "gao-csv", "url": f"/{n}", "robots": "ignore"} for n in range(6)]
    given += [{"id": f"drop-{n}", "format": "gao-csv", "path": f"drop/{n}.csv"} for n in range(6)]
    polling.in_world(store, tmp_path, check, *given)
