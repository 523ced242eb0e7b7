"""A receiver that throttles for ever: bounded, and operators hear of it."""

from datetime import datetime, timedelta

from monitor.record.settings import Delivery
from monitor.record.store.schema import attempts, messages, notices
from monitor.record.store.store import Store
from tests.fakes.transport import context
from tests.workers.seeding import NOW, changes, configured, rows, webhook
from workers.delivery.claiming.claim import ClaimRequest, Limits, claim
from workers.delivery.results import Result, record
from workers.messages.fanout import fan_out
from workers.values import Receipt, TransportError

BUSY = TransportError("429", retry_after=1)

LIMITS = Limits("webhook", 32, 2, None, timedelta(seconds=60))


def ready(store: Store) -> None:
    fan_out(context(store, configured(webhook())), changes(store, [(1, 2)]), NOW)


def throttle(store: Store, now: datetime) -> datetime:
    """One attempt, answered with 429 and a second's wait; when it may be made again."""
    with store.write() as connection:
        [claimed] = claim(connection, ClaimRequest(LIMITS, 9, f"job_{now}", now)).claimed
        record(
            connection,
            [Result(claimed, 0.1, now, error=BUSY)],
            Delivery(),
            now,
        )
    due: datetime = rows(store, messages)[0]["due_at"]
    return due


def test_operators_hear_of_it_after_a_day_once(store: Store) -> None:
    """Throttling uses up no step, so it never ends in a dead message: after a day it is said, once."""
    ready(store)
    now = NOW
    while now < NOW + timedelta(hours=23, minutes=30):
        now = throttle(store, now)
    assert rows(store, notices) == []
    while now < NOW + timedelta(days=2):
        now = throttle(store, now)
    [notice] = rows(store, notices)
    assert (notice["concerns"], notice["outcome"], notice["since"]) == ("tracker", "throttled", NOW)
    assert rows(store, messages)[0]["state"] == "waiting"


def test_its_attempts_are_one_row_and_ever_fewer(store: Store) -> None:
    """Two days of 429 with a second's wait write one row, and make some hundreds of requests."""
    ready(store)
    now, made = NOW, 0
    while now < NOW + timedelta(days=2):
        now, made = throttle(store, now), made + 1
    [row] = rows(store, attempts)
    assert (row["repeats"], row["since"], row["outcome"]) == (made, NOW, "throttled")
    assert made < 1_000


def test_it_is_over_when_something_arrives(any_store: Store) -> None:
    """The day is counted anew after a message was accepted."""
    ready(any_store)
    now = throttle(any_store, NOW)
    with any_store.write() as connection:
        [claimed] = claim(connection, ClaimRequest(LIMITS, 9, "job_9", now)).claimed
        record(connection, [Result(claimed, 0.1, now, Receipt("200"))], Delivery(), now)
    fan_out(context(any_store, configured(webhook())), changes(any_store, [(2, 2)]), now)
    with any_store.write() as connection:
        late = now + timedelta(days=2)
        [claimed] = claim(connection, ClaimRequest(LIMITS, 9, "job_10", late)).claimed
        record(
            connection,
            [Result(claimed, 0.1, late, error=BUSY)],
            Delivery(),
            late,
        )
    assert rows(any_store, notices) == []
