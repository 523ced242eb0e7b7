"""Promise 9: what cannot be delivered shows, whatever keeps it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update
from structlog.testing import capture_logs

from monitor.record.store.schema import messages, notices
from monitor.record.store.store import Store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import NOW, changes, configured, email, slack, webhook
from workers.context import Context
from workers.delivery import ledger
from workers.delivery.engine import deliver
from workers.delivery.health import oldest_undelivered, operators_trouble, stuck_since
from workers.messages.fanout import fan_out
from workers.schedule.rounds import Rounds
from workers.values import TransportError

LATER = NOW + timedelta(minutes=20)


def world(store: Store, *subscribed: dict[str, Any], **tables: Any) -> tuple[Context, FakeTransport]:
    transport = FakeTransport()
    return context(store, configured(*subscribed, **tables), transport), transport


def committed(store: Store) -> int:
    return changes(store, [(1, 2)])


def undescribed(store: Store) -> None:
    committed(store)


def in_line(store: Store) -> None:
    fan_out(world(store, webhook())[0], committed(store), NOW + timedelta(minutes=5))


def for_a_digest(store: Store) -> None:
    fan_out(world(store, email(digest="daily 08:00"))[0], committed(store), NOW + timedelta(minutes=5))


def paused(store: Store) -> None:
    in_line(store)
    with store.write() as connection:
        ledger.pause(connection, "tracker", NOW)


@pytest.mark.parametrize("keep", [undescribed, in_line, for_a_digest, paused])
def test_the_oldest_counts_from_its_commit_on(any_store: Store, keep: Any) -> None:
    """A change is undelivered from its commit, whether a worker, a receiver, a slot or somebody keeps it."""
    with any_store.read() as connection:
        assert oldest_undelivered(connection) is None
    keep(any_store)
    with any_store.read() as connection:
        assert oldest_undelivered(connection) == NOW


def test_what_has_arrived_is_not_undelivered(any_store: Store) -> None:
    """Nor is what was a notice."""
    here, _ = world(any_store, webhook())
    fan_out(here, committed(any_store), NOW)
    deliver(here, here.channels["webhook"])
    with any_store.read() as connection:
        assert oldest_undelivered(connection) is None


def stuck(store: Store, after: timedelta) -> bool:
    with store.read() as connection:
        return stuck_since(connection, NOW + after) is not None


@pytest.mark.parametrize("keep", [undescribed, in_line])
def test_nothing_can_be_delivered(any_store: Store, keep: Any) -> None:
    """What has waited for a quarter of an hour while nothing arrived: no heartbeat."""
    keep(any_store)
    assert not stuck(any_store, timedelta(minutes=14))
    assert stuck(any_store, timedelta(minutes=21))


@pytest.mark.parametrize("keep", [for_a_digest, paused])
def test_what_waits_on_purpose_is_not_stuck(any_store: Store, keep: Any) -> None:
    """For a slot, or because somebody paused it."""
    keep(any_store)
    assert not stuck(any_store, timedelta(days=3))


def test_one_receiver_that_is_away_is_not_all(any_store: Store) -> None:
    """As long as something arrives, something can be delivered."""
    here, transport = world(any_store, webhook("away"), webhook("works", "two.example.org"))
    transport.script["away"] = [TransportError("503")] * 9
    fan_out(here, committed(any_store), NOW)
    deliver(here, here.channels["webhook"])
    assert not stuck(any_store, timedelta(minutes=21))


def refused(store: Store) -> Context:
    """A notice that the operators' channel did not take."""
    here, transport = world(store, operators={key: value for key, value in slack().items() if key != "id"})
    transport.script["operators"] = [TransportError("channel_is_archived", permanent=True)]
    row = {"id": "evt_1", "type": "source.failing", "at": NOW, "concerns": "gao-open", "outcome": "failing"}
    with store.write() as connection:
        connection.execute(notices.insert(), row | {"message": "it fails", "since": NOW})
    Rounds(here).make_due(NOW)
    deliver(here, here.channels["slack"])
    return here


def trouble(connection: Connection) -> str:
    found = operators_trouble(connection)
    return found.reason if found else ""


def test_operators_that_cannot_be_told(any_store: Store) -> None:
    """Where their own channel refuses, no notice can say so: the store does."""
    refused(any_store)
    with any_store.read() as connection:
        assert trouble(connection) == "channel_is_archived"
    with any_store.write() as connection:
        connection.execute(update(messages).values(state="sent", sent_at=LATER))
        assert trouble(connection) == ""
        ledger.pause(connection, "operators", LATER)
        assert "paused" in trouble(connection)


def test_the_log_says_that_operators_cannot_be_told(store: Store) -> None:
    """Each hour, as they hear of nothing."""
    rounds = Rounds(refused(store))
    with capture_logs() as log:
        for minutes in (0, 30, 59, 61):
            rounds.make_due(NOW + timedelta(minutes=minutes))
    said = [each for each in log if each["event"] == "operators cannot be told"]
    assert [each["reason"] for each in said] == ["channel_is_archived"] * 2
