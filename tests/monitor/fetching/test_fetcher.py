"""Asking for a page: what comes back, and what is asked of whom on the way."""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from monitor.fetching import Asker, NotModified, Refusal, Request, fetch, hosts
from monitor.record.http import outbound
from monitor.record.settings import Http
from monitor.record.store.store import Store
from monitor.record.values import Outcome, Page
from tests.fakes.clock import NOON, StillClock
from tests.fakes.site import Answer, Site, open_site

PAGE = b"<html><body>Made-up page of the Bureau of Harbor Lights</body></html>"
HTTP: dict[str, Any] = {"allow_private_networks": True, "min_interval": "0s", "timeout": "5s"}


class World:
    """A site, and somebody who asks it for /page."""

    def __init__(self, site: Site, asker: Asker, clock: StillClock) -> None:
        self.site = site
        self.asker = asker
        self.clock = clock

    async def fetch(self, path: str = "/page", **changes: Any) -> Page | NotModified | Refusal:
        request = Request(self.site.url(path), timedelta(hours=12))
        return await fetch(self.asker, replace(request, **changes))

    async def refusal(self, path: str = "/page", **changes: Any) -> Refusal:
        answer = await self.fetch(path, **changes)
        assert isinstance(answer, Refusal)
        return answer

    @property
    def host(self) -> hosts.Host:
        return hosts.load(self.asker.store, self.site.host)


def in_world(store: Store, check: Callable[[World], Awaitable[None]], **http: Any) -> None:
    """Run a check against a site on loopback; the clock stands still but for waits."""

    async def run() -> None:
        settings, clock = Http(**(HTTP | http)), StillClock()
        async with open_site() as site, outbound.client(settings) as client:
            await check(World(site, Asker(client, store, settings, clock), clock))

    asyncio.run(run())


def test_a_page_carries_its_address_time_type_and_headers(store: Store) -> None:
    """What judging a copy's age needs comes along, in lower case; cookies do not."""

    async def check(world: World) -> None:
        headers = {"ETag": '"1"', "Age": "9", "Set-Cookie": "id=1", "Content-Type": "text/csv"}
        world.site.answers("/page", Answer(200, PAGE, headers))
        page = await world.fetch()
        assert isinstance(page, Page)
        assert (page.body, page.origin, page.captured_at) == (PAGE, world.site.url("/page"), NOON)
        assert page.content_type == "text/csv"
        assert page.headers["etag"] == '"1"'
        assert page.headers["age"] == "9"
        assert "set-cookie" not in page.headers

    in_world(store, check)


def test_what_the_site_gave_to_recognise_its_page_is_sent_back(store: Store) -> None:
    """If-None-Match and If-Modified-Since go out, and 304 comes back as not modified."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(304))
        date = "Fri, 01 Mar 2030 10:00:00 GMT"
        answer = await world.fetch(etag='W/"7"', last_modified=date)
        assert isinstance(answer, NotModified)
        asked = world.site.asked[-1].headers
        assert (asked["if-none-match"], asked["if-modified-since"]) == ('W/"7"', date)

    in_world(store, check)


def test_not_modified_without_having_asked_is_no_page(store: Store) -> None:
    """A 304 that answers no condition proves nothing."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(304))
        assert (await world.refusal()).outcome is Outcome.FAILING

    in_world(store, check)


@pytest.mark.parametrize("status", [401, 403, 429, 451, 503])
def test_a_status_that_refuses_is_a_refusal(store: Store, status: int) -> None:
    """The message names host and status, and the host is left alone for a while."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(status))
        refusal = await world.refusal()
        assert refusal.outcome is Outcome.BLOCKED
        assert refusal.message == f"{world.site.host} refused ({status})."
        assert world.host.refused_until == NOON + timedelta(minutes=5)

    in_world(store, check)


@pytest.mark.parametrize(
    "body",
    [
        b'<html><script src="/x?bm-verify=AAQ"></script></html>',
        b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>Reference 1</BODY></HTML>",
    ],
)
def test_a_bot_wall_with_status_200_is_a_refusal(store: Store, body: bytes) -> None:
    """It would otherwise be read as a page without recommendations."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, body))
        refusal = await world.refusal()
        assert refusal.outcome is Outcome.BLOCKED
        assert refusal.message.startswith(f"{world.site.host} refused (")

    in_world(store, check)


