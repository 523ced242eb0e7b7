"""A job's time: what it begins, what it waits for, how it ends."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from monitor.record.store.schema import attempts, messages
from monitor.record.store.store import Store, StoreError
from tests.fakes.transport import FakeTransport, context
from tests.workers.delivery.test_engine import now, ready, run
from tests.workers.seeding import changes, configured, count, rows, webhook
from workers.delivery import engine, loading, transactions
from workers.messages.fanout import fan_out


def test_who_overslept_sends_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 4: where the lease no longer outlasts the send, the message goes back unsent and unblamed."""
    world, transport = ready(store, webhook())
    real = loading.load

    def slowly(connection: Connection, configuration: Any, claimed: Any, known: Any) -> Any:
        asleep[0] = timedelta(seconds=50)
        return real(connection, configuration, claimed, known)

    asleep = [timedelta()]
    monkeypatch.setattr(transactions, "load", slowly)
    job = engine._Job(world, world.channels["webhook"], threading.Event(), lambda: now() + asleep[0])
    monkeypatch.setattr(job, "_may_begin", lambda: asleep[0] == timedelta())
    asyncio.run(job.run())
    assert transport.sent == []
    [row] = rows(store, messages)
    assert (row["state"], row["attempts"], row["failures"], row["lease_holder"]) == ("waiting", 0, 0, None)


def test_a_stopping_job_begins_nothing(store: Store) -> None:
    """A stop leaves what is due in the store, free for the next job."""
    world, transport = ready(store, webhook(), events=2)
    stop = threading.Event()
    stop.set()
    run(world, stop=stop)
    assert transport.sent == []

    stop.clear()
    transport.on_send = lambda _message: stop.set()
    transport.seconds = 0.05
    run(world, stop=stop)
    assert len(transport.sent) == len(transport.arrived) >= 1
    assert {row["lease_holder"] for row in rows(store, messages)} == {None}


def test_a_job_out_of_time_begins_nothing_and_leaves_no_mark(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a job has no time for is free for the next one at once."""
    monkeypatch.setattr(engine, "JOB_SECONDS", 0.0)
    world, transport = ready(store, webhook())
    with store.write() as connection:
        connection.execute(update(messages).values(enqueued_until=now() + timedelta(minutes=1), epoch="x"))
    run(world)
    assert transport.sent == []
    assert rows(store, messages)[0]["enqueued_until"] is None


def test_others_are_served_while_an_ending_job_waits_for_one_that_hangs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job whose time is over still serves healthy hosts until the hanging request is given up."""
    monkeypatch.setattr(engine, "_SLOW", 0.02)
    world, transport = ready(store, webhook("slow", "slow.example.org"), webhook("fast"))
    answers = asyncio.Event()  # once the other has both; in vain, it would be given up after 30 s
    transport.script["slow"] = [answers]
    late = threading.Thread(target=lambda: fan_out(world, changes(store, [(9, 2)]), now()))

    def come(_message: Any) -> None:
        fast = sum(message.subscription.id == "fast" for message in transport.sent)
        if fast == 1 and late.ident is None:
            monkeypatch.setattr(engine, "JOB_SECONDS", 0.0)  # from now on
            late.start()
        if fast == 2:
            answers.set()

    transport.on_send = come
    run(world)
    late.join()
    assert count(store, messages, subscription="fast", state="sent") == 2
    assert "unknown" not in {row["outcome"] for row in rows(store, attempts)}


def test_results_outlast_a_store_that_goes_away(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrived while the store was away is recorded once it is back, and not sent again."""
    monkeypatch.setattr(engine, "_STORE_PAUSE", 0.01)
    world, transport = ready(store, webhook(), events=2)
    away = [0]
    real = store.write

    @contextmanager
    def write() -> Iterator[Connection]:
        if 0 < away[0] < 4:
            away[0] += 1
            raise StoreError("away")
        with real() as connection:
            yield connection

    monkeypatch.setattr(store, "write", write)
    transport.on_send = lambda _message: away.__setitem__(0, 1)
    run(world)
    assert away[0] >= 4
    assert sorted(transport.ids()) == sorted(row["id"] for row in rows(store, messages, state="sent"))


def test_two_jobs_share_a_channel(any_store: Store) -> None:
    """Several workers on a channel send each message once, and no host more than two at a time."""
    world, transport = ready(any_store, webhook(), events=30)
    transport.seconds = 0.01
    jobs = [threading.Thread(target=run, args=(world,)) for _ in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert sorted(transport.ids()) == sorted(row["id"] for row in rows(any_store, messages, state="sent"))
    assert len(transport.sent) == 30
    assert transport.most["tracker"] <= 2


def test_a_job_goes_on_however_soon_it_hears_of_a_result(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer Pythons wake a waiter before a finished send's callbacks have run."""

    async def prompt(awaited: Any, seconds: float) -> Any:
        async with asyncio.timeout(seconds):
            return await awaited

    monkeypatch.setattr(asyncio, "wait_for", prompt)
    transport = FakeTransport()
    world = context(store, configured(webhook()), transport, concurrency=1)
    fan_out(world, changes(store, [(number, 2) for number in range(1, 21)]), now())
    assert (run(world).sent, len(transport.sent)) == (20, 20)
