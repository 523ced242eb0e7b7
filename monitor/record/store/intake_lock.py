"""The lock of the intake: one transaction at a time decides what changes."""

from sqlalchemy import Connection, select

from monitor.record.store.schema import meta
from monitor.record.store.store import upsert


def take_turn(connection: Connection) -> None:
    """Wait until no other transaction takes a page in or makes scheduled events; held until this one ends.

    SQLite has one writer at a time anyway; PostgreSQL waits here for the row.
    """
    row = {"key": "intake", "value": ""}
    connection.execute(upsert(connection)(meta).values(row).on_conflict_do_nothing())
    connection.execute(select(meta.c.value).where(meta.c.key == "intake").with_for_update())
