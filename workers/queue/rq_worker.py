"""The RQ worker: one process, one queue, a fork a job.

What differs from RQ's own, each for a measured reason (docs/decisions/0002-rq.md): a job whose
worker was killed is run again within seconds instead of minutes; a job dies with its worker; the
queue server may go away and come back; a stop is prompt.
"""

import gc
import importlib
import importlib.util
import logging
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from types import FrameType
from typing import Any, cast

import redis
import rq
import structlog
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import now
from sqlalchemy import select

from monitor.record.http import outbound
from monitor.record.lifeline import die_with
from monitor.record.queue.errors import QueueError
from monitor.record.queue.server import revive
from monitor.record.store.schema import meta
from workers.context import Context, current
from workers.queue import prefork, stopping
from workers.queue.prefork import Spare
from workers.queue.warm_up import rehearse

log = structlog.get_logger(__name__)

WORKER_TTL = 20  # seconds; RQ blocks for 15 less, so a worker looks around every 5
LOOK_AROUND = 5  # seconds between two heartbeats, and between two looks for abandoned jobs
_ABANDONED_AFTER = LOOK_AROUND + 7  # seconds without a heartbeat
_STUCK_AFTER = timedelta(seconds=10)  # dequeued and not begun
_MAINTENANCE_LOCK = 15  # seconds
_PATIENCE_OF_BURSTS = timedelta(seconds=10)
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0  # seconds between two attempts to reach the queue server
# Also what a server says that lives and takes nothing more: its memory or its disk is full.
_OUTAGE = (redis.RedisError,)
_CUT_OFF = (*_OUTAGE, QueueError)


class _Intermediate(IntermediateQueue):
    def should_be_cleaned_up(self, job_id: str) -> bool:
        seen = self.get_first_seen(job_id)
        return seen is not None and now() - seen > _STUCK_AFTER


class _Line(rq.Queue):
    """RQ's queue, its two fixed waits shortened."""

    @property
    def intermediate_queue(self) -> IntermediateQueue:
        return _Intermediate(self.key, connection=self.connection)

    def acquire_maintenance_lock(self) -> bool:
        # RQ keeps it for 15 minutes when its holder is killed, and nobody looks for abandoned jobs.
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=_MAINTENANCE_LOCK))


class _Outage:
    """One line in the log when the queue server goes away, and one when it is back."""

    def __init__(self, patience: timedelta | None) -> None:
        self._since: datetime | None = None
        self._patience = patience

    def noticed(self, error: BaseException) -> None:
        if self._since is None:
            self._since = now()
            words = f"the queue server {_how(error)}; trying until it can"
            log.warning(words, error=str(error))
        if self._patience is not None and now() - self._since > self._patience:
            raise QueueError(f"the queue server {_how(error)}: {error}")

    def over(self) -> None:
        if self._since is not None:
            log.warning(
                "the queue server can be used again", seconds=round((now() - self._since).total_seconds())
            )
            self._since = None


def _how(error: BaseException) -> str:
    away = isinstance(error, redis.ConnectionError | redis.TimeoutError)
    return "cannot be reached" if away else "cannot be used"


class _NoOutages(logging.Filter):
    """Keeps RQ from logging every attempt to reach a server that is away."""

    def filter(self, record: logging.LogRecord) -> bool:
        cause = record.exc_info[1] if record.exc_info else None
        said = cause, *(record.args if isinstance(record.args, tuple) else ())
        return not any(isinstance(one, _CUT_OFF) for one in said) and "connection timeout" not in str(
            record.msg
        )


