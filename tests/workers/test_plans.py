"""No question that is asked while the program runs reads through a table that grows for years."""

import re
from collections.abc import Iterator, Set
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, inspect, text, update

from monitor.record.store.schema import items, messages
from monitor.record.store.store import Store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import NOW, changes, configured, email, slack, webhook
from workers.context import Context
from workers.delivery import ledger
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out
from workers.queue import dispatcher, due
from workers.schedule import digests
from workers.values import TransportError

LEASE = timedelta(seconds=60)
GROWING = frozenset(
    {
        "attempts",
        "captures",
        "descriptions",
        "digests",
        "drops",
        "events",
        "evidence",
        "items",
        "lookups",
        "messages",
        "notices",
        "outbox",
        "readings",
        "revisions",
    }
)


class Heard:
    """Every statement that was sent to the database, with the parameters of its first time."""

    def __init__(self) -> None:
        self.statements: dict[str, Any] = {}

    def hear(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        self.statements.setdefault(statement, parameters[0] if many else parameters)

    def scans(self, store: Store, tables: Set[str] = GROWING) -> dict[str, list[str]]:
        """By statement, those of the tables that it reads from one end to the other."""
        found: dict[str, list[str]] = {}
        with store.read() as connection:
            for statement, parameters in self.statements.items():
                # An insert's plan names the tables that refer to it, and reads none of them.
                if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)", statement):
                    read = list(_scanned(connection, statement, parameters, tables))
                    if read:
                        found[statement] = read
        return found


