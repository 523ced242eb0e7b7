"""Fetches a page: robots.txt, pace, redirects within the site, and what is recorded of the host."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from monitor.fetching import hosts, robots, sites
from monitor.fetching.answers import NotModified, Refusal, Request
from monitor.fetching.asking import Answer, Asker, refusal_of
from monitor.fetching.walls import wall
from monitor.record.bodies import whole
from monitor.record.values import Outcome, Page

_REDIRECTS = (301, 302, 303, 307, 308)
_HOPS = 5
_RULES_KEPT = timedelta(days=1)

log = structlog.get_logger(__name__)


async def fetch(
    asker: Asker, request: Request, first: "HostTurn | None" = None
) -> Page | NotModified | Refusal:
    """Ask for a page, waiting for its host's pace, and record how the host behaved.

    Redirects are followed within the site, each hop checked against robots.txt, pace and addresses; one to
    another place is a refusal. A host that refuses or cannot be reached is left alone for a while by everyone
    (`hosts.refused_until`). `first`: what `take_host_turn` has just returned.
    """
    if first is None:
        first = await asyncio.to_thread(_take_turn, asker, request)
    result = await _follow(asker, request, first)
    troubled = first.host.refusals or first.host.refused_until
    if troubled or isinstance(result, Refusal):  # else there is nothing to record
        await asyncio.to_thread(_record, asker, request, result)
    return result


def _record(asker: Asker, request: Request, result: Page | NotModified | Refusal) -> None:
    """Record how the host behaved: a missing page, or one that robots.txt bars, is no trouble of the host."""
    now, name = asker.clock.now(), sites.host_of(request.url)
    if isinstance(result, Refusal) and result.everywhere:
        hosts.refused(asker.store, name, now, request.every, result.retry_at)
    elif not isinstance(result, Refusal) or result.outcome is not Outcome.DISALLOWED:
        hosts.answered(asker.store, hosts.load(asker.store, name))


@dataclass(frozen=True, slots=True)
class HostTurn:
    """A host as it was read, and whether its next request is already ours."""

    host: hosts.Host
    taken: bool


def _take_turn(asker: Asker, request: Request) -> HostTurn:
    with asker.store.write(light=True) as connection:
        return take_host_turn(connection, asker, request)


def take_host_turn(connection: Connection, asker: Asker, request: Request) -> HostTurn:
    """Read the host and take its turn, if it is free and its robots.txt is known and allows the request.

    Within a transaction of the caller's, so that it costs none of its own.
    """
    name, now = sites.host_of(request.url), asker.clock.now()
    if (known := asker.known.get(name)) and _takes_turn_again(connection, asker, request, known, now):
        return HostTurn(known, taken=True)
    host = asker.known[name] = hosts.read(connection, name)
    if request.obey_robots and not (_knows_rules(host, now) and robots.allows(host.robots, request.url)):
        return HostTurn(host, taken=False)
    interval = asker.interval(host.robots if request.obey_robots else None)
    return HostTurn(host, hosts.take_turn(connection, name, interval, now))


def _takes_turn_again(
    connection: Connection, asker: Asker, request: Request, known: hosts.Host, now: datetime
) -> bool:
    """Take the turn of a host in one statement, if its row is as it was at the request before."""
    allowed = _knows_rules(known, now) and request.obey_robots and robots.allows(known.robots, request.url)
    return allowed and hosts.take_turn_of(connection, known, asker.interval(known.robots), now)


def _knows_rules(host: hosts.Host, now: datetime) -> bool:
    fetched_at = host.robots_fetched_at
    return fetched_at is not None and timedelta(0) <= now - fetched_at < _RULES_KEPT


async def _follow(asker: Asker, request: Request, first: HostTurn) -> Page | NotModified | Refusal:
    url = request.url
    for hop in range(_HOPS):
        answer = await (_ask(asker, request, url) if first.taken and not hop else _hop(asker, request, url))
        if isinstance(answer, Refusal):
            return answer
        if answer.status not in _REDIRECTS:
            return _conclude(request, url, answer, asker.clock.now())
        location = answer.headers.get("location", "")
        target = sites.within_site(url, location)
        if target is None:
            elsewhere = _printable(location)
            message = f"{sites.host_of(url)} refused: it sends us on to {elsewhere}, which is another place."
            return Refusal(Outcome.BLOCKED, message, everywhere=False)
        url = target
    return Refusal(Outcome.FAILING, f"{sites.host_of(url)} redirects without end.", everywhere=False)


async def _hop(asker: Asker, request: Request, url: str) -> Answer | Refusal:
    text = None
    if request.obey_robots:
        found = await rules_of(asker, url)
        if isinstance(found, Refusal):
            return found
        text = found.robots
        if not robots.allows(text, url):
            message = f"{sites.host_of(url)} does not allow programs to ask for this page (robots.txt)."
            return Refusal(Outcome.DISALLOWED, message, everywhere=False)
    await asker.wait_for_turn(sites.host_of(url), asker.interval(text))
    return await _ask(asker, request, url)


def _ask(asker: Asker, request: Request, url: str) -> Coroutine[Any, Any, Answer | Refusal]:
    return asker.ask(url, _conditions(request), share=request.share)


def _conditions(request: Request) -> dict[str, str]:
    headers = {"Accept": "text/html,text/csv,text/plain;q=0.9,*/*;q=0.5"}
    if request.etag:
        headers["If-None-Match"] = request.etag
    if request.last_modified:
        headers["If-Modified-Since"] = request.last_modified
    return headers


def _conclude(request: Request, url: str, answer: Answer, now: datetime) -> Page | NotModified | Refusal:
    if answer.status == 304 and (request.etag or request.last_modified):
        return NotModified(answer.headers)
    if answer.status != 200:
        return refusal_of(answer, url, now) or Refusal(Outcome.FAILING, f"status {answer.status}.")
    if what := wall(answer.body):
        return Refusal(Outcome.BLOCKED, f"{sites.host_of(url)} refused ({what}).")
    origin = sites.without_password(request.url)
    return Page(answer.body, origin, now, answer.headers.get("content-type"), answer.headers)


async def rules_of(asker: Asker, url: str) -> hosts.Host | Refusal:
    """The host with its robots.txt, asked for once a day; a Refusal where it cannot be had."""
    name = sites.host_of(url)
    host = await asyncio.to_thread(hosts.load, asker.store, name)
    now = asker.clock.now()
    if _knows_rules(host, now):
        return host
    # At the interval that we keep anyway: the host's own is in the file.
    await asker.wait_for_turn(name, asker.interval(None))
    text = await _ask_rules(asker, url)
    if isinstance(text, Refusal):
        # Rules a day old are better than none; the host's trouble shows at the page itself.
        return text if host.robots is None else host
    await asyncio.to_thread(hosts.keep_robots, asker.store, name, text, asker.clock.now())
    return await asyncio.to_thread(hosts.load, asker.store, name)


async def _ask_rules(asker: Asker, url: str) -> str | Refusal | None:
    """The text; None for an answer that is not believed; empty where the site has no robots.txt."""
    address = sites.robots_address(url)
    for _ in range(_HOPS):
        answer = await asker.ask(address, {"Accept": "text/plain"}, max_bytes=robots.MAX_BYTES, truncate=True)
        if isinstance(answer, Refusal):
            return answer
        if answer.status not in _REDIRECTS:
            return _read_rules(answer, address, asker.clock.now())
        target = sites.within_site(address, answer.headers.get("location", ""))
        if target is None:
            return None
        address = target
        await asker.wait_for_turn(sites.host_of(address), asker.interval(None))
    return None


def _read_rules(answer: Answer, address: str, now: datetime) -> str | Refusal | None:
    if answer.status == 200:
        text = robots.believable(whole(answer.body), answer.headers.get("content-type"))
        if text is None:
            log.warning("robots.txt is no text and not believed", url=address)
        return text
    if answer.status == 429 or answer.status >= 500:
        # Rules exist and cannot be read now (RFC 9309): that is no permission to ask for anything.
        found = refusal_of(answer, address, now)
        return found or Refusal(Outcome.FAILING, f"{address} cannot be read.")
    # A bot wall hides robots.txt, too; that does not mean that there is none.
    return None if answer.status in (401, 403) else ""


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200]) or "nowhere"
