"""Publishes what was committed: an id goes into the queue, nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from monitor.record.queue.errors import QueueError
from monitor.record.queue.names import CHANGES, DESCRIBE
from monitor.record.store.schema import outbox
from monitor.record.store.store import Store

LEASE = timedelta(seconds=60)  # for so long the dispatcher leaves the row alone

log = structlog.get_logger(__name__)


class JobQueue(Protocol):
    """What publishing needs of monitor.record.queue.client.Queue."""

    def enqueue(self, queue_name: str, dotted_path: str, *args: int | str) -> None:
        """Put a job in line."""

    def epoch(self) -> str:
        """The random key that the queue server holds."""

    def wake(self) -> None:
        """Wake dispatchers."""


def publish(queue: JobQueue, store: Store, outbox_id: int, *, now: datetime | None = None) -> bool:
    """Enqueue a committed outbox row; False where the queue is down, which costs seconds and nothing else.

    Called after the commit. First the job, then the mark: a kill between the two makes a second job, which
    finds nothing left to do; the other way round it would cost a minute.
    """
    try:
        epoch = queue.epoch()
        queue.enqueue(CHANGES, DESCRIBE, outbox_id)
        _mark(store, outbox_id, epoch, (now or datetime.now(UTC)) + LEASE)
        queue.wake()
    except QueueError as error:
        log.warning("the queue is down; the dispatcher finds the change in the store", error=str(error))
        return False
    return True


def wake(queue: JobQueue) -> None:
    """Have dispatchers look for notices at once; without the queue they do so a little later."""
    try:
        queue.wake()
    except QueueError as error:
        log.warning("the queue is down; the dispatcher finds the notice in the store", error=str(error))


def _mark(store: Store, outbox_id: int, epoch: str, until: datetime) -> None:
    with store.write() as connection:
        connection.execute(
            outbox.update()
            # A mark that is there already is newer: the job was quick, and could not finish.
            .where(
                outbox.c.id == outbox_id, outbox.c.published_at.is_(None), outbox.c.enqueued_until.is_(None)
            )
            .values(enqueued_until=until, epoch=epoch)
        )
