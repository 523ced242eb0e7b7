"""One cycle over the sources."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.intake import Arrival, Intake
from monitor.poller import CycleResult
from monitor.poller.leases import claim
from monitor.record.settings import Settings, Source
from monitor.record.store.schema import captures, outbox
from monitor.record.store.store import Store
from monitor.record.values import Outcome
from tests.fakes.clock import NOON
from tests.fakes.pages import export, report, rows
from tests.fakes.site import Answer
from tests.monitor.poller.world import CHANGED, CSV, FIVE, PATH, World, in_world, piers

FOLDER = {"id": "piers", "format": "gao-csv", "path": "drop/"}
BOTH = piers(path="drop/")


def test_first_a_baseline_then_nothing_then_a_change(store: Store, tmp_path: Path) -> None:
    """The change's outbox row is put in line after its commit."""

    async def check(world: World) -> None:
        world.serve(FIVE)
        assert await world.outcome() == "baseline"
        world.clock.forward(hours=12)
        assert await world.outcome() == "unchanged"
        assert world.line.jobs == []
        world.clock.forward(hours=12)
        world.serve(CHANGED)
        (reading,) = await world.poll()
        assert (reading.outcome, reading.updated, len(reading.events)) == ("changed", 1, 1)
        assert world.line.jobs == [("changes", "workers.queue.jobs.describe", world.all(outbox)[-1].id)]

    in_world(store, tmp_path, check)


def test_the_line_is_the_contracts() -> None:
    """Exactly these fields, in words that JSON has."""
    line = CycleResult("piers", Outcome.CHANGED, "", 5, 1, 2, 3, 4, 5, ("evt_1",)).as_json()
    assert json.loads(json.dumps(line)) == {
        "source": "piers",
        "outcome": "changed",
        "seen": 5,
        "opened": 1,
        "updated": 2,
        "closed": 3,
        "reopened": 4,
        "vanished": 5,
        "events": ["evt_1"],
    }


def test_a_refusal_says_what_to_do_and_when_it_is_tried_again(store: Store, tmp_path: Path) -> None:
    """One line: the reason, the address, the folder, the time."""

    async def check(world: World) -> None:
        world.site.answers(PATH, Answer(403))
        (reading,) = await world.poll()
        again = (NOON + timedelta(minutes=5)).astimezone()
        assert (reading.outcome, reading.failed) == ("blocked", True)
        assert reading.message == (
            f"{world.site.host} refused (403). Open {world.site.url(PATH)} in a browser and save it in "
            f"{tmp_path / 'drop'}; it is read at once. Next try {again:%H:%M}."
        )
        assert "\n" not in reading.message
        assert world.source().next_poll_at == NOON + timedelta(minutes=5)
        assert world.source().message == reading.message

    in_world(store, tmp_path, check, BOTH)


def test_without_a_folder_the_message_names_the_verb(store: Store, tmp_path: Path) -> None:
    """There is a way in any case."""

    async def check(world: World) -> None:
        world.site.answers(PATH, Answer(403))
        (reading,) = await world.poll()
        assert "`recwatch poll --once --source piers --from FILE`" in reading.message

    in_world(store, tmp_path, check)


def test_a_site_that_cannot_be_reached_is_failing_in_words(store: Store, tmp_path: Path) -> None:
    """No exception's name, and where to put a saved page."""

    async def check(world: World) -> None:
        world.site.answers("/robots.txt", Answer(404))
        world.site.answers(PATH, Answer(200, b"x" * 99, CSV, cut=3))
        (reading,) = await world.poll()
        assert reading.outcome == "failing"
        assert reading.message.startswith(
            f"{world.site.host} could not be reached: the connection broke off."
        )
        assert str(tmp_path / "drop") in reading.message

    in_world(store, tmp_path, check, BOTH)


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body><h1>Request rejected</h1><p>Your support ID is 1.</p></body></html>",
        b"<html><body><p>Please solve this captcha to go on.</p></body></html>",
    ],
)
def test_a_wall_that_only_its_words_give_away_is_a_refusal(store: Store, tmp_path: Path, body: bytes) -> None:
    """It says what to do like any other refusal, and nothing is held back for it."""

    async def check(world: World) -> None:
        world.site.answers(PATH, Answer(200, body))
        (reading,) = await world.poll()
        assert reading.outcome == "blocked"
        assert reading.message.startswith(f"{world.site.host} refused (")
        assert "Next try" in reading.message
        assert world.all(captures) == []

    in_world(store, tmp_path, check, BOTH)


