"""The dispatcher: turns what is due in the store into jobs in the queue. Any number may run.

It decides nothing about deliveries. A job too many finds nothing to claim; one that is lost is
enqueued again once its mark has lapsed, or at once where the queue's epoch is another.
"""

import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import and_, func, or_, select

from monitor.record.lifeline import die_with
from monitor.record.queue.client import QueueError
from monitor.record.queue.names import CHANGES, DELIVER, DESCRIBE
from monitor.record.store.schema import messages, outbox
from monitor.record.store.store import StoreError
from workers import context as contexts
from workers.channels import CHANNELS
from workers.context import Context
from workers.delivery.claimable import is_due, is_free
from workers.queue import due

log = structlog.get_logger(__name__)

QUEUES = (CHANGES, *CHANNELS)
_LONGEST_SLEEP = 1.0  # seconds; what another process stored without a wake is seen within them
_SHORTEST_SLEEP = 0.1  # paced hosts have a next slot every few milliseconds; running jobs wait for those
_GLANCE = 0.25  # seconds until a stop is noticed
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0  # seconds between two attempts while something is away
_COPIES = 10  # of a job that nobody takes, made one a lease, are kept
_FAILED_ROUNDS = 3  # in a row, after which a burst gives up
_NO_PROGRESS = 30  # seconds beyond a lease, after which a burst leaves the rest to others


def dispatch_once(context: Context) -> int:
    """Make what the clock asks for, and enqueue a job for everything due; how many were enqueued.

    QueueError or StoreError where one of the two cannot be used.
    """
    moment = datetime.now(UTC)
    try:
        due.make_due(context, moment)
    finally:
        # Whatever is wrong with a digest or a notice must not hold up what is already in line.
        enqueued = _enqueue_due(context)
    return enqueued


def _enqueue_due(context: Context) -> int:
    moment = datetime.now(UTC)
    lease = context.configuration.delivery.lease
    epoch = context.queue.epoch()  # before anything is marked: without a queue there are no marks
    due.set_aside(context, moment, epoch)
    with context.store.write() as connection:
        rows = due.take_outbox(connection, moment, lease, epoch)
        channels = due.take_channels(connection, moment, lease, epoch, context.swept)
    context.swept = epoch
    # A copy is made again every lease; those that nobody takes meanwhile must not pile up.
    forgotten = int(lease.total_seconds() * _COPIES) + 1
    for row in rows:
        context.queue.enqueue(CHANGES, DESCRIBE, row, ttl=forgotten)
    return len(rows) + sum(_enqueue_deliveries(context, *each) for each in Counter(channels).items())


def _enqueue_deliveries(context: Context, channel: str, wanted: int) -> int:
    # A job takes whatever is due when it runs, so one that still waits serves for what is due now.
    missing = max(wanted - context.queue.depth(channel), 0)
    for _ in range(missing):
        context.queue.enqueue(channel, DELIVER, channel)
    return missing


def run(context: Context, stop: threading.Event) -> None:
    """Dispatch until `stop` is set. Outlives the queue server and the store: it waits and goes on."""
    trouble = _Trouble()
    doubtful = True
    while not stop.is_set():
        try:
            if doubtful:
                # Marks of before may belong to jobs that were never enqueued, or died with a worker.
                context.queue.begin_epoch()
                doubtful = False
            looked = datetime.now(UTC)
            dispatch_once(context)
            trouble.over()
            _rest(context, stop, looked)
        except (QueueError, StoreError) as error:
            doubtful = True
            context.digested.clear()  # the store may be another now, a copy from before those slots
            stop.wait(trouble.noticed(error))


class _Trouble:
    """One line in the log when something goes away, and one when it is back."""

    def __init__(self) -> None:
        self._wait = 0.0

    def noticed(self, error: Exception) -> float:
        """Give the seconds to wait before the next attempt."""
        if not self._wait:
            log.warning("nothing can be dispatched; trying until it can", error=str(error))
        self._wait = min(max(self._wait * 2, _FIRST_WAIT), _LONGEST_WAIT)
        return self._wait

    def over(self) -> None:
        if self._wait:
            log.warning("dispatching again")
        self._wait = 0.0


