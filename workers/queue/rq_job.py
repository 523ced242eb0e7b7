"""The product's own jobs, and nothing else: whoever can write to the queue server could name any function.

Invariant 7. RQ imports what a job's hash names: its function, its callbacks, a webhook's address. Here the
function has to be one of a few, called with plain values, and the rest is ignored.
"""

from typing import Any

import structlog
from rq.exceptions import DeserializationError
from rq.job import Job

from monitor.record.queue.names import DELIVER, DESCRIBE

log = structlog.get_logger(__name__)

ALLOWED: set[str] = {DESCRIBE, DELIVER}


class RefusedJobError(Exception):
    """A job that is not one of this product's."""


class ProductJob(Job):
    """A job of the allow list, without callbacks and webhooks."""

    def restore(self, raw_data: Any) -> Any:
        """Read the job's hash, but for what would have RQ import or ask something else."""
        super().restore(raw_data)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks = []

    @property
    def is_allowed(self) -> bool:
        """Whether it is one of the product's functions, called with identifiers alone."""
        try:
            plain = all(type(each) in (int, str) for each in self.args) and not self.kwargs
            return self.instance is None and self.func_name in ALLOWED and plain
        except DeserializationError:
            return False

    @property
    def should_retry(self) -> bool:
        """A job that is refused would be refused again."""
        return self.is_allowed and super().should_retry

    def perform(self) -> Any:
        """Run the function, if it may be run."""
        if not self.is_allowed:
            log.error("a job that is not this product's was refused", job_id=self.id)
            raise RefusedJobError("not one of this product's jobs")
        return super().perform()