def test_a_password_in_the_address_is_neither_shown_nor_kept(store: Store, tmp_path: Path) -> None:
    """Messages go to people, and captures are kept for years."""

    async def check(world: World) -> None:
        world.configuration["sources"] = (piers(url="PLACEHOLDER"),)
        secret = world.site.url(PATH).replace("://", "://me:hunter2@")
        world._source = lambda given: given | {"url": secret}  # type: ignore[method-assign]
        world.poller = world.make_poller()
        world.site.answers(PATH, Answer(403), Answer(200, export(FIVE), CSV))
        (reading,) = await world.poll()
        assert "hunter2" not in reading.message
        await world.poll()
        assert [row.origin for row in world.all(captures)] == [world.site.url(PATH)]
        assert world.site.asked[-1].headers["authorization"].startswith("Basic ")

    in_world(store, tmp_path, check)


def test_robots_txt_is_obeyed_and_told_apart(store: Store, tmp_path: Path) -> None:
    """Disallowed is an outcome of its own, and a failure."""

    async def check(world: World) -> None:
        text = b"User-agent: *\nDisallow: /export"
        world.site.answers("/robots.txt", Answer(200, text, {"Content-Type": "text/plain"}))
        (reading,) = await world.poll()
        assert (reading.outcome, reading.failed) == ("disallowed", True)
        assert PATH not in world.site.paths()

    in_world(store, tmp_path, check)


def test_operators_hear_once_of_an_incident(store: Store, tmp_path: Path) -> None:
    """At the second failure, and when it is over; the other half is woken each time."""

    async def check(world: World) -> None:
        world.site.answers(PATH, *[Answer(403)] * 3, Answer(200, export(FIVE), CSV))
        told = []
        for _ in range(4):
            await world.poll()
            told.append(world.told())
            world.clock.forward(hours=12)
        assert told == [[], ["source.blocked"], ["source.blocked"], ["source.blocked", "source.recovered"]]
        assert world.line.wakes == 2

    in_world(store, tmp_path, check)


def test_back_off_doubles_and_a_good_reading_ends_it(store: Store, tmp_path: Path) -> None:
    """The next poll after a good one is `every` away."""

    async def check(world: World) -> None:
        world.site.answers(PATH, *[Answer(403)] * 3, Answer(200, export(FIVE), CSV))
        waits = []
        for _ in range(4):
            await world.poll()
            waits.append(world.source().next_poll_at - world.clock.now())
        assert waits == [timedelta(minutes=m) for m in (5, 10, 20, 720)]

    in_world(store, tmp_path, check)


def test_retry_after_decides_over_the_back_off(store: Store, tmp_path: Path) -> None:
    """The store keeps the time that the site asked for."""

    async def check(world: World) -> None:
        world.site.answers(PATH, Answer(429, headers={"Retry-After": "7200"}))
        await world.poll()
        assert world.source().next_poll_at == NOON + timedelta(hours=2)
        world.clock.forward(minutes=30)
        asked = len(world.site.asked)
        assert await world.outcome(due_only=True) == "unchanged"
        assert len(world.site.asked) == asked
        assert await world.outcome() == "blocked"  # by name and now: that is what --once says

    in_world(store, tmp_path, check)


def test_only_what_is_due_is_asked_for_by_once(store: Store, tmp_path: Path) -> None:
    """But new files are read in any case."""

    async def check(world: World) -> None:
        world.serve(FIVE)
        await world.poll()
        asked = len(world.site.asked)
        world.clock.forward(hours=1)
        world.drop("new.csv", export(CHANGED, world.clock.now()))
        assert await world.outcome(due_only=True) == "changed"
        assert len(world.site.asked) == asked
        world.clock.forward(hours=12)
        await world.poll(due_only=True)
        assert len(world.site.asked) == asked + 1

    in_world(store, tmp_path, check, BOTH)


def test_a_page_that_breaks_the_reader_does_not_stop_other_sources(store: Store, tmp_path: Path) -> None:
    """Its source is failing, with the fault in the message."""

    async def check(world: World) -> None:
        real = world.poller.take_in

        def breaking(store: Store, settings: Settings, arrival: Arrival) -> Intake:
            if arrival.source.id == "piers":
                raise RuntimeError("a fault")
            return real(store, settings, arrival)

        world.poller = world.make_poller(take_in=breaking)
        world.serve(FIVE)
        first, second = await world.poll()
        assert (first.outcome, second.outcome) == ("failing", "baseline")
        assert "a fault" in first.message

    in_world(store, tmp_path, check, piers(), piers(id="lamps"))


