"""The dispatcher: turns what is due in the store into jobs in the queue. Any number may run.

It decides nothing about deliveries. A superfluous job finds nothing to claim; a lost one is enqueued again
once its mark has lapsed, or at once where the queue's epoch is another.
"""

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import structlog

from monitor.record.queue.client import QueueError
from monitor.record.queue.names import CHANGES, DELIVER, DESCRIBE
from monitor.record.store.store import StoreError
from workers.channels import CHANNELS
from workers.context import Context
from workers.delivery.claiming import blocking
from workers.outage import Outage
from workers.queue import due
from workers.schedule.interval import Interval
from workers.schedule.rounds import Rounds

log = structlog.get_logger(__name__)

QUEUES = (CHANGES, *CHANNELS)
_LONGEST_SLEEP = 1.0  # seconds; what another process stored without a wake is seen within them
_SHORTEST_SLEEP = 0.1  # paced hosts have a next slot every few milliseconds; running jobs wait for those
_STOP_CHECK = 0.25  # seconds until a stop is noticed
_COPIES = 10  # of a job that nobody takes, made one a lease, are kept
_UNBLOCK_EVERY = timedelta(minutes=10)  # it reads all blocked messages, and should find none to unblock


class Dispatcher:
    """One process's dispatcher, with what it remembers between rounds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rounds = Rounds(context)
        self._unblocking = Interval(_UNBLOCK_EVERY)
        self._swept = ""  # the epoch in which no mark of another one is left

    def run(self, stop: threading.Event) -> None:
        """Dispatch until `stop` is set. Outlives the queue server and the store: it waits and goes on."""
        outage = Outage("nothing can be dispatched", "dispatching again")
        doubtful = True
        while not stop.is_set():
            try:
                if doubtful:
                    # Marks of before may belong to jobs that were never enqueued, or died with a worker.
                    self._context.queue.begin_epoch()
                    doubtful = False
                began = datetime.now(UTC)
                self.dispatch()
                outage.over()
                self._rest(stop, began)
            except (QueueError, StoreError) as error:
                doubtful = True
                self._rounds.forget()
                stop.wait(outage.noticed(error))

    def dispatch(self) -> int:
        """Make what the clock asks for, and enqueue a job for everything due; how many were enqueued.

        QueueError or StoreError where one of the two cannot be used.
        """
        try:
            self._rounds.make_due(datetime.now(UTC))
        finally:
            # A digest or a notice that cannot be made must not hold up what is already due.
            enqueued = self._enqueue_due()
        return enqueued

    def _enqueue_due(self) -> int:
        context, now = self._context, datetime.now(UTC)
        lease = context.configuration.delivery.lease
        epoch = context.queue.epoch()  # before anything is marked: without a queue there are no marks
        self.block(now, epoch)
        with context.store.write() as connection:
            rows = due.take_outbox(connection, now, lease, epoch)
            channels = due.take_channels(connection, now, lease, epoch, self._swept)
        self._swept = epoch
        # A copy is made again every lease; those that nobody takes meanwhile must not pile up.
        forgotten = int(lease.total_seconds() * _COPIES) + 1
        for row in rows:
            context.queue.enqueue(CHANGES, DESCRIBE, row, ttl=forgotten)
        return len(rows) + sum(self._enqueue_deliveries(*each) for each in Counter(channels).items())

    def block(self, now: datetime, epoch: str) -> None:
        """Mark what is due and cannot go out, so that neither the next rounds nor claims read it again."""
        if self._unblocking.is_due(now):
            if freed := blocking.unblock(self._context.store, now):
                log.warning("messages were held back that nothing held up", messages=freed)
            self._unblocking.done(now)
        for which in due.unmarked(now, epoch, self._swept):
            blocking.block(self._context.store, which, now)

    def _enqueue_deliveries(self, channel: str, wanted: int) -> int:
        # A job takes whatever is due when it runs, so one that still waits serves for what is due now.
        missing = max(wanted - self._context.queue.depth(channel), 0)
        for _ in range(missing):
            self._context.queue.enqueue(channel, DELIVER, channel)
        return missing

    def _rest(self, stop: threading.Event, began: datetime) -> None:
        """Wait until something may be due, a wake, or a stop."""
        end = time.monotonic() + seconds_to_next(self._context, began)
        while not stop.is_set() and (left := end - time.monotonic()) > 0:
            if self._context.queue.wait(min(left, _STOP_CHECK)):
                return


def seconds_to_next(context: Context, began: datetime) -> float:
    """Seconds in which nothing becomes due. `began`: of the last round, as what became due since counts."""
    with context.store.read() as connection:
        following = due.next_at(connection, began, context.configuration)
    if following is None:
        return _LONGEST_SLEEP
    return min(max((following - datetime.now(UTC)).total_seconds(), _SHORTEST_SLEEP), _LONGEST_SLEEP)


def dispatch_once(context: Context) -> int:
    """Dispatch without a memory of earlier rounds."""
    return Dispatcher(context).dispatch()


def run(context: Context, stop: threading.Event) -> None:
    """Dispatch until `stop` is set."""
    Dispatcher(context).run(stop)
