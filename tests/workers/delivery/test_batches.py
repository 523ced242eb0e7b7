"""What is done for many messages at once comes out as if it were done one by one."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from monitor.record.settings import Delivery
from monitor.record.store import queries
from monitor.record.store.schema import attempts, messages, subscriptions
from monitor.record.store.store import Store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import NOW, changes, configured, rows, webhook
from workers.delivery import engine
from workers.delivery.claiming.claim import ClaimRequest, Claims, HostQueue, Limits, claim
from workers.delivery.engine import _Job
from workers.delivery.loading import EventCache
from workers.delivery.results import Result, record
from workers.messages.fanout import fan_out
from workers.values import Receipt, TransportError

LEASE = timedelta(seconds=60)
PACED = Limits("webhook", 128, 2, timedelta(milliseconds=50), LEASE)


def made(store: Store, *captures: list[tuple[int, int]], hosts: int = 3) -> Any:
    """Captures fanned out to subscriptions with a host each."""
    names = [webhook(f"s{number}", f"h{number}.example.org") for number in range(hosts)]
    world = context(store, configured(*names))
    for pairs in captures:
        fan_out(world, changes(store, pairs), NOW)
    return world


def take(
    store: Store, line: HostQueue | None = None, after: float = 0, holder: str = "job_1", free: int = 99
) -> Claims:
    with store.write() as connection:
        return claim(connection, ClaimRequest(PACED, free, holder, NOW + timedelta(seconds=after)), line)


def test_each_of_many_hosts_gives_its_next_message(any_store: Store) -> None:
    """One a host in one claim, of a recommendation the earliest; paused ones and others' are left alone."""
    made(any_store, [(1, 2)], [(1, 3)], hosts=4)
    with any_store.write() as connection:
        paused = subscriptions.c.id == "s3"
        connection.execute(update(subscriptions).where(paused).values(paused_at=NOW))
    first = take(any_store)
    assert [each.subscription for each in first.claimed] == ["s0", "s1", "s2"]
    second = take(any_store, after=1, holder="job_2")
    assert second.claimed == ()
    with any_store.write() as connection:
        results = [Result(each, 0.1, NOW, Receipt("200")) for each in first.claimed]
        record(connection, results, Delivery(), NOW)
    third = take(any_store, after=2, holder="job_3")
    assert [each.subscription for each in third.claimed] == ["s0", "s1", "s2"]
    assert {each.id for each in third.claimed}.isdisjoint({each.id for each in first.claimed})


def test_no_more_is_claimed_than_there_is_room_for(any_store: Store) -> None:
    """However many hosts are asked at once, what is leased can be begun at once."""
    made(any_store, [(1, 2)], hosts=6)
    assert len(take(any_store, free=4).claimed) == 4


def test_a_line_that_gives_nothing_is_looked_up_again_at_once(any_store: Store) -> None:
    """A job must not end while something is due that came after its last look."""
    world = made(any_store, [(1, 2)], hosts=1)
    line = HostQueue("webhook")
    assert len(take(any_store, line).claimed) == 1
    other = context(any_store, configured(webhook("late", "late.example.org")))
    fan_out(other, changes(any_store, [(7, 2)]), NOW)
    line._cost = 60.0  # as if everything were due: the look would hold for ten minutes
    assert not line.is_old()
    assert [each.subscription for each in take(any_store, line, after=1).claimed] == ["late"]
    assert world is not other


def test_of_many_results_only_the_holders_are_recorded(any_store: Store) -> None:
    """Invariant 3 holds within a batch: whose lease was taken over writes nothing."""
    made(any_store, [(1, 2)])
    mine = take(any_store).claimed
    with any_store.write() as connection:
        lost = messages.c.id == mine[1].id
        connection.execute(update(messages).where(lost).values(lease_holder="job_2"))
        results = [Result(each, 0.1, NOW, Receipt("200", {"ts": "1"})) for each in mine]
        record(connection, results, Delivery(), NOW)
    states = {
        row["id"]: (row["state"], row["lease_holder"], row["receipt"]) for row in rows(any_store, messages)
    }
    assert states == {
        mine[0].id: ("sent", None, {"ts": "1"}),
        mine[1].id: ("waiting", "job_2", None),
        mine[2].id: ("sent", None, {"ts": "1"}),
    }
    assert {row["message_id"] for row in rows(any_store, attempts)} == {mine[0].id, mine[2].id}


def test_a_batch_leaves_what_single_records_would_leave(any_store: Store) -> None:
    """Arrivals and failures mixed: each message ends as it would have ended alone, in the order they came."""
    made(any_store, [(1, 2)], hosts=4)
    mine = take(any_store).claimed
    with any_store.write() as connection:
        results = [
            Result(mine[0], 0.1, NOW, Receipt("200")),
            Result(mine[1], 0.1, NOW, error=TransportError("no", permanent=True)),
            Result(mine[2], 0.1, NOW, Receipt("200")),
            Result(mine[3], 0.1, NOW, released=True),
        ]
        record(connection, results, Delivery(), NOW)
    found = {row["id"]: (row["state"], row["attempts"], row["error"]) for row in rows(any_store, messages)}
    assert [found[each.id] for each in mine] == [
        ("sent", 1, None),
        ("dead", 1, "no"),
        ("sent", 1, None),
        ("waiting", 0, None),
    ]
    assert [row["outcome"] for row in rows(any_store, attempts, attempts.c.id)] == [
        "sent",
        "permanent",
        "sent",
    ]


def test_results_that_come_together_are_recorded_together(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one answer a job waits a moment for others, but not once half of what it sent is back."""
    monkeypatch.setattr(engine, "_GATHER", 30.0)
    world = context(store, configured(webhook()))
    job = _Job(world, world.channels["webhook"], threading.Event())
    result: Any = object()
    sends: list[Any] = [object() for _ in range(4)]

    def lands() -> None:
        job.flight.started.pop(sends.pop())
        job.flight.results.append(result)
        job.flight.finished.set()

    async def play() -> None:
        job.flight.started = dict.fromkeys(sends, 0.0)
        lands()
        waiting = asyncio.create_task(job._wait(None))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        lands()
        await asyncio.wait_for(waiting, 10)

    asyncio.run(play())


def test_sends_that_hang_keep_no_room_from_others(store: Store) -> None:
    """More hanging receivers than slots: the others are served while those hang."""
    names = [webhook(f"s{number:02}", f"h{number:02}.example.org") for number in range(8)]
    transport = FakeTransport()
    world = context(store, configured(*names), transport, concurrency=4)
    job = _Job(world, world.channels["webhook"], threading.Event())
    job.flight.started = {object(): 0.0 for _ in range(4)}  # type: ignore[misc]
    assert job._free() == 4
    job.flight.started |= {object(): 0.0 for _ in range(300)}  # type: ignore[misc]
    assert job._free() < 0


def test_an_event_is_read_once_for_all_who_hear_of_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events never change, so a job reads each of them once."""
    made(store, [(1, 2)])
    asked: list[str] = []
    real = queries.load_events

    def counted(connection: Connection, *, ids: Any) -> Any:
        asked.extend(ids)
        return real(connection, ids=ids)

    monkeypatch.setattr(queries, "load_events", counted)
    known = EventCache(most=1)
    event = rows(store, messages)[0]["cause_ref"]
    with store.read() as connection:
        first = known.of(connection, [event, event])
        assert known.of(connection, [event]) == first
    assert asked == [event]
