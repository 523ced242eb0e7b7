"""What left a complete source is asked about on its report's page."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.fetching import hosts
from monitor.poller import lookups as looking_up
from monitor.poller.leases import claim
from monitor.poller.lookups import expire
from monitor.poller.session import open_session
from monitor.record.store.schema import events, lookups, sources
from monitor.record.store.store import Store
from tests.fakes.clock import NOON
from tests.fakes.pages import Row, export, report, rows
from tests.fakes.site import Answer
from tests.monitor.poller.world import PATH, World, in_world, piers

PAGE = rows(12)
SLOW = {"http": {"min_interval": "10s"}}


def _closed(row: Row) -> Row:
    return row.but(status="Closed – Implemented", narrative="The Bureau finished in March 2031.")


def _path(row: Row) -> str:
    return f"/products/{row.product.lower()}"


async def _leave(world: World, count: int = 1) -> None:
    """Read the whole export, and half a day later one without its first rows."""
    world.serve(PAGE)
    await world.poll()
    world.clock.forward(hours=12)
    world.serve(PAGE[count:], stamp=world.clock.now())


def _settled(world: World) -> list[str | None]:
    return [row.settled for row in sorted(world.all(lookups), key=lambda row: row.product)]


def test_what_the_pace_allows_within_half_a_minute_is_asked_at_once(store: Store, tmp_path: Path) -> None:
    """The rest stays due, and is asked in the next cycle."""

    async def check(world: World) -> None:
        for row in PAGE[:5]:
            world.site.answers(_path(row), Answer(200, report([_closed(row)])))
        await _leave(world, 5)
        (reading,) = await world.poll()
        assert reading.closed == 3
        assert _settled(world).count(None) == 2
        (reading,) = await world.poll(due_only=True)
        assert reading.closed == 2

    in_world(store, tmp_path, check, piers(), gate={"max_vanished": 0.9}, **SLOW)


def test_one_page_answers_for_a_whole_report(store: Store, tmp_path: Path) -> None:
    """It is asked for once."""

    async def check(world: World) -> None:
        same = [row.but(product="GAO-31-900099", title="Harbor Lights: All Piers") for row in PAGE[:3]]
        same = [row.but(number=str(place)) for place, row in enumerate(same, 1)]
        world.serve([*same, *PAGE[3:]])
        await world.poll()
        world.clock.forward(hours=12)
        world.serve(PAGE[3:], stamp=world.clock.now())
        world.site.answers("/products/gao-31-900099", Answer(200, report([_closed(row) for row in same])))
        (reading,) = await world.poll()
        assert reading.closed == 3
        assert world.site.paths().count("/products/gao-31-900099") == 1

    in_world(store, tmp_path, check, piers(), gate={"max_vanished": 0.9})


def test_a_refusal_puts_all_pages_of_the_host_off(store: Store, tmp_path: Path) -> None:
    """One request is enough to know; the host's back-off holds for the rest."""

    async def check(world: World) -> None:
        for row in PAGE[:3]:
            world.site.answers(_path(row), Answer(403))
        await _leave(world, 3)
        (reading,) = await world.poll()
        assert (reading.outcome, reading.failed) == ("unchanged", False)
        asked = [path for path in world.site.paths() if path.startswith("/products")]
        assert len(asked) == 1
        until = hosts.load(store, world.site.host).refused_until
        assert until == world.clock.now() + timedelta(minutes=5)
        assert max(row.attempts for row in world.all(lookups)) == 1

    in_world(store, tmp_path, check, piers(), gate={"max_vanished": 0.9})


def test_look_ups_refused_again_and_again_are_one_incident(store: Store, tmp_path: Path) -> None:
    """Although the export itself is read well each time."""

    async def check(world: World) -> None:
        world.site.answers(_path(PAGE[0]), *[Answer(403)] * 3, Answer(200, report([_closed(PAGE[0])])))
        await _leave(world)
        for _ in range(5):
            await world.poll()
            world.clock.forward(hours=12)
        assert world.told() == ["source.blocked", "source.recovered"]
        assert _settled(world) == ["closed"]

    in_world(store, tmp_path, check, piers(), gate={"vanish_confirmations": 99})


