"""What cannot go out is set aside, and let go by whoever makes that it can."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select, text, update

from monitor.record.settings import Delivery
from monitor.record.store.schema import items, messages
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.workers.delivery.claiming.test_settling import (
    REFUSED,
    by_hand,
    by_returning,
    finish,
    made,
    take,
    wear_out,
)
from tests.workers.seeding import NOW, rows
from workers.context import Context
from workers.delivery import ledger
from workers.delivery.claiming import blocking
from workers.delivery.claiming.claimable import is_due
from workers.delivery.claiming.hosts import HostQueue
from workers.delivery.results import Result, record
from workers.queue import dispatcher
from workers.values import Receipt


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    """A migrated store on a server."""
    with open_store(postgres_url) as opened:
        yield opened


UNMARKED = messages.c.enqueued_until.is_(None)
HOUR = timedelta(hours=1)


def set_aside(store: Store) -> int:
    return blocking.block(store, UNMARKED, NOW)


def blocked(store: Store) -> list[bool]:
    """The marks of messages, by their items' revisions."""
    marks = {row["id"]: row["blocked"] for row in rows(store, messages)}
    return [marks[row["message_id"]] for row in rows(store, items, items.c.revision)]


def retried_later(store: Store) -> None:
    """The receiver is away: the first message is tried again in an hour."""
    first = rows(store, items, items.c.revision)[0]["message_id"]
    with store.write() as connection:
        connection.execute(update(messages).where(messages.c.id == first).values(due_at=NOW + HOUR))


def back_in_time(store: Store) -> None:
    with store.write() as connection:
        connection.execute(update(messages).values(due_at=NOW))


def paused(store: Store) -> None:
    with store.write() as connection:
        ledger.pause(connection, "tracker", NOW)


@pytest.mark.parametrize(
    ("hold", "marks"), [(retried_later, [False, True]), (paused, [True, True])], ids=["behind", "paused"]
)
def test_what_cannot_go_out_is_read_once(
    any_store: Store, hold: Callable[[Store], None], marks: list[bool]
) -> None:
    """Neither the next round nor a claim has to read it again, however much of it waits."""
    made(any_store)
    hold(any_store)
    assert set_aside(any_store) == sum(marks)
    assert blocked(any_store) == marks
    line = HostQueue("webhook")
    with any_store.read() as connection:
        assert connection.scalar(select(func.count()).where(is_due(NOW))) == 0
        line.refresh(connection, NOW)
    assert list(line) == []
    assert set_aside(any_store) == 0


def test_what_can_go_out_is_not_set_aside(any_store: Store) -> None:
    """The first of two goes, and once it has, the second; nobody is asked in between."""
    made(any_store)
    assert set_aside(any_store) == 1
    finish(any_store, receipt=Receipt("200"))
    assert len(take(any_store).claimed) == 1


@pytest.mark.parametrize(
    "end",
    [
        lambda store: finish(store, receipt=Receipt("200")),
        lambda store: finish(store, error=REFUSED),
        lambda store: finish(store, dropped="gone"),
        wear_out,
    ],
    ids=["sent", "refused", "dropped", "given up"],
)
def test_what_waited_behind_one_that_ended_is_let_go(any_store: Store, end: Callable[[Store], None]) -> None:
    """However a message ends, what waited behind it can be claimed at once."""
    made(any_store)
    retried_later(any_store)
    set_aside(any_store)
    back_in_time(any_store)
    end(any_store)
    assert blocked(any_store) == [False, False]
    second = rows(any_store, items, items.c.revision)[1]["message_id"]
    assert [each.id for each in take(any_store).claimed] == [second]


@pytest.mark.parametrize(
    ("outcome", "back"),
    [({"error": REFUSED}, by_hand), ({"dropped": "gone"}, by_returning)],
    ids=["redelivered", "its subscription is back"],
)
def test_what_is_put_back_in_line_is_not_set_aside(
    any_store: Store, outcome: dict[str, object], back: Callable[[Connection, Context], None]
) -> None:
    """A message that was set aside before it ended can be claimed when it is back in line."""
    world = made(any_store)
    finish(any_store, **outcome)
    with any_store.write() as connection:
        connection.execute(update(messages).where(messages.c.state != "waiting").values(blocked=True))
        back(connection, world)
    first = rows(any_store, items, items.c.revision)[0]["message_id"]
    assert [each.id for each in take(any_store).claimed] == [first]


def test_what_was_paused_goes_when_it_is_resumed(any_store: Store) -> None:
    """A resumed subscription's messages can be claimed at once, in their order."""
    made(any_store)
    paused(any_store)
    set_aside(any_store)
    with any_store.write() as connection:
        ledger.resume(connection, "tracker", NOW)
    finish(any_store, receipt=Receipt("200"))
    assert len(take(any_store).claimed) == 1


def test_a_result_that_is_being_recorded_is_not_passed_over(postgres_store: Store) -> None:
    """Who marks a message sees what settled the one before it, or is seen by whoever does."""
    made(postgres_store)
    catch = take(postgres_store)
    with ThreadPoolExecutor(1) as pool:
        with postgres_store.write() as connection:
            results = [Result(each, 0.1, NOW, receipt=Receipt("200")) for each in catch.claimed]
            record(connection, results, Delivery(), NOW)
            marking = pool.submit(set_aside, postgres_store)
            wait([marking], timeout=5)
        marking.result()
    assert blocked(postgres_store) == [False, False]


def test_a_mark_that_nothing_holds_is_cleared(any_store: Store) -> None:
    """A dispatcher that begins, and each ten minutes later, finds what was set aside for nothing."""
    world = made(any_store)
    set_aside(any_store)
    with any_store.write() as connection:
        connection.execute(update(messages).values(blocked=True))
    dispatching = dispatcher.Dispatcher(world)
    assert dispatching.dispatch() == 1
    dispatching.block(NOW + HOUR, "epoch_1")
    assert blocked(any_store) == [False, True]


def test_a_server_compiles_no_statement(postgres_store: Store) -> None:
    """PostgreSQL would take half a second for it, at every look of a dispatcher where much waits."""
    with postgres_store.read() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"
