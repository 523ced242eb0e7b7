"""What is due: the rows that need a job in the queue.

The store alone says what is due. A mark (`enqueued_until`, `epoch`) only keeps a second job from being
enqueued for the same thing; it lapses, and it is void once the queue's epoch is another.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from monitor.record.store.schema import messages, notices, outbox, paces
from workers.channels import CHANNELS
from workers.configuration import Configuration
from workers.delivery.claiming.claimable import is_due, is_free, is_in_pace, is_paused, is_unmarked
from workers.schedule import digests

_MESSAGES_A_JOB = 100  # where more are due at once, several workers are given work
_MOST_JOBS = 4


def take_outbox(connection: Connection, now: datetime, lease: timedelta, epoch: str) -> list[int]:
    """Mark and return the outbox rows that need a `describe` job, oldest first."""
    unmarked = or_(
        outbox.c.enqueued_until.is_(None),
        outbox.c.enqueued_until <= now,
        outbox.c.epoch.is_(None),
        outbox.c.epoch != epoch,
    )
    due = and_(outbox.c.published_at.is_(None), unmarked)
    ids = list(connection.scalars(select(outbox.c.id).where(due).order_by(outbox.c.id)))
    if not ids:
        return []
    # The condition stands in the update too: of two dispatchers, one gets each row.
    mark = update(outbox).where(outbox.c.id.in_(ids), due).values(enqueued_until=now + lease, epoch=epoch)
    return sorted(connection.scalars(mark.returning(outbox.c.id)))


def take_channels(
    connection: Connection, now: datetime, lease: timedelta, epoch: str, swept: str = ""
) -> list[str]:
    """Mark the messages that can go out now and return their channels: one entry for each `deliver` job.

    `swept` is the epoch that the caller has asked with before: then no mark of another one is left, but for
    those of dispatchers that saw a later or an earlier one, and these lapse. To ask without costs more the
    more is due.
    """
    jobs: list[str] = []
    for channel in sorted(CHANNELS):
        marked = 0
        for which in unmarked(now, epoch, swept):
            mine = and_(messages.c.state == "waiting", messages.c.channel == channel, which)
            if connection.scalar(_ready(now).where(mine).limit(1)) is None:
                continue
            mark = update(messages).where(is_due(now), mine, ~is_paused())
            marked += connection.execute(mark.values(enqueued_until=now + lease, epoch=epoch)).rowcount
        jobs += [channel] * min(ceil(marked / _MESSAGES_A_JOB), _MOST_JOBS)
    return jobs


def unmarked(now: datetime, epoch: str, swept: str) -> list[ColumnElement[bool]]:
    """Without a mark, or with one that has run out; apart, as each is a range of one index."""
    if swept != epoch:
        return [is_unmarked(now, epoch)]
    return [messages.c.enqueued_until.is_(None), messages.c.enqueued_until <= now]


def _ready(now: datetime) -> Select[tuple[str]]:
    return select(messages.c.id).where(is_due(now), is_in_pace(now), is_free())


def outstanding(connection: Connection, now: datetime) -> int:
    """How much is due now or being worked on: undescribed captures, notices, and messages.

    Marks count for nothing here. A message that only waits for its host's pace, or for one of these
    before it, is counted; one that waits for its next attempt, or whose subscription is paused, is not.
    """
    undescribed = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
    unmade = select(func.count()).select_from(notices).where(notices.c.published_at.is_(None))
    held = and_(messages.c.state == "waiting", messages.c.lease_until > now)
    due = select(func.count()).select_from(messages).where(or_(held, and_(is_due(now), is_free())))
    return sum(connection.scalar(count) or 0 for count in (undescribed, unmade, due))


def next_at(
    connection: Connection, now: datetime, configuration: Configuration | None = None
) -> datetime | None:
    """When, after `now`, something may become due at the earliest; None where nothing is on its way.

    Never too late; at times too early: what then is due is for take_outbox and take_channels to say.
    """
    moments: list[datetime | None] = [connection.scalar(query) for query in _moments(now)]
    if configuration is not None:
        moments += [digests.next_slot_of(each, now) for each in configuration.subscriptions]
    return min((moment for moment in moments if moment is not None), default=None)


def _moments(now: datetime) -> Iterator[Select[Any]]:
    waiting, marked = messages.c.state == "waiting", messages.c.enqueued_until
    for channel in sorted(CHANNELS):
        mine = and_(waiting, messages.c.channel == channel, ~messages.c.blocked)
        # What is marked was due; what is not due yet has no mark.
        yield select(func.min(messages.c.due_at)).where(mine, marked.is_(None), messages.c.due_at > now)
        yield select(func.min(marked)).where(mine, marked > now)
    # Only what waits has a lease.
    yield select(func.min(messages.c.lease_until)).where(messages.c.lease_until > now)
    yield select(func.min(paces.c.next_at)).where(paces.c.next_at > now)
    yield select(func.min(outbox.c.enqueued_until)).where(
        outbox.c.published_at.is_(None), outbox.c.enqueued_until > now
    )
