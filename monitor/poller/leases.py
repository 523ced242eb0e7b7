"""Which poller reads a source: a lease in its row, renewed while the work goes on.

Any number of pollers share the sources; one that was killed is followed by another as soon as its
lease has lapsed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, bindparam, or_, select, update

from monitor.intake.short_cuts import Last
from monitor.intake.values import ENDED_BY
from monitor.poller.threads import to_the_end
from monitor.record.clock import Clock
from monitor.record.store.prepared import Prepared
from monitor.record.store.schema import lookups, sources
from monitor.record.store.store import Store, StoreBusy, StoreError, upsert

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
        self._ended: set[str] = set()

    @asynccontextmanager
    async def hold(
        self, source_id: str, patience: timedelta = timedelta(0), with_it: "WithIt | None" = None
    ) -> AsyncIterator["Standing | None"]:
        """Hold a source's lease for the block; None where another process has it for all of `patience`.

        `with_it` is done in the transaction that takes the lease.
        """
        # Counted before it is claimed, or a task that ends meanwhile would give it back under us.
        self._held[source_id] += 1
        renewing = None
        try:
            mine = await self._get(source_id, patience, with_it)
            if mine:
                renewing = _Later(_RENEWED, partial(self._renew, source_id))
            yield mine
        finally:
            if renewing:
                renewing.cancel()
            self._give_back(source_id)

    def ending(self, source_id: str) -> dict[str, Any]:
        """What gives the lease back with whatever else is written into the source's row.

        Empty where another task of ours works under the lease. `ended` is called once it was committed.
        """
        if self._held[source_id] != 1:
            return {}
        return {ENDED_BY: self._holder}

    def ended(self, source_id: str) -> None:
        """Note that the lease was given back by `ending`."""
        if self._held[source_id] == 1:
            self._ended.add(source_id)

    def _give_back(self, source_id: str) -> None:
        self._held[source_id] -= 1
        if source_id in self._ended:
            self._ended.discard(source_id)
        elif not self._held[source_id]:
            # Not awaited, so that a cancelled task gives its lease back, too.
            with suppress(StoreError):
                release(self._store, source_id, self._holder)

    async def _get(self, source_id: str, patience: timedelta, with_it: "WithIt | None") -> "Standing | None":
        give_up = self._clock.now() + patience
        while True:
            now = self._clock.now()
            if mine := await self._claim(source_id, now, with_it):
                return mine
            if now >= give_up:
                return None
            await self._clock.sleep(0.5)

    async def _claim(self, source_id: str, now: datetime, with_it: "WithIt | None") -> "Standing | None":
        if self._store.is_sqlite:
            # A change of threads and back costs more than the claim, which waits for nobody here.
            with suppress(StoreBusy):
                return claim(self._store, source_id, self._holder, now, with_it, wait=False)
        return await to_the_end(claim, self._store, source_id, self._holder, now, with_it)

    async def _renew(self, source_id: str) -> None:
        while True:
            try:
                now = self._clock.now()
                await asyncio.to_thread(renew, self._store, source_id, self._holder, now)
            except StoreError as error:
                log.warning("a lease could not be renewed", source=source_id, error=str(error))
            await asyncio.sleep(_RENEWED)


class _Later:
    """A task that is made after so many seconds, if it is not called off before: most never are."""

    def __init__(self, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._work())

    def cancel(self) -> None:
        self._timer.cancel()
        if self._task:
            self._task.cancel()


class Standing(NamedTuple):
    """What a poller needs to know of a source whose lease it has. `waiting`: look-ups of it are open."""

    etag: str | None
    last_modified: str | None
    marks_url: str | None
    body_sha256: str | None
    body_layout: bytes | None
    last_polled_at: datetime | None
    failures: int
    told: str | None
    told_at: datetime | None
    stale_told_at: datetime | None
    waiting: bool

    @property
    def last(self) -> Last:
        """How the page last believed is remembered."""
        return Last(self.body_sha256, self.body_layout)

    @property
    def is_well(self) -> bool:
        """Whether operators have nothing to hear of it, nor to be reminded of."""
        return not (self.failures or self.told or self.told_at or self.stale_told_at)


WithIt = Callable[[Connection], None]


def claim(
    store: Store,
    source_id: str,
    holder: str,
    now: datetime,
    with_it: WithIt | None = None,
    *,
    wait: bool = True,
) -> Standing | None:
    """Take a source's lease, or have it for longer, by one update that only one process can win.

    `with_it` is done in the same transaction, if it was won. `wait` as in `Store.write`.
    """
    moments = {"now": now, "far": now + _FAR, "until": now + LEASE}
    with store.write(light=True, wait=wait) as connection:
        mine = {"source": source_id, "holder": holder, **moments}
        row = _CLAIM.row(connection, mine)
        if row is None:
            blank = {"id": source_id, "failures": 0, "stale_copies": 0}
            connection.execute(upsert(connection)(sources).values(blank).on_conflict_do_nothing())
            row = _CLAIM.row(connection, mine)
        if row is not None and with_it:
            with_it(connection)
    return Standing(*row) if row else None


_CLAIM = Prepared(
    update(sources)
    .where(
        sources.c.id == bindparam("source"),
        or_(
            sources.c.lease_until.is_(None),
            sources.c.lease_until <= bindparam("now"),
            sources.c.lease_until > bindparam("far"),
            sources.c.lease_holder == bindparam("holder"),
        ),
    )
    .values(lease_until=bindparam("until"), lease_holder=bindparam("holder"))
    .returning(
        sources.c.etag,
        sources.c.last_modified,
        sources.c.marks_url,
        sources.c.body_sha256,
        sources.c.body_layout,
        sources.c.last_polled_at,
        sources.c.failures,
        sources.c.told,
        sources.c.told_at,
        sources.c.stale_told_at,
        select(lookups.c.source_id)
        .where(lookups.c.source_id == bindparam("source"), lookups.c.settled.is_(None))
        .exists(),
    )
)


def renew(store: Store, source_id: str, holder: str, now: datetime) -> None:
    """Have a lease for longer, if it is still this holder's; one that was given back stays given back."""
    with store.write(light=True) as connection:
        connection.execute(
            update(sources)
            .where(sources.c.id == source_id, sources.c.lease_holder == holder)
            .values(lease_until=now + LEASE)
        )


def release(store: Store, source_id: str, holder: str) -> None:
    """Give a lease back, if it is still this holder's."""
    with store.write(light=True) as connection:
        connection.execute(
            update(sources)
            .where(sources.c.id == source_id, sources.c.lease_holder == holder)
            .values(lease_until=None, lease_holder=None)
        )
