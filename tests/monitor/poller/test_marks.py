"""The marks (ETag, Last-Modified) of the last believed page: kept, sent back, and when not."""

from datetime import timedelta
from pathlib import Path

from monitor.record.store.store import Store
from tests.fakes.clock import NOON
from tests.fakes.pages import export, rows
from tests.fakes.site import Answer
from tests.monitor.poller.world import CHANGED, CSV, FIVE, PATH, World, in_world, piers


def test_marks_of_a_stale_copy_are_not_kept(store: Store, tmp_path: Path) -> None:
    """The cache that it came from would confirm it for ever."""

    async def check(world: World) -> None:
        world.serve(FIVE, stamp=NOON - timedelta(hours=2), ETag='"new"')
        await world.poll()
        world.clock.forward(hours=12)
        world.serve(CHANGED, stamp=NOON - timedelta(days=9), ETag='"old"')
        assert await world.outcome() == "unchanged"
        world.clock.forward(hours=12)
        await world.poll()
        assert world.site.asked[-1].headers["if-none-match"] == '"new"'

    in_world(store, tmp_path, check)


def test_marks_of_the_last_believed_page_are_sent_back(store: Store, tmp_path: Path) -> None:
    """And a page not modified counts as a capture of now."""

    async def check(world: World) -> None:
        world.serve(FIVE, ETag='"1"')
        await world.poll()
        world.clock.forward(hours=12)
        world.site.answers(PATH, Answer(304))
        (reading,) = await world.poll()
        assert (reading.outcome, reading.failed) == ("unchanged", False)
        assert world.site.asked[-1].headers["if-none-match"] == '"1"'
        assert world.source().last_captured_at == world.clock.now()

    in_world(store, tmp_path, check)


def test_marks_of_a_page_that_was_not_believed_are_not_kept(store: Store, tmp_path: Path) -> None:
    """Or "not modified" would confirm what was never taken in."""

    async def check(world: World) -> None:
        world.serve(FIVE, ETag='"good"')
        await world.poll()
        world.clock.forward(hours=12)
        world.site.answers(PATH, Answer(200, b"<html><p>nothing here</p></html>", {"ETag": '"bad"'}))
        assert await world.outcome() in ("quarantined", "blocked", "failing")
        world.clock.forward(hours=12)
        await world.poll()
        assert world.site.asked[-1].headers["if-none-match"] == '"good"'

    in_world(store, tmp_path, check)


def test_marks_of_another_address_are_not_sent(store: Store, tmp_path: Path) -> None:
    """The owner has changed the source's url: a date would mean another page."""

    async def check(world: World) -> None:
        world.serve(FIVE, ETag='"1"')
        await world.poll()
        world.configuration["sources"] = (piers(url="/other"),)
        world.poller = world.make_poller()
        world.site.answers("/other", Answer(200, export(FIVE), CSV))
        world.clock.forward(hours=12)
        await world.poll()
        assert "if-none-match" not in world.site.asked[-1].headers

    in_world(store, tmp_path, check)


def test_while_something_is_missing_the_whole_page_is_asked_for(store: Store, tmp_path: Path) -> None:
    """A second capture without it is what confirms that it is gone."""

    async def check(world: World) -> None:
        page = rows(12)
        world.serve(page, ETag='"1"')
        await world.poll()
        world.clock.forward(hours=12)
        world.serve(page[1:], stamp=world.clock.now(), ETag='"2"')
        await world.poll()
        world.clock.forward(hours=12)
        await world.poll()
        assert "if-none-match" not in world.site.asked[-1].headers

    in_world(store, tmp_path, check, piers(confirm_closures=False))