def test_a_page_that_is_not_there_is_no_incident_and_is_asked_less_and_less(
    store: Store, tmp_path: Path
) -> None:
    """A report's page may be gone for good; what left is then reported without it."""

    async def check(world: World) -> None:
        await _leave(world)
        await world.poll()
        (row,) = world.all(lookups)
        assert (row.attempts, row.settled, row.due_at) == (1, None, world.clock.now() + timedelta(minutes=5))
        assert "(404)" in row.message
        world.clock.forward(hours=12)
        await world.poll()
        assert world.all(lookups)[0].due_at == world.clock.now() + timedelta(minutes=10)
        assert world.told() == []
        assert [row.type for row in world.all(events)] == ["recommendation.vanished"]

    in_world(store, tmp_path, check)


def test_a_page_of_another_report_is_not_asked_again_at_once(store: Store, tmp_path: Path) -> None:
    """It answers nothing, however often it is asked."""

    async def check(world: World) -> None:
        world.site.answers(_path(PAGE[0]), Answer(200, report([PAGE[5]])))
        await _leave(world)
        await world.poll()
        (row,) = world.all(lookups)
        assert (row.settled, row.attempts) == (None, 1)
        assert row.due_at == world.clock.now() + timedelta(days=1)

    in_world(store, tmp_path, check)


def test_robots_txt_holds_for_report_pages(store: Store, tmp_path: Path) -> None:
    """A disallowed page is not asked for, and the question stays."""

    async def check(world: World) -> None:
        text = b"User-agent: *\nDisallow: /products"
        world.site.answers("/robots.txt", Answer(200, text, {"Content-Type": "text/plain"}))
        await _leave(world)
        await world.poll()
        assert _path(PAGE[0]) not in world.site.paths()
        assert world.all(lookups)[0].due_at == world.clock.now() + timedelta(days=1)

    in_world(store, tmp_path, check)


