"""RQ's queue with its two fixed waits shortened: what a killed worker had is found again within seconds."""

from datetime import timedelta

import rq
from rq.intermediate_queue import IntermediateQueue
from rq.utils import now

from workers.queue.rq_job import ProductJob

_STUCK_AFTER = timedelta(seconds=10)  # dequeued and not begun
_MAINTENANCE_LOCK = 15  # seconds


class _Intermediate(IntermediateQueue):
    def should_be_cleaned_up(self, job_id: str) -> bool:
        seen = self.get_first_seen(job_id)
        return seen is not None and now() - seen > _STUCK_AFTER


class RecoveringQueue(rq.Queue):
    """What workers of this product listen to; its jobs are the product's own (invariant 7)."""

    job_class = ProductJob

    @property
    def intermediate_queue(self) -> IntermediateQueue:
        """Jobs that were dequeued and have not begun."""
        return _Intermediate(self.key, connection=self.connection)

    def acquire_maintenance_lock(self) -> bool:
        """RQ keeps it for 15 minutes when its holder is killed, and nobody looks for abandoned jobs."""
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=_MAINTENANCE_LOCK))
