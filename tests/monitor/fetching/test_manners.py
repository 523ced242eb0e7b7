"""robots.txt and the pace of a host."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.fetching import Refusal, hosts, robots
from monitor.record.store.store import Store
from monitor.record.values import Outcome, Page
from tests.fakes.clock import NOON
from tests.fakes.site import Answer
from tests.monitor.fetching.test_fetcher import PAGE, World, in_world

TEXT = {"Content-Type": "text/plain"}
ALL = b"User-agent: *\nDisallow: /"


def test_what_the_rules_disallow_is_not_asked(store: Store) -> None:
    """The outcome is of its own, and the host itself is in no trouble."""

    async def check(world: World) -> None:
        world.site.answers("/robots.txt", Answer(200, b"User-agent: *\nDisallow: /p*e$", TEXT))
        refusal = await world.refusal()
        assert refusal.outcome is Outcome.DISALLOWED
        assert "robots.txt" in refusal.message
        assert world.site.paths() == ["/robots.txt"]
        assert world.host.refused_until is None

    in_world(store, check)


def test_rules_made_for_us_by_name_count(store: Store) -> None:
    """recwatch is the name that a site can use."""

    async def check(world: World) -> None:
        text = b"User-agent: *\nDisallow:\n\nUser-agent: recwatch\nDisallow: /page"
        world.site.answers("/robots.txt", Answer(200, text, TEXT))
        assert (await world.refusal()).outcome is Outcome.DISALLOWED

    in_world(store, check)


def test_the_owner_may_ignore_the_rules(store: Store) -> None:
    """Then they are not even asked for."""

    async def check(world: World) -> None:
        world.site.answers("/robots.txt", Answer(200, ALL, TEXT))
        world.site.answers("/page", Answer(200, PAGE))
        assert isinstance(await world.fetch(obey_robots=False), Page)
        assert world.site.paths() == ["/page"]

    in_world(store, check)


def test_rules_are_asked_for_once_a_day(store: Store) -> None:
    """They are kept in the store, for every process."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, PAGE))
        await world.fetch()
        await world.fetch()
        assert world.site.paths().count("/robots.txt") == 1
        world.clock.forward(hours=25)
        await world.fetch()
        assert world.site.paths().count("/robots.txt") == 2

    in_world(store, check)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>Disallow: /</html>", {"Content-Type": "text/html"}),
        Answer(200, b"  <!doctype html><p>User-agent: *\nDisallow: /", TEXT),
        Answer(200, b"User-agent: *\nDisallow: /\n\0", TEXT),
        Answer(302, headers={"Location": "http://elsewhere.example/robots.txt"}),
        Answer(404, ALL, TEXT),
        Answer(403, ALL, TEXT),
    ],
)
def test_an_answer_that_is_no_text_of_rules_is_not_believed(store: Store, answer: Answer) -> None:
    """A login page, a bot check and a missing file forbid nothing."""

    async def check(world: World) -> None:
        world.site.answers("/robots.txt", answer)
        world.site.answers("/page", Answer(200, PAGE))
        assert isinstance(await world.fetch(), Page)

    in_world(store, check)


def test_rules_once_believed_stand_when_a_wall_comes_before_them(store: Store) -> None:
    """A bot check in place of robots.txt is not to say that there are no rules."""

    async def check(world: World) -> None:
        wall = Answer(200, b"<html>bm-verify</html>", {"Content-Type": "text/html"})
        world.site.answers("/robots.txt", Answer(200, ALL, TEXT), wall, Answer(403), Answer(500))
        for _ in range(4):
            assert (await world.refusal()).outcome is Outcome.DISALLOWED
            world.clock.forward(hours=25)
        assert world.site.paths() == ["/robots.txt"] * 4

    in_world(store, check)


@pytest.mark.parametrize(
    ("status", "outcome"), [(500, Outcome.FAILING), (503, Outcome.BLOCKED), (429, Outcome.BLOCKED)]
)
def test_rules_that_cannot_be_read_now_are_waited_for(store: Store, status: int, outcome: Outcome) -> None:
    """A server in trouble gives no licence to ask for anything."""

    async def check(world: World) -> None:
        world.site.answers("/robots.txt", Answer(status))
        refusal = await world.refusal()
        assert refusal.outcome is outcome
        assert "/page" not in world.site.paths()
        assert world.host.refused_until

    in_world(store, check)


