"""What was committed and not delivered, by the store alone. Promise 9: it shows, whatever keeps it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from monitor.record.store.schema import events, items, messages, outbox, subscriptions

PAUSED_BY_HAND = "paused by hand"  # the reason of a subscription that somebody holds back on purpose
_PATIENCE = timedelta(minutes=15)  # after which what waits should have gone out
_NO_CHANGES = ("notice", "test")  # causes of messages that hold none


def oldest_undelivered(connection: Connection) -> datetime | None:
    """When the oldest change that is not delivered was committed: undescribed, waiting, for a digest."""
    held = outbox.join(events, _of_row())
    undescribed = select(func.min(outbox.c.created_at)).select_from(held).where(_unpublished())
    waiting = (
        select(func.min(outbox.c.created_at))
        .select_from(held.join(items, items.c.event_id == events.c.id).outerjoin(messages, _holder()))
        .where(items.c.pending, or_(items.c.message_id.is_(None), messages.c.state == "waiting"))
    )
    # What has no outbox row any more: from when its message was made.
    others = select(func.min(messages.c.created_at)).where(
        messages.c.state == "waiting", messages.c.cause.not_in(_NO_CHANGES)
    )
    found = [connection.scalar(query) for query in (undescribed, waiting, others)]
    return min((moment for moment in found if moment is not None), default=None)


def stuck_since(connection: Connection, now: datetime) -> datetime | None:
    """Since when nothing can be delivered: something waits for long, and nothing has arrived since."""
    by_hand = select(subscriptions.c.id).where(subscriptions.c.reason == PAUSED_BY_HAND)
    held = outbox.join(events, _of_row())
    undescribed = select(func.min(outbox.c.created_at)).select_from(held).where(_unpublished())
    waiting = select(func.min(messages.c.created_at)).where(
        messages.c.state == "waiting",
        messages.c.cause != "test",
        messages.c.subscription.not_in(by_hand),
    )
    found = [connection.scalar(query) for query in (undescribed, waiting)]
    oldest = min((moment for moment in found if moment is not None), default=None)
    if oldest is None or oldest > now - _PATIENCE:
        return None
    arrived = select(messages.c.id).where(messages.c.state == "sent", messages.c.sent_at > oldest).limit(1)
    return None if connection.scalar(arrived) is not None else oldest


def _of_row() -> Any:
    return and_(
        events.c.silent.is_(False),
        or_(events.c.capture_id == outbox.c.capture_id, events.c.batch == outbox.c.event_id),
    )


def _holder() -> Any:
    return messages.c.id == items.c.message_id


def _unpublished() -> Any:
    return outbox.c.published_at.is_(None)
