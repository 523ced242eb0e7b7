"""Which poller reads a source: a lease in its row, renewed while the work goes on.

Any number of pollers share the sources; one that was killed is followed by another as soon as its
lease has lapsed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, update

from monitor.clock import Clock
from monitor.record.schema import sources
from monitor.record.store import Store, StoreError, upsert

LEASE = timedelta(seconds=60)
_RENEWED = LEASE.total_seconds() / 3
_FAR = 10 * LEASE  # a lease that ends later was written by a clock that ran ahead

log = structlog.get_logger(__name__)


class Leases:
    """The leases of one process. Its own tasks share one: they take turns by other means."""

    def __init__(self, store: Store, holder: str, clock: Clock) -> None:
        self._store = store
        self._holder = holder
        self._clock = clock
        self._held: Counter[str] = Counter()

    @asynccontextmanager
    async def hold(self, source_id: str, patience: timedelta = timedelta(0)) -> AsyncIterator[bool]:
        """Hold a source's lease for the block; False where another process has it for all of `patience`."""
        # Counted before it is claimed, or a task that ends meanwhile would give it back under us.
        self._held[source_id] += 1
        renewing = None
        try:
            mine = await self._get(source_id, patience)
            if mine:
                renewing = asyncio.create_task(self._renew(source_id))
            yield mine
        finally:
            if renewing:
                renewing.cancel()
            self._give_back(source_id)

    def _give_back(self, source_id: str) -> None:
        self._held[source_id] -= 1
        if not self._held[source_id]:
            # Not awaited, so that a cancelled task gives its lease back, too.
            with suppress(StoreError):
                release(self._store, source_id, self._holder)

    async def _get(self, source_id: str, patience: timedelta) -> bool:
        give_up = self._clock.now() + patience
        while True:
            now = self._clock.now()
            if await asyncio.to_thread(claim, self._store, source_id, self._holder, now):
                return True
            if now >= give_up:
                return False
            await self._clock.sleep(0.5)

    async def _renew(self, source_id: str) -> None:
        while True:
            await asyncio.sleep(_RENEWED)
            try:
                now = self._clock.now()
                await asyncio.to_thread(claim, self._store, source_id, self._holder, now)
            except StoreError as error:
                log.warning("a lease could not be renewed", source=source_id, error=str(error))


def claim(store: Store, source_id: str, holder: str, now: datetime) -> bool:
    """Take or renew a source's lease, by one update that only one process can win."""
    free = or_(
        sources.c.lease_until.is_(None),
        sources.c.lease_until <= now,
        sources.c.lease_until > now + _FAR,
        sources.c.lease_holder == holder,
    )
    with store.write() as connection:
        row = {"id": source_id, "failures": 0, "stale_copies": 0}
        connection.execute(upsert(connection)(sources).values(row).on_conflict_do_nothing())
        won = connection.execute(
            update(sources)
            .where(sources.c.id == source_id, free)
            .values(lease_until=now + LEASE, lease_holder=holder)
        )
    return won.rowcount == 1


def release(store: Store, source_id: str, holder: str) -> None:
    """Give a lease back, if it is still this holder's."""
    with store.write() as connection:
        connection.execute(
            update(sources)
            .where(sources.c.id == source_id, sources.c.lease_holder == holder)
            .values(lease_until=None, lease_holder=None)
        )
