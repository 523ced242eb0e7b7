"""What the dispatcher is told is due: found in the store, marked, found again once a mark is void."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, update

from monitor.record.ids import new_id
from monitor.record.store.schema import messages, notices, outbox, paces, subscriptions
from monitor.record.store.store import Store
from tests.fakes.transport import context
from tests.workers.seeding import NOW, changes, configured, count, email, rows, webhook
from workers.messages import operator_notices
from workers.messages.fanout import fan_out
from workers.queue import due
from workers.schedule.rounds import Rounds
from workers.values import Cause

LEASE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


def take_outbox(store: Store, now: datetime = NOW, epoch: str = "e1") -> list[int]:
    with store.write() as connection:
        return due.take_outbox(connection, now, LEASE, epoch)


def take_channels(store: Store, now: datetime = NOW, epoch: str = "e1") -> list[str]:
    with store.write() as connection:
        return due.take_channels(connection, now, LEASE, epoch)


def outstanding(store: Store, now: datetime = NOW) -> int:
    with store.read() as connection:
        return due.outstanding(connection, now)


def change(store: Store, **values: object) -> None:
    with store.write() as connection:
        connection.execute(update(messages).values(values))


def waiting(store: Store, pairs: int = 1) -> None:
    world = context(store, configured(webhook()))
    fan_out(world, changes(store, [(number, 2) for number in range(1, pairs + 1)]), NOW)


def test_an_outbox_row_is_taken_once_until_its_mark_lapses(any_store: Store) -> None:
    """A mark keeps a second job away for the length of a lease, and in one epoch only."""
    row = changes(any_store, [(1, 2)])
    assert take_outbox(any_store) == [row]
    assert take_outbox(any_store, NOW + LEASE - SECOND) == []
    assert take_outbox(any_store, NOW + SECOND, "e2") == [row]
    assert take_outbox(any_store, NOW + SECOND + LEASE, "e2") == [row]


def test_a_published_row_is_never_due(store: Store) -> None:
    """What was fanned out is done."""
    waiting(store)
    assert take_outbox(store) == []


def test_a_channel_is_taken_once_until_its_marks_lapse(any_store: Store) -> None:
    """A channel with something to send needs one job; a new message needs another."""
    waiting(any_store)
    assert take_channels(any_store) == ["webhook"]
    assert take_channels(any_store, NOW + SECOND) == []
    assert take_channels(any_store, NOW + SECOND, "e2") == ["webhook"]
    change(any_store, enqueued_until=None)
    assert take_channels(any_store) == ["webhook"]


def test_much_to_send_is_several_jobs(store: Store) -> None:
    """Where hundreds are due, more than one worker is given work."""
    waiting(store, pairs=150)
    assert take_channels(store) == ["webhook", "webhook"]


def test_what_cannot_go_out_needs_no_job(any_store: Store) -> None:
    """Not yet due, held by a sender, paused, or paced: no job, until that is over."""
    waiting(any_store)
    change(any_store, due_at=NOW + SECOND)
    assert take_channels(any_store) == []
    change(any_store, due_at=NOW, lease_until=NOW + SECOND, lease_holder="job_1")
    assert take_channels(any_store) == []
    change(any_store, lease_until=None, lease_holder=None)
    with any_store.write() as connection:
        connection.execute(update(subscriptions).values(paused_at=NOW))
    assert take_channels(any_store) == []
    with any_store.write() as connection:
        connection.execute(update(subscriptions).values(paused_at=None))
        connection.execute(insert(paces), {"name": "webhook/one.example.org:443", "next_at": NOW + SECOND})
    assert take_channels(any_store) == []
    assert take_channels(any_store, NOW + SECOND) == ["webhook"]


def test_what_waits_for_an_earlier_message_needs_no_job(any_store: Store) -> None:
    """A later change of a recommendation is not due while the earlier one is to be retried."""
    waiting(any_store)
    change(any_store, due_at=NOW + LEASE)
    fan_out(context(any_store, configured(webhook())), changes(any_store, [(1, 3)]), NOW)
    assert take_channels(any_store) == []


def test_outstanding_counts_what_a_burst_waits_for(any_store: Store) -> None:
    """Undescribed captures, untold notices, messages due or being sent; not those of later."""
    changes(any_store, [(7, 2)])
    assert outstanding(any_store) == 1
    waiting(any_store)
    assert outstanding(any_store) >= 1
    with any_store.write() as connection:
        connection.execute(update(outbox).values(published_at=NOW))
    before = outstanding(any_store)
    change(any_store, due_at=NOW + SECOND)
    assert (before, outstanding(any_store)) == (1, 0)
    change(any_store, lease_until=NOW + SECOND)
    assert outstanding(any_store) == 1


def test_next_at_is_never_too_late(any_store: Store) -> None:
    """The dispatcher sleeps no longer than until the first thing that may become due."""
    moment = NOW + 3 * SECOND
    for number, column in enumerate(("due_at", "lease_until", "enqueued_until"), 1):
        with any_store.write() as connection:
            connection.execute(update(messages).values(state="sent"))
        waiting_id = changes(any_store, [(number, 2)])
        fan_out(context(any_store, configured(webhook())), waiting_id, NOW)
        with any_store.write() as connection:
            connection.execute(update(messages).where(messages.c.state == "waiting").values({column: moment}))
        with any_store.read() as connection:
            assert due.next_at(connection, NOW) == moment


def test_next_at_knows_of_digests(store: Store) -> None:
    """A slot is something that becomes due; nothing at all gives None."""
    configuration = configured(email(digest="daily 08:00"))
    with store.read() as connection:
        assert due.next_at(connection, NOW, configuration) == datetime(2026, 3, 3, 8, tzinfo=UTC)
        assert due.next_at(connection, NOW) is None


def notice(store: Store, name: str = "one") -> None:
    row = {"id": new_id("evt"), "type": "source.failing", "at": NOW, "concerns": name, "outcome": "failing"}
    with store.write() as connection:
        connection.execute(notices.insert(), row | {"message": "it fails", "since": NOW})


def test_notices_become_messages_to_each_operator_once(any_store: Store) -> None:
    """A notice is told to every operator's address, and once, whoever looks first."""
    notice(any_store)
    operators = {"channel": "email", "to": ["a@example.org", "b@example.org"]}
    world = context(any_store, configured(operators=operators))
    Rounds(world).make_due(NOW)
    Rounds(world).make_due(NOW)
    made = rows(any_store, messages, messages.c.recipient)
    assert [(row["subscription"], row["recipient"], row["cause"]) for row in made] == [
        ("operators", "a@example.org", "notice"),
        ("operators", "b@example.org", "notice"),
    ]
    assert {row["notice_id"] for row in made} == {rows(any_store, notices)[0]["id"]}