def test_named_sources_alone_are_read(store: Store, tmp_path: Path) -> None:
    """In the configuration's order; an unknown name is an error that lists the known."""

    async def check(world: World) -> None:
        world.serve(FIVE)
        assert [reading.source for reading in await world.poll("lamps")] == ["lamps"]
        assert [reading.source for reading in await world.poll("lamps", "piers")] == ["piers", "lamps"]
        with pytest.raises(KeyError, match="known: piers, lamps"):
            await world.poll("peers")

    in_world(store, tmp_path, check, piers(), piers(id="lamps"))


def test_another_process_at_the_same_source_is_waited_for_and_then_named(
    store: Store, tmp_path: Path
) -> None:
    """Its lease lapses when it was killed; while it lives on, it is not disturbed."""

    async def check(world: World) -> None:
        world.serve(FIVE)
        claim(store, "piers", "another", world.clock.now())
        assert await world.outcome() == "baseline"
        assert world.clock.now() >= NOON + timedelta(seconds=60)
        assert world.source().lease_until is None

        async def renew() -> None:
            while True:
                claim(store, "piers", "another", world.clock.now())
                await asyncio.sleep(0)

        renewing = asyncio.create_task(renew())
        await asyncio.sleep(0.01)
        (reading,) = await world.poll()
        renewing.cancel()
        assert "Another process" in reading.message

    in_world(store, tmp_path, check)


def test_a_good_cycle_is_followed_by_a_heartbeat(store: Store, tmp_path: Path) -> None:
    """And a bad one is not."""

    async def check(world: World) -> None:
        world.site.answers("/alive", Answer(200))
        world.poller = world.make_poller(heartbeat_url=world.site.url("/alive"))
        world.serve(FIVE)
        await world.poll()
        assert world.site.paths().count("/alive") == 1
        world.site.answers(PATH, Answer(403))
        await world.poll()
        assert world.site.paths().count("/alive") == 1

    in_world(store, tmp_path, check)


def test_a_heartbeat_that_nobody_takes_fails_nothing(store: Store, tmp_path: Path) -> None:
    """It is logged, no more."""

    async def check(world: World) -> None:
        world.poller = world.make_poller(heartbeat_url="http://127.0.0.1:9/alive")
        world.serve(FIVE)
        assert await world.outcome() == "baseline"

    in_world(store, tmp_path, check)


def test_a_queue_that_is_down_fails_no_reading(store: Store, tmp_path: Path) -> None:
    """The change stands in the store, unmarked."""

    async def check(world: World) -> None:
        world.line.down = True
        world.serve(FIVE)
        await world.poll()
        world.serve(CHANGED)
        world.clock.forward(hours=12)
        assert await world.outcome() == "changed"
        assert [row.enqueued_until for row in world.all(outbox)] == [None]

    in_world(store, tmp_path, check)


def test_what_left_is_asked_about_in_the_same_cycle(store: Store, tmp_path: Path) -> None:
    """Closed on its report's page: closed at once, in the cycle's own line."""

    async def check(world: World) -> None:
        page = rows(12)
        world.serve(page)
        await world.poll()
        gone = page[0].but(status="Closed – Implemented", narrative="The Bureau finished in March 2031.")
        world.site.answers(f"/products/{gone.product.lower()}", Answer(200, report([gone])))
        world.clock.forward(hours=12)
        world.serve(page[1:], stamp=world.clock.now())
        (reading,) = await world.poll()
        assert (reading.outcome, reading.closed, reading.seen) == ("changed", 1, 11)
        assert len(world.line.jobs) == 1

    in_world(store, tmp_path, check)


@pytest.mark.parametrize("saved", [True, False])
def test_a_first_capture_says_what_is_covered(store: Store, tmp_path: Path, saved: bool) -> None:
    """Once, whether it was fetched or put into the folder; later captures say nothing of the kind."""
    asked: list[str] = []

    async def check(world: World) -> None:
        def announce(source: Source) -> str:
            asked.append(source.id)
            return "5 open"

        world.poller = world.make_poller(announce=announce)
        for name, page in (("1.csv", FIVE), ("2.csv", CHANGED)):
            if saved:
                world.drop(name, export(page))
            else:
                world.serve(page)
            await world.poll()
            world.clock.forward(hours=13)
        assert asked == ["piers"]

    in_world(store, tmp_path, check, FOLDER if saved else piers())
