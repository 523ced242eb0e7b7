"""Whose turn it is to move what is known: one writer at a time decides on rows that nobody else moves."""

from sqlalchemy import Connection, select

from monitor.record.store.schema import meta
from monitor.record.store.store import upsert


def take_turn(connection: Connection) -> None:
    """Wait until nobody else takes a page in or makes events by the clock; held until the transaction ends.

    SQLite's transactions that write take turns anyway; PostgreSQL waits here for the row.
    """
    row = {"key": "intake", "value": ""}
    connection.execute(upsert(connection)(meta).values(row).on_conflict_do_nothing())
    connection.execute(select(meta.c.value).where(meta.c.key == "intake").with_for_update())
