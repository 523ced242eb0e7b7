"""Digests: each event in exactly one, each slot at most once, nothing when there is nothing."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.record.store.schema import digests as made
from monitor.record.store.schema import items, messages
from monitor.record.store.store import Store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import changes, configured, count, email, rows
from workers.context import Context
from workers.delivery import ledger
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out
from workers.schedule import digests, reconciliation

MONDAY = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # 08:00 in New York
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEKLY = {"digest": "weekly mon 08:00", "timezone": "America/New_York"}


def subscribed(store: Store, **values: Any) -> Context:
    """A weekly subscription, seen for the first time on the Sunday before."""
    world = context(store, configured(email(**(WEEKLY | values))))
    reconciliation.reconcile(world, MONDAY - DAY)
    return world


def happens(store: Store, world: Context, number: int, when: datetime) -> None:
    fan_out(world, changes(store, [(number, 2)]), when)


def test_a_slot_takes_what_waits_for_it(any_store: Store) -> None:
    """At its slot a digest holds every event since the last one; before it there is none."""
    world = subscribed(any_store)
    happens(any_store, world, 1, MONDAY - HOUR)
    happens(any_store, world, 2, MONDAY - HOUR)
    assert digests.make_due(world, MONDAY - timedelta(seconds=1)) == 0
    assert digests.make_due(world, MONDAY) == 1
    assert digests.make_due(world, MONDAY + HOUR) == 0

    [message] = rows(any_store, messages)
    assert (message["cause"], message["cause_ref"]) == ("digest", "2026-03-02T13:00:00Z")
    assert count(any_store, items, message_id=message["id"]) == 2

    happens(any_store, world, 3, MONDAY + HOUR)
    assert digests.make_due(world, MONDAY + 7 * DAY) == 1  # summer time came: an hour before 13:00 UTC
    assert rows(any_store, messages, messages.c.cause_ref)[1]["cause_ref"] == "2026-03-09T12:00:00Z"


def test_each_recipient_has_a_digest_of_their_own(any_store: Store) -> None:
    """One recipient a message."""
    world = subscribed(any_store, to=["a@example.org", "b@example.org"])
    happens(any_store, world, 1, MONDAY - HOUR)
    assert digests.make_due(world, MONDAY) == 2
    assert sorted(row["recipient"] for row in rows(any_store, messages)) == ["a@example.org", "b@example.org"]


def test_missed_slots_make_one_digest(store: Store) -> None:
    """After three weeks without a dispatcher there is one digest, of the last slot."""
    world = subscribed(store)
    happens(store, world, 1, MONDAY - HOUR)
    assert digests.make_due(world, MONDAY + 17 * DAY) == 1
    assert rows(store, messages)[0]["cause_ref"] == "2026-03-16T12:00:00Z"


def test_nothing_to_tell_is_not_told(store: Store) -> None:
    """An empty slot passes without a message, and is done with."""
    world = subscribed(store)
    assert digests.make_due(world, MONDAY) == 0
    happens(store, world, 1, MONDAY + HOUR)
    assert digests.make_due(world, MONDAY + 2 * HOUR) == 0
    assert [row["message_id"] for row in rows(store, made)] == [None]


def test_an_empty_digest_is_sent_where_asked_for(store: Store) -> None:
    """when_empty = "send": the frame says how many are watched and when they were last read."""
    transport = FakeTransport()
    world = subscribed(store, when_empty="send")
    assert digests.make_due(world, MONDAY) == 1
    world.channels = context(store, world.configuration, transport).channels
    deliver(world, world.channels["email"])
    [message] = transport.sent
    assert message.described_events == ()
    assert message.watch is not None
    assert message.watch.slot == "2026-03-02T13:00:00Z"


def test_slots_before_the_subscription_was_known_are_not_owed(store: Store) -> None:
    """A new subscription's first digest is that of its first slot."""
    world = context(store, configured(email(**WEEKLY)))
    reconciliation.reconcile(world, MONDAY + HOUR)
    happens(store, world, 1, MONDAY + HOUR)
    assert digests.make_due(world, MONDAY + 2 * HOUR) == 0


