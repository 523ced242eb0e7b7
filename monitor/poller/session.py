"""What a poller works with, and taking a page in: the one step that all of its ways share."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Protocol

import structlog

from monitor import publishing
from monitor.fetching import Asker
from monitor.intake import Also, Intake, glance, prune_evidence, take_in
from monitor.intake.short_cuts import Last
from monitor.poller.leases import Leases
from monitor.record.clock import Clock
from monitor.record.http import outbound
from monitor.record.ids import new_id
from monitor.record.settings import Settings, Source
from monitor.record.store.store import Store
from monitor.record.values import Format, Notice, Outcome, Page
from monitor.saved.drop import Drop

log = structlog.get_logger(__name__)


class TakeIn(Protocol):
    """The shape of monitor.intake.take_in."""

    def __call__(
        self,
        store: Store,
        settings: Settings,
        source: Source,
        page: Page,
        *,
        now: datetime,
        format: Format | None = None,
        lookup: bool = False,
        fetched: bool = False,
        also: Also | None = None,
    ) -> Intake:
        """Take a page in, in one transaction."""


Chore = Callable[[Store, Settings, datetime], None]


def prune(store: Store, settings: Settings, now: datetime) -> None:
    """Drop evidence beyond what [store] keeps."""
    with store.write() as connection:
        prune_evidence(connection, settings.store, now)


@dataclass(frozen=True)
class Poller:
    """What a poller is given. Make it in the process that polls.

    `base`: what a source's `path` is relative to. `queue`: None where nobody is to be woken. `announce`:
    says after a source's first capture what is covered, for the log. `chores`: what is done hourly.
    """

    store: Store
    settings: Settings
    base: Path
    queue: publishing.Queue | None = None
    heartbeat_url: str = ""
    announce: Callable[[Source], str] | None = None
    chores: tuple[Chore, ...] = (prune,)
    take_in: TakeIn = take_in
    clock: Clock = field(default_factory=Clock)
    dice: Callable[[], float] = lambda: random.uniform(-1, 1)  # noqa: S311 - jitter, no secret
    holder: str = field(default_factory=lambda: new_id("poller"))


class Session:
    """A poller at work: its client, its leases, its looks at folders."""

    def __init__(self, poller: Poller, asker: Asker) -> None:
        self.poller = poller
        self.store = poller.store
        self.settings = poller.settings
        self.clock = poller.clock
        self.asker = asker
        self.leases = Leases(poller.store, poller.holder, poller.clock)
        self.drops = {
            source.id: Drop(source, poller.base, poller.store, poller.settings.http.max_bytes)
            for source in poller.settings.sources
            if source.path
        }
        # One reader of a folder at a time: an older file must not be taken in after a newer one.
        self.reading = {source_id: asyncio.Lock() for source_id in self.drops}
        self.looking_up: set[str] = set()  # sources whose report pages one of our tasks asks for
        self._taking = asyncio.Lock()
        self._unsaid: Source | None = None
        self._said_enough_until = 0.0

    def place(self, source: Source) -> str | None:
        """Where a person saves pages for a source: "in FOLDER", "as FILE"."""
        drop = self.drops.get(source.id)
        return None if drop is None else f"{'in' if drop.is_folder else 'as'} {drop.path}"

    async def take(
        self,
        source: Source,
        page: Page,
        *,
        format: Format | None = None,
        lookup: bool = False,
        fetched: bool = False,
        also: Also | None = None,
        last: Last | None = None,
    ) -> Intake:
        """Take a page in and tell the other half. One at a time: it is work for the processor."""
        async with self._taking:
            now = self.clock.now()
            # The usual end, without the change to a thread and back that would be a third of it.
            taken = None
            if not lookup:
                taken = glance(self.store, source, page, now=now, format=format, also=also, last=last)
            if taken is None:
                taken = await asyncio.to_thread(
                    self.poller.take_in,
                    self.store,
                    self.settings,
                    source,
                    page,
                    now=now,
                    format=format,
                    lookup=lookup,
                    fetched=fetched,
                    also=also,
                )
        await self.tell(taken.notices, taken.outbox_id)
        for note in taken.notes:
            log.warning("the page has something unknown", source=source.id, note=note)
        if taken.outcome is Outcome.BASELINE:
            self._unsaid = source
            await self.say_covered(soon=True)
        return taken

    async def say_covered(self, *, soon: bool = False) -> None:
        """Say what is covered since a source's first capture, if that was not said yet.

        `soon`: unless it was just said and took its time. It looks at everything that is known, and many
        sources may have their first capture one after the other.
        """
        source, announce, started = self._unsaid, self.poller.announce, monotonic()
        if source is None or announce is None or (soon and started < self._said_enough_until):
            return
        self._unsaid = None
        log.info(await asyncio.to_thread(announce, source), source=source.id)
        self._said_enough_until = monotonic() + 20 * (monotonic() - started)

    async def tell(self, notices: tuple[Notice, ...], outbox_id: int | None = None) -> None:
        """Wake the other half for what was committed."""
        queue = self.poller.queue
        if queue is None:
            return
        if outbox_id is not None:
            now = self.clock.now()
            await asyncio.to_thread(publishing.publish, queue, self.store, outbox_id, now=now)
        elif notices:
            await asyncio.to_thread(publishing.wake, queue)


@asynccontextmanager
async def open_session(poller: Poller) -> AsyncIterator[Session]:
    """Open a poller's client for the block. OutboundError: [http] cannot be used."""
    http = poller.settings.http
    _greet(poller)
    async with outbound.client(http) as client:
        yield Session(poller, Asker(client, poller.store, http, poller.clock))


def _greet(poller: Poller) -> None:
    if not poller.settings.http.contact:
        log.warning("[http] contact is empty: sites cannot tell whom to write to")
    for source in poller.settings.sources:
        if source.robots == "ignore" and source.url:
            log.warning("robots.txt is ignored for this source, as configured", source=source.id)