def _scanned(connection: Connection, statement: str, parameters: Any, tables: Set[str]) -> Iterator[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    aliases = dict(re.findall(r"(\w+) AS (\w+)", statement))
    names = {alias: table for table, alias in aliases.items()}
    for row in plan:
        if scan := re.match(r"SCAN (\w+)", row[3]):
            table = names.get(scan[1], scan[1])
            if table in tables:
                yield f"{table}: {row[3]}"


@contextmanager
def heard() -> Iterator[Heard]:
    """Listen to every engine of this process."""
    ears = Heard()
    event.listen(Engine, "before_cursor_execute", ears.hear)
    try:
        yield ears
    finally:
        event.remove(Engine, "before_cursor_execute", ears.hear)


def a_day(world: Context, transport: FakeTransport) -> None:
    """Changes, dispatching, deliveries good and bad, digests, a replay and a redelivery."""
    for pairs in ([(1, 2), (2, 2)], [(1, 3)]):
        fan_out(world, changes(world.store, pairs), NOW)
    transport.script["tracker"] += [
        TransportError("busy", retry_after=60),
        TransportError("no", permanent=True),
        TransportError("late", ambiguous=True, timed_out=True),
        TransportError("gone", permanent=True, pauses=True),
    ]
    for _ in range(4):
        with world.store.write() as connection:
            connection.execute(update(messages).where(messages.c.state == "waiting").values(due_at=NOW))
        dispatcher.dispatch_once(world)
        deliver(world, world.channels["webhook"])
    with world.store.write() as connection:
        due.take_outbox(connection, NOW, LEASE, "epoch_2")
        due.take_channels(connection, NOW, LEASE, "epoch_2")
        digests.make_now(connection, world, world.configuration.subscriptions[1], NOW)
        ledger.redeliver(connection, world, NOW)
        ledger.resume(connection, "tracker", NOW)
    with world.store.read() as connection:
        due.next_at(connection, NOW, world.configuration)
        due.outstanding(connection, NOW)
    dispatcher.seconds_to_next(world, datetime.now(UTC))
    deliver(world, world.channels["email"])


def test_nothing_that_runs_all_day_reads_through_what_grows(store: Store) -> None:
    """Describing, dispatching, claiming, recording and digests find their rows by an index."""
    transport = FakeTransport()
    subscribed = [webhook(), email(digest="daily 08:00"), slack(summarize_over=1)]
    world = context(store, configured(*subscribed), transport)
    with heard() as ears:
        a_day(world, transport)
    assert len(ears.statements) > 40
    scans = ears.scans(store)
    assert scans == {}


def test_the_index_of_the_order_holds_only_what_is_on_its_way(any_store: Store) -> None:
    """What was settled is not in the index that says what goes out first, on either database."""
    with any_store.read() as connection:
        kind = connection.dialect.name
        [index] = [each for each in inspect(connection).get_indexes("items") if each["name"] == _ORDER]
    assert str(index["dialect_options"][f"{kind}_where"]) == {"sqlite": "pending = 1"}.get(kind, "pending")


_ORDER = "ix_items_order"
_CLAIM = r"UPDATE messages SET lease_until=.*RETURNING"
_MARK = r"UPDATE messages SET enqueued_until=.*, blocked=.*CASE"
_KEY = ("subscription", "recipient", "recommendation_id")


def years_later(world: Context) -> None:
    """All that there was is sent, the database has counted its rows, and something new has come."""
    with world.store.write() as connection:
        connection.execute(update(messages).values(state="sent", enqueued_until=None))
        connection.execute(update(items).values(pending=False))
    with world.store.write() as connection:
        if not world.store.is_sqlite:
            connection.execute(text("ANALYZE"))
    fan_out(world, changes(world.store, [(1, 3), (3, 2)]), NOW)


def asked(world: Context) -> Heard:
    """What a dispatcher, claims with and without a pace, and a burst ask."""
    paced = context(world.store, world.configuration, FakeTransport(), pace=timedelta(milliseconds=1))
    with heard() as ears:
        dispatcher.dispatch_once(world)
        deliver(world, world.channels["webhook"])
        deliver(paced, paced.channels["slack"])
        with world.store.read() as connection:
            due.outstanding(connection, datetime.now(UTC))
    return ears


def explained(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """The lines of a plan; on PostgreSQL, one that reads a table whole only where it has no other way."""
    if connection.dialect.name == "sqlite":
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    # As the first few runs of a statement are planned: for the values that it has.
    return [row[0].strip() for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


def test_order_is_asked_of_what_is_on_its_way(any_store: Store) -> None:
    """Whether something goes out first is looked up by receiver and recommendation, in that index alone.

    So it is where the database's own counts say that nothing waits: then the index looks so small that
    PostgreSQL would as soon read all of it, once for each message.
    """
    world = context(any_store, configured(webhook(), slack()), FakeTransport())
    fan_out(world, changes(any_store, [(1, 2), (2, 2)]), NOW)
    years_later(world)
    seen = 0
    with any_store.read() as connection:
        for statement, parameters in asked(world).statements.items():
            if "items AS other" not in statement:
                continue
            seen += 1
            plan = explained(connection, statement, parameters)
            if any_store.is_sqlite:
                keys = " AND ".join(f"{name}=?" for name in _KEY)
                assert f"SEARCH other USING INDEX {_ORDER} ({keys})" in plan, plan
            else:
                at = next(at for at, line in enumerate(plan) if f"using {_ORDER} on items other" in line)
                assert all(name in plan[at + 1] for name in ("Index Cond", *_KEY)), plan
    assert seen >= 4


@pytest.mark.parametrize("update", [_CLAIM, _MARK], ids=["claims", "sets aside"])
def test_messages_are_changed_by_their_ids(any_store: Store, update: str) -> None:
    """The update that claims reads no other message that waits, whatever the database's counts say.

    Nor does the one that marks what cannot go out.
    """
    world = context(any_store, configured(webhook()), FakeTransport())
    fan_out(world, changes(any_store, [(1, 2), (2, 2)]), NOW)
    years_later(world)
    fan_out(world, changes(any_store, [(3, 3)]), NOW)
    found = asked(world).statements.items()
    statement, parameters = next(each for each in found if re.match(update, each[0], re.DOTALL))
    with any_store.read() as connection:
        plan = " ".join(explained(connection, statement, parameters))
    by_id = (
        r"SEARCH messages USING INDEX \w+ \(id=\?\)"
        if any_store.is_sqlite
        else r"pk_messages.*Index Cond: \(\(id\)"
    )
    assert re.search(by_id, plan), plan