def test_a_paused_digest_is_made_when_it_is_resumed(store: Store) -> None:
    """Slots that pass while paused make one digest afterwards."""
    world = subscribed(store)
    happens(store, world, 1, MONDAY - HOUR)
    with store.write() as connection:
        ledger.pause(connection, "weekly", MONDAY - HOUR)
    assert digests.make_due(world, MONDAY + 8 * DAY) == 0
    with store.write() as connection:
        ledger.resume(connection, "weekly", MONDAY + 8 * DAY)
    assert digests.make_due(world, MONDAY + 8 * DAY) == 1


def test_what_waited_goes_out_where_the_digest_was_dropped(store: Store) -> None:
    """A subscription that no longer has a digest gets what waited for it, once, and before what follows."""
    world = subscribed(store)
    happens(store, world, 1, MONDAY - HOUR)
    at_once = context(store, configured(email()))
    fan_out(at_once, changes(store, [(1, 3)]), MONDAY - HOUR)
    transport = FakeTransport()
    at_once.channels = context(store, at_once.configuration, transport).channels
    deliver(at_once, at_once.channels["email"])
    assert transport.sent == []

    assert digests.make_due(at_once, MONDAY - HOUR) == 1
    assert digests.make_due(at_once, MONDAY) == 0
    deliver(at_once, at_once.channels["email"])
    assert [message.cause for message in transport.sent] == ["digest", "instant"]


def test_a_digest_made_by_hand_leaves_the_next_slot(any_store: Store) -> None:
    """`digest` makes it now; the slot that follows holds what came after; nothing waiting makes none."""
    world = subscribed(any_store)
    [subscription] = world.configuration.subscriptions
    happens(any_store, world, 1, MONDAY - 2 * HOUR)
    with any_store.write() as connection:
        assert len(digests.make_now(connection, world, subscription, MONDAY - HOUR)) == 1
    with any_store.write() as connection:
        assert digests.make_now(connection, world, subscription, MONDAY - HOUR) == []
        assert digests.make_now(connection, world, subscription, MONDAY - HOUR / 2) == []
    happens(any_store, world, 2, MONDAY - HOUR / 4)
    assert digests.make_due(world, MONDAY) == 1


def test_a_preview_stores_nothing(store: Store) -> None:
    """What the next digest holds, by recipient, without taking it."""
    world = subscribed(store)
    [subscription] = world.configuration.subscriptions
    happens(store, world, 1, MONDAY - HOUR)
    with store.read() as connection:
        [message] = digests.preview(connection, world, subscription, MONDAY - HOUR)
    assert [described.event.recommendation_id for described in message.described_events] == [1]
    assert message.watch is not None
    assert (message.watch.slot, message.watch.watched) == ("2026-03-02T13:00:00Z", 1)
    assert count(store, messages) == 0


@pytest.mark.timeout(60)
def test_of_many_dispatchers_one_makes_the_digest(any_store: Store) -> None:
    """A slot is taken once, and each event is in one digest, however many look at once."""
    world = subscribed(any_store)
    for number in range(1, 6):
        happens(any_store, world, number, MONDAY - HOUR)
    threads = [threading.Thread(target=digests.make_due, args=(world, MONDAY)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [message] = rows(any_store, messages)
    assert count(any_store, items, message_id=message["id"]) == 5


def test_who_comes_second_to_a_slot_makes_nothing(any_store: Store) -> None:
    """A dispatcher that saw a slot due which another has taken meanwhile leaves it, empty digests too."""
    world = subscribed(any_store, when_empty="send")
    with any_store.read() as connection:
        [seen] = digests._due(connection, world, digests.SlotMemory(), MONDAY)
    assert digests.make_due(world, MONDAY) == 1
    with any_store.write() as connection:
        assert digests._make(connection, world, seen, MONDAY) is None
