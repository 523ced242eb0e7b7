"""What was committed is put in line; a queue that is down loses nothing."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from monitor import publishing
from monitor.record.queue.client import QueueError
from monitor.record.store.schema import outbox
from monitor.record.store.store import Store

NOON = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)


class Line:
    """A queue that remembers, or one that is down."""

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.jobs: list[tuple[Any, ...]] = []
        self.wakes = 0

    def enqueue(self, queue_name: str, dotted_path: str, *args: int | str) -> None:
        self.jobs.append((queue_name, dotted_path, *args))

    def epoch(self) -> str:
        if self.down:
            raise QueueError("the queue server is down")
        return "epoch_1"

    def wake(self) -> None:
        if self.down:
            raise QueueError("the queue server is down")
        self.wakes += 1


def _row(store: Store) -> Any:
    with store.read() as connection:
        return connection.execute(select(outbox)).one()


def _outbox(store: Store, **values: Any) -> int:
    with store.write() as connection:
        made = connection.execute(insert(outbox).values(created_at=NOON, **values).returning(outbox.c.id))
        return int(made.scalar_one())


def test_a_job_carries_the_id_alone_and_the_row_is_marked(store: Store) -> None:
    """The dispatcher then leaves it alone for a minute, under this server's epoch."""
    line, row_id = Line(), _outbox(store)
    assert publishing.publish(line, store, row_id, now=NOON)
    assert line.jobs == [("changes", "workers.queue.jobs.describe", row_id)]
    assert line.wakes == 1
    assert (_row(store).enqueued_until, _row(store).epoch) == (NOON + publishing.LEASE, "epoch_1")


def test_a_queue_that_is_down_leaves_the_row_as_it_was(store: Store) -> None:
    """The dispatcher finds it, whenever the queue is back."""
    row_id = _outbox(store)
    assert not publishing.publish(Line(down=True), store, row_id, now=NOON)
    assert _row(store).enqueued_until is None


def test_a_row_published_meanwhile_is_not_marked_again(store: Store) -> None:
    """A worker may be faster than the mark."""
    row_id = _outbox(store, published_at=NOON)
    assert publishing.publish(Line(), store, row_id, now=NOON)
    assert _row(store).enqueued_until is None


def test_waking_without_a_queue_is_no_error() -> None:
    """Notices are found in the store."""
    publishing.wake(Line(down=True))