def test_a_fault_in_taking_a_page_in_puts_it_off(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than asking for it for ever."""

    def breaking(*_: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("monitor.poller.session.answer_lookups", breaking)

    async def check(world: World) -> None:
        world.site.answers(_path(PAGE[0]), Answer(200, report([_closed(PAGE[0])])))
        await _leave(world)
        await world.poll()
        (row,) = world.all(lookups)
        assert (row.attempts, row.settled) == (1, None)
        assert row.due_at > world.clock.now()

    in_world(store, tmp_path, check)


def test_look_ups_end_after_thirty_days(store: Store, tmp_path: Path) -> None:
    """Nobody is asked for ever."""

    async def check(world: World) -> None:
        await _leave(world)
        await world.poll()
        expire(store, world.clock.now() + timedelta(days=30))
        assert _settled(world) == [None]
        expire(store, world.clock.now() + timedelta(days=30, seconds=1))
        assert _settled(world) == ["expired"]

    in_world(store, tmp_path, check)


def test_the_reports_page_saved_by_hand_answers(store: Store, tmp_path: Path) -> None:
    """Into the same folder as the export."""

    async def check(world: World) -> None:
        world.site.answers(_path(PAGE[0]), Answer(403))
        await _leave(world)
        await world.poll()
        world.drop("report.html", report([_closed(PAGE[0])]))
        (reading,) = await world.poll(due_only=True)
        assert (reading.outcome, reading.closed) == ("changed", 1)
        assert _settled(world) == ["closed"]

    in_world(store, tmp_path, check, piers(path="drop/"))


def test_a_source_of_files_alone_asks_where_its_owner_says(store: Store, tmp_path: Path) -> None:
    """report_url holds for it, too."""

    async def check(world: World) -> None:
        world.configuration["sources"][0]["report_url"] = world.site.url("/products/{number}")
        world.poller = world.make_poller()
        world.site.answers(_path(PAGE[0]), Answer(200, report([_closed(PAGE[0])])))
        world.drop("1.csv", export(PAGE, NOON - timedelta(hours=9)))
        world.drop("2.csv", export(PAGE[1:], NOON - timedelta(hours=1)))
        (reading,) = await world.poll()
        assert reading.closed == 1
        assert PATH not in world.site.paths()

    in_world(store, tmp_path, check, {"id": "piers", "format": "gao-csv", "path": "drop/"})


async def _cancelled(world: World, is_time: asyncio.Event) -> None:
    """Poll what is due, and be stopped at that moment."""
    polling = asyncio.create_task(world.poll(due_only=True))
    await asyncio.wait_for(is_time.wait(), 60)
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling


def test_a_look_up_that_was_stopped_is_asked_again_at_once(store: Store, tmp_path: Path) -> None:
    """Not when the lease has lapsed: nobody was killed, and whoever starts next finds it due."""

    async def check(world: World) -> None:
        world.site.answers(_path(PAGE[0]), Answer(wait=30), Answer(200, report([_closed(PAGE[0])])))
        await _leave(world)
        asked = asyncio.Event()

        async def watch() -> None:
            while _path(PAGE[0]) not in world.site.paths():
                await asyncio.sleep(0.01)
            asked.set()

        watching = asyncio.create_task(watch())
        await _cancelled(world, asked)
        await watching
        (reading,) = await world.poll(due_only=True)
        assert reading.closed == 1

    in_world(store, tmp_path, check, piers())


@pytest.mark.parametrize(("holder", "closed"), [("killed", [1, 0, 0]), ("another", [0, 0, 1])])
def test_what_a_killed_poller_was_asking_for_is_asked_by_its_follower_at_once(
    store: Store, tmp_path: Path, holder: str, closed: list[int]
) -> None:
    """By another poller once the lease has lapsed: the killed one may live for all it knows."""

    async def check(world: World) -> None:
        world.site.answers(_path(PAGE[0]), Answer(404), Answer(200, report([_closed(PAGE[0])])))
        await _leave(world)
        await world.poll()
        world.clock.forward(hours=12)
        assert claim(store, "lookups:piers", "killed", world.clock.now())
        world.poller = world.make_poller(holder=holder)
        found = []
        for _ in closed:
            (reading,) = await world.poll(due_only=True)
            found.append(reading.closed)
            world.clock.forward(seconds=40)
        assert found == closed

    in_world(store, tmp_path, check, piers(), gate={"vanish_confirmations": 99})


@pytest.mark.parametrize("holders", [("one", "other"), ("one", "one")])
def test_of_two_who_ask_at_once_one_does(store: Store, tmp_path: Path, holders: tuple[str, str]) -> None:
    """Two processes, and two tasks of one."""

    async def check(world: World) -> None:
        world.site.answers(_path(PAGE[0]), Answer(404))
        await _leave(world)
        await world.poll()
        before = world.site.paths().count(_path(PAGE[0]))
        world.clock.forward(hours=12)
        world.site.answers(_path(PAGE[0]), Answer(200, report([_closed(PAGE[0])]), wait=0.5))
        async with AsyncExitStack() as stack:
            made = {name: world.make_poller(holder=name) for name in holders}
            sessions = {
                name: await stack.enter_async_context(open_session(poller)) for name, poller in made.items()
            }
            until = world.clock.now() + looking_up.SOON
            asked = [
                looking_up.look_up(sessions[name], world.poller.settings.sources, until=until)
                for name in holders
            ]
            readings = await asyncio.gather(*asked)
        assert sum(len(each) for each in readings) == 1
        assert world.site.paths().count(_path(PAGE[0])) == before + 1
        assert not [row for row in world.all(sources) if row.lease_until]

    in_world(store, tmp_path, check, piers(), gate={"vanish_confirmations": 99})


def test_what_another_has_asked_meanwhile_is_not_asked_again(store: Store, tmp_path: Path) -> None:
    """Between the look at what is due and the lease, its holder may have had the answer."""

    async def check(world: World) -> None:
        await _leave(world)
        await world.poll()
        world.clock.forward(hours=12)
        async with open_session(world.poller) as session:
            until = world.clock.now() + looking_up.SOON
            due = looking_up._first(session, world.poller.settings.sources, until)
            assert due
            for _ in range(2):
                assert await looking_up._ask_alone(session, due) == []
        assert world.site.paths().count(_path(PAGE[0])) == 2

    in_world(store, tmp_path, check, piers(), gate={"vanish_confirmations": 99})
