"""Deliveries whose process is killed: on both sides of every line that holds a promise."""

import random
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import create_engine

from monitor.record.store.schema import attempts, items, messages, outbox
from tests.crash.killing import FORK, die, killed, let_leases_lapse, ready, send, send_until_done, world
from tests.fakes.receiver import Receiver
from tests.workers.seeding import changes, count, rows
from workers.delivery import transactions
from workers.messages import fanout
from workers.messages.fanout import fan_out


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
        ready(url, (receiver,), [(1, 2)])

        def work() -> None:
            real = getattr(transactions, point)

            def at_the_point(*args: Any, **more: Any) -> Any:
                if point == "record" and not args[1]:
                    return real(*args, **more)
                return die()

            setattr(transactions, point, at_the_point)
            here = world(url, receiver)
            send(here)

        killed(work)
        here = world(url, receiver)
        let_leases_lapse(here.store)
        send_until_done(here)
        [row] = rows(here.store, messages)
        assert (row["state"], row["lapses"]) == ("sent", lapses)
        assert [request.id for request in receiver.requests] == [row["id"]] * posts
        told = [attempt["outcome"] for attempt in rows(here.store, attempts)]
        assert told == ["unknown"] * lapses + ["sent"]
        here.store.close()


@pytest.mark.parametrize("point", ["_count_try", "_describe", "_store_descriptions", "_store", "_committed"])
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
        killed(work)
        here = world(url, receiver)
        [row] = rows(here.store, outbox)
        assert count(here.store, messages) == (0 if row["published_at"] is None else 2)
        fan_out(here, outbox_id, datetime.now(UTC))
        assert (count(here.store, messages), count(here.store, items)) == (2, 2)
        here.store.close()


def test_nothing_is_lost_while_senders_are_killed(url: str) -> None:
    """Promises 1 and 2: under a rain of kills all arrive, and only what was on its way then arrives again."""
    draw = random.Random(7)
    with Receiver() as one, Receiver() as two:
        ready(url, (one, two), [(number, 2) for number in range(1, 101)])

        def work() -> None:
            here = world(url, one, two)
            while True:
                send(here)
                time.sleep(0.01)

        here = world(url, one, two)
        for _ in range(12):
            senders = [FORK.Process(target=work) for _ in range(2)]
            for sender in senders:
                sender.start()
            time.sleep(draw.uniform(0.1, 0.3))  # a kill lands anywhere: there is no condition to await
            for sender in senders:
                sender.kill()
                sender.join()
            let_leases_lapse(here.store)
            here.store.close()
        send_until_done(here)
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