def test_a_page_that_speaks_of_access_denied_is_a_page(store: Store) -> None:
    """A narrative may use a wall's words."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, b"<html><title>Piers</title><p>Access Denied to pier 4</p>"))
        assert isinstance(await world.fetch(), Page)

    in_world(store, check)


def test_a_long_page_that_quotes_a_wall_is_a_page(store: Store) -> None:
    """What walls send is short."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, PAGE * 2000 + b"<p>bm-verify</p>"))
        assert isinstance(await world.fetch(), Page)

    in_world(store, check)


def test_a_page_that_is_not_there_says_nothing_about_its_host(store: Store) -> None:
    """404 is a failure, and other pages of the host are asked on."""

    async def check(world: World) -> None:
        refusal = await world.refusal()
        assert refusal.outcome is Outcome.FAILING
        assert "(404)" in refusal.message
        assert world.host.refused_until is None

    in_world(store, check)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured_in_both_forms(store: Store, form: str) -> None:
    """Whatever our own back-off says, the site is not asked earlier."""

    async def check(world: World) -> None:
        until = NOON + timedelta(hours=3)
        value = "10800" if form == "seconds" else format_datetime(until, usegmt=True)
        world.site.answers("/page", Answer(503, headers={"Retry-After": value}))
        assert (await world.refusal()).retry_at == until
        assert world.host.refused_until == until

    in_world(store, check)


def test_a_host_that_answers_again_is_forgiven(store: Store) -> None:
    """Back-off doubles from refusal to refusal, and ends with the first page."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(403), Answer(403), Answer(200, PAGE))
        await world.fetch()
        await world.fetch()
        assert world.host.refused_until == NOON + timedelta(minutes=10)
        await world.fetch()
        assert (world.host.refusals, world.host.refused_until) == (0, None)

    in_world(store, check)


def test_a_host_that_answers_at_all_is_forgiven(store: Store) -> None:
    """A page that is missing proves that the host is well."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(403), Answer(404))
        await world.fetch()
        await world.fetch()
        assert world.host.refused_until is None

    in_world(store, check)


def test_a_refusal_from_a_clock_that_ran_ahead_is_void() -> None:
    """Neither back-off nor Retry-After lasts longer than a day."""
    ahead = hosts.Host("a.example", refused_until=NOON + timedelta(days=400))
    assert hosts.held_back_until(ahead, NOON) is None
    assert hosts.held_back_until(ahead, NOON + timedelta(days=399, hours=1)) == ahead.refused_until


def test_redirects_within_the_site_are_followed(store: Store) -> None:
    """The page keeps the address that was asked."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(301, headers={"Location": "/moved?x=1"}))
        world.site.answers("/moved?x=1", Answer(200, PAGE))
        page = await world.fetch()
        assert isinstance(page, Page)
        assert page.origin == world.site.url("/page")

    in_world(store, check)


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:1/",
        "https://evil.example/x",
        "//evil.example/",
        "ftp://127.0.0.1/",
        "http://[bad",
        "",
    ],
)
def test_a_redirect_to_another_place_is_a_refusal(store: Store, location: str) -> None:
    """Nobody there is asked, and the message says where it would have led."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(302, headers={"Location": location}))
        refusal = await world.refusal()
        if location:
            assert refusal.outcome is Outcome.BLOCKED
            assert location in refusal.message
            assert world.host.refused_until is None  # other pages of the host are asked on
        assert set(world.site.paths()) == {"/robots.txt", "/page"}

    in_world(store, check)


