"""Invariant 10: what waits for a subscription that changed goes to what it became, or is named."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from monitor.record.store.schema import items, messages, notices
from monitor.record.store.store import Store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import NOW, changes, configured, email, rows, slack, webhook
from workers.context import Context
from workers.delivery import ledger
from workers.delivery.engine import deliver
from workers.delivery.handover import stranded
from workers.delivery.successors import SubscriptionShape, successors
from workers.messages.fanout import fan_out
from workers.schedule import digests
from workers.schedule.reconciliation import reconcile
from workers.values import TransportError

WEEKLY = {"digest": "weekly mon 08:00"}
LATER = NOW + timedelta(days=7)


def world(store: Store, *subscribed: dict[str, Any]) -> tuple[Context, FakeTransport]:
    transport = FakeTransport()
    return context(store, configured(*subscribed), transport), transport


def fifteen(store: Store, *subscribed: dict[str, Any]) -> None:
    """Changes that a configuration has stored messages or digest items of."""
    before, _ = world(store, *subscribed)
    reconcile(before, NOW)
    fan_out(before, changes(store, [(number, 2) for number in range(1, 16)]), NOW)


CHANGED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "recipient": (email(to=["old@example.org"], **WEEKLY), email(to=["new@example.org"], **WEEKLY)),
    "one of two": (
        email(to=["old@example.org", "b@example.org"], **WEEKLY),
        email(to=["b@example.org", "odl@example.org"], **WEEKLY),
    ),
    "id": (email("weekly", **WEEKLY), email("each-week", **WEEKLY)),
    "channel": (slack("weekly", **WEEKLY), email("weekly", **WEEKLY)),
    "channel, to one without digests": (email("weekly", **WEEKLY), webhook("weekly")),
    "channel and digest": (slack("weekly", **WEEKLY), email("weekly")),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_waits_for_a_digest_is_handed_over(any_store: Store, name: str) -> None:
    """All fifteen arrive at what the subscription became, once each."""
    before, after = CHANGED[name]
    fifteen(any_store, before)
    became, transport = world(any_store, after)
    reconcile(became, NOW + timedelta(minutes=5))
    digests.make_due(became, LATER)
    for channel in ("email", "slack", "webhook"):
        deliver(became, became.channels[channel])
    got: dict[str, list[str]] = {}
    for message in transport.sent:
        got.setdefault(message.recipient, []).extend(each.event.id for each in message.described_events)
    [subscription] = became.configuration.subscriptions
    assert {name: (len(ids), len(set(ids))) for name, ids in got.items()} == dict.fromkeys(
        subscription.recipients(), (15, 15)
    )
    assert rows(any_store, notices) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (email(to=["typo@example.org"]), email(to=["right@example.org"])),
        (email("old"), email("new")),
        (webhook("old"), webhook("new", url="https://one.example.org/old")),
        (slack("team"), email("team")),
    ],
    ids=["recipient", "id", "a webhook's id", "channel"],
)
def test_what_is_being_tried_again_goes_to_what_it_became(
    any_store: Store, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """A message that waits for its next attempt goes there under its own id, with the whole schedule."""
    first, transport = world(any_store, before)
    reconcile(first, NOW)
    fan_out(first, changes(any_store, [(1, 2)]), NOW)
    transport.script[before["id"]] = [TransportError("451 later")]
    deliver(first, first.channels[before["channel"]])
    [row] = rows(any_store, messages)
    became, transport = world(any_store, after)
    reconcile(became, NOW + timedelta(minutes=5))
    deliver(became, became.channels[after["channel"]])
    [message] = transport.arrived
    assert (message.id, message.recipient) == (
        row["id"],
        became.configuration.subscriptions[0].recipients()[0],
    )


def test_a_mistyped_address_corrected(any_store: Store) -> None:
    """What died at the mistyped address is redelivered to the corrected one, under its own id."""
    first, transport = world(any_store, email(to=["jnae@example.org"]))
    reconcile(first, NOW)
    fan_out(first, changes(any_store, [(1, 2)]), NOW)
    transport.script["weekly"] = [TransportError("550 no such user", permanent=True)]
    deliver(first, first.channels["email"])
    became, transport = world(any_store, email(to=["jane@example.org"]))
    with any_store.write() as connection:  # no dispatcher has run since
        done = ledger.redeliver(connection, became, NOW + timedelta(minutes=5))
    assert (len(done.ids), done.refused) == (1, {})
    deliver(became, became.channels["email"])
    assert [(each.id, each.recipient) for each in transport.arrived] == [(done.ids[0], "jane@example.org")]


def gone(store: Store) -> None:
    fifteen(store, email("weekly", **WEEKLY), webhook("other", "two.example.org"))


def instant(store: Store) -> None:
    fifteen(store, email("weekly"), webhook("other", "two.example.org"))


@pytest.mark.parametrize("wait", [gone, instant], ids=["for a digest", "in line"])
def test_what_became_nothing_is_named_and_can_be_sent(
    any_store: Store, wait: Callable[[Store], None]
) -> None:
    """It is named before and after it was cancelled, operators hear once, and `redeliver --to` sends it."""
    wait(any_store)
    became, transport = world(any_store, webhook("other", "two.example.org"))
    for minute in range(2):
        with any_store.read() as connection:
            [left] = stranded(connection, became)
        assert (left.subscription, left.changes) == ("weekly", 15)
        assert "no longer in the configuration" in left.reason
        reconcile(became, NOW + timedelta(minutes=minute))
    [notice] = rows(any_store, notices)
    assert (notice["concerns"], notice["outcome"]) == ("weekly", "stranded")
    with any_store.write() as connection:  # the other one got the same changes: they are for a third
        third, transport = world(any_store, webhook("other", "two.example.org"), slack("third"))
        [target] = [each for each in third.configuration.subscriptions if each.id == "third"]
        ledger.redeliver_to(connection, third, target, NOW + timedelta(minutes=9))
    deliver(third, third.channels["slack"])
    assert len({each.event.id for message in transport.sent for each in message.described_events}) == 15
    with any_store.read() as connection:
        assert stranded(connection, third) == []


def test_a_digest_that_returns_waits_for_its_slot(any_store: Store) -> None:
    """A subscription that was taken out for a moment has its next digest as if nothing had been."""
    fifteen(any_store, email(**WEEKLY))
    reconcile(world(any_store)[0], NOW + timedelta(minutes=1))
    back, transport = world(any_store, email(**WEEKLY))
    reconcile(back, NOW + timedelta(minutes=2))
    assert len(rows(any_store, items, message_id=None)) == 15
    digests.make_due(back, LATER)
    deliver(back, back.channels["email"])
    assert [len(each.described_events) for each in transport.sent] == [15]


def test_what_is_being_sent_is_left_to_its_sender(any_store: Store) -> None:
    """A message under a lease is not handed over before the lease ends."""
    fifteen(any_store, email(to=["a@example.org"], summarize_over=99))
    with any_store.write() as connection:
        connection.execute(
            update(messages).values(lease_until=NOW + timedelta(hours=1), lease_holder="job_1")
        )
    reconcile(world(any_store, email(to=["b@example.org"], summarize_over=99))[0], NOW)
    assert {row["recipient"] for row in rows(any_store, messages)} == {"a@example.org"}


def shape(name: str, *recipients: str, channel: str = "email", receiver: str = "") -> SubscriptionShape:
    return SubscriptionShape(name, channel, recipients, receiver or str(sorted(recipients)), "all")


def test_addresses_are_paired_by_their_spelling() -> None:
    """Of several that left and came, each goes to the one that is spelled most like it."""
    before = shape("w", "ann@x.org", "bbo@x.org")
    after = shape("w", "bob@x.org", "anne@x.org")
    assert successors([before], {"w": after}) == {
        ("w", "ann@x.org"): (("w", "anne@x.org"),),
        ("w", "bbo@x.org"): (("w", "bob@x.org"),),
    }


def test_who_only_left_became_nothing() -> None:
    """An address that was taken off a list is not succeeded by those that stay."""
    assert successors([shape("w", "a@x.org", "b@x.org")], {"w": shape("w", "a@x.org")}) == {}


def test_another_subscription_is_no_successor() -> None:
    """One that goes elsewhere is not what a subscription that is gone became."""
    assert successors([shape("old", "a@x.org")], {"new": shape("new", "b@x.org")}) == {}
