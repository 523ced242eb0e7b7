"""What a worker process does all day: one RQ worker after the other, until it is told to stop."""

import gc
import importlib
import importlib.util
import logging
import pkgutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import FrameType

import redis
from rq.exceptions import StopRequested

from monitor.record.http import outbound
from monitor.record.queue.errors import QueueError
from workers.context import Context
from workers.queue import stopping
from workers.queue.rq_worker import OUTAGE, ServerOutage, Worker, try_revive
from workers.queue.warm_up import compose_statements

_PATIENCE_OF_BURSTS = timedelta(seconds=10)
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0  # seconds between two attempts to reach the queue server
_CUT_OFF = (*OUTAGE, QueueError)


class _NoOutages(logging.Filter):
    """Keeps RQ from logging every attempt to reach a server that is away."""

    def filter(self, record: logging.LogRecord) -> bool:
        cause = record.exc_info[1] if record.exc_info else None
        said = cause, *(record.args if isinstance(record.args, tuple) else ())
        return not any(isinstance(one, _CUT_OFF) for one in said) and "connection timeout" not in str(
            record.msg
        )


@contextmanager
def _frozen() -> Iterator[None]:
    """Spare children what is loaded: a collection in a child would touch, and so copy, every page."""
    gc.collect()  # or what is garbage already would be kept, too
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def work(context: Context, queue_name: str, burst: bool) -> None:
    """Work on one queue until SIGTERM or SIGINT; with `burst`, until it is empty.

    Runs in the main thread. Outlives the queue server: it waits, with one line in the log, and goes
    on; a burst gives up after ten seconds with QueueError.
    """
    stopping.asked.clear()
    _preload(queue_name)
    outbound.warm(context.configuration.http)
    compose_statements(context.store)
    context.store.close()  # a fork must not inherit a connection
    outage = ServerOutage(_PATIENCE_OF_BURSTS if burst else None)
    wait = _FIRST_WAIT
    with _frozen(), _quiet(), _stop_signals():
        while not _session(context, queue_name, burst, outage):
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)


def _session(context: Context, queue_name: str, burst: bool, outage: ServerOutage) -> bool:
    """Work until told to stop, drained, or cut off from the queue server; False for the last."""
    worker: Worker | None = None
    try:
        worker = Worker(queue_name, context.queue.connection, context.queue.url, outage)
        worker.work(burst=burst, logging_level="WARNING")
        if worker.stopping:
            _void_marks(context)
    except OUTAGE as error:
        outage.noticed(_plainly(context, error))
        try_revive(context.queue.url)
    finally:
        _handle_stops()  # RQ's handlers still speak to the worker that is over
        if worker is not None:
            worker.discard()
    return worker is not None and (worker.stopping or (burst and worker.drained))


def _void_marks(context: Context) -> None:
    """A stop may have come as a job had just been taken: have it enqueued again without waiting for RQ."""
    with suppress(QueueError):  # no server, no marks
        context.queue.begin_epoch()


def _plainly(context: Context, error: redis.RedisError) -> Exception:
    """The server's own reason, where a transaction only says that there was one."""
    if isinstance(error, redis.exceptions.ExecAbortError):
        try:
            context.queue.epoch()
        except QueueError as reason:
            return reason
    return error


_STOPS = (signal.SIGTERM, signal.SIGINT)


def _stop(_signum: int, _frame: FrameType | None) -> None:
    raise StopRequested


def _handle_stops() -> None:
    for number in _STOPS:
        signal.signal(number, _stop)


@contextmanager
def _stop_signals() -> Iterator[None]:
    """Turn a stop into an exception from the first moment on, also while there is no worker."""
    before = {number: signal.getsignal(number) for number in _STOPS}
    try:
        _handle_stops()
        yield
    except StopRequested:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _quiet() -> Iterator[None]:
    """Have RQ log to standard error, warnings and worse, an outage once."""
    root, filtering = logging.getLogger("rq"), _NoOutages()
    loggers = [logging.getLogger(name) for name in ("rq.worker", "rq.job", "rq.queue", "rq.registry")]
    handler = None if root.hasHandlers() else logging.StreamHandler(sys.stderr)
    if handler is not None:
        root.addHandler(handler)  # else RQ would write to standard output
    for logger in loggers:
        logger.addFilter(filtering)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(filtering)
        if handler is not None:
            root.removeHandler(handler)


def _preload(queue_name: str) -> None:
    """Import what jobs need before the fork: each child would pay for it again."""
    importlib.import_module("workers.queue.jobs")
    if importlib.util.find_spec(f"workers.channels.{queue_name}") is None:
        return  # the queue of changes is no channel
    channel = importlib.import_module(f"workers.channels.{queue_name}")
    for found in pkgutil.walk_packages(channel.__path__, f"{channel.__name__}."):
        importlib.import_module(found.name)
