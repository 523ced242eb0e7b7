"""Which poller reads a source: a lease in its row, renewed while the work goes on.

Any number of pollers share the sources; another takes over from one that was killed as soon as its lease has
lapsed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

import structlog
from sqlalchemy import Connection, bindparam, or_, select, update

from monitor.record.clock import Clock
from monitor.record.store.prepared import Prepared
from monitor.record.store.schema import lookups, sources
from monitor.record.store.store import Store, StoreBusy, StoreError, upsert

LEASE = timedelta(seconds=60)
_RENEWED = LEASE.total_seconds() / 3
_FAR = 10 * LEASE  # a lease that ends later was written by a clock that ran ahead

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Lease:
    """A source's lease, held for the block of `Leases.hold`, and its row as it was when it was taken."""

    def __init__(self, leases: "Leases", source_id: str, row: "SourceRow") -> None:
        self.row = row
        self._leases = leases
        self._source_id = source_id

    def end_with_commit(self) -> str | None:
        """The holder whose lease is to end with the commit of a capture; `has_ended` confirms it.

        None where another task of this process works under the lease. Tasks that come from here on wait until
        the block has ended: the commit would take the lease from them.
        """
        return self._leases.begin_ending(self._source_id)

    def has_ended(self) -> None:
        """The capture was committed: the lease need not be given back at the end of the block."""
        self._leases.note_ended(self._source_id)


class Leases:
    """The leases of one process. Its tasks share one on the same source."""

    def __init__(self, store: Store, holder: str, clock: Clock) -> None:
        self._store = store
        self._holder = holder
        self._clock = clock
        self._held: Counter[str] = Counter()
        self._ending: dict[str, asyncio.Event] = {}
        self._ended: set[str] = set()

    @asynccontextmanager
    async def hold(
        self, source_id: str, patience: timedelta = timedelta(0), with_it: "WithIt | None" = None
    ) -> AsyncIterator[Lease | None]:
        """Hold a source's lease for the block; None where another process has it for all of `patience`.

        `with_it` runs in the transaction that takes the lease.
        """
        while ending := self._ending.get(source_id):
            await ending.wait()
        # Counted before it is claimed, or a task that ends meanwhile would give it back under us.
        self._held[source_id] += 1
        renewing = None
        try:
            row = await self._get(source_id, patience, with_it)
            if row:
                renewing = _Later(_RENEWED, partial(self._renew, source_id))
            yield Lease(self, source_id, row) if row else None
        finally:
            if renewing:
                renewing.cancel()
            self._give_back(source_id)

    def begin_ending(self, source_id: str) -> str | None:
        """See `Lease.end_with_commit`."""
        if self._held[source_id] != 1:
            return None
        self._ending.setdefault(source_id, asyncio.Event())
        return self._holder

    def note_ended(self, source_id: str) -> None:
        """See `Lease.has_ended`."""
        if source_id in self._ending:
            self._ended.add(source_id)

    def _give_back(self, source_id: str) -> None:
        self._held[source_id] -= 1
        if ending := self._ending.pop(source_id, None):
            ending.set()
        if source_id in self._ended:
            self._ended.discard(source_id)
        elif not self._held[source_id]:
            # Not awaited, so that a cancelled task gives its lease back, too.
            with suppress(StoreError):
                release(self._store, source_id, self._holder)

    async def _get(self, source_id: str, patience: timedelta, with_it: "WithIt | None") -> "SourceRow | None":
        give_up = self._clock.now() + patience
        while True:
            now = self._clock.now()
            if row := await self._claim(source_id, now, with_it):
                return row
            if now >= give_up:
                return None
            await self._clock.sleep(0.5)

    async def _claim(self, source_id: str, now: datetime, with_it: "WithIt | None") -> "SourceRow | None":
        if self._store.is_sqlite:
            # A change of threads and back costs more than the claim, which does not wait here.
            with suppress(StoreBusy), self._store.write(light=True, wait=False) as connection:
                return claim_within(connection, source_id, self._holder, now, with_it)
        return await _to_the_end(claim, self._store, source_id, self._holder, now, with_it)

    async def _renew(self, source_id: str) -> None:
        while True:
            try:
                now = self._clock.now()
                await asyncio.to_thread(renew, self._store, source_id, self._holder, now)
            except StoreError as error:
                log.warning("a lease could not be renewed", source=source_id, error=str(error))
            await asyncio.sleep(_RENEWED)


class _Later:
    """A task that starts after so many seconds, unless it is cancelled before: most are."""

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


class SourceRow(NamedTuple):
    """What a poller needs of the row of a source whose lease it has taken. `waiting`: look-ups are open."""

    etag: str | None
    last_modified: str | None
    marks_url: str | None
    body_sha256: str | None
    body_layout: bytes | None
    last_polled_at: datetime | None
    next_poll_at: datetime | None
    failures: int
    told: str | None
    told_at: datetime | None
    stale_told_at: datetime | None
    waiting: bool

    @property
    def is_well(self) -> bool:
        """Whether operators have nothing to hear of it, nor to be reminded of."""
        return not (self.failures or self.told or self.told_at or self.stale_told_at)


WithIt = Callable[[Connection, SourceRow], None]


def claim(
    store: Store, source_id: str, holder: str, now: datetime, with_it: WithIt | None = None
) -> SourceRow | None:
    """Take a source's lease in a transaction of its own."""
    with store.write(light=True) as connection:
        return claim_within(connection, source_id, holder, now, with_it)


def claim_within(
    connection: Connection, source_id: str, holder: str, now: datetime, with_it: WithIt | None
) -> SourceRow | None:
    """Take a source's lease, or have it for longer, by one update that only one process can win.

    `with_it` runs in the same transaction, if it was won.
    """
    moments = {"now": now, "far": now + _FAR, "until": now + LEASE}
    mine = {"source": source_id, "holder": holder, **moments}
    found = _CLAIM.row(connection, mine)
    if found is None:
        blank = {"id": source_id, "failures": 0, "stale_copies": 0}
        connection.execute(upsert(connection)(sources).values(blank).on_conflict_do_nothing())
        found = _CLAIM.row(connection, mine)
    if found is None:
        return None
    row = SourceRow(*found)
    if with_it:
        with_it(connection, row)
    return row


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
        sources.c.next_poll_at,
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


async def _to_the_end(work: Callable[..., _T], *arguments: Any) -> _T:
    """Do something in a thread, and leave only when it has ended, also when cancelled meanwhile.

    A thread cannot be stopped: a lease that it takes after its waiter has gone would have no holder at work.
    """
    doing = asyncio.get_running_loop().run_in_executor(None, partial(work, *arguments))
    try:
        return await asyncio.shield(doing)
    finally:
        while not doing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([doing])
