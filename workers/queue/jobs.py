"""What stands in the queue: functions by their dotted path, with ids as their only arguments."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from monitor.record.queue.client import QueueError
from monitor.record.store.store import StoreError
from workers.context import current
from workers.delivery.engine import deliver as deliver_channel
from workers.messages.fanout import fan_out, put_back
from workers.queue import stopping

log = structlog.get_logger(__name__)


@contextmanager
def _left_if_the_store_is_away(what: str) -> Iterator[None]:
    """End a job that finds no store in one line: run again at once it would find none either.

    Dispatchers enqueue it anew when the store is back, or when its mark has lapsed.
    """
    try:
        yield
    except StoreError as error:
        log.warning("a job has to wait for the store", job=what, error=str(error))


def describe(outbox_id: int) -> None:
    """Make the messages of an outbox row, and have dispatchers look at once. A second run adds nothing."""
    with _left_if_the_store_is_away("describe"):
        _describe(outbox_id)


def _describe(outbox_id: int) -> None:
    context = current()
    try:
        if not fan_out(context, outbox_id):
            return
    except StoreError:
        put_back(context, outbox_id)  # it may have been away for a moment only
        raise
    try:
        context.queue.wake()
    except QueueError as error:
        log.warning("dispatchers could not be woken; they look every second", error=str(error))


def deliver(channel: str) -> None:
    """Send what is due on a channel. A job for a channel that has nothing due ends at once."""
    with _left_if_the_store_is_away(f"deliver {channel}"):
        context = current()
        deliver_channel(context, context.channels[channel], stopping.asked)
