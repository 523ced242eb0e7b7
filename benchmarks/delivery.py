"""Delivery: webhooks a second through the real program, beside plain aiohttp that signs and posts the same.

Run from the project's root: python -m benchmarks.delivery [messages]
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.delivery_receiver import Receiver, Seen, receiving
from benchmarks.delivery_world import World, changes, now, tree_cpu, until
from monitor.record.schema import messages
from workers.fanout import fan_out

TARGET = 500.0  # webhooks a second, SQLite, two workers
_HOSTS = 200  # on loopback; [delivery] webhook_rate allows each 20 a second


def _through(
    receiver: Receiver, count: int, hanging: int, store: str, per: int
) -> tuple[Seen, float, float, list[bytes]]:
    """Send so many messages with `recwatch up`; `hanging` subscriptions of the whole never answer."""
    receiver.forget()
    folder = Path(tempfile.mkdtemp(prefix="recwatch-delivery-"))
    try:
        world = World(folder)
        subscriptions = count // per
        urls = [
            receiver.url(number, hangs=number < hanging, hosts=max(1, min(_HOSTS, subscriptions)))
            for number in range(subscriptions)
        ]
        world.configure(urls, store=store)
        with world.context() as context:
            fan_out(context, changes(context.store, per), now())
            with context.store.read() as connection:
                assert connection.scalar(select(func.count()).select_from(messages)) == count
        wanted = count - hanging * per
        with world.up() as process:
            assert until(lambda: receiver.count() >= wanted, 300), receiver.count()
            cpu = sum(tree_cpu(process.pid).values())
            seen = receiver.seen()
        shutil.copy(folder / "up.log", "/tmp/bd_up.log")
    finally:
        shutil.rmtree(folder)
    return seen, seen.span(wanted), cpu, []


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with receiving() as receiver:
        for hanging in (0, 2):
            seen, span, cpu, _ = _through(receiver, count, hanging, "", 50)
            n = len(seen.ids)
            print(
                f"hang {hanging}: {n} in {span:.2f} s = {n / span:.0f}/s; repeats {len(seen.arrivals) - n}; "
                f"cpu {cpu / n * 1000:.2f} ms each; receiver {seen.cpu / n * 1000:.2f} ms each; load {os.getloadavg()[0]:.1f}"
            )


if __name__ == "__main__":
    main()
