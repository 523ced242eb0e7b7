"""test-notify: a test is sent by who was asked, once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, update

from monitor.record.store.schema import attempts, messages, notices
from monitor.record.store.store import Store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import configured, email, rows, webhook
from workers.context import Context
from workers.delivery import ledger, sending_tests
from workers.delivery.engine import deliver
from workers.delivery.sending_tests import ABANDONED, send_test
from workers.schedule.reconciliation import reconcile
from workers.values import Message, TransportError


def now() -> datetime:
    return datetime.now(UTC)


def ready(store: Store) -> tuple[Context, FakeTransport]:
    transport = FakeTransport()
    return context(store, configured(webhook()), transport), transport


def test_a_test_shows_a_sample_and_is_tried_once(any_store: Store) -> None:
    """A made-up change goes through the channel, paused or not; the ledger says what came of it."""
    world, transport = ready(any_store)
    [subscription] = world.configuration.subscriptions
    with any_store.write() as connection:
        ledger.pause(connection, "tracker", now())
    transport.script["tracker"] = [TransportError("500")]
    [first], [second] = send_test(world, subscription), send_test(world, subscription)
    states = {row["id"]: row["state"] for row in rows(any_store, messages)}
    assert states == {first: "dead", second: "sent"}
    assert [row["outcome"] for row in rows(any_store, attempts)] == ["transient", "sent"]
    [described] = transport.arrived[0].described_events
    assert described.event.subject.agency == "Sample Agency"
    assert described.significance.level == "substantive"
    assert rows(any_store, notices) == []


def test_each_recipient_gets_one(store: Store) -> None:
    """One message to each of a subscription's recipients."""
    transport = FakeTransport()
    world = context(store, configured(email(to=["a@example.org", "b@example.org"])), transport)
    assert len(send_test(world, world.configuration.subscriptions[0])) == 2
    assert [each.recipient for each in transport.arrived] == ["a@example.org", "b@example.org"]


def test_a_running_system_does_not_take_it(store: Store) -> None:
    """Whatever configuration a running `up` has, it claims no test: it was asked of somebody else."""
    world, transport = ready(store)
    other, elsewhere = ready(store)

    def race(_message: Message) -> None:
        assert [row["state"] for row in rows(store, messages)] == ["waiting"]

    transport.on_send = race
    send_test(world, world.configuration.subscriptions[0])
    with store.write() as connection:  # as if its sender had died
        freed = {"state": "waiting", "lease_until": None, "lease_holder": None, "due_at": now()}
        connection.execute(update(messages).values(freed))
    deliver(other, other.channels["webhook"])
    assert (len(transport.sent), elsewhere.sent) == (1, [])


def test_one_whose_sender_ended_is_never_sent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is dead once its lease is over; nobody gets an old test."""
    world, transport = ready(store)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending_tests, "load", killed)
    with pytest.raises(KeyboardInterrupt):
        send_test(world, world.configuration.subscriptions[0])
    reconcile(world, now() + timedelta(minutes=2))
    [row] = rows(store, messages)
    assert (row["state"], row["error"], transport.sent) == ("dead", ABANDONED, [])


def test_no_test_is_redelivered(store: Store) -> None:
    """Neither with all that is dead nor by its id."""
    world, transport = ready(store)
    transport.script["tracker"] = [TransportError("500")]
    [test] = send_test(world, world.configuration.subscriptions[0])

    def again(connection: Connection, ids: list[str] | None = None) -> ledger.Redelivered:
        return ledger.redeliver(connection, world, now(), ids)

    with store.write() as connection:
        assert again(connection) == ledger.Redelivered()
        assert "sent once" in again(connection, [test]).refused[test]