def test_a_long_robots_txt_is_read_as_far_as_the_standard_asks(store: Store) -> None:
    """What stands in its first half megabyte counts, however long it is."""

    async def check(world: World) -> None:
        world.site.answers("/robots.txt", Answer(200, ALL + b"\n# padding" * 100_000, TEXT))
        assert (await world.refusal()).outcome is Outcome.DISALLOWED

    in_world(store, check)


def test_what_another_process_learns_of_a_host_counts_at_once(store: Store) -> None:
    """A host is remembered only for as long as its row says the same: its rules, its refusals, its turn."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, PAGE))
        name, now = world.site.host, world.clock.now()
        for _ in range(2):
            assert isinstance(await world.fetch(), Page)
        hosts.refused(store, name, now, timedelta(hours=1), None)
        assert isinstance(await world.fetch(), Page)
        assert (world.host.refusals, world.host.refused_until) == (0, None)
        hosts.keep_robots(store, name, ALL.decode(), world.clock.now() + timedelta(seconds=1))
        world.clock.forward(seconds=2)
        assert (await world.refusal()).outcome is Outcome.DISALLOWED

    in_world(store, check)


def test_requests_to_a_host_keep_their_distance(store: Store) -> None:
    """Ten seconds by default, counted from robots.txt on, in the clock that everybody shares."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, PAGE))
        await world.fetch()
        await world.fetch()
        assert sum(world.clock.slept) == 20

    in_world(store, check, min_interval="")


@pytest.mark.parametrize(("ours", "seconds"), [("1s", 420), ("600s", 600)])
def test_the_longer_of_their_delay_and_our_interval_wins(store: Store, ours: str, seconds: int) -> None:
    """Crawl-delay may be longer than what we keep anyway, or shorter."""

    async def check(world: World) -> None:
        world.site.answers("/robots.txt", Answer(200, b"User-agent: *\nCrawl-delay: 420", TEXT))
        world.site.answers("/page", Answer(200, PAGE))
        await world.fetch()
        before = sum(world.clock.slept)
        await world.fetch()
        assert sum(world.clock.slept) - before == seconds

    in_world(store, check, min_interval=ours)


def test_a_delay_of_any_size_does_not_break_the_pace(store: Store) -> None:
    """A year, or nonsense, is held to a day."""
    assert robots.crawl_delay("User-agent: *\nCrawl-delay: 99999999999") <= timedelta(days=12)
    assert robots.crawl_delay("User-agent: *\nCrawl-delay: soon") == timedelta(0)
    assert hosts.claim(store, "a.example", timedelta(days=365), NOON)
    assert hosts.claim(store, "a.example", timedelta(0), NOON + timedelta(days=1, seconds=1))


def test_one_request_at_a_time_is_let_through(any_store: Store) -> None:
    """Of many that claim a host's next request at once, one wins (invariant 9)."""
    interval = timedelta(seconds=10)

    def claim(_: int) -> bool:
        return hosts.claim(any_store, "www.example.org", interval, NOON)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(claim, range(24))) == 1
    assert not hosts.claim(any_store, "www.example.org", interval, NOON + timedelta(seconds=9.9))
    assert hosts.claim(any_store, "www.example.org", interval, NOON + timedelta(seconds=10))


def test_a_pace_written_under_a_clock_that_ran_ahead_is_void(store: Store) -> None:
    """Otherwise nobody would ask the host for years."""
    hosts.claim(store, "a.example", timedelta(seconds=10), NOON + timedelta(days=400))
    assert hosts.wait_for(hosts.load(store, "a.example"), NOON) == timedelta(0)
    assert hosts.claim(store, "a.example", timedelta(seconds=10), NOON)


def test_many_askers_in_one_process_share_the_pace(store: Store) -> None:
    """Each waits for its own turn."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, PAGE))
        answers = await asyncio.gather(*(world.fetch(obey_robots=False) for _ in range(3)))
        assert not any(isinstance(answer, Refusal) for answer in answers)
        assert world.clock.now() >= NOON + timedelta(seconds=20)

    in_world(store, check, min_interval="10s")


@pytest.mark.parametrize("make", [hosts.load])
def test_an_unknown_host_is_blank(store: Store, make: Callable[[Store, str], hosts.Host]) -> None:
    """Nothing was asked yet: nothing holds it back."""
    assert make(store, "new.example") == hosts.Host("new.example")
