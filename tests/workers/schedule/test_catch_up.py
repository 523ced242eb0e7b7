"""What waited for a receiver goes out when the receiver is back, and not sooner than it asked for."""

from datetime import datetime, timedelta

from sqlalchemy import update

from monitor.record.store.schema import attempts, messages
from monitor.record.store.store import Store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import NOW, changes, configured, count, email, rows, webhook
from workers.messages.fanout import fan_out
from workers.schedule.catch_up import catch_up

HOUR = timedelta(hours=1)


def make(store: Store, *, events: int = 2, to: str = "webhook") -> list[str]:
    """So many messages to one receiver, made at NOW; their ids in order."""
    subscribed = webhook() if to == "webhook" else email(to=["a@example.org", "b@example.org"])
    world = context(store, configured(subscribed), FakeTransport())
    fan_out(world, changes(store, [(number, 2) for number in range(1, events + 1)]), NOW)
    return [row["id"] for row in rows(store, messages, messages.c.created_at)]


def attempt(store: Store, message: str, at: datetime, outcome: str = "transient", **values: object) -> None:
    """One attempt, and what it did to the message: failed, and due in a day, if nothing else is said."""
    kept = {"failures": 6, "due_at": at + 24 * HOUR} | values
    with store.write() as connection:
        connection.execute(attempts.insert(), {"message_id": message, "at": at, "outcome": outcome})
        connection.execute(update(messages).where(messages.c.id == message).values(kept))


def arrive(store: Store, message: str, at: datetime) -> None:
    attempt(store, message, at, "sent", state="sent", sent_at=at, failures=0)


def due(store: Store, message: str) -> datetime:
    [row] = rows(store, messages, id=message)
    found: datetime = row["due_at"]
    return found


def test_what_failed_is_due_as_soon_as_another_arrives(any_store: Store) -> None:
    """The receiver is back: nobody waits for the rest of a day."""
    old, new = make(any_store)
    attempt(any_store, old, NOW + HOUR)
    assert catch_up(any_store, NOW + 2 * HOUR) == 0
    arrive(any_store, new, NOW + 2 * HOUR)
    assert catch_up(any_store, NOW + 3 * HOUR) == 1
    assert due(any_store, old) == NOW


def test_what_its_receiver_refuses_keeps_to_the_schedule(any_store: Store) -> None:
    """Hastened once and refused again, while others arrive, it would soon have no attempt left."""
    refused, *others = make(any_store, events=4)
    attempt(any_store, refused, NOW + HOUR)
    arrive(any_store, others[0], NOW + 2 * HOUR)
    assert catch_up(any_store, NOW + 3 * HOUR) == 1
    attempt(any_store, refused, NOW + 3 * HOUR)
    arrive(any_store, others[1], NOW + 4 * HOUR)
    assert catch_up(any_store, NOW + 5 * HOUR) == 0


def test_a_receiver_that_asked_for_time_is_given_it(any_store: Store) -> None:
    """What waits may wait because of that; what arrived was on its way already."""
    old, asked, new = make(any_store, events=3)
    attempt(any_store, old, NOW + HOUR)
    attempt(any_store, asked, NOW + HOUR, "throttled", failures=0)
    arrive(any_store, new, NOW + 2 * HOUR)
    assert catch_up(any_store, NOW + 3 * HOUR) == 0


def test_an_arrival_says_nothing_of_other_receivers(any_store: Store) -> None:
    """One mailbox is open, the other is full."""
    make(any_store, events=2, to="email")
    waiting = {row["recipient"]: row["id"] for row in rows(any_store, messages, messages.c.created_at)}
    attempt(any_store, waiting["a@example.org"], NOW + HOUR)
    arrive(any_store, waiting["b@example.org"], NOW + 2 * HOUR)
    assert catch_up(any_store, NOW + 3 * HOUR) == 0


def test_what_is_being_sent_and_what_never_failed_is_left_alone(any_store: Store) -> None:
    """A lease is its holder's; a message that waits for other reasons goes on waiting."""
    leased, held, new = make(any_store, events=3)
    attempt(any_store, leased, NOW + HOUR, lease_holder="job", lease_until=NOW + 9 * HOUR)
    attempt(any_store, held, NOW + HOUR, failures=0)
    arrive(any_store, new, NOW + 2 * HOUR)
    assert catch_up(any_store, NOW + 3 * HOUR) == 0
    assert count(any_store, messages, state="waiting") == 2
