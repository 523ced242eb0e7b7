"""Delivery: webhooks a second through the real program, beside plain aiohttp that signs and posts the same.

Run from the project's root: python -m benchmarks.delivery [messages]
"""

import asyncio
import itertools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from benchmarks.delivery_receiver import Receiver, receiving
from benchmarks.delivery_world import SECRET, Row, World, changes, now, show, tree_cpu, until
from monitor.record.store.schema import messages
from tests.fakes import postgres
from workers.delivery.claiming.claim import ClaimRequest, Limits, claim
from workers.delivery.loading import load
from workers.messages.fanout import fan_out

TARGET = 500.0  # webhooks a second, SQLite, two workers
MOST_LOST = 0.10  # of the rate, where one receiver in a hundred hangs
_HOSTS = 200  # on loopback; [delivery] webhook_rate allows each 20 a second
_PATIENCE = 400.0  # seconds
_TURNS = 3


@dataclass(frozen=True, slots=True)
class Sent:
    """One run: webhooks a second at the receiver, milliseconds of CPU each, here and there; repeats."""

    rate: float
    cpu: float
    receiver: float
    repeats: int
    room: float = 0.0  # kB in the store, of a message that was delivered

    @property
    def note(self) -> str:
        """What stands beside the rate."""
        load = os.getloadavg()[0]
        return (
            f"CPU {self.cpu:.2f} ms each, receiver's own {self.receiver:.2f} ms; {self.repeats} repeats; "
            f"{f'{self.room:.2f} kB on disk; ' if self.room else ''}load {load:.0f}"
        )


def rows(count: int = 10_000) -> list[Row]:
    """The table's lines."""
    with receiving() as receiver:
        floor = _floor(receiver, count)
        # By turns, the best of each: what else the machine does falls on both.
        turns = [(_through(receiver, count), _through(receiver, count, hanging=2)) for _ in range(_TURNS)]
        plain, hanging = (max(runs, key=lambda sent: sent.rate) for runs in zip(*turns, strict=True))
        table = [
            Row("delivery, plain aiohttp, one process", f"{floor.rate:.0f}/s", note=floor.note),
            _rated("delivery, SQLite, two workers", plain),
            _rated("delivery, the same, 1% of the receivers hang", hanging),
            Row(
                "delivery, what hanging receivers cost the others",
                f"{(1 - hanging.rate / plain.rate) * 100:.0f}%",
                f"{MOST_LOST * 100:.0f}%",
                max(0.0, 1 - hanging.rate / plain.rate) / MOST_LOST,
                f"2 of 200 hosts; best of {_TURNS} runs each, by turns",
            ),
            Row(
                "delivery, CPU of ours over plain aiohttp's", f"{plain.cpu / floor.cpu:.1f}", note="a message"
            ),
        ]
        if postgres.find_binaries() is not None:
            with _postgres() as store:
                table.append(
                    _rated("delivery, PostgreSQL, two workers", _through(receiver, count, store=store))
                )
    return table


def _rated(name: str, sent: Sent) -> Row:
    return Row(name, f"{sent.rate:.0f}/s", f"{TARGET:.0f}/s", TARGET / sent.rate, sent.note)


@contextmanager
def _postgres() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="rwpg-"))
    try:
        with postgres.running(folder) as address:
            yield address.format("postgres")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _world(receiver: Receiver, count: int, hanging: int, store: str) -> Iterator[World]:
    """A store in which so many messages wait: for each host a subscription, for each of those all events."""
    receiver.forget()
    folder = Path(tempfile.mkdtemp(prefix="recwatch-delivery-"))
    try:
        world = World(folder)
        urls = [receiver.url(number, hangs=number < hanging, hosts=_HOSTS) for number in range(_HOSTS)]
        world.configure(urls, store=store)
        with world.context() as context:
            fan_out(context, changes(context.store, count // _HOSTS), now())
            with context.store.read() as connection:
                assert connection.scalar(select(func.count()).select_from(messages)) == count
        yield world
    finally:
        shutil.rmtree(folder)


def _through(receiver: Receiver, count: int, *, hanging: int = 0, store: str = "") -> Sent:
    """Send so many messages with `recwatch up`; so many of the 200 receivers never answer."""
    with _world(receiver, count, hanging, store) as world:
        wanted = count - hanging * (count // _HOSTS)
        with world.up() as process:
            assert until(lambda: receiver.count() >= wanted, _PATIENCE), receiver.count()
            cpu = sum(tree_cpu(process.pid).values())
            seen = receiver.seen()
        room = 0 if store else world.room() / count / 1000
    return Sent(
        (wanted - 1) / seen.span(wanted),
        cpu / wanted * 1000,
        seen.cpu / len(seen.arrivals) * 1000,
        len(seen.arrivals) - len(seen.ids),
        room,
    )


def _floor(receiver: Receiver, count: int) -> Sent:
    """The same bodies, signed and posted by the same library with nothing around it, one process."""
    bodies = _bodies(receiver, min(count, 1_000))
    began = time.process_time()
    asyncio.run(_post(receiver, bodies, count))
    cpu, seen = time.process_time() - began, receiver.seen()
    return Sent((count - 1) / seen.span(), cpu / count * 1000, seen.cpu / count * 1000, count - len(seen.ids))


def _bodies(receiver: Receiver, count: int) -> list[bytes]:
    from workers.channels.webhook.render import render

    with _world(receiver, count, 0, "") as world, world.context() as context:
        pace = context.configuration.delivery.webhook_rate
        limits = Limits("webhook", count, 2, pace, context.configuration.delivery.lease)
        with context.store.write() as connection:
            claimed = claim(connection, ClaimRequest(limits, count, "floor", now())).claimed
            loaded = load(connection, context.configuration, claimed)
        return [render(one) for one in loaded.values() if not isinstance(one, Exception)]


async def _post(receiver: Receiver, bodies: list[bytes], count: int) -> None:
    numbers = iter(range(count))
    bodies_again = itertools.cycle(bodies)

    async def some(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            body, at, name = next(bodies_again), datetime.now(UTC), f"msg_{number}"
            headers = {
                "webhook-id": name,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": Webhook(SECRET).sign(name, at, body.decode()),
                "content-type": "application/json",
            }
            async with session.post(receiver.url(number, hosts=_HOSTS), data=body, headers=headers) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(some(session) for _ in range(128)))


def main() -> None:
    """Print the table; 1 where a target is missed."""
    table = rows(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    show(table)
    sys.exit(any(row.ratio and row.ratio > 1 for row in table))


if __name__ == "__main__":
    main()
