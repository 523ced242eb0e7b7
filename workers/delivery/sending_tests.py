"""A test: a sample change, sent by who asked for it, once. Nothing else claims, retries or redelivers it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, select, update

from monitor.record.ids import new_id
from monitor.record.settings import Subscription
from monitor.record.store.schema import messages
from workers.context import Context
from workers.delivery.claiming.leasing import Claimed, LeaseTerms, lease_test
from workers.delivery.loading import load
from workers.delivery.results import Result, record
from workers.delivery.sender import Sender
from workers.messages import storing
from workers.messages.planning import PlannedMessage
from workers.values import Cause, Message, TransportError

ABANDONED = "whoever asked for this test ended before it was sent"


def send_test(context: Context, subscription: Subscription) -> list[str]:
    """Send a test to each of a subscription's recipients now; gives the messages' ids.

    The ledger says what came of each. It goes by the configuration of who asked.
    """
    delivery = context.configuration.delivery
    with context.store.write() as connection:
        now = datetime.now(UTC)
        ref = new_id("test")
        planned = [
            PlannedMessage(subscription, recipient, Cause.TEST, ref)
            for recipient in subscription.recipients()
        ]
        ids = storing.store_messages(connection, context, planned, now)
        # One after the other, each within its patience.
        terms = LeaseTerms(new_id("test"), now, delivery.lease * len(ids))
        claimed = lease_test(connection, ids, terms)
    asyncio.run(_send(context, subscription, claimed))
    return ids


async def _send(context: Context, subscription: Subscription, claimed: Sequence[Claimed]) -> None:
    delivery = context.configuration.delivery
    patience = delivery.request_timeout + (delivery.lease - delivery.request_timeout) / 4
    sender = Sender(context, context.channels[subscription.channel], patience)
    try:
        for each in claimed:
            with context.store.read() as connection:
                message = load(connection, context.configuration, [each])[each.id]
            began = datetime.now(UTC)
            if isinstance(message, Message):
                receipt, error = await sender.send(message)
            else:
                receipt, error = None, TransportError(str(message), permanent=True)
            now = datetime.now(UTC)
            result = Result(each, (now - began).total_seconds(), now, receipt, error)
            with context.store.write() as connection:
                record(connection, [result], delivery, now)
    finally:
        await sender.close()


def bury_abandoned(connection: Connection, now: datetime, lease: timedelta) -> None:
    """Tests that nobody sends any more are dead: to send them later would surprise their readers."""
    over = and_(
        messages.c.cause == Cause.TEST,
        messages.c.state == "waiting",
        messages.c.created_at < now - lease,
        messages.c.lease_until.is_(None) | (messages.c.lease_until <= now),
    )
    ids = connection.scalars(select(messages.c.id).where(over)).all()
    freed = {"lease_until": None, "lease_holder": None, "enqueued_until": None}
    values = {"state": "dead", "error": ABANDONED} | freed
    connection.execute(update(messages).where(messages.c.id.in_(ids)).values(values))
