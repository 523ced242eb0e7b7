"""What a poller works with, and the step that everything it reads goes through: taking a page in."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic

import structlog

from monitor import publishing
from monitor.fetching import Asker
from monitor.intake import Arrival, Intake, IntakeOptions, answer_lookups, prune_evidence, take_in
from monitor.intake.short_cuts import recognise_at_once
from monitor.poller.leases import Leases
from monitor.record.clock import Clock
from monitor.record.http import outbound
from monitor.record.ids import new_id
from monitor.record.settings import Settings, Source
from monitor.record.store.store import Store
from monitor.record.values import Format, Notice, Outcome, Page
from monitor.saved.drop import Drop

log = structlog.get_logger(__name__)


TakeIn = Callable[[Store, Settings, Arrival], Intake]
Chore = Callable[[Store, Settings, datetime], None]


def prune(store: Store, settings: Settings, now: datetime) -> None:
    """Drop evidence beyond what [store] keeps."""
    with store.write() as connection:
        prune_evidence(connection, settings.store, now)


@dataclass(frozen=True)
class Poller:
    """The parts that a poller is made of. Make it in the process that polls.

    `base`: what a source's `path` is relative to. `queue`: None where nothing is to be published. `announce`:
    a line for the log after a source's first capture, on what is covered. `chores`: run hourly.
    """

    store: Store
    settings: Settings
    base: Path
    queue: publishing.JobQueue | None = None
    heartbeat_url: str = ""
    announce: Callable[[Source], str] | None = None
    chores: tuple[Chore, ...] = (prune,)
    take_in: TakeIn = take_in
    clock: Clock = field(default_factory=Clock)
    dice: Callable[[], float] = lambda: random.uniform(-1, 1)  # noqa: S311 - jitter, no secret
    holder: str = field(default_factory=lambda: new_id("poller"))


class Session:
    """A running poller: its client, its leases, its folders."""

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
        self.looking_up: set[str] = set()  # sources with a task of ours that asks report pages
        self._taking = asyncio.Lock()
        self._uncovered: Source | None = None
        self._said_enough_until = 0.0

    def place(self, source: Source) -> str | None:
        """Where a person saves pages for a source: "in FOLDER", "as FILE"."""
        drop = self.drops.get(source.id)
        return None if drop is None else f"{'in' if drop.is_folder else 'as'} {drop.path}"

    async def take(self, source: Source, page: Page, options: IntakeOptions) -> Intake:
        """Take a page in and publish what came of it. One at a time: it is work for the processor."""
        async with self._taking:
            arrival = Arrival(source, page, self.clock.now(), options)
            # The usual end, without the change to a thread and back that would be a third of it.
            taken = recognise_at_once(self.store, arrival)
            if taken is None:
                taken = await self._in_thread(self.poller.take_in, arrival)
        await self._report(source, taken)
        return taken

    async def take_answer(self, source: Source, page: Page) -> Intake:
        """Take in a report's page that the source's look-ups asked for."""
        async with self._taking:
            arrival = Arrival(source, page, self.clock.now(), IntakeOptions(format=Format.PRODUCT))
            taken = await self._in_thread(answer_lookups, arrival)
        await self._report(source, taken)
        return taken

    async def _in_thread(self, work: TakeIn, arrival: Arrival) -> Intake:
        return await asyncio.to_thread(work, self.store, self.settings, arrival)

    async def _report(self, source: Source, taken: Intake) -> None:
        await self.publish(taken.notices, taken.outbox_id)
        for note in taken.notes:
            log.warning("the page has something unknown", source=source.id, note=note)
        if taken.outcome is Outcome.BASELINE:
            self._uncovered = source
            await self.say_covered(soon=True)

    async def say_covered(self, *, soon: bool = False) -> None:
        """Log what is covered since a source's first capture, if that is still to be done.

        `soon`: unless it was done just now and took its time: it reads everything that is known, and many
        sources may have their first capture one after the other.
        """
        source, announce, started = self._uncovered, self.poller.announce, monotonic()
        if source is None or announce is None or (soon and started < self._said_enough_until):
            return
        self._uncovered = None
        log.info(await asyncio.to_thread(announce, source), source=source.id)
        self._said_enough_until = monotonic() + 20 * (monotonic() - started)

    async def publish(self, notices: tuple[Notice, ...], outbox_id: int | None = None) -> None:
        """Have workers and dispatchers take up what was committed."""
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
