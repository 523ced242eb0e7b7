"""Fan-out: one event to 10,000 subscriptions, 1,000 events to 100; the messages and the jobs for them.

Run from the project's root: python -m benchmarks.fanout
"""

import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.delivery_world import Row, World, changes, now, show
from monitor.record.store.schema import messages
from workers.messages.fanout import fan_out
from workers.queue import due

TARGET = 3.0  # seconds, for 10,000 messages
_LEASE = timedelta(seconds=60)


def rows() -> list[Row]:
    """The table's lines."""
    return [_row(1, 10_000), _row(1_000, 100)]


def _row(events: int, subscriptions: int) -> Row:
    folder = Path(tempfile.mkdtemp(prefix="recwatch-fanout-"))
    try:
        world = World(folder)
        world.configure([f"https://h{number}.example.org/hook" for number in range(subscriptions)])
        with world.context() as context:
            row = changes(context.store, events)
            before = world.room()
            began, cpu = time.monotonic(), time.process_time()
            fan_out(context, row, now())
            with context.store.write() as connection:
                jobs = due.take_channels(connection, now(), _LEASE, "epoch")
            took, spent = time.monotonic() - began, time.process_time() - cpu
            with context.store.read() as connection:
                made = connection.scalar(select(func.count()).select_from(messages)) or 0
            room = (world.room() - before) / made / 1000
    finally:
        shutil.rmtree(folder)
    assert made == events * subscriptions
    target = TARGET * made / 10_000
    return Row(
        f"fan-out, {events:,} events to {subscriptions:,} subscriptions",
        f"{took:.1f} s",
        f"{target:.0f} s",
        took / target,
        f"{made:,} messages, {len(jobs)} jobs; CPU {spent:.1f} s; a message: {spent / made * 1e6:.0f} µs,"
        f" {room:.2f} kB on disk",
    )


def main() -> None:
    """Print the table; 1 where a target is missed."""
    table = rows()
    show(table)
    sys.exit(any(row.ratio and row.ratio > 1 for row in table))


if __name__ == "__main__":
    main()
