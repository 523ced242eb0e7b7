"""Deliveries whose process is killed: on both sides of every line that holds a promise."""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from monitor.record.migrating import open_store
from monitor.record.schema import attempts, items, messages, outbox
from monitor.record.store import Store
from tests.fakes.receiver import Receiver
from tests.fakes.transport import FakeQueue
from tests.workers.seeding import changes, configured, count, rows, webhook
from workers import fanout
from workers.context import Context
from workers.delivery import engine
from workers.delivery.engine import deliver
from workers.fanout import fan_out

FORK = multiprocessing.get_context("fork")
DEADLINE = 30  # seconds


def world(url: str, *receivers: Receiver) -> Context:
    """A context of this process's own, as a worker makes one after its fork."""
    subscribed = [webhook(f"s{number}", url=each.url) for number, each in enumerate(receivers)]
    tables: dict[str, Any] = {
        "http": {"allow_private_networks": True},
        "delivery": {"lease": "2s", "webhook_rate": "1000/s"},
    }
    return Context(configured(*subscribed, **tables), Path(), Store(url), FakeQueue())  # type: ignore[arg-type]


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(url: str, work: Callable[[], Any]) -> None:
    """Do some work in a child that is killed by it."""
    child = FORK.Process(target=work)
    child.start()
    child.join(DEADLINE)
    assert child.exitcode == -signal.SIGKILL


def deliver_until_done(here: Context) -> None:
    """Run jobs until nothing waits."""
    deadline = time.monotonic() + DEADLINE
    while count(here.store, messages, state="waiting"):
        assert time.monotonic() < deadline, "messages still wait"
        deliver(here, here.channels["webhook"])
        time.sleep(0.02)


@pytest.fixture
def url(store_url: str) -> str:
    """A migrated store's address; no connection of it is open, so a fork inherits none."""
    open_store(store_url).close()
    return store_url


def ready(url: str, receivers: tuple[Receiver, ...], events: int = 1) -> None:
    here = world(url, *receivers)
    fan_out(here, changes(here.store, [(number, 2) for number in range(1, events + 1)]), datetime.now(UTC))
    here.store.close()


@pytest.mark.parametrize(
    ("point", "posts", "lapses"),
    [
        ("claim", 1, 0),  # before the claim: nothing has happened
        ("load", 1, 1),  # after it, before the send
        ("record", 2, 1),  # after the send, before its result is written: a repeat, under the same id
        ("unmark", 1, 0),  # after that
    ],
)
def test_a_sender_that_is_killed(url: str, point: str, posts: int, lapses: int) -> None:
    """Invariants 3 and 4: whenever its sender is killed, a message arrives; twice only where nobody knows."""
    with Receiver() as receiver:
        ready(url, (receiver,))

        def work() -> None:
            real = getattr(engine, point)

            def at_the_point(*args: Any, **more: Any) -> Any:
                if point == "record" and not args[1]:
                    return real(*args, **more)
                return die()

            setattr(engine, point, at_the_point)
            here = world(url, receiver)
            deliver(here, here.channels["webhook"])

        killed(url, work)
        here = world(url, receiver)
        deliver_until_done(here)
        [row] = rows(here.store, messages)
        assert (row["state"], row["lapses"]) == ("sent", lapses)
        assert [request.id for request in receiver.requests] == [row["id"]] * posts
        told = [attempt["outcome"] for attempt in rows(here.store, attempts)]
        assert told == ["unknown"] * lapses + ["sent"]
        here.store.close()


@pytest.mark.parametrize("point", ["_begin", "_describe", "_store_descriptions", "_write", "_committed"])
def test_a_fan_out_that_is_killed(url: str, point: str) -> None:
    """Invariant 2: wherever it is killed, each event has its message once the row is published, and one."""
    with Receiver() as receiver:

        def work() -> None:
            here = world(url, receiver)
            if point == "_committed":
                fan_out(here, outbox_id, datetime.now(UTC))
                die()
            real = getattr(fanout, point)

            def after(*args: Any, **more: Any) -> Any:
                real(*args, **more)
                die()

            setattr(fanout, point, after)
            fan_out(here, outbox_id, datetime.now(UTC))

        here = world(url, receiver)
        outbox_id = changes(here.store, [(1, 2), (2, 2)])
        here.store.close()
        killed(url, work)
        here = world(url, receiver)
        [row] = rows(here.store, outbox)
        assert count(here.store, messages) == (0 if row["published_at"] is None else 2)
        fan_out(here, outbox_id, datetime.now(UTC))
        assert (count(here.store, messages), count(here.store, items)) == (2, 2)
        here.store.close()


@pytest.mark.timeout(120)
def test_nothing_is_lost_while_senders_are_killed(url: str) -> None:
    """Promises 1 and 2: under a rain of kills all arrive, and only what was on its way then arrives again."""
    draw = random.Random(7)
    with Receiver() as one, Receiver() as two:
        ready(url, (one, two), events=100)

        def work() -> None:
            here = world(url, one, two)
            while True:
                deliver(here, here.channels["webhook"])
                time.sleep(0.01)

        for _ in range(12):
            senders = [FORK.Process(target=work) for _ in range(2)]
            for sender in senders:
                sender.start()
            time.sleep(draw.uniform(0.1, 0.3))  # a kill lands anywhere: there is no condition to await
            for sender in senders:
                sender.kill()
                sender.join()
        here = world(url, one, two)
        deliver_until_done(here)
        posts = Counter(request.id for each in (one, two) for request in each.requests)
        by_id = {row["id"]: row for row in rows(here.store, messages)}
        assert {row["state"] for row in by_id.values()} == {"sent"}
        assert set(posts) == set(by_id)
        assert all(times <= 1 + by_id[name]["lapses"] for name, times in posts.items())
        here.store.close()


def test_no_connection_is_shared_over_a_fork(url: str) -> None:
    """What the tests rest on: a context made after the fork, on connections of its own."""
    engine_ = create_engine(url)
    engine_.dispose()
    here = world(url)
    assert here.store.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
