"""Fetches a source's page, takes it in and writes how that went."""

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from monitor.fetching import HostTurn, NotModified, Refusal, Request, fetch, hosts, schedule, sites
from monitor.incidents import SourceOutcome
from monitor.intake import IntakeOptions, LastPage, PollColumns
from monitor.poller import rows, wording
from monitor.poller.leases import Lease
from monitor.poller.results import CycleResult, of_intake
from monitor.poller.session import Session
from monitor.record.settings import Source
from monitor.record.store.store import StoreError
from monitor.record.values import Outcome, Page

log = structlog.get_logger(__name__)


def request_of(source: Source) -> Request:
    """The request for a source's page, without conditions."""
    return Request(source.url, source.every, source.robots == "obey")


async def fetch_source(
    session: Session, source: Source, lease: Lease, first: HostTurn | None = None
) -> CycleResult:
    """Ask for a source's page and take it in; raises nothing but StoreError.

    `first`: its host's turn, where it was taken together with the lease.
    """
    etag, last_modified = rows.conditions(lease.row, source)
    try:
        # The share of memory is held until the page has been taken in.
        with session.asker.budget.share() as share:
            asked = replace(request_of(source), etag=etag, last_modified=last_modified, share=share)
            answer = await fetch(session.asker, asked, first)
            if isinstance(answer, Page):
                return await _take(session, source, lease, answer)
            if isinstance(answer, NotModified):
                return await _not_modified(session, source, lease)
            return await _fail(session, source, answer)
    except StoreError:
        raise
    except Exception as error:
        # A page that breaks us must stop neither the poller nor the other sources.
        log.exception("a source could not be read", source=source.id)
        name = sites.host_of(source.url)
        broken = Refusal(Outcome.FAILING, f"What {name} sent could not be taken in: {error!r}.")
        return await _fail(session, source, broken)


async def _take(session: Session, source: Source, lease: Lease, page: Page) -> CycleResult:
    etag, last_modified = page.headers.get("etag"), page.headers.get("last-modified")
    validators = {"etag": etag, "last_modified": last_modified, "marks_url": source.url}
    options = IntakeOptions(
        format=source.format,
        fetched=True,
        last_page=LastPage(lease.row.body_sha256, lease.row.body_layout),
        columns=replace(_columns(session, source, lease), validators=validators),
    )
    taken = await session.take(source, page, options)
    if taken.outcome is Outcome.BLOCKED:
        # It came with status 200, and only the extractors recognise it for what it is.
        message = f"{sites.host_of(source.url)} refused ({taken.message})."
        return await _fail(session, source, Refusal(Outcome.BLOCKED, message))
    lease.has_ended()
    return of_intake(source.id, taken)


async def _not_modified(session: Session, source: Source, lease: Lease) -> CycleResult:
    columns = _columns(session, source, lease)
    notices = await asyncio.to_thread(rows.not_modified, session.store, source.id, lease.row, columns)
    lease.has_ended()
    await session.publish(notices)
    return CycleResult(source.id, Outcome.UNCHANGED, "not modified since it was last read", fresh=True)


def _columns(session: Session, source: Source, lease: Lease) -> PollColumns:
    """What is committed with a page: when its source is due again, and the lease's end."""
    now = session.clock.now()
    due = schedule.next_poll(now, source.every, session.poller.dice())
    return PollColumns(now, due, ends_lease_of=lease.end_with_commit())


async def _fail(session: Session, source: Source, refusal: Refusal) -> CycleResult:
    now = session.clock.now()
    due = await asyncio.to_thread(_next_try, session, source, refusal, now)
    shown = wording.clock_time(due.astimezone(), now.astimezone())
    message = wording.trouble(refusal.message, source, source.url, session.place(source), shown)
    ended = SourceOutcome(source.id, refusal.outcome, message, now)
    await session.publish(await asyncio.to_thread(rows.failed, session.store, ended, PollColumns(now, due)))
    return CycleResult(source.id, refusal.outcome, message)


def _next_try(session: Session, source: Source, refusal: Refusal, now: datetime) -> datetime:
    row = rows.load(session.store, source.id)
    failures = (row.failures if row else 0) + 1
    due = schedule.next_try(now, failures, source.every, retry_at=refusal.retry_at)
    # The host is left alone for as long as every request to it has failed: an earlier one would be no try.
    until = hosts.held_back_until(hosts.load(session.store, sites.host_of(source.url)), now)
    return max(due, until) if until else due
