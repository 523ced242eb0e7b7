"""What stands in the queue: functions by their dotted path, with ids as their only arguments."""

import structlog

from monitor.record.queue import QueueError
from workers import stopping
from workers.context import current
from workers.delivery.engine import deliver as deliver_channel
from workers.fanout import fan_out

log = structlog.get_logger(__name__)


def describe(outbox_id: int) -> None:
    """Make the messages of an outbox row, and have dispatchers look at once. A second run adds nothing."""
    context = current()
    if not fan_out(context, outbox_id):
        return
    try:
        context.queue.wake()
    except QueueError as error:
        log.warning("dispatchers could not be woken; they look every second", error=str(error))


def deliver(channel: str) -> None:
    """Send what is due on a channel. A job for a channel that has nothing due ends at once."""
    context = current()
    deliver_channel(context, context.channels[channel], stopping.asked)