def _rest(context: Context, stop: threading.Event, looked: datetime) -> None:
    """Wait until something may be due, somebody wakes us, or we are to stop."""
    end = time.monotonic() + _seconds_to_next(context, looked)
    while not stop.is_set() and (left := end - time.monotonic()) > 0:
        if context.queue.wait(min(left, _GLANCE)):
            return


def _seconds_to_next(context: Context, looked: datetime) -> float:
    """`looked`: when was last looked for what is due; what has become so since would be passed over."""
    with context.store.read() as connection:
        following = due.next_at(connection, looked, context.configuration)
    if following is None:
        return _LONGEST_SLEEP
    return min(max((following - datetime.now(UTC)).total_seconds(), _SHORTEST_SLEEP), _LONGEST_SLEEP)


def run_until_done(context: Context, queues: Sequence[str] = QUEUES) -> bool:
    """Dispatch, and work on the queues in child processes, until nothing is due now.

    Whether any message went dead meanwhile. What waits for a later attempt is left for later, what
    another process holds is waited for. QueueError or StoreError where one of them cannot be used.
    """
    dead_before = _dead(context)
    patience = context.configuration.delivery.lease.total_seconds() + _NO_PROGRESS
    since, seen, failed = time.monotonic(), -1, 0
    while (left := _left(context, queues)) > 0 or seen < 0:
        if left != seen:
            since, seen = time.monotonic(), left
        elif time.monotonic() - since > patience:
            log.warning("what is due could not be taken; something else holds it", left=left)
            break
        failed = 0 if _one_round(context, queues, left) else failed + 1
        if failed == _FAILED_ROUNDS:
            raise QueueError("the workers keep ending before their queues are empty")
    return not dead_before.issuperset(_dead(context))


def _one_round(context: Context, queues: Sequence[str], left: int) -> bool:
    """Dispatch, work off what that gave, and wait a little if nothing came of it; False: a worker broke."""
    # Our own workers have ended, so a mark says nothing any more.
    context.queue.begin_epoch()
    looked = datetime.now(UTC)
    dispatch_once(context)
    waiting = [name for name in queues if context.queue.depth(name) > 0]
    unbroken = not waiting or _work_off(context, waiting)
    if not waiting or _left(context, queues) == left:
        # Somebody else holds it, or a host's pace does.
        time.sleep(_seconds_to_next(context, looked))
    return unbroken


def _left(context: Context, queues: Collection[str]) -> int:
    """How much is due now or being worked on, as far as these queues go."""
    moment = datetime.now(UTC)
    with context.store.read() as connection:
        if set(queues) >= set(QUEUES):
            return due.outstanding(connection, moment)
        held = and_(messages.c.state == "waiting", messages.c.lease_until > moment)
        ready = or_(held, and_(is_due(moment), is_free()))
        counts = [select(func.count()).where(ready, messages.c.channel.in_(set(queues)))]
        if CHANGES in queues:
            counts.append(select(func.count()).where(outbox.c.published_at.is_(None)))
        return sum(connection.scalar(count) or 0 for count in counts)


def _dead(context: Context) -> set[str]:
    with context.store.read() as connection:
        return set(connection.scalars(select(messages.c.id).where(messages.c.state == "dead")))


def _work_off(context: Context, names: Sequence[str]) -> bool:
    """Empty these queues, each in a process of its own: one channel's trouble delays no other.

    False if a process ended otherwise than by finding its queue empty.
    """
    # A fork must not inherit open connections: closing its copies would end the originals.
    context.store.close()
    context.queue.close()
    forking = multiprocessing.get_context("fork")
    children = [forking.Process(target=_burst, args=(name, os.getpid()), name=name) for name in names]
    try:
        for child in children:
            child.start()
        for child in children:
            child.join()
    finally:
        for child in children:
            if child.is_alive():
                child.terminate()
                child.join()
    return all(child.exitcode == 0 for child in children)


def _burst(name: str, parent: int) -> None:
    from workers.queue import rq_worker

    die_with(parent)
    rq_worker.work(contexts.current(), name, burst=True)
