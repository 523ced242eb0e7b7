"""Latency: from the commit of a change to its arrival at a webhook, `recwatch up` running.

Run from the project's root: python -m benchmarks.latency [changes]
"""

import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.delivery_receiver import Receiver, receiving
from benchmarks.delivery_world import NEW, OLD, Row, World, show, tree_cpu, until
from monitor import publishing
from monitor.record.folding import fingerprint
from monitor.record.queue.client import Queue, queue_server
from tests.workers import seeding
from workers.context import Context

MEDIAN, LATE = 100.0, 500.0  # milliseconds: half of the changes, and 99 in a hundred
_MOST = 30.0  # seconds; what has not come by then is lost


def rows(changes: int = 100) -> list[Row]:
    """The table's lines."""
    measured, cpu = _measure(changes)
    took = sorted(measured)
    half, late = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
    note = f"{len(took)} changes one by one, least {took[0]:.0f} ms; CPU of all processes {cpu:.0f} ms each"
    return [
        Row("latency, commit to webhook, median", f"{half:.0f} ms", f"{MEDIAN:.0f} ms", half / MEDIAN, note),
        Row("latency, commit to webhook, 99th percentile", f"{late:.0f} ms", f"{LATE:.0f} ms", late / LATE),
    ]


def _measure(changes: int) -> tuple[list[float], float]:
    """Milliseconds each change took, and milliseconds of CPU that one cost."""
    folder = Path(tempfile.mkdtemp(prefix="recwatch-latency-"))
    try:
        world = World(folder)
        with receiving() as receiver:
            world.configure([receiver.url(0)], workers=1)
            with (
                world.context() as context,
                world.up() as process,
                queue_server("", world.home) as url,
                Queue(url) as queue,
            ):
                assert until(lambda: "event=ready" in (folder / "up.log").read_text(), 60)
                _one(context, queue, receiver, 1_000_000)
                before = sum(tree_cpu(process.pid).values())
                took = [_one(context, queue, receiver, number) for number in range(1, changes + 1)]
                return took, (sum(tree_cpu(process.pid).values()) - before) / changes * 1000
    finally:
        shutil.rmtree(folder)


def _one(context: Context, queue: Queue, receiver: Receiver, number: int) -> float:
    """Milliseconds for one change."""
    side = {"narrative": NEW, "fingerprint": fingerprint(NEW)}
    before = receiver.count()
    with context.store.write() as connection:
        capture = seeding.capture(connection)
        seeding.recommend(connection, number, narrative=OLD, fingerprint=fingerprint(OLD))
        seeding.happen(connection, number, 2, capture, side=side)
        row = seeding.wait(connection, capture)
    committed = time.monotonic()
    publishing.publish(queue, context.store, row)
    assert until(lambda: receiver.count() > before, _MOST)
    _, arrived = receiver.seen().arrivals[-1]
    time.sleep(random.uniform(0.05, 0.4))
    return (arrived - committed) * 1000


def main() -> None:
    """Print the table; 1 where a target is missed."""
    table = rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    show(table)
    sys.exit(any(row.ratio and row.ratio > 1 for row in table))


if __name__ == "__main__":
    main()