class Worker(rq.Worker):
    """A worker of one queue. `stopping`: it was asked to stop; `drained`: a burst found nothing more."""

    queue_class = _Line
    max_connection_wait_time = _LONGEST_WAIT
    log_result_lifespan = False

    def __init__(self, queue_name: str, connection: redis.Redis, url: str, outage: _Outage) -> None:
        self.stopping = False
        self.drained = False
        self.spare: Spare | None = None
        self._url = url
        self._outage = outage
        # Invariant 7: one queue. What a worker of two had taken and not begun when it was killed, RQ loses.
        line = _Line(queue_name, connection=connection, serializer=JSONSerializer)
        super().__init__(
            [line],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL,
            maintenance_interval=LOOK_AROUND,
            job_monitoring_interval=LOOK_AROUND,
            log_job_description=False,
        )

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """RQ adds a minute, during which a dead worker's job counts as being worked on."""
        return _ABANDONED_AFTER

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Say that we live; where nobody listens, start the embedded server again if it is ours."""
        try:
            super().heartbeat(timeout, pipeline)
        except _OUTAGE as error:
            self._outage.noticed(error)
            _try_revive(self._url)
            raise
        if pipeline is None:
            self._outage.over()

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Go on watching the child while nobody listens: it would work on unwatched."""
        try:
            super().maintain_heartbeats(job, execution)
        except _OUTAGE as error:
            self._outage.noticed(error)
            _try_revive(self._url)

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """Remember that a burst found the queue empty: RQ returns in the same way from an error."""
        if timeout is not None and self.spare is None:  # a burst, which has none, does not wait for jobs
            self.spare = prefork.fork(_warm_up, self._run_as_horse)
        found = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        self.drained = found is None
        return found

    def fork_work_horse(self, job: Job, queue: rq.Queue) -> None:
        """Give the job to the child that waits for one, or to a new one."""
        spare, self.spare = self.spare, None
        assert self.execution is not None
        if spare is not None and spare.give(f"{job.id} {self.execution.id}"):
            self._horse_pid = spare.pid
        else:
            super().fork_work_horse(job, queue)
        if self.stopping:  # asked while the child had its job, and was not known here yet
            self._ask_horse_to_stop()

    def _run_as_horse(self, words: str) -> None:
        """In the child: what RQ hands over by memory at a fork is fetched, as its SpawnWorker does."""
        job_id, execution_id = words.split()
        job = self.job_class.fetch(job_id, connection=self.connection, serializer=self.serializer)
        execution = Execution.fetch(execution_id, job_id, connection=self.connection)
        execution._job = job
        self.execution = execution
        self.main_work_horse(job, self.queues[0])

    def let_go(self) -> None:
        """The child that waits is not needed any more."""
        spare, self.spare = self.spare, None
        if spare is not None:
            spare.let_go()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop at once when idle; else have the job begin nothing new, and stop when it has ended."""
        self.stopping = True
        stopping.asked.set()  # for a child that is being forked just now
        self._ask_horse_to_stop()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def _ask_horse_to_stop(self) -> None:
        if self.horse_pid:
            # To it alone: until it has made a group of its own, its group is ours and our parent's.
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def set_shutdown_requested_date(self) -> None:
        """Write nothing: a signal handler must not fail because the queue server is away."""

    def subscribe(self) -> None:
        """Take no commands: whoever can write to the server could stop jobs; and fork with one thread."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""

    def setup_work_horse_signals(self) -> None:
        """In the child: a stop is a wish that the job reads, not its end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda _signum, _frame: stopping.asked.set())

    def main_work_horse(self, job: Job, queue: rq.Queue) -> None:
        """In the child: die with the worker, else the orphan sends what the next run sends again."""
        die_with(cast("int", self.pid))
        super().main_work_horse(job, queue)


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
    rehearse(context.store)
    context.store.close()  # a fork must not inherit a connection
    outage = _Outage(_PATIENCE_OF_BURSTS if burst else None)
    wait = _FIRST_WAIT
    with _frozen(), _quiet(), _stop_signals():
        while not _session(context, queue_name, burst, outage):
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)


def _session(context: Context, queue_name: str, burst: bool, outage: _Outage) -> bool:
    """Work until told to stop, drained, or cut off from the queue server; False for the last."""
    worker: Worker | None = None
    try:
        worker = Worker(queue_name, context.queue.connection, context.queue.url, outage)
        worker.work(burst=burst, logging_level="WARNING")
        if worker.stopping:
            _void_marks(context)
    except _OUTAGE as error:
        outage.noticed(_plainly(context, error))
        _try_revive(context.queue.url)
    finally:
        _handle_stops()  # RQ's handlers still speak to the worker that is over
        if worker is not None:
            worker.let_go()
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


def _try_revive(url: str) -> None:
    try:
        revive(url)
    except QueueError as error:
        log.debug("the queue server could not be started", error=str(error))


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


def _warm_up() -> None:
    """In a child that has no job yet: make its connections, and touch what a job will touch."""
    context = current()
    context.queue.ping()
    with context.store.read() as connection:
        connection.execute(select(meta.c.key))
    rehearse(context.store, fully=True)


def _preload(queue_name: str) -> None:
    """Import what jobs need before the fork: each child would pay for it again."""
    importlib.import_module("workers.queue.jobs")
    if importlib.util.find_spec(f"workers.channels.{queue_name}") is None:
        return  # the queue of changes is no channel
    channel = importlib.import_module(f"workers.channels.{queue_name}")
    for found in pkgutil.walk_packages(channel.__path__, f"{channel.__name__}."):
        importlib.import_module(found.name)
