"""The RQ worker: one process, one queue, a fork a job.

What differs from RQ's own, each for a measured reason (docs/decisions/0002-rq.md): a job whose
worker was killed is run again within seconds instead of minutes; a job dies with its worker; the
queue server may go away and come back; a stop is prompt.
"""

import os
import signal
from contextlib import suppress
from datetime import timedelta
from types import FrameType
from typing import Any, cast

import redis
import rq
import structlog
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import select

from monitor.record.process.lifeline import die_with
from monitor.record.queue.errors import QueueError
from monitor.record.queue.server import revive
from monitor.record.store.schema import meta
from workers.context import current
from workers.outage import Outage
from workers.queue import prefork, stopping
from workers.queue.prefork import PreforkedChild
from workers.queue.rq_job import ProductJob
from workers.queue.rq_queue import RecoveringQueue
from workers.queue.warm_up import compose_statements

log = structlog.get_logger(__name__)

WORKER_TTL = 20  # seconds; RQ blocks for 15 less, so a worker looks around every 5
LOOK_AROUND = 5  # seconds between two heartbeats, and between two looks for abandoned jobs
_ABANDONED_AFTER = LOOK_AROUND + 7  # seconds without a heartbeat
_LONGEST_WAIT = 5.0  # seconds between two attempts to reach the queue server
# Also what a server says that lives and takes nothing more: its memory or its disk is full.
OUTAGE = (redis.RedisError,)


class ServerOutage(Outage):
    """An absence of the queue server; a burst's `patience` ends with QueueError."""

    def __init__(self, patience: timedelta | None = None) -> None:
        super().__init__("", "the queue server can be used again")
        self._patience = patience

    def noticed(self, error: BaseException, lost: str = "") -> float:
        """An attempt failed; QueueError once a burst has waited for long enough."""
        away = isinstance(error, redis.ConnectionError | redis.TimeoutError)
        lost = lost or f"the queue server cannot be {'reached' if away else 'used'}"
        wait = super().noticed(error, lost)
        if self._patience is not None and self.seconds > self._patience.total_seconds():
            raise QueueError(f"{lost}: {error}")
        return wait


class Worker(rq.Worker):
    """A worker of one queue. `stopping`: it was asked to stop; `drained`: a burst found nothing more."""

    queue_class = RecoveringQueue
    job_class = ProductJob
    max_connection_wait_time = _LONGEST_WAIT
    log_result_lifespan = False

    def __init__(self, queue_name: str, connection: redis.Redis, url: str, outage: ServerOutage) -> None:
        self.stopping = False
        self.drained = False
        self.spare: PreforkedChild | None = None
        self._url = url
        self._outage = outage
        # Invariant 7: one queue. What a worker of two had taken and not begun when it was killed, RQ loses.
        line = RecoveringQueue(queue_name, connection=connection, serializer=JSONSerializer)
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
        except OUTAGE as error:
            self._outage.noticed(error)
            try_revive(self._url)
            raise
        if pipeline is None:
            self._outage.over()

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Go on watching the child while nobody listens: it would work on unwatched."""
        try:
            super().maintain_heartbeats(job, execution)
        except OUTAGE as error:
            self._outage.noticed(error)
            try_revive(self._url)

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

    def discard(self) -> None:
        """The child that waits is not needed any more."""
        spare, self.spare = self.spare, None
        if spare is not None:
            spare.discard()

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


def try_revive(url: str) -> None:
    """Start the embedded server again if it is ours and gone."""
    try:
        revive(url)
    except QueueError as error:
        log.debug("the queue server could not be started", error=str(error))


def _warm_up() -> None:
    """In a child that has no job yet: make its connections, and touch what a job will touch."""
    context = current()
    context.queue.ping()
    with context.store.read() as connection:
        connection.execute(select(meta.c.key))
    compose_statements(context.store, fully=True)