def test_redirects_without_end_are_given_up(store: Store) -> None:
    """After five hops."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(302, headers={"Location": "/page"}))
        assert "without end" in (await world.refusal()).message
        assert world.site.paths().count("/page") == 5

    in_world(store, check)


def test_each_hop_is_held_against_the_rules(store: Store) -> None:
    """A redirect is no way round robots.txt."""

    async def check(world: World) -> None:
        rules = b"User-agent: *\nDisallow: /secret"
        world.site.answers("/robots.txt", Answer(200, rules, {"Content-Type": "text/plain"}))
        world.site.answers("/page", Answer(302, headers={"Location": "/secret"}))
        assert (await world.refusal()).outcome is Outcome.DISALLOWED
        assert "/secret" not in world.site.paths()

    in_world(store, check)


def test_more_than_the_limit_is_not_read(store: Store) -> None:
    """Announced or not, a body over max_bytes is given up."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, b"x" * 2000))
        assert "max_bytes" in (await world.refusal()).message
        world.site.answers("/page", Answer(200, b"x" * 2000, {"Content-Length": ""}, cut=2000))
        assert "max_bytes" in (await world.refusal()).message

    in_world(store, check, max_bytes=1000)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_small_answer_that_unpacks_to_a_large_one_is_given_up(store: Store, layers: int) -> None:
    """The limit is on what it unpacks to; what was packed twice is not unpacked at all."""

    async def check(world: World) -> None:
        bomb, encoding = b"\0" * 5_000_000, ", ".join(["gzip"] * layers)
        for _ in range(layers):
            bomb = gzip.compress(bomb)
        world.site.answers("/page", Answer(200, bomb, {"Content-Encoding": encoding}))
        assert (await world.refusal()).outcome is Outcome.FAILING

    in_world(store, check, max_bytes=1_000_000)


@pytest.mark.parametrize("members", [1, 2])
def test_a_packed_page_is_unpacked_whole(store: Store, members: int) -> None:
    """In one member or several, to the last byte."""

    async def check(world: World) -> None:
        body = bytes(range(256)) * 5000 + b"a" * 600_000
        packed = gzip.compress(body) * members
        world.site.answers("/page", Answer(200, packed, {"Content-Encoding": "gzip"}))
        page = await world.fetch()
        assert isinstance(page, Page)
        assert page.body == body * members
        assert "content-encoding" not in page.headers

    in_world(store, check)


def test_a_packed_page_that_was_cut_off_is_noticed(store: Store) -> None:
    """Even where the connection was closed in good order and no length was announced."""

    async def check(world: World) -> None:
        packed = gzip.compress(zlib.compress(PAGE * 50) * 40)
        headers = {"Content-Encoding": "gzip", "Content-Length": ""}
        world.site.answers("/page", Answer(200, packed, headers, cut=len(packed) - 20))
        assert "cut off" in (await world.refusal()).message

    in_world(store, check)


def test_a_plain_page_that_was_cut_off_is_noticed(store: Store) -> None:
    """Where a length was announced and the connection broke."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, PAGE, cut=20))
        assert "the connection broke off" in (await world.refusal()).message

    in_world(store, check)


def test_the_time_out_is_for_the_whole_answer(store: Store) -> None:
    """A server that trickles is given up, too."""

    async def check(world: World) -> None:
        world.site.answers("/page", Answer(200, PAGE, drip=0.1))
        refusal = await world.refusal(obey_robots=False)
        assert refusal.message == f"{world.site.host} could not be reached: no answer in time."

    in_world(store, check, timeout="300ms")


def test_an_address_that_must_not_be_asked_says_which_key_would_admit_it(store: Store) -> None:
    """The refusal comes before any byte is sent."""

    async def check(world: World) -> None:
        refusal = await world.refusal()
        assert "allow_private_networks" in refusal.message
        assert world.site.asked == []

    in_world(store, check, allow_private_networks=False)
