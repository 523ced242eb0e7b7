"""Many sources: their hosts at the same time, those of one host in turn, and what is said of them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from monitor.poller import CycleResult, once, poll_once
from monitor.poller.cycle import run_cycle, run_if_due
from monitor.poller.leases import SourceRow, claim
from monitor.poller.session import open_session
from monitor.record.settings import Source
from monitor.record.store.prepared import Prepared
from monitor.record.store.schema import sources
from monitor.record.store.store import Store, StoreError
from monitor.record.values import Outcome
from tests.fakes.clock import NOON
from tests.fakes.pages import agency, rows
from tests.fakes.site import Answer
from tests.monitor.poller.world import World, in_world, piers

_FAR = ({"id": "slow", "url": "http://a.example/x"}, {"id": "quick", "url": "http://b.example/x"})
_NEAR = ({"id": "slow", "url": "http://a.example/x"}, {"id": "quick", "url": "http://a.example/y"})


def _read(
    monkeypatch: pytest.MonkeyPatch,
    store: Store,
    base: Path,
    given: tuple[dict[str, str], ...],
    cycle: Callable[..., Any],
) -> list[CycleResult]:
    monkeypatch.setattr(once, "_cycle", cycle)
    read: list[CycleResult] = []

    async def check(world: World) -> None:
        made = [Source(format="gao-csv", **one) for one in given]  # type: ignore[arg-type]
        settings = world.poller.settings.model_copy(update={"sources": tuple(made)})
        read.extend(await poll_once(replace(world.poller, settings=settings)))

    in_world(store, base, check)
    return read


def test_a_slow_host_does_not_hold_up_another(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is read while the first is silent; the answer keeps the configuration's order."""
    asked = asyncio.Event()

    async def cycle(_session: Any, source: Source, *, due_only: bool) -> CycleResult:
        if source.id == "slow":
            await asyncio.wait_for(asked.wait(), 60)
        asked.set()
        return CycleResult(source.id, Outcome.UNCHANGED)

    read = _read(monkeypatch, store, tmp_path, _FAR, cycle)
    assert [one.source for one in read] == ["slow", "quick"]


def test_sources_of_one_host_take_turns(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page of a host is on its way at a time."""
    steps: list[str] = []

    async def cycle(_session: Any, source: Source, *, due_only: bool) -> CycleResult:
        steps.append(f"{source.id} begins")
        await asyncio.sleep(0)
        steps.append(f"{source.id} ends")
        return CycleResult(source.id, Outcome.UNCHANGED)

    _read(monkeypatch, store, tmp_path, _NEAR, cycle)
    assert steps == ["slow begins", "slow ends", "quick begins", "quick ends"]


def test_a_store_that_cannot_be_used_ends_the_cycle_as_itself(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever called knows it by its name, however many were being read."""

    async def cycle(_session: Any, source: Source, *, due_only: bool) -> CycleResult:
        raise StoreError("full")

    with pytest.raises(StoreError, match="full"):
        _read(monkeypatch, store, tmp_path, _FAR, cycle)


def test_the_hosts_turn_is_taken_with_the_lease_or_not_at_all(store: Store) -> None:
    """Who has not got the source asks nobody for its page."""
    done: list[str] = []

    def note(name: str) -> Callable[[Connection, SourceRow], None]:
        return lambda _connection, _row: done.append(name)

    assert claim(store, "piers", "us", NOON, note("us"))
    assert not claim(store, "piers", "them", NOON, note("them"))
    assert done == ["us"]


def test_of_many_first_captures_the_last_word_is_said(store: Store, tmp_path: Path) -> None:
    """What is covered is looked up for a few of them, and once more when all are in."""
    many = [piers(id=f"page-{n}", format="gao-agency", url=f"/agencies/{n}") for n in range(6)]
    said: list[int] = []

    async def check(world: World) -> None:
        for n in range(6):
            page = [row.but(agency=f"Bureau {n}", title=f"Report {n}: Lamps") for row in rows(2)]
            world.site.answers(f"/agencies/{n}", Answer(200, agency(page)))

        def announce(_source: Source) -> str:
            with store.read() as connection:
                said.append(len(connection.execute(select(sources.c.last_captured_at)).all()))
            return "covered"

        world.poller = world.make_poller(announce=announce)
        assert {str(one.outcome) for one in await world.poll()} == {"baseline"}

    in_world(store, tmp_path, check, *many)
    assert said[-1] == 6


@pytest.mark.parametrize("run", [run_cycle, run_if_due], ids=["once", "service"])
def test_an_unchanged_page_costs_five_statements_and_no_thread(
    store: Store, tmp_path: Path, run: Callable[..., Any]
) -> None:
    """Lease, host's turn, recognition, marks of age, the source's row: in the loop's own thread."""
    many = [piers(id=f"page-{n}", format="gao-agency", url=f"/agencies/{n}") for n in range(4)]
    composed: list[str] = []
    threads: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(Prepared, name)

        def count(self: Prepared, connection: Connection, values: Any) -> Any:
            composed.append(name)
            return real(self, connection, values)

        return count

    async def noted(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        threads.append(work.__name__)
        return work(*arguments, **named)

    async def check(world: World) -> None:
        for n in range(4):
            page = [row.but(agency=f"Bureau {n}", title=f"Report {n}: Lamps") for row in rows(2)]
            world.site.answers(f"/agencies/{n}", Answer(200, agency(page)))
        async with open_session(world.poller) as session:
            # Of a host more is known after its first page.
            for source in session.settings.sources * 2:
                assert not (await run_cycle(session, source)).failed
            world.clock.forward(hours=14)
            with pytest.MonkeyPatch.context() as patch:
                for name in ("row", "count"):
                    patch.setattr(Prepared, name, counted(name))
                patch.setattr(asyncio, "to_thread", noted)
                results = [await run(session, source) for source in session.settings.sources]
        assert [result.outcome for result in results] == ["unchanged"] * 4
        assert (len(composed), threads) == (4 * 5, [])
        assert all(row.lease_holder is None for row in world.all(sources))

    in_world(store, tmp_path, check, *many)
