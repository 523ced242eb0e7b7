"""Notices become messages to operators."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from monitor.record.store.schema import notices
from workers.context import Context
from workers.messages import storing
from workers.messages.planning import PlannedMessage
from workers.values import Cause


def make_due(context: Context, now: datetime) -> int:
    """Store a message to each of the operators' recipients for every notice that has none; how many."""
    unpublished = (
        select(notices.c.id).where(notices.c.published_at.is_(None)).order_by(notices.c.at, notices.c.id)
    )
    with context.store.read() as connection:
        ids = list(connection.scalars(unpublished))
    if not ids:
        return 0
    with context.store.write() as connection:
        return _publish(connection, context, ids, now)


def _publish(connection: Connection, context: Context, ids: Sequence[str], now: datetime) -> int:
    """One transaction marks the notices and stores their messages: of two dispatchers, one does."""
    still = and_(notices.c.id.in_(ids), notices.c.published_at.is_(None))
    taken = set(
        connection.scalars(update(notices).where(still).values(published_at=now).returning(notices.c.id))
    )
    operators = context.configuration.operators.subscription
    planned = [
        PlannedMessage(operators, recipient, Cause.NOTICE, notice, notice_id=notice)
        for notice in ids
        if notice in taken
        for recipient in operators.recipients()
    ]
    storing.store_messages(connection, context, planned, now)
    return len(planned)
