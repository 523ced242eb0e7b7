"""No question that is asked while the program runs reads through a table that grows for years."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, event, update

from monitor.record.schema import messages
from monitor.record.store import Store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import NOW, changes, configured, email, slack, webhook
from workers import digests, dispatch, due, ledger
from workers.context import Context
from workers.delivery.engine import deliver
from workers.fanout import fan_out
from workers.values import TransportError

LEASE = timedelta(seconds=60)
GROWING = {
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


class Heard:
    """Every statement that was sent to SQLite, with the parameters of its first time."""

    def __init__(self) -> None:
        self.statements: dict[str, Any] = {}

    def hear(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        self.statements.setdefault(statement, parameters[0] if many else parameters)

    def scans(self, store: Store) -> dict[str, list[str]]:
        """By statement, the growing tables that it reads from one end to the other."""
        found: dict[str, list[str]] = {}
        with store.read() as connection:
            for statement, parameters in self.statements.items():
                # An insert's plan names the tables that refer to it, and reads none of them.
                if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)", statement):
                    tables = list(_scanned(connection, statement, parameters))
                    if tables:
                        found[statement] = tables
        return found


def _scanned(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    aliases = dict(re.findall(r"(\w+) AS (\w+)", statement))
    names = {alias: table for table, alias in aliases.items()}
    for row in plan:
        if scan := re.match(r"SCAN (\w+)", row[3]):
            table = names.get(scan[1], scan[1])
            if table in GROWING:
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
        dispatch.dispatch_once(world)
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
    dispatch._seconds_to_next(world, datetime.now(UTC))
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
