"""Asks reports' pages what became of the recommendations that left a complete source."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, select, update

from monitor import incidents
from monitor.fetching import Refusal, Request, fetch, hosts, schedule, sites
from monitor.incidents import WELL, SourceOutcome
from monitor.poller import wording
from monitor.poller.results import CycleResult, of_intake
from monitor.poller.session import Session
from monitor.record.settings import Source
from monitor.record.store.schema import lookups
from monitor.record.store.store import Store, StoreError
from monitor.record.values import Notice, Outcome, Page

SOON = timedelta(seconds=30)  # a page that the pace allows within this time belongs to the same cycle
PATIENCE = timedelta(days=30)
_LONGEST = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A report's page that answers one or more look-ups of a source."""

    source: Source
    product: str
    url: str
    attempts: int


async def look_up(session: Session, sources: Collection[Source], *, until: datetime) -> list[CycleResult]:
    """Ask for every report's page that is due and whose host allows it before `until`; results of what came.

    Those of a source are asked for by one task at a time, under a lease: after a kill its follower goes on at
    once, another poller when the lease has lapsed.
    """
    results: list[CycleResult] = []
    mine = [source for source in sources if source.confirm_closures]
    while (due := await asyncio.to_thread(_first, session, mine, until)) is not None:
        if due.source.id in session.looking_up:
            asked = None
        else:
            asked = await _ask_alone(session, due)
        if asked is None:
            mine = [source for source in mine if source.id != due.source.id]  # another asks for them
        else:
            results += asked
    return results


async def _ask_alone(session: Session, due: Due) -> list[CycleResult] | None:
    """Ask under the lease; None where another process has it."""
    session.looking_up.add(due.source.id)
    try:
        async with session.leases.hold(f"lookups:{due.source.id}") as held:
            if held is None:
                return None
            # Another process may have asked meanwhile.
            due_still = await asyncio.to_thread(_is_due, session.store, due, session.clock.now())
            result = await _ask(session, due) if due_still else None
    finally:
        session.looking_up.discard(due.source.id)
    return [result] if result is not None else []


def expire(store: Store, now: datetime) -> None:
    """End look-ups that had no answer for 30 days; bring back those that a clock running ahead put off."""
    ahead = now + 2 * _LONGEST
    with store.write() as connection:
        for column in (lookups.c.left_at, lookups.c.due_at):
            off = and_(lookups.c.settled.is_(None), column > ahead)
            connection.execute(update(lookups).where(off).values({column.name: now}))
        connection.execute(
            update(lookups)
            .where(lookups.c.settled.is_(None), lookups.c.left_at < now - PATIENCE)
            .values(settled="expired")
        )


def _first(session: Session, sources: Collection[Source], until: datetime) -> Due | None:
    """The page that has waited longest, of those whose host may be asked in time."""
    by_id = {source.id: source for source in sources}
    now = session.clock.now()
    waiting = (lookups.c.settled.is_(None), lookups.c.due_at <= now, lookups.c.url.is_not(None))
    query = select(lookups).where(*waiting, lookups.c.source_id.in_(sorted(by_id)))
    with session.store.read() as connection:
        found = connection.execute(query.order_by(lookups.c.due_at, lookups.c.url)).all()
    free: dict[str, bool] = {}
    for row in found:
        name = sites.host_of(row.url)
        if name not in free:
            free[name] = _is_free(hosts.load(session.store, name), now, until)
        if free[name]:
            return Due(by_id[row.source_id], row.product or "", row.url, row.attempts)
    return None


def _is_free(host: hosts.Host, now: datetime, until: datetime) -> bool:
    return hosts.held_back_until(host, now) is None and now + hosts.wait_for(host, now) <= until


def _is_due(store: Store, due: Due, now: datetime) -> bool:
    mine = (lookups.c.source_id == due.source.id, lookups.c.url == due.url, lookups.c.settled.is_(None))
    with store.read() as connection:
        query = select(lookups.c.url).where(*mine, lookups.c.due_at <= now).limit(1)
        return connection.execute(query).first() is not None


async def _ask(session: Session, due: Due) -> CycleResult | None:
    try:
        with session.asker.budget.share() as share:
            request = Request(due.url, due.source.every, due.source.robots == "obey", share=share)
            answer = await fetch(session.asker, request)
            if isinstance(answer, Page):
                return await _answered(session, due, answer)
    except StoreError:
        raise
    except Exception as error:
        log.exception("a report's page could not be taken in", source=due.source.id, url=due.url)
        answer = Refusal(Outcome.FAILING, f"{due.url} could not be taken in: {error!r}.", everywhere=False)
    message = answer.message if isinstance(answer, Refusal) else "its report's page was not sent."
    await _failed(session, due, message, answer if isinstance(answer, Refusal) else None)
    return None


async def _answered(session: Session, due: Due, page: Page) -> CycleResult | None:
    taken = await session.take_answer(due.source, page)
    if taken.outcome not in WELL:
        await _failed(session, due, taken.message or "its report's page cannot be read", None)
        return None
    await asyncio.to_thread(_leave_for_a_day, session, due)
    await session.publish(await asyncio.to_thread(_record, session, due.source, Outcome.UNCHANGED, ""))
    result = of_intake(due.source.id, taken)
    log.info("report's page read", source=due.source.id, product=due.product, events=len(result.events))
    return result


async def _failed(session: Session, due: Due, message: str, refusal: Refusal | None) -> None:
    """Put a look-up off. Trouble of the host, or its robots.txt, is an incident; a missing page is not."""
    again = await asyncio.to_thread(_put_off, session, due, message, refusal)
    shown = wording.clock_time(again.astimezone(), session.clock.now().astimezone())
    place = session.place(due.source)
    line = wording.trouble(message, due.source, due.url, place, shown)
    log.warning(line, source=due.source.id, product=due.product)
    if refusal and (refusal.everywhere or refusal.outcome is not Outcome.FAILING):
        notices = await asyncio.to_thread(_record, session, due.source, refusal.outcome, line)
        await session.publish(notices)


def _put_off(session: Session, due: Due, message: str, refusal: Refusal | None) -> datetime:
    now = session.clock.now()
    again = schedule.next_try(now, due.attempts + 1, _LONGEST, retry_at=refusal.retry_at if refusal else None)
    if refusal and refusal.outcome is Outcome.DISALLOWED:
        again = now + _LONGEST
    elif refusal and refusal.everywhere:
        host = hosts.load(session.store, sites.host_of(due.url))
        again = max(again, hosts.held_back_until(host, now) or again)
    mine = (lookups.c.source_id == due.source.id, lookups.c.url == due.url, lookups.c.settled.is_(None))
    with session.store.write() as connection:
        values = {"attempts": lookups.c.attempts + 1, "due_at": again, "message": message}
        connection.execute(update(lookups).where(*mine).values(values))
    return again


def _leave_for_a_day(session: Session, due: Due) -> None:
    """Put off what the page did not answer, such as a page of another report."""
    now = session.clock.now()
    mine = (lookups.c.source_id == due.source.id, lookups.c.url == due.url, lookups.c.settled.is_(None))
    with session.store.write() as connection:
        values = {
            "attempts": lookups.c.attempts + 1,
            "due_at": now + _LONGEST,
            "message": "its report's page does not say",
        }
        connection.execute(update(lookups).where(*mine, lookups.c.due_at <= now).values(values))


def _record(session: Session, source: Source, outcome: Outcome, message: str) -> tuple[Notice, ...]:
    ended = SourceOutcome(source.id, outcome, message, session.clock.now())
    with session.store.write() as connection:
        return incidents.record_lookup(connection, ended)