def test_who_comes_second_to_a_notice_makes_nothing(any_store: Store) -> None:
    """Of two dispatchers that saw a notice, one tells it."""
    notice(any_store)
    world = context(any_store, configured())
    [seen] = rows(any_store, notices)
    assert operator_notices.make_due(world, NOW) == 1
    with any_store.write() as connection:
        assert operator_notices._publish(connection, world, [seen["id"]], NOW) == 0


def test_a_subscription_that_is_gone_has_its_messages_cancelled(any_store: Store) -> None:
    """Cancelled, with the reason; what was sent stays sent; what is being sent is left to its sender."""
    waiting(any_store, pairs=2)
    first, second = (row["id"] for row in rows(any_store, messages))
    with any_store.write() as connection:
        held = {"lease_until": NOW + LEASE, "lease_holder": "job_1"}
        connection.execute(update(messages).where(messages.c.id == first).values(held))
    Rounds(context(any_store, configured())).make_due(NOW)
    by_id = {row["id"]: row for row in rows(any_store, messages)}
    assert by_id[first]["state"] == "waiting"
    assert by_id[second]["state"] == "cancelled"
    assert by_id[second]["error"] == "its subscription is no longer in the configuration"


def test_a_subscription_that_returns_gets_what_was_cancelled(any_store: Store) -> None:
    """While the retry schedule would have run, cancelled messages are put back in line by themselves."""
    waiting(any_store)
    Rounds(context(any_store, configured())).make_due(NOW)
    Rounds(context(any_store, configured(webhook()))).make_due(NOW + timedelta(hours=1))
    [row] = [each for each in rows(any_store, messages) if each["cause"] != Cause.NOTICE]
    assert (row["state"], row["due_at"]) == ("waiting", NOW + timedelta(hours=1))

    Rounds(context(any_store, configured())).make_due(NOW + timedelta(hours=2))
    Rounds(context(any_store, configured(webhook()))).make_due(NOW + timedelta(days=4))
    [row] = [each for each in rows(any_store, messages) if each["cause"] != Cause.NOTICE]
    assert row["state"] == "cancelled"


def test_a_moved_receiver_is_paced_where_it_is_now(any_store: Store) -> None:
    """Waiting messages are limited by the host that the configuration names now."""
    waiting(any_store)
    Rounds(context(any_store, configured(webhook(host="two.example.org")))).make_due(NOW)
    assert rows(any_store, messages)[0]["host"] == "two.example.org:443"


def test_the_configuration_is_looked_at_once_a_minute(store: Store) -> None:
    """A dispatcher that looks every second does not read all waiting messages each time."""
    rounds = Rounds(context(store, configured(webhook())))
    rounds.make_due(NOW)
    waiting(store)
    change(store, host="elsewhere")
    rounds.make_due(NOW + timedelta(seconds=59))
    assert rows(store, messages)[0]["host"] == "elsewhere"
    rounds.make_due(NOW + timedelta(seconds=60))
    assert rows(store, messages)[0]["host"] == "one.example.org:443"
    assert count(store, messages, state="waiting") == 1
