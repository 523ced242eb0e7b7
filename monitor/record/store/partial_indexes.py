"""Partial indexes, in each database's SQL."""

from sqlalchemy import Connection, Table, event, text


def only_where(table: Table, index: str, **words: str) -> None:
    """Restrict a table's index to the rows that meet a condition; `words`: SQL by the database's name.

    Set when the table is created: given in the index itself, it would import PostgreSQL's dialect on SQLite
    too, a twentieth of a poller's start-up time.
    """

    @event.listens_for(table, "before_create")
    def say(_table: Table, connection: Connection, **_: object) -> None:
        name = connection.dialect.name
        mine = next(one for one in table.indexes if one.name == index)
        mine.dialect_options[name]["where"] = text(words[name])
