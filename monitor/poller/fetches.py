"""Fetches a source's page and writes down how that went."""

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from monitor.fetching import Entry, NotModified, Refusal, Request, fetch, hosts, schedule, sites
from monitor.poller import rows, wording
from monitor.poller.leases import Standing
from monitor.poller.results import Reading, of_intake
from monitor.poller.session import Session
from monitor.record.settings import Source
from monitor.record.store.store import StoreError
from monitor.record.values import Outcome, Page

log = structlog.get_logger(__name__)


def request_of(source: Source) -> Request:
    """What is asked for, whatever it was last."""
    return Request(source.url, source.every, source.robots == "obey")


async def fetch_source(
    session: Session, source: Source, standing: Standing, first: Entry | None = None
) -> Reading:
    """Ask for a source's page and take it in. Never raises but for the store; the caller holds the lease.

    `first`: its host as it was entered with the lease.
    """
    etag, last_modified = rows.conditions(standing, source)
    try:
        # Until its page has been taken in.
        with session.asker.room.share() as share:
            asked = replace(request_of(source), etag=etag, last_modified=last_modified, share=share)
            return await _conclude(session, source, standing, await fetch(session.asker, asked, first))
    except StoreError:
        raise
    except Exception as error:
        # A page that breaks us must stop neither the poller nor the other sources.
        log.exception("a source could not be read", source=source.id)
        name = sites.host_of(source.url)
        broken = Refusal(Outcome.FAILING, f"What {name} sent could not be taken in: {error!r}.")
        return await _fail(session, source, broken)


async def _conclude(
    session: Session, source: Source, standing: Standing, answer: Page | NotModified | Refusal
) -> Reading:
    if isinstance(answer, Refusal):
        return await _fail(session, source, answer)
    if isinstance(answer, NotModified):
        now, due = _next(session, source)
        told = await asyncio.to_thread(
            rows.not_modified, session.store, source.id, standing, now, due, session.leases
        )
        session.leases.ended(source.id)
        await session.tell(told)
        return Reading(source.id, Outcome.UNCHANGED, "not modified since it was last read", fresh=True)
    also = rows.after(source, answer.headers, lambda: _next(session, source), session.leases)
    taken = await session.take(
        source, answer, format=source.format, fetched=True, also=also, last=standing.last
    )
    if taken.outcome is Outcome.BLOCKED:
        # It came with status 200, and only the readers of pages know it by its looks.
        message = f"{sites.host_of(source.url)} refused ({taken.message})."
        return await _fail(session, source, Refusal(Outcome.BLOCKED, message))
    session.leases.ended(source.id)
    return of_intake(source.id, taken)


def _next(session: Session, source: Source) -> tuple[datetime, datetime]:
    now = session.clock.now()
    return now, schedule.next_poll(now, source.every, session.poller.dice())


async def _fail(session: Session, source: Source, refusal: Refusal) -> Reading:
    now = session.clock.now()
    due = await asyncio.to_thread(_next_try, session, source, refusal, now)
    shown = wording.clock_time(due.astimezone(), now.astimezone())
    message = wording.trouble(refusal.message, source, source.url, session.place(source), shown)
    args = (session.store, source.id, refusal.outcome, message, now, due)
    await session.tell(await asyncio.to_thread(rows.failed, *args))
    return Reading(source.id, refusal.outcome, message)


def _next_try(session: Session, source: Source, refusal: Refusal, now: datetime) -> datetime:
    row = rows.load(session.store, source.id)
    failures = (row.failures if row else 0) + 1
    due = schedule.next_try(now, failures, source.every, retry_at=refusal.retry_at)
    # The host is left alone for as long as all that ask it have failed: earlier would be no try.
    until = hosts.held_back_until(hosts.load(session.store, sites.host_of(source.url)), now)
    return max(due, until) if until else due
