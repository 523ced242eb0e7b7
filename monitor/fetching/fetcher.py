"""Asks for a page: rules, pace, redirects within the site, and what came of it."""

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


async def fetch(asker: Asker, request: Request, first: "Entry | None" = None) -> Page | NotModified | Refusal:
    """Ask for a page, waiting for its host's pace, and write down how the host behaved.

    Redirects are followed within the site, each hop held against the rules, the pace and the
    addresses; one to another place is a refusal. A host that refuses or cannot be reached is left
    alone for a while by whoever asks (`hosts.refused_until`). `first`: the host as `enter` has just found it.
    """
    if first is None:
        first = await asyncio.to_thread(_enter, asker, request)
    result = await _follow(asker, request, first)
    troubled = first.host.refusals or first.host.refused_until
    if troubled or isinstance(result, Refusal):  # else there is nothing to write down
        await asyncio.to_thread(_note, asker, request, result)
    return result


def _note(asker: Asker, request: Request, result: Page | NotModified | Refusal) -> None:
    """Keep how the host behaved: a page missing on it, or barred by its rules, is no trouble of its own."""
    now, name = asker.clock.now(), sites.host_of(request.url)
    if isinstance(result, Refusal) and result.everywhere:
        hosts.refused(asker.store, name, now, request.every, result.retry_at)
    elif not isinstance(result, Refusal) or result.outcome is not Outcome.DISALLOWED:
        hosts.answered(asker.store, hosts.load(asker.store, name))


@dataclass(frozen=True, slots=True)
class Entry:
    """A host as it was found, and whether the next request to it is ours already."""

    host: hosts.Host
    turn: bool


def _enter(asker: Asker, request: Request) -> Entry:
    with asker.store.write(light=True) as connection:
        return enter(connection, asker, request)


def enter(connection: Connection, asker: Asker, request: Request) -> Entry:
    """Look at the host and take its turn, if it is free and its rules are known and do not forbid it.

    Within a transaction, so that it costs none of its own beside whatever else is taken.
    """
    name, now = sites.host_of(request.url), asker.clock.now()
    if (known := asker.known.get(name)) and _enters_again(connection, asker, request, known, now):
        return Entry(known, turn=True)
    host = asker.known[name] = hosts.read(connection, name)
    if request.obey_robots and not (_knows_rules(host, now) and robots.allows(host.robots, request.url)):
        return Entry(host, turn=False)
    interval = asker.interval(host.robots if request.obey_robots else None)
    return Entry(host, hosts.take_turn(connection, name, interval, now))


def _enters_again(
    connection: Connection, asker: Asker, request: Request, known: hosts.Host, now: datetime
) -> bool:
    """Take the turn of a host in one statement, if it still is as it was when another page was asked for."""
    allowed = _knows_rules(known, now) and request.obey_robots and robots.allows(known.robots, request.url)
    return allowed and hosts.take_turn_of(connection, known, asker.interval(known.robots), now)


def _knows_rules(host: hosts.Host, now: datetime) -> bool:
    fetched_at = host.robots_fetched_at
    return fetched_at is not None and timedelta(0) <= now - fetched_at < _RULES_KEPT


async def _follow(asker: Asker, request: Request, first: Entry) -> Page | NotModified | Refusal:
    url = request.url
    for hop in range(_HOPS):
        answer = await (_ask(asker, request, url) if first.turn and not hop else _hop(asker, request, url))
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
    # Its own pace is the interval that we keep anyway: how long theirs is stands inside.
    await asker.wait_for_turn(name, asker.interval(None))
    text = await _ask_rules(asker, url)
    if isinstance(text, Refusal):
        # Rules a day old are better than none; what ails the host shows at the page itself.
        return text if host.robots is None else host
    await asyncio.to_thread(hosts.keep_robots, asker.store, name, text, asker.clock.now())
    return await asyncio.to_thread(hosts.load, asker.store, name)


async def _ask_rules(asker: Asker, url: str) -> str | Refusal | None:
    """The text; None for an answer that is not to be believed; empty where the site has no rules."""
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
        # Its rules exist and cannot be read now (RFC 9309): not a licence to ask for anything.
        found = refusal_of(answer, address, now)
        return found or Refusal(Outcome.FAILING, f"{address} cannot be read.")
    # A wall keeps its rules from us, too; that is not to say that there are none.
    return None if answer.status in (401, 403) else ""


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200]) or "nowhere"
