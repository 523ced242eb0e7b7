"""Since when reminders are asked for: kept in `meta`, so that what had passed by then is never announced."""

from datetime import UTC, datetime

from sqlalchemy import Connection, and_, delete, select, update

from monitor.record.settings import Reminders
from monitor.record.store.schema import clocks, meta, promises
from monitor.record.store.store import Store, upsert

OVERDUE, STALLED = "reminders.overdue", "reminders.stalled"  # keys of `meta`
ANNOUNCED, NOTED = "told", "noted"  # values of `promises.settled`

Since = tuple[str, datetime]  # how a reminder is asked for, and since when


def record_request(store: Store, asked: Reminders, now: datetime) -> bool:
    """Store what is asked for, and settle what had passed by the time it first was; False: nothing is."""
    wanted = {}
    if asked.overdue:
        wanted[OVERDUE] = "on"
    if asked.stalled_after:
        wanted[STALLED] = str(int(asked.stalled_after.total_seconds()))
    with store.read() as connection:
        if {key: how for key, (how, _) in requested_since(connection).items()} == wanted:
            return bool(wanted)
    with store.write() as connection:
        for key in (OVERDUE, STALLED):
            _store_request(connection, key, wanted.get(key), asked, now)
    return bool(wanted)


def requested_since(connection: Connection) -> dict[str, Since]:
    """By key of `meta`."""
    rows = connection.execute(select(meta).where(meta.c.key.in_((OVERDUE, STALLED))))
    parts = {row.key: row.value.partition(" ") for row in rows}
    return {key: (how, datetime.fromisoformat(when)) for key, (how, _, when) in parts.items()}


def _store_request(
    connection: Connection, key: str, how: str | None, asked: Reminders, now: datetime
) -> None:
    known = requested_since(connection).get(key)
    if known and known[0] == how:
        return
    connection.execute(delete(meta).where(meta.c.key == key))
    if how is None:
        return
    row = {"key": key, "value": f"{how} {now.astimezone(UTC).isoformat()}"}
    taken = upsert(connection)(meta).values(row).on_conflict_do_nothing().returning(meta.c.key)
    if connection.scalar(taken) is None:
        return
    if key == OVERDUE:
        passed = and_(promises.c.settled.is_(None), promises.c.due_at <= now)
        connection.execute(update(promises).where(passed).values(settled=NOTED))
    elif asked.stalled_after:
        passed = clocks.c.still_since <= now - asked.stalled_after
        connection.execute(update(clocks).where(passed).values(reminded=clocks.c.revision))
