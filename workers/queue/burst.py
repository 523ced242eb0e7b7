"""Dispatches and works in child processes until nothing is due now, for `once` and `work --burst`."""

import multiprocessing
import os
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import and_, func, or_, select

from monitor.record.process.lifeline import die_with
from monitor.record.queue.client import QueueError
from monitor.record.queue.names import CHANGES
from monitor.record.store.schema import messages, outbox
from workers import context as contexts
from workers.context import Context
from workers.delivery.claiming.claimable import is_due, is_free
from workers.queue import due
from workers.queue.dispatcher import QUEUES, Dispatcher, seconds_to_next

log = structlog.get_logger(__name__)

_FAILED_ROUNDS = 3  # in a row, after which a burst gives up
_NO_PROGRESS = 30  # seconds beyond a lease, after which a burst leaves the rest to others


def run_until_done(context: Context, queues: Sequence[str] = QUEUES) -> bool:
    """Dispatch, and work on the queues in child processes, until nothing is due now.

    Whether any message went dead meanwhile. What waits for a later attempt is left for later, what
    another process holds is waited for. QueueError or StoreError where one of them cannot be used.
    """
    dispatcher = Dispatcher(context)
    dead_before = _dead(context)
    patience = context.configuration.delivery.lease.total_seconds() + _NO_PROGRESS
    since, seen, failed = time.monotonic(), -1, 0
    while (left := _left(context, queues)) > 0 or seen < 0:
        if left != seen:
            since, seen = time.monotonic(), left
        elif time.monotonic() - since > patience:
            log.warning("what is due could not be taken; something else holds it", left=left)
            break
        failed = 0 if _one_round(context, dispatcher, queues, left) else failed + 1
        if failed == _FAILED_ROUNDS:
            raise QueueError("the workers keep ending before their queues are empty")
    return not dead_before.issuperset(_dead(context))


def _one_round(context: Context, dispatcher: Dispatcher, queues: Sequence[str], left: int) -> bool:
    """Dispatch, work off what that gave, and wait a little if nothing came of it; False: a worker broke."""
    # Our own workers have ended, so a mark says nothing any more.
    context.queue.begin_epoch()
    began = datetime.now(UTC)
    dispatcher.dispatch()
    waiting = [name for name in queues if context.queue.depth(name) > 0]
    unbroken = not waiting or _work_off(context, waiting)
    if not waiting or _left(context, queues) == left:
        # Somebody else holds it, or a host's pace does.
        time.sleep(seconds_to_next(context, began))
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
    from workers.queue.work_loop import work

    die_with(parent)
    work(contexts.current(), name, burst=True)
