"""The mark on items: what is on its way is pending, and only that."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from monitor.record.settings import Delivery
from monitor.record.store.schema import items, messages
from monitor.record.store.store import Store
from tests.fakes.transport import context
from tests.workers.seeding import NOW, changes, configured, rows, webhook
from workers.context import Context
from workers.delivery import ledger
from workers.delivery.claiming.claim import ClaimRequest, Claims, Limits, claim
from workers.delivery.results import Result, record
from workers.messages.fanout import fan_out
from workers.schedule import reconciliation
from workers.values import Receipt, TransportError

LEASE = timedelta(seconds=60)
LIMITS = Limits("webhook", 32, 2, None, LEASE)
REFUSED = TransportError("400", permanent=True)


def made(store: Store) -> Context:
    """Two changes of one recommendation: two messages, of which the second waits for the first."""
    world = context(store, configured(webhook()))
    for revision in (2, 3):
        fan_out(world, changes(store, [(1, revision)]), NOW)
    return world


def take(store: Store) -> Claims:
    with store.write() as connection:
        return claim(connection, ClaimRequest(LIMITS, 32, "job_1", NOW))


def finish(store: Store, **outcome: object) -> None:
    """Claim what may go out, and record that it ended like this."""
    catch = take(store)
    with store.write() as connection:
        results = [Result(each, 0.1, NOW, **outcome) for each in catch.claimed]  # type: ignore[arg-type]
        record(connection, results, Delivery(), NOW)


def wear_out(store: Store) -> None:
    """The message's senders died again and again; the next claim gives it up."""
    [first] = take(store).claimed
    with store.write() as connection:
        worn = update(messages).where(messages.c.id == first.id)
        connection.execute(worn.values(lapses=9, lease_until=NOW))
    assert take(store).given_up == (first.id,)
    with store.write() as connection:  # the next one was claimed with that
        rest = update(messages).where(messages.c.state == "waiting")
        connection.execute(rest.values(lease_until=None, lease_holder=None))


def unsubscribe(store: Store) -> None:
    """The configuration no longer has the subscription."""
    reconciliation.reconcile(context(store, configured()), NOW)


def marks(store: Store) -> list[tuple[str, bool]]:
    """Each item's message's state and its mark, by revision."""
    states = {row["id"]: row["state"] for row in rows(store, messages)}
    return [(states[row["message_id"]], row["pending"]) for row in rows(store, items, items.c.revision)]


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (lambda store: finish(store, receipt=Receipt("200")), "sent"),
        (lambda store: finish(store, error=REFUSED), "dead"),
        (lambda store: finish(store, dropped="gone"), "cancelled"),
        (wear_out, "dead"),
    ],
    ids=["sent", "refused", "dropped", "given up"],
)
def test_what_has_ended_is_not_looked_at_again(
    any_store: Store, end: Callable[[Store], None], state: str
) -> None:
    """However a message ends, its items are pending no more; the next one's still are."""
    made(any_store)
    end(any_store)
    assert marks(any_store) == [(state, False), ("waiting", True)]


def test_what_is_cancelled_is_not_looked_at_again(any_store: Store) -> None:
    """Messages of a subscription that is gone are pending no more."""
    made(any_store)
    unsubscribe(any_store)
    assert marks(any_store) == [("cancelled", False)] * 2


@pytest.mark.parametrize(
    "outcome",
    [{"error": TransportError("503")}, {"error": TransportError("429", retry_after=5)}, {"released": True}],
    ids=["failed", "throttled", "released"],
)
def test_what_is_tried_again_stays_pending(any_store: Store, outcome: dict[str, object]) -> None:
    """An attempt that came to nothing leaves the message on its way."""
    made(any_store)
    finish(any_store, **outcome)
    assert marks(any_store) == [("waiting", True)] * 2


def test_a_result_that_comes_too_late_settles_nothing(any_store: Store) -> None:
    """Invariant 3: who lost the lease changes no mark either."""
    made(any_store)
    late = take(any_store)
    with any_store.write() as connection:
        connection.execute(update(messages).values(lease_holder="another"))
        for outcome in ({"receipt": Receipt("200")}, {"error": REFUSED}, {"dropped": "gone"}):
            results = [Result(each, 0.1, NOW, **outcome) for each in late.claimed]  # type: ignore[arg-type]
            record(connection, results, Delivery(), NOW)
    assert marks(any_store) == [("waiting", True)] * 2


def by_hand(connection: Connection, world: Context) -> None:
    ledger.redeliver(connection, world, NOW)


def by_returning(connection: Connection, world: Context) -> None:
    reconciliation._revive(connection, world, NOW)


@pytest.mark.parametrize(
    ("outcome", "back"),
    [({"error": REFUSED}, by_hand), ({"dropped": "gone"}, by_returning)],
    ids=["redelivered", "its subscription is back"],
)
def test_what_is_back_in_line_goes_first_again(
    any_store: Store, outcome: dict[str, object], back: Callable[[Connection, Context], None]
) -> None:
    """Promise 8: a later message that has not gone out yet waits for the earlier one that is sent again."""
    world = made(any_store)
    finish(any_store, **outcome)
    with any_store.write() as connection:
        back(connection, world)
    assert marks(any_store) == [("waiting", True)] * 2
    first, _ = rows(any_store, items, items.c.revision)
    assert [each.id for each in take(any_store).claimed] == [first["message_id"]]
